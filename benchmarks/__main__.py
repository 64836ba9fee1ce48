"""``python -m benchmarks install``, ``run``, ``gpu`` and ``table``; each has ``--help``."""

from __future__ import annotations

import argparse
import json
import signal
import subprocess
import sys
from pathlib import Path

from benchmarks import environments, machine, tables, tasks
from benchmarks.architectures import ARCHITECTURES, GPU_ARCHITECTURES
from benchmarks.contestants import CPU_CONTESTANTS, GPU_CONTESTANTS
from benchmarks.nodes import SIZE
from benchmarks.run import run

RESULTS = Path(__file__).parent / "results"


def main() -> int:
    options = _parser().parse_args()
    # Ended by another program: as by Ctrl-C, in good order.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        return options.function(options)
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    install = commands.add_parser("install", help="set up an environment for each peer")
    install.set_defaults(function=_install)
    install.add_argument(
        "--peers",
        nargs="+",
        metavar="NAME",
        choices=list(environments.ENVIRONMENTS),
        default=list(environments.ENVIRONMENTS),
        help=f"of {', '.join(environments.ENVIRONMENTS)}; all by default",
    )
    install.add_argument("--cuda", action="store_true", help="builds for GPUs")
    install.add_argument("--python", default=sys.executable, help="interpreter to make them with")
    _add_environments(install)

    command = commands.add_parser("run", help="measure, and write tables")
    command.set_defaults(
        function=run, plan=lambda given: tasks.plan(given.models, given.tasks, given.batch)
    )
    _add_choices(command, ARCHITECTURES, tasks.KINDS, CPU_CONTESTANTS)
    command.add_argument(
        "--batch",
        nargs="+",
        type=_positive,
        help="8, and 32 for inference, by default",
    )
    _add_measuring(command)

    command = commands.add_parser("gpu", help="the same on a GPU, beside PyTorch with cuDNN")
    command.set_defaults(
        function=run,
        plan=lambda given: tasks.gpu_plan(
            given.models, given.tasks, given.batch, given.precisions, given.device, given.size
        ),
    )
    _add_choices(command, GPU_ARCHITECTURES, tasks.GPU_KINDS, GPU_CONTESTANTS)
    command.add_argument(
        "--batch",
        nargs="+",
        type=_positive,
        default=list(tasks.GPU_BATCHES),
        help="batch sizes (%(default)s)",
    )
    _add_names(command, "--precisions", tasks.PRECISIONS, "precisions")
    command.add_argument(
        "--device",
        choices=tasks.DEVICES,
        default=tasks.DEVICES[0],
        help="'cpu' tries whether everything runs (%(default)s)",
    )
    command.add_argument(
        "--size", type=_positive, default=SIZE, help="rows and columns of pictures (%(default)s)"
    )
    _add_measuring(command)

    table = commands.add_parser("table", help="print the tables of a JSON file of results")
    table.set_defaults(function=_table)
    table.add_argument("file", type=Path)
    return parser


def _add_names(parser, name, known, what) -> None:
    parser.add_argument(
        name,
        nargs="+",
        metavar="NAME",
        choices=list(known),
        default=list(known),
        help=f"{what}, of {', '.join(known)}; all by default",
    )


def _add_choices(parser, models, kinds, contestants) -> None:
    _add_names(parser, "--models", models, "networks")
    _add_names(parser, "--tasks", kinds, "kinds of step")
    _add_names(parser, "--contestants", contestants, "who takes part")


def _add_measuring(command) -> None:
    command.add_argument(
        "--rounds", type=_positive, default=5, help="turns of each contestant (%(default)s)"
    )
    command.add_argument(
        "--turn", type=float, default=1.5, help="seconds of timed steps in a turn (%(default)s)"
    )
    command.add_argument(
        "--threads",
        type=_positive,
        default=machine.cores(),
        help="all cores: %(default)s",
    )
    command.add_argument(
        "--no-cold",
        dest="cold",
        action="store_false",
        help="keep compile caches from run to run; no first step is then reported for their users",
    )
    command.add_argument(
        "--environment",
        action="append",
        default=[],
        metavar="NAME=FOLDER",
        help="a virtual environment to use in place of an installed one; NAME may be 'ours'",
    )
    command.add_argument(
        "--output", type=Path, default=RESULTS, help="folder for the results (%(default)s)"
    )
    _add_environments(command)


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"a number above 0 is needed, not {text}")
    return number


def _add_environments(parser) -> None:
    parser.add_argument(
        "--environments",
        type=Path,
        default=environments.default_folder(),
        metavar="FOLDER",
        help="where the peers' environments are kept (%(default)s)",
    )


def _install(options) -> int:
    failed = []
    for name in options.peers:
        print(f"{name}: {options.environments / name}", flush=True)
        try:
            environments.install(name, options.environments, options.python, cuda=options.cuda)
        except (subprocess.CalledProcessError, OSError) as error:
            print(f"{name}: {error}", file=sys.stderr)
            failed.append(name)
    if failed:
        print(f"not installed: {', '.join(failed)}; the others can be measured", file=sys.stderr)
    return 1 if failed else 0


def _table(options) -> int:
    print(tables.report(json.loads(options.file.read_text(encoding="utf-8"))), end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
