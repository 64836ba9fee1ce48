import importlib.util
import os
import shutil
import sys
from pathlib import Path

from setuptools import Extension, find_packages, setup
from setuptools.command.build_ext import build_ext

HERE = Path(__file__).resolve().parent
KERNELS = Path("theano_transfer", "kernels")

# Everything else is declared in setup.cfg. The folder weights/ is carried into the package, so
# that an installed one finds the parameters and class names that ship with the project.
DATA = "theano_transfer.weights.data"


class CompileKernels(build_ext):
    """Compiles the library of kernels for this machine.

    Without oneDNN or a compiler, and on another machine than this one, it is compiled when it is
    first used, if it can be.
    """

    def run(self):
        source = HERE / KERNELS
        target = source if self.inplace or self.editable_mode else Path(self.build_lib, KERNELS)
        try:
            compiling, recipe = _recipe(source)
            directory = target / compiling.INSTALLED.name / recipe.key
            for other in directory.parent.glob("*"):
                if other != directory:
                    shutil.rmtree(other)
            recipe.compile(directory)
        except (ImportError, LookupError, RuntimeError, OSError) as error:
            self.warn(f"the kernels will be compiled when they are first used: {error}")

    def get_outputs(self):
        return []

    def get_output_mapping(self):
        return {}


def _recipe(source):
    """The module that compiles, and what applies here. The package itself needs Aesara."""
    import numpy as np

    modules = []
    for name in ("_compiling", "_onednn"):
        spec = importlib.util.spec_from_file_location(f"_kernels{name}", source / f"{name}.py")
        module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        modules.append(module)
    compiling, onednn = modules
    compiler, found = shutil.which(os.environ.get("CXX", "g++")), onednn.find_onednn()
    if compiler is None or found is None:
        raise LookupError("there is no " + ("compiler" if found else "oneDNN"))
    return compiling, compiling.Recipe(compiler, found, np.get_include())


setup(
    packages=[*find_packages(include=["theano_transfer*"]), DATA],
    package_dir={DATA: "weights"},
    package_data={DATA: ["*.h5", "*.md", "*.txt"]},
    ext_modules=[Extension("theano_transfer.kernels.installed", sources=[])],
    cmdclass={"build_ext": CompileKernels},
)
