"""What a process spawned by a legacy program runs first: the program, as ``__mp_main__``."""

import os

from theano_transfer.legacy._script import SCRIPT, code_of

__file__ = os.environ[SCRIPT]
exec(code_of(__file__), globals())
