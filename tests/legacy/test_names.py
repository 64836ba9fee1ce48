"""Every public name of Theano 1.0.5 is served, or says what to use instead."""

import importlib
from pathlib import Path

import pytest

from theano_transfer.legacy._places import _PLACES
from theano_transfer.legacy._refused import LISTED, Refused, refusal_of
from theano_transfer.legacy._renamed import RENAMED


def _read():
    """Module -> {name: whether it is documented}."""
    names, module = {}, None
    for line in (Path(__file__).parent / "theano_names.txt").read_text().splitlines():
        if line.startswith("#"):
            continue
        if not line.startswith(" "):
            module, line = line.split(":", 1)
            names[module] = {}
        names[module].update((word.rstrip("*"), word.endswith("*")) for word in line.split())
    return names


NAMES = _read()


def found(module, name):
    """What stands for the name; AttributeError, ImportError where nothing does."""
    return getattr(importlib.import_module(module), name)


def refused(value):
    return isinstance(value, type) and issubclass(value, Refused)


@pytest.fixture(scope="module")
def served():
    """(module, name) -> 'served', 'refused' or 'absent'."""
    result = {}
    for module, names in NAMES.items():
        for name in names:
            try:
                value = found(module, name)
            except (AttributeError, ImportError):
                result[module, name] = "absent"
            else:
                result[module, name] = "refused" if refused(value) else "served"
    return result


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_no_name_is_absent(served):
    assert not [".".join(key) for key, state in served.items() if state == "absent"]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize(("documented", "goal"), [(True, 0.99), (False, 0.95)])
def test_how_many_are_served_is_what_the_documentation_says(served, documented, goal):
    states = [served[m, n] for m in NAMES for n in NAMES[m] if NAMES[m][n] or not documented]
    share = states.count("served") / len(states)
    assert share > goal
    page = (Path(__file__).parents[2] / "docs" / "legacy_names.md").read_text()
    assert f"{len(states)} names" in page
    assert f"{1000 * share // 1 / 10:.1f} %" in page


@pytest.mark.parametrize("module", sorted(NAMES))
def test_modules_import(module):
    assert importlib.import_module(module).__name__ == module


@pytest.mark.parametrize(
    ("module", "name"),
    [(module, name) for module, table in RENAMED.items() for name in table],
)
def test_what_is_renamed_is_there(module, name):
    assert not refused(found(module, name))


@pytest.mark.parametrize("module", sorted(_PLACES))
def test_places_exist(module):
    importlib.import_module(module)


@pytest.mark.parametrize(("module", "name"), sorted(LISTED))
def test_what_is_refused_says_so_when_it_is_used(module, name):
    refusal = found(module, name)
    assert refused(refusal), f"{module}.{name} is served: {refusal!r}"
    assert refusal is refusal_of(module, name)
    with pytest.raises(NotImplementedError, match=name) as error:
        refusal()
    assert len(str(error.value)) < 400


@pytest.mark.parametrize(
    ("module", "names"),
    [
        ("theano.compat.python2x", "OrderedDict"),
        ("theano.misc.may_share_memory", "may_share_memory"),
        ("theano.misc.ordered_set", "OrderedSet"),
        ("theano.sandbox.linalg", "cholesky solve matrix_inverse diag det trace eig eigh"),
        ("theano.sandbox.linalg.ops", "alloc_diag extract_diag det matrix_inverse"),
        ("theano.sandbox.multinomial", "MultinomialFromUniform"),
        ("theano.sandbox.neighbours", "images2neibs neibs2images"),
        ("theano.tensor.signal.downsample", "max_pool_2d DownsampleFactorMax"),
    ],
)
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_names_of_older_versions_and_of_the_sandbox(module, names):
    for name in names.split():
        assert not refused(found(module, name))


def test_names_that_only_the_process_has_which_compiled(monkeypatch):
    """Aesara's modules of compiled C leave what they compiled with behind, and only then."""
    import aesara.link.c.lazylinker_c as module

    monkeypatch.setattr(module, "cfile", "lazylinker_c.c", raising=False)
    assert refused(found("theano.gof.lazylinker_c", "cfile"))


def test_a_refused_name_is_a_class_that_nothing_is_of():
    from theano.gpuarray.elemwise import GpuElemwise

    assert not isinstance(1, GpuElemwise)
    with pytest.raises(NotImplementedError, match="kernel of a GPU"):
        _ = GpuElemwise.anything
    with pytest.raises(NotImplementedError, match="kernel of a GPU"):
        type("Mine", (GpuElemwise,), {})


def test_functions_stay_functions_when_their_modules_are_imported():
    import theano
    import theano.scan_module.scan
    import theano.tensor as T
    import theano.tensor.sort
    import theano.tensor.var
    from theano.tensor.var import TensorVariable

    assert isinstance(T.var(T.vector()), TensorVariable)
    assert callable(T.sort)
    assert callable(theano.scan_module.scan)
    import theano.compile.function

    assert callable(theano.compile.function)


def test_star_imports():
    namespace = {}
    exec("from theano.tensor import *\nfrom theano import *", namespace)
    assert namespace["dmatrix"].ndim == 2
    assert namespace["stack"].__module__.startswith("theano_transfer")
    assert {"function", "config", "shared", "tensor"} <= set(namespace)
