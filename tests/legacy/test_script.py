"""``python -m theano_transfer script.py`` and what the environment decides."""

import os
import subprocess
import sys

import pytest

# Its children import it again, which needs Theano there too.
PROGRAM = """
import multiprocessing
import os
import sys
import threading

import six
import theano
import theano.tensor as T
import beside


def squared(n):
    x = T.scalar()
    return float(theano.function([x], x ** 2, mode="FAST_COMPILE")(n))


if __name__ == "__main__":
    print(sys.argv[1:], os.path.basename(__file__), theano.__version__, beside.VALUE)
    print(theano.config.lib.cnmem, theano.config.floatX)
    results = []
    thread = threading.Thread(target=lambda: results.append(squared(2)))
    thread.start()
    thread.join()
    print(results)
    for method in ("fork", "spawn"):
        with multiprocessing.get_context(method).Pool(1) as pool:
            print(pool.map(squared, [3]))
"""


def run(arguments, **environment):
    clean = {k: v for k, v in os.environ.items() if k != "THEANO_FLAGS"}
    return subprocess.run(
        [sys.executable, *arguments],
        env={**clean, **environment},
        capture_output=True,
        text=True,
    )


@pytest.mark.parametrize("at_the_top", [False, True], ids=["as it is", "with one line more"])
def test_a_program_runs(at_the_top, tmp_path):
    line = "import theano_transfer\n" if at_the_top else ""
    runner = [] if at_the_top else ["-m", "theano_transfer"]
    (tmp_path / "program.py").write_text(line + PROGRAM)
    (tmp_path / "beside.py").write_text("VALUE = 5\n")
    flags = "device=cuda0,floatX=float32,lib.cnmem=0.75,cxx="
    done = run([*runner, str(tmp_path / "program.py"), "-n", "3"], THEANO_FLAGS=flags)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "['-n', '3'] program.py 1.0.5 5",
        "0.75 float32",
        "[4.0]",
        "[9.0]",
        "[9.0]",
    ]
    said = [line for line in done.stderr.splitlines() if "device=cuda0" in line]
    assert said
    assert "CPU" in said[0]


def test_a_line_in_the_wrong_place(tmp_path):
    from theano_transfer.legacy import _script

    script = tmp_path / "program.py"
    script.write_text("import theano_transfer\nfrom __future__ import division\n")
    with pytest.raises(SyntaxError, match="goes below"):
        _script.code_of(str(script))


def test_theano_itself_is_not_replaced_by_accident(tmp_path):
    (tmp_path / "theano").mkdir()
    (tmp_path / "theano" / "__init__.py").write_text("__version__ = 'real'\n")
    program = "import theano_transfer"
    refused = run(["-c", program], PYTHONPATH=str(tmp_path))
    assert refused.returncode != 0
    assert "THEANO_TRANSFER_ALIAS" in refused.stderr
    assert str(tmp_path) in refused.stderr
    alone = run(["-c", "import theano; print(theano.__version__)"], PYTHONPATH=str(tmp_path))
    assert alone.stdout.strip() == "real"
    chosen = run(
        ["-c", "import theano, theano_transfer, theano; print(theano.__version__)"],
        PYTHONPATH=str(tmp_path),
        THEANO_TRANSFER_ALIAS="1",
    )
    assert chosen.stdout.strip() == "1.0.5", chosen.stderr


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        ("", ("cpu", False)),
        ("device=cuda1,floatX=float32", ("cuda1", False)),
        ("force_device=True,device=gpu", ("gpu", True)),
    ],
)
def test_the_device_that_is_said(flags, expected):
    from theano_transfer.legacy import _flags

    assert _flags.device_said({"THEANO_FLAGS": flags, "THEANORC": os.devnull}) == expected


def test_a_backend_is_asked_for_a_gpu(monkeypatch):
    from theano_transfer.legacy import _device

    asked = []
    monkeypatch.setitem(_device._state, "use", lambda device: "None was built in.")
    monkeypatch.setitem(_device._state, "asked", None)
    monkeypatch.setattr(_device, "_said", set())
    with pytest.raises(RuntimeError, match=r"insists on a GPU.* None was built in"):
        _device.asked_for("cuda", force=True)
    with pytest.raises(RuntimeError, match="insists on a GPU"):
        _device.settle()
    _device.register(lambda device: asked.append(device) or "")
    _device.asked_for("cpu")
    _device.asked_for("gpu0")
    assert asked == ["gpu0"]
