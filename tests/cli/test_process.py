"""What only a process of its own shows: exit statuses, signals, pipes, encodings."""

import os
import signal
import subprocess
import sys
import time

import pytest

from theano_transfer import Model

COMMAND = [sys.executable, "-m", "theano_transfer"]


def environment(**changes):
    return {**os.environ, "PYTHONWARNINGS": "default", **changes}


def run(*arguments, **options):
    return subprocess.run(
        [*COMMAND, *map(str, arguments)],
        capture_output=True,
        timeout=300,
        check=False,
        **{"env": environment(), **options},
    )


def test_an_error_leaves_no_traceback_and_status_1():
    done = run("inspect", "no/such/file.h5")
    assert done.returncode == 1
    assert done.stdout == b""
    assert done.stderr.startswith(b"theano-transfer: error: ")
    assert b"Traceback" not in done.stderr


def test_wrong_usage_is_status_2():
    done = run("finetune")
    assert done.returncode == 2
    assert b"usage:" in done.stderr


def test_the_entry_point_is_installed():
    program = os.path.join(os.path.dirname(sys.executable), "theano-transfer")
    if not os.path.exists(program):
        pytest.skip("theano_transfer is not installed in this environment")
    done = subprocess.run([program, "--version"], capture_output=True, timeout=300, check=True)
    assert done.stdout.startswith(b"theano-transfer ")


@pytest.mark.skipif(os.name == "nt", reason="pipes of Unix")
def test_a_reader_that_stops_reading_is_not_an_error():
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "w") as closed:
        done = subprocess.run(
            [*COMMAND, "models"],
            stdout=closed,
            stderr=subprocess.PIPE,
            timeout=300,
            check=False,
            env=environment(),
        )
    assert done.returncode == 141
    assert done.stderr == b""


def test_an_ascii_terminal_shows_other_letters_escaped(tmp_path, trained, own_pictures):
    picture = next((own_pictures / "food").iterdir()).rename(own_pictures / "food" / "Äpfel.png")
    plain = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    done = run("predict", trained, picture, env=environment(**plain))
    assert done.returncode == 0, done.stderr
    assert b"pfel.png" in done.stdout
    done.stdout.decode("ascii")


@pytest.mark.skipif(os.name == "nt", reason="signals of Unix")
def test_ctrl_c_keeps_the_best_model(pictures, tmp_path):
    output = tmp_path / "model.h5"
    process = subprocess.Popen(
        [*COMMAND, "finetune", str(pictures), "--size", "32", "--epochs", "100000"]
        + ["--patience", "100000", "--output", str(output)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(),
    )
    try:
        for line in process.stderr:
            if line.startswith("epoch 3/"):
                process.send_signal(signal.SIGINT)
                break
        out, err = process.communicate(timeout=120)
    finally:
        process.kill()
    assert process.returncode == 130
    assert "interrupted; the best model so far is saved" in err
    assert "Traceback" not in err
    assert f"model                {output}" in out
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "model.h5",
        "model_confusion.png",
        "model_curves.png",
        "model_history.csv",
    ]
    assert Model.load(output).classes == ["animal", "building", "food"]


@pytest.mark.skipif(os.name == "nt", reason="signals of Unix")
def test_ctrl_c_before_the_first_epoch_changes_nothing(pictures, tmp_path):
    output = tmp_path / "model.h5"
    output.write_bytes(b"the model of last week")
    process = subprocess.Popen(
        [*COMMAND, "finetune", str(pictures), "--size", "32", "--output", str(output)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(),
    )
    try:
        process.stderr.readline()  # the pictures are loaded, nothing is built yet
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=120)
    finally:
        process.kill()
    assert process.returncode == 130
    assert out == ""
    assert "interrupted" in err
    assert "Traceback" not in err
    assert output.read_bytes() == b"the model of last week"
    assert list(tmp_path.iterdir()) == [output]


@pytest.mark.skipif(os.name == "nt", reason="signals of Unix")
def test_a_kill_leaves_a_whole_model(pictures, tmp_path):
    output = tmp_path / "model.h5"
    process = subprocess.Popen(
        [*COMMAND, "finetune", str(pictures), "--size", "32", "--epochs", "100000"]
        + ["--patience", "100000", "--output", str(output)],
        stderr=subprocess.PIPE,
        text=True,
        env=environment(),
    )
    try:
        for line in process.stderr:
            if line.startswith("epoch 2/"):
                break
        time.sleep(0.05)
    finally:
        process.kill()
        process.communicate(timeout=120)
    assert Model.load(output).num_classes == 3
