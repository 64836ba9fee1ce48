"""From the command line to a command, and from whatever it raises to an exit status."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
import traceback
from collections.abc import Sequence

from theano_transfer._suggest import nearest
from theano_transfer._version import __version__
from theano_transfer.cli import (
    _convert,
    _doctor,
    _evaluate,
    _features,
    _fetch,
    _finetune,
    _inspect,
    _models,
    _predict,
    _report,
)
from theano_transfer.cli._console import PROGRAM, note, printable, warnings_as_notes
from theano_transfer.cli._options import use_device

# Each has HELP (a line), EPILOG (examples), configure(parser) and run(options) -> exit status.
COMMANDS = {
    "finetune": _finetune,
    "predict": _predict,
    "evaluate": _evaluate,
    "report": _report,
    "features": _features,
    "models": _models,
    "fetch": _fetch,
    "convert": _convert,
    "inspect": _inspect,
    "doctor": _doctor,
}

FAILED, USAGE, INTERRUPTED, BROKEN_PIPE = 1, 2, 130, 141


def main(arguments: Sequence[str] | None = None) -> int:
    """Run ``theano-transfer``.

    Parameters
    ----------
    arguments : sequence of str, optional
        What comes after the program's name; that of the process by default.

    Returns
    -------
    int
        0: done; 1: an error, said in a line on standard error; 2: wrong usage; 130: Ctrl-C;
        141: whoever read standard output stopped reading.
    """
    _prepare_streams()
    try:
        options = make_parser().parse_args(arguments)
    except SystemExit as stop:  # argparse has said what is wrong, or shown its help
        return _closing(stop.code if isinstance(stop.code, int) else USAGE)
    return _closing(_run(options))


class _Parser(argparse.ArgumentParser):
    """Answers an option that there is not with the nearest that there is."""

    def parse_known_args(self, args=None, namespace=None):
        options, rest = super().parse_known_args(args, namespace)
        wrong = next((word for word in rest if word.startswith("-")), None)
        hint = (
            "" if wrong is None else nearest(wrong.partition("=")[0], self._option_string_actions)
        )
        if hint:
            self.error(f"there is no option {wrong!r}{hint}")
        return options, rest


def make_parser() -> argparse.ArgumentParser:
    """The parser of all commands."""
    common = _Parser(add_help=False, allow_abbrev=False)
    common.add_argument(
        "--debug", action="store_true", help="show the Python traceback of an error"
    )
    parser = _Parser(
        prog=PROGRAM,
        description="Fine-tune networks that were trained on ImageNet to pictures of your own.",
        epilog=f"`{PROGRAM} COMMAND --help` explains a command and gives examples.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"{PROGRAM} {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for command, module in COMMANDS.items():
        subparser = commands.add_parser(
            command,
            parents=[common],
            help=module.HELP,
            description=module.HELP[0].upper() + module.HELP[1:] + ".",
            epilog=module.EPILOG,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )
        module.configure(subparser)
    return parser


def _run(options: argparse.Namespace) -> int:
    try:
        with warnings_as_notes():
            # A run that is gone on with brings its own.
            if hasattr(options, "device") and getattr(options, "resume", None) is None:
                use_device(options)
            status = COMMANDS[options.command].run(options)
            sys.stdout.flush()  # a reader that has gone shows here, not at exit
            return status
    except BrokenPipeError:
        return BROKEN_PIPE
    except KeyboardInterrupt:
        note(f"{PROGRAM}: interrupted")
        return INTERRUPTED
    except Exception as error:
        if options.debug:
            traceback.print_exc()
        note(f"{PROGRAM}: error: {describe(error)}")
        return FAILED


def describe(error: Exception) -> str:
    """An error in words; the whole message of an expected one, the kind too of any other."""
    if isinstance(error, MemoryError):
        return "there is not enough memory; a smaller --batch-size needs less"
    if isinstance(error, OSError) and error.strerror is not None:
        at = "" if error.filename is None else f"{error.filename!r}: "
        return printable(f"{at}{error.strerror}")
    if type(error).__name__ == "CompileError":  # Aesara's holds the whole C++ program
        return f"the C++ compiler failed; `{PROGRAM} doctor` looks into it, --debug shows all of it"
    text = printable(error).strip()
    if isinstance(error, (ValueError, OSError, RuntimeError)) and text:
        return text
    kind = type(error).__name__
    return f"{kind}: {text or 'no message'} (--debug shows where; this may be a fault of ours)"


def _prepare_streams() -> None:
    """Under ``LC_ALL=C`` standard output may be ASCII; what it cannot say is escaped."""
    reconfigure = getattr(sys.stdout, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(errors="backslashreplace")


def _closing(status: int) -> int:
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        status = BROKEN_PIPE
    if status == BROKEN_PIPE:
        # Python flushes once more at exit, and would complain about it.
        with contextlib.suppress(OSError, ValueError):  # not a real file, as in tests
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return status
