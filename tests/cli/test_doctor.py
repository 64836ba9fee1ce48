import os
import re

import numpy as np
import pytest
from aesara.configdefaults import config

import theano_transfer as tt
from theano_transfer.cli import _machine, _speed
from theano_transfer.cli._doctor import report, speeds
from theano_transfer.kernels import find_onednn


def test_a_working_machine(run, monkeypatch):
    monkeypatch.setattr(_speed, "GEMM", 64)
    monkeypatch.setattr(_speed, "CHANNELS", 8)
    status, out, _ = run("doctor")
    facts = dict(re.findall(r"^(\S.*?): +(.*)$", out, re.MULTILINE))
    assert status == (1 if "problem" in out else 0)
    assert facts["aesara"].startswith("2.9")
    assert config.cxx in facts["C++ compiler"]
    assert facts["oneDNN"].startswith(find_onednn().version)
    assert facts["compile directory"] == str(config.compiledir)
    assert "AVX" in facts["instruction set"] or "SSE" in facts["instruction set"]
    measured = {label: value for label, value in facts.items() if "GFLOP/s" in value}
    assert len(measured) == 2
    assert "oneDNN" in facts["backend"]
    assert "wrong numbers" not in out


def test_problems_are_counted_and_are_status_1(capsys):
    assert report([]) == 0
    assert "Nothing is wrong" in capsys.readouterr().out
    assert report(["no compiler: install g++", "no cache"]) == 1
    assert "2 problems:\n  1. no compiler: install g++\n  2. no cache\n" in capsys.readouterr().out


def test_without_onednn_it_says_how_to_get_it(run, monkeypatch):
    find_onednn.cache_clear()
    monkeypatch.setenv("THEANO_TRANSFER_ONEDNN", "none")
    try:
        status, out, _ = run("doctor", "--no-speed")
    finally:
        find_onednn.cache_clear()
    assert status == 1
    assert "pip install onednn-cpu-gomp" in out
    assert "NumPy: right, but many times slower" in out


def test_without_a_compiler_it_says_how_to_get_one(run, monkeypatch):
    monkeypatch.setattr(config, "cxx", "")
    status, out, _ = run("doctor", "--no-speed")
    assert status == 1
    assert "apt install g++" in out


def test_a_device_that_is_not_there(run):
    pytest.importorskip("jax")
    try:
        status, out, _ = run("doctor", "--no-speed", "--device", "cuda99")
    finally:
        tt.use("c")
    assert status == 1
    assert "JAX finds no device 'cuda99' here (it has " in out


def test_a_compile_directory_that_others_can_write_to(tmp_path, run, monkeypatch):
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o777)
    assert _machine.not_private(shared) == "can be written to by others"
    shared.chmod(0o755)
    assert _machine.not_private(shared) is None


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="users are a matter of Unix")
def test_a_folder_of_another_user(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "getuid", lambda: tmp_path.stat().st_uid + 1)
    if tmp_path.stat().st_uid != 0:
        assert _machine.not_private(tmp_path) == "belongs to another user"
    else:  # root may write anywhere anyway
        assert _machine.not_private(tmp_path) is None


def test_a_cache_that_cannot_be_written_to(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("THEANO_TRANSFER_HOME", str(tmp_path / "file" / "cache"))
    found = _machine.cache_directory()
    assert "THEANO_TRANSFER_HOME" in found.problems[0]
    monkeypatch.setenv("THEANO_TRANSFER_HOME", str(tmp_path / "new" / "cache"))
    assert _machine.cache_directory().problems == []


def test_more_threads_than_cpus_is_a_problem(monkeypatch):
    monkeypatch.setattr(_machine, "_openmp_threads", lambda: 64)
    monkeypatch.setattr(_machine, "allowed_cpus", lambda: 2)
    assert "OMP_NUM_THREADS=2" in _machine.processor().problems[0]
    monkeypatch.setattr(_machine, "_openmp_threads", lambda: 2)
    assert _machine.processor().problems == []


def test_wrong_numbers_are_a_problem(monkeypatch):
    speed = _speed.Speed(seconds=0.1, operations=1e9, error=0.5, compiling=1.0)
    monkeypatch.setattr(_speed, "measure_convolution", lambda: speed)
    monkeypatch.setattr(_speed, "measure_product", lambda: speed)
    rows, problems = speeds()
    assert len(rows) == len(problems) == 2
    assert "10 GFLOP/s" in rows[0][1]
    assert "wrong numbers" in problems[0]


def test_a_failing_measurement_is_a_finding(monkeypatch):
    def fail():
        raise RuntimeError("undefined symbol: dnnl\nand much more")

    monkeypatch.setattr(_speed, "measure_convolution", fail)
    monkeypatch.setattr(_speed, "measure_product", fail)
    rows, problems = speeds()
    assert [value for _, value in rows] == ["failed", "failed"]
    assert problems[0].endswith("RuntimeError: undefined symbol: dnnl")


def test_the_check_of_a_convolution_sees_a_wrong_one(monkeypatch):
    """The expected value is computed by hand; a convolution of flipped kernels differs."""
    monkeypatch.setattr(_speed, "CHANNELS", 4)
    monkeypatch.setattr(_speed, "POSITIONS", 8)
    assert _speed.measure_convolution().error < 1e-5
    einsum = np.einsum
    monkeypatch.setattr(np, "einsum", lambda formula, x, k: einsum(formula, x, k[..., ::-1]))
    assert _speed.measure_convolution().error > 0.1
