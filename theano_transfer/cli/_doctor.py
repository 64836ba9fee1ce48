"""``theano-transfer doctor``: what runs here, how fast, what is wrong and how to mend it."""

from __future__ import annotations

import argparse

from theano_transfer.cli._console import note, say, table
from theano_transfer.cli._options import add_device

HELP = "say what computes on this machine, how fast, and how to mend what is wrong"
EPILOG = """\
The exit status is 1 if something is wrong.

examples:
  theano-transfer doctor
"""
TOLERANCE = 1e-4  # of float32 sums of a thousand products, in another order


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--no-speed", action="store_true", help="leave out the measurements (and what they check)"
    )
    add_device(parser)


def run(options: argparse.Namespace) -> int:
    from theano_transfer.cli._machine import CHECKS

    rows: list[tuple[str, str]] = []
    problems: list[str] = []
    for check in CHECKS:
        found = check()
        rows += found.rows
        problems += found.problems
    rows.append(("backend", backend()))
    say(table([(f"{label}:" if label else "", value) for label, value in rows]))
    if not options.no_speed:
        note("measuring (the first time compiles, which takes a little longer)")
        measured, faults = speeds()
        say(table([(f"{label}:", value) for label, value in measured]))
        problems += faults
    return report(list(dict.fromkeys(problems)))


def report(problems: list[str]) -> int:
    """Say what is wrong; the exit status."""
    if not problems:
        say("\nNothing is wrong.")
        return 0
    say(f"\n{len(problems)} problem{'s' if len(problems) > 1 else ''}:")
    for number, problem in enumerate(problems, start=1):
        say(f"  {number}. {problem}")
    return 1


def backend() -> str:
    """What computes convolutions, in words."""
    from theano_transfer import backends
    from theano_transfer.kernels import find_onednn, missing

    if backends.backend() == "jax":
        return f"JAX ({backends.current().precision})"
    if missing():
        return "NumPy: right, but many times slower"
    return f"oneDNN {find_onednn().version}, called by modules that Aesara compiles"


def speeds() -> tuple[list[tuple[str, str]], list[str]]:
    """Rows about speed, and problems: of an operation that fails or gives wrong numbers."""
    from theano_transfer.cli import _speed

    rows, problems = [], []
    for label, measure in (
        (f"3x3 convolution, batch {_speed.BATCH}, {_speed.CHANNELS} channels, "
         f"{_speed.POSITIONS}x{_speed.POSITIONS}", _speed.measure_convolution),
        (f"matrix product {_speed.GEMM}x{_speed.GEMM}", _speed.measure_product),
    ):  # fmt: skip
        try:
            speed = measure()
        except Exception as error:  # whatever a compiler or library can get wrong is a finding
            first_line = (str(error).strip().splitlines() or [""])[0]
            rows.append((label, "failed"))
            problems.append(f"{label} failed with {type(error).__name__}: {first_line}")
            continue
        rows.append(
            (label, f"{speed.seconds * 1e3:.1f} ms, {speed.gflops:.0f} GFLOP/s "
                    f"(compiled in {speed.compiling:.1f} s)")
        )  # fmt: skip
        if not speed.error < TOLERANCE:
            problems.append(
                f"{label} gives wrong numbers (relative error {speed.error:.1e}): remove the "
                "compile directory, and report this if it happens again"
            )
    return rows, problems
