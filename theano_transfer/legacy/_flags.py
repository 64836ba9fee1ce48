"""Which settings Aesara starts with: ours, unless the user's flags or files say otherwise."""

import configparser
import os
import re
import sys

# What we ask for when nobody says otherwise.
#
# floatX: every network here is trained in float32.
# blas__ldflags: empty makes Aesara multiply through NumPy's own BLAS. Left unset, it searches
# with numpy.distutils, which warns, takes seconds and is missing from Python 3.12.
DEFAULTS = {"floatX": "float32", "blas__ldflags": ""}

# Theano's option names that Aesara renamed or that only matter to its removed backends are
# dropped rather than handed over: Aesara warns about every flag it does not know.
KNOWN = {
    "floatX", "warn_float64", "cast_policy", "int_division", "openmp", "openmp_elemwise_minsize",
    "mode", "cxx", "linker", "optimizer", "optimizer_verbose", "optimizer_including",
    "optimizer_excluding", "on_opt_error", "on_unused_input", "on_shape_error", "allow_gc",
    "compute_test_value", "exception_verbosity", "profile", "profile_memory", "profile_optimizer",
    "base_compiledir", "compiledir", "compiledir_format", "nocleanup", "reoptimize_unpickled",
    "gcc__cxxflags", "cmodule__warn_no_version", "cmodule__remove_gxx_opt", "cmodule__debug",
    "blas__ldflags", "scan__allow_gc", "scan__allow_output_prealloc", "traceback__limit",
    "traceback__compile_limit", "print_test_value", "numpy__seterr_all", "DebugMode__patience",
    *(f"profiling__{name}" for name in (
        "time_thunks", "n_apply", "n_ops", "output_line_width", "min_memory_size",
        "min_peak_memory", "destination", "debugprint", "ignore_first_call",
    )),
}  # fmt: skip


def prepare_flags(environ=os.environ):
    """Write ``AESARA_FLAGS`` into `environ` before Aesara is imported.

    The order, strongest first: ``AESARA_FLAGS``, ``THEANO_FLAGS``, the files that ``AESARARC``
    and ``THEANORC`` name (or ``~/.aesararc`` and ``~/.theanorc``), then :data:`DEFAULTS`.
    Does nothing when Aesara is already imported: its settings are then the user's.

    Parameters
    ----------
    environ : mapping of str to str
        Where flags are read and written; the process's environment unless a test says otherwise.
    """
    if "aesara" in sys.modules:
        return
    flags = dict(DEFAULTS)
    flags.update(_from_file(environ.get("THEANORC", "~/.theanorc")))
    flags.update(_from_file(environ.get("AESARARC", "~/.aesararc"), known_only=False))
    flags.update(_known(_parse(environ.get("THEANO_FLAGS", ""))))
    flags.update(_parse(environ.get("AESARA_FLAGS", "")))
    environ["AESARA_FLAGS"] = ",".join(f"{name}={value}" for name, value in flags.items())


def said_for_theano(environ=os.environ):
    """What ``THEANO_FLAGS`` and the files of ``THEANORC`` say, by Theano's names (with dots)."""
    said = {
        name.replace("__", "."): value
        for name, value in _from_file(
            environ.get("THEANORC", "~/.theanorc"), known_only=False
        ).items()
    }
    flags = _parse(environ.get("THEANO_FLAGS", ""))
    said.update({name.replace("__", "."): value for name, value in flags.items()})
    return said


def device_said(environ=os.environ):
    """The device that flags and files ask for, and whether ``force_device`` insists on it."""
    said = said_for_theano(environ)
    force = said.get("force_device", "").lower() in ("1", "true", "yes", "on")
    return said.get("device", "cpu"), force


def _parse(text):
    """``'floatX=float32,blas.ldflags=-lblas'`` as a dictionary with Aesara's spelling of names."""
    pairs = (item.split("=", 1) for item in re.split(r",(?=[^,=]+=)", text) if "=" in item)
    return {name.strip().replace(".", "__"): value.strip(" ,") for name, value in pairs}


def _known(flags):
    return {name: value for name, value in flags.items() if name in KNOWN}


class _CaseSensitiveParser(configparser.ConfigParser):
    def optionxform(self, optionstr):
        return optionstr  # floatX


def _from_file(paths, known_only=True):
    """Options of the configuration files in `paths` (separated as in ``PATH``), later ones win."""
    parser = _CaseSensitiveParser(interpolation=None)
    try:
        parser.read(os.path.expanduser(path) for path in paths.split(os.pathsep) if path)
    except configparser.Error:
        return {}  # Aesara reports its own broken file; a broken .theanorc is no reason to stop
    flags = {}
    for section in parser.sections():
        prefix = "" if section == "global" else f"{section}__"
        flags.update({prefix + name: value for name, value in parser.items(section)})
    return _known(flags) if known_only else flags
