"""Statuses and messages, whatever goes wrong."""

import errno
import json

import pytest

import theano_transfer as tt
from theano_transfer import __version__
from theano_transfer.cli import _main
from theano_transfer.cli._finetune import DEFAULTS
from theano_transfer.cli._main import COMMANDS, describe, make_parser
from theano_transfer.cli._run_folder import ASIDE, VERSION


def test_the_version_is_said(run):
    assert run("--version") == (0, f"theano-transfer {__version__}\n", "")


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_examples(command, run):
    status, out, err = run(command, "--help")
    assert status == 0
    assert err == ""
    assert f"theano-transfer {command}" in out
    assert "examples:" in out


def test_examples_in_the_help_are_valid_usage():
    parser = make_parser()
    tried = 0
    for module in COMMANDS.values():
        for line in module.EPILOG.splitlines():
            words = line.replace("'", "").split("   ")[0].split() or [""]
            if words[0] == "theano-transfer":
                parser.parse_args(words[1:])
                tried += 1
    assert tried >= len(COMMANDS)


@pytest.mark.parametrize(
    "arguments",
    [(), ("frobnicate",), ("finetune",), ("doctor", "--frobnicate"), ("convert", "a"),
     ("finetune", "d", "--epochs", "0"), ("finetune", "d", "--epo", "3")],
)  # fmt: skip
def test_wrong_usage_is_status_2_and_says_how(arguments, run):
    status, out, err = run(*arguments)
    assert status == 2
    assert out == ""
    assert "usage: theano-transfer" in err


def test_an_error_is_a_line(run):
    status, out, err = run("inspect", "no/such/file.h5")
    assert status == 1
    assert out == ""
    assert err.startswith("theano-transfer: error: ")
    assert err.count("\n") == 1
    assert "no/such/file.h5" in err


def test_debug_shows_where_it_came_from(run):
    status, _, err = run("inspect", "no/such/file.h5", "--debug")
    assert status == 1
    assert "Traceback (most recent call last)" in err
    assert err.splitlines()[-1].startswith("theano-transfer: error: ")


@pytest.mark.parametrize(
    ("raised", "status", "said"),
    [
        (KeyboardInterrupt(), 130, "theano-transfer: interrupted\n"),
        (BrokenPipeError(errno.EPIPE, "Broken pipe"), 141, ""),
        (MemoryError(), 1, "theano-transfer: error: there is not enough memory; "),
        (KeyError("colour"), 1, "theano-transfer: error: KeyError: 'colour' (--debug shows where"),
        (OSError(errno.ENOSPC, "No space left on device", "m.h5"), 1,
         "theano-transfer: error: 'm.h5': No space left on device\n"),
    ],
)  # fmt: skip
def test_whatever_a_command_raises_becomes_a_status(raised, status, said, run, monkeypatch):
    def fail(options):
        raise raised

    monkeypatch.setattr(COMMANDS["doctor"], "run", fail)
    found, out, err = run("doctor")
    assert (found, out) == (status, "")
    assert err.startswith(said)
    assert "Traceback" not in err


def test_a_device_that_is_not_there_is_said_before_anything_else(run, tmp_path):
    pytest.importorskip("jax")
    typed = ["finetune", str(tmp_path / "nothing"), "--device", "cuda99"]
    options = {**vars(make_parser().parse_args(typed)), **DEFAULTS}
    kept = {key: value for key, value in options.items() if key not in ASIDE}
    (tmp_path / "run.json").write_text(json.dumps({"version": VERSION, "options": kept}))
    try:
        for words in (typed, ["finetune", "--resume", tmp_path]):
            status, _, err = run(*words)
            assert status == 1
            assert err.startswith("theano-transfer: error: JAX finds no device 'cuda99' here")
    finally:
        tt.use("c")


def test_messages_cannot_drive_the_terminal():
    assert describe(ValueError("\x1b[2Jgone")) == "\\x1b[2Jgone"


def test_a_compiler_error_does_not_print_the_program():
    compile_error = type("CompileError", (Exception,), {})
    text = describe(compile_error("x" * 100_000))
    assert "doctor" in text
    assert len(text) < 200


def test_warnings_are_lines_without_source(run, monkeypatch):
    import warnings

    from theano_transfer.images import ImageWarning

    def warn(options):
        warnings.warn("three pictures\x07 were left out", ImageWarning, stacklevel=1)
        return 0

    monkeypatch.setattr(_main.COMMANDS["doctor"], "run", warn)
    assert run("doctor") == (
        0,
        "",
        "theano-transfer: warning: three pictures\\x07 were left out\n",
    )


def test_a_wrong_option_is_answered_with_the_nearest(run):
    status, _, err = run("finetune", "pictures", "--unfreze", "all")
    assert status == 2
    assert "no option '--unfreze'; did you mean '--unfreeze'" in err
