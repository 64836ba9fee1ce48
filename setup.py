from setuptools import find_packages, setup

# Everything else is declared in setup.cfg. The folder weights/ is carried into the package, so
# that an installed one finds the parameters and class names that ship with the project.
DATA = "theano_transfer.weights.data"

setup(
    packages=[*find_packages(include=["theano_transfer*"]), DATA],
    package_dir={DATA: "weights"},
    package_data={DATA: ["*.h5", "*.md", "*.txt"]},
)
