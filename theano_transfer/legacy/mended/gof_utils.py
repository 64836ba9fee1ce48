"""``theano.gof.utils`` and ``toolbox``: small helpers that Aesara has no more."""

from aesara.graph.features import Feature
from aesara.graph.utils import MetaObject
from aesara.utils import deprecated as aesara_deprecated
from aesara.utils import flatten, hash_from_code


class Keyword:
    """A value with a name of its own."""

    def __init__(self, name, nonzero=True):
        self.name, self.nonzero = name, nonzero

    def __bool__(self):
        return self.nonzero

    def __str__(self):
        return f"<{self.name}>"

    __repr__ = __str__


ABORT = Keyword("ABORT", False)
RETRY = Keyword("RETRY", False)
FAILURE = Keyword("FAILURE", False)
ANY_TYPE = Keyword("ANY_TYPE")
FALL_THROUGH = Keyword("FALL_THROUGH")
undef = object()
simple_types = (int, float, str, bool, type(None), Keyword)
object2 = MetaObject


def comm_guard(type1, type2):
    """Decorate ``f(a, b)``: called with a `type1` and a `type2` in either order, else declines."""

    def decorate(function):
        earlier = function.__globals__.get(function.__name__)

        def guarded(a, b, *rest):
            for one, other in ((a, b), (b, a)):
                if _is(one, type1) and _is(other, type2):
                    result = function(one, other, *rest)
                    if result is not FALL_THROUGH:
                        return result
            return None if earlier is None else earlier(a, b, *rest)

        guarded.__name__ = function.__name__
        return guarded

    return decorate


def type_guard(type1):
    """Decorate ``f(a)``: called with a `type1`, else the earlier function of that name is."""

    def decorate(function):
        earlier = function.__globals__.get(function.__name__)

        def guarded(a, *rest):
            if _is(a, type1):
                result = function(a, *rest)
                if result is not FALL_THROUGH:
                    return result
            return None if earlier is None else earlier(a, *rest)

        guarded.__name__ = function.__name__
        return guarded

    return decorate


def _is(value, type_):
    return type_ is ANY_TYPE or isinstance(value, type_)


def deprecated(filename, msg=""):
    """Decorate a function that warns, once it is called, that it will go."""
    return aesara_deprecated(f"{filename}: {msg}" if msg else filename)


def hashtype(self):
    """A hash of the class of `self`, the same in every process."""
    cls = type(self)
    return hash(cls.__name__) ^ hash(cls.__module__)


def memoize(f):
    """`f`, with its results kept for each tuple of arguments."""
    kept = {}

    def remembering(*args):
        if args not in kept:
            kept[args] = f(*args)
        return kept[args]

    return remembering


def uniq(seq):
    """The elements of `seq`, each once, in their order."""
    return [x for i, x in enumerate(seq) if seq.index(x) == i]


def unique(x):
    """Whether no element of `x` comes twice."""
    return len(set(x)) == len(x)


def difference(seq1, seq2):
    """The elements of `seq1` that are not in `seq2`, as a list."""
    return [x for x in seq1 if x not in seq2]


def hist(coll):
    """How often each element occurs in `coll`."""
    counts: dict = {}
    for element in coll:
        counts[element] = counts.get(element, 0) + 1
    return counts


def remove(predicate, coll):
    """The elements of `coll` for which `predicate` does not hold."""
    return [x for x in coll if not predicate(x)]


def to_return_values(values):
    """The only element of a list of one, else the list."""
    return values[0] if len(values) == 1 else values


def from_return_values(values):
    """A list of what a function returned: one value or several."""
    return list(values) if isinstance(values, (list, tuple)) else [values]


def give_variables_names(variables):
    """Give those of `variables` without a name, or with one that another has, a name."""
    names = [variable.name for variable in variables]
    for number, variable in enumerate(variables):
        if not variable.name or names.count(variable.name) > 1:
            variable.name = f"{variable.name or ''}_{number}"
    return list(variables)


def hash_from_file(file_path):
    """The SHA-256 of a file, in hexadecimal digits."""
    with open(file_path, "rb") as file:
        return hash_from_code(file.read())


class PreserveNames(Feature):
    """A variable that replaces a named one takes its name."""

    def on_change_input(self, fgraph, node, i, r, new_r, reason=None):
        if r.name is not None and new_r.name is None:
            new_r.name = r.name


class ReplacementDidntRemovedError(Exception):
    """Raised when a rewrite did not remove what it had to."""


__all__ = [
    "ABORT",
    "ANY_TYPE",
    "FAILURE",
    "FALL_THROUGH",
    "RETRY",
    "Keyword",
    "PreserveNames",
    "ReplacementDidntRemovedError",
    "comm_guard",
    "deprecated",
    "difference",
    "flatten",
    "from_return_values",
    "give_variables_names",
    "hash_from_file",
    "hashtype",
    "hist",
    "memoize",
    "object2",
    "remove",
    "simple_types",
    "to_return_values",
    "type_guard",
    "undef",
    "uniq",
    "unique",
]
