"""``python -m theano_transfer``: a legacy program, a report on one, or ``theano-transfer``."""

import os
import sys


def main(arguments):
    """``script.py ...`` runs it, ``--report script.py`` lists its legacy names; else a command."""
    if arguments and arguments[0] == "--report":
        return _report(arguments[1:])
    if arguments and (arguments[0].endswith(".py") or os.path.isfile(arguments[0])):
        from theano_transfer.legacy import _script

        return _script.run(arguments[0], arguments[1:])
    from theano_transfer.cli import main as command

    return command(arguments)


def _report(scripts):
    from theano_transfer.legacy import report

    if not scripts:
        sys.stderr.write("usage: python -m theano_transfer --report script.py ...\n")
        return 2
    try:
        reports = [report(script) for script in scripts]
    except (OSError, SyntaxError) as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    for found in reports:
        sys.stdout.write(f"{found}\n")
    return 1 if any(found.missing for found in reports) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
