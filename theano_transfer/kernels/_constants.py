"""Constants are folded in Python.

Aesara folds constants by compiling a C module for each kind of Op that meets them, which costs a
second for a few numbers.
"""

from aesara.configdefaults import config
from aesara.graph.basic import Constant
from aesara.tensor.rewriting.basic import constant_folding


def install():
    """Let Aesara's folding call an Op's ``perform``. Called once."""
    constant_folding.fn = _in_python(constant_folding.fn)


def _in_python(fold):
    def folding(fgraph, node):
        if not all(isinstance(value, Constant) for value in node.inputs):
            return False
        try:
            with config.change_flags(cxx=""):
                return fold(fgraph, node)
        except Exception:
            # An Op that has nothing but C code; or a mistake, which will come up again.
            return fold(fgraph, node)

    return folding
