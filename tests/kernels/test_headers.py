"""Headers that are compiled once: found by the compiler, passed over where they do not fit."""

import subprocess
from pathlib import Path

import pytest
from aesara.configdefaults import config
from aesara.link.c.cmodule import GCC_compiler, std_include_dirs

from theano_transfer.kernels import _headers
from theano_transfer.kernels._compiling import NATIVE

FILE = _headers.precompiled_headers(Path(config.compiledir))

pytestmark = pytest.mark.skipif(
    FILE is None, reason="this compiler does not use precompiled headers"
)


@pytest.fixture(scope="module", autouse=True)
def without_those_of_this_process():
    with config.change_flags(gcc__cxxflags=""):
        yield


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    file = tmp_path_factory.mktemp("headers") / FILE.name
    _headers.build(file, _headers.compiler())
    return file


def headers_read(source, directory, tmp_path, options=_headers.OPTIONS):
    """What the compiler reads for a source, a path a line; ``! `` before a precompiled one."""
    path = tmp_path / "module.cpp"
    path.write_text(source)
    command = [config.cxx, "-H", "-g0", f"-I{directory}", *options, *GCC_compiler.compile_args()]
    command += [f"-I{path}" for path in (NATIVE, *std_include_dirs())]
    command += ["-c", str(path), "-o", str(tmp_path / "module.o")]
    return subprocess.run(command, capture_output=True, text=True, check=True).stderr


MODULE = '#include <Python.h>\n#include <numpy/arrayobject.h>\n#include "kernels.h"\n'


def test_modules_take_them_and_may_include_python_again(built, tmp_path):
    read = headers_read(MODULE, built.parent, tmp_path)
    assert read.startswith(f"! {built}")
    assert "unicodeobject.h" not in read


def test_modules_with_other_options_pass_over_them(built, tmp_path):
    read = headers_read(MODULE, built.parent, tmp_path, options=["-O0", "-fshort-enums"])
    assert f"! {built}" not in read
    assert "unicodeobject.h" in read


def test_modules_compile_before_they_are_there(tmp_path):
    assert "unicodeobject.h" in headers_read(MODULE, tmp_path / "missing", tmp_path)


def test_no_file_stays_that_the_compiler_cannot_read(tmp_path):
    reads_none = tmp_path / "g++"
    reads_none.write_text(
        '#!/bin/sh\ncase "$*" in *-fsyntax-only*) echo had to relocate >&2; exit 1;; esac\n'
        f'exec {config.cxx} "$@"\n'
    )
    reads_none.chmod(0o755)
    with pytest.raises(RuntimeError, match="had to relocate"):
        _headers.build(tmp_path / FILE.name, [str(reads_none), *_headers.compiler()[1:]])
    assert not (tmp_path / FILE.name).exists()


def test_options_of_the_user_are_kept_and_come_last():
    with config.change_flags(gcc__cxxflags="-g -O2"):
        _headers.install()
        assert config.gcc__cxxflags == f"-g0 -I{FILE.parent} -g -O2"


def test_no_headers_for_a_directory_that_options_cannot_name():
    assert _headers.precompiled_headers(Path("/in/a folder")) is None
