"""``python -m theano_transfer`` is ``theano-transfer``."""

import sys

from theano_transfer.cli import main

if __name__ == "__main__":
    sys.exit(main())
