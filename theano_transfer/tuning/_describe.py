"""What a saved model says about itself, and reading that back without trusting it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from theano_transfer.images import PREPROCESSING, Preprocessing
from theano_transfer.kernels import PRECISIONS
from theano_transfer.tuning._heads import parse_head
from theano_transfer.tuning._rates import USUAL
from theano_transfer.updates._schedules import KINDS, Schedule, describe_schedule, read_schedule

KEY = "tuned"
VERSION = 1
# Sides of pictures beyond this are no picture's; what they would make of a head fits no memory.
MOST_SIDE = 1 << 14
FUNCTION = {"function": "supply it when loading"}


def describe(model) -> dict[str, Any]:
    """The attributes of a saved model: JSON values under text keys."""
    return {
        "classes": None if model.classes is None else list(model.classes),
        "input_size": list(model.input_size),
        "preprocessing": _preprocessing_name(model.preprocessing),
        KEY: {
            "version": VERSION,
            "base": model.base_name,
            "input_shape": list(model.input_shape),
            "head": [FUNCTION if callable(step) else step for step in model.head],
            "task": model.task,
            "count": model.num_classes,
            "seed": model.seed,
            "precision": model.precision,
            "preprocessing": _describe_preprocessing(model.preprocessing),
            "frozen": model.frozen,
            "compiled": _describe_compiled(model.compile_arguments),
        },
    }


def read_description(attributes: Mapping[str, Any], path) -> dict[str, Any]:
    """Check what a file says, and return it under the names that ``Model`` takes.

    Parameters
    ----------
    attributes : mapping
        Of the file; from anyone.
    path : str or path
        For messages.

    Returns
    -------
    dict
        base, input_shape, head, task, classes, seed, precision, preprocessing, frozen, compiled.
        `base` is
        None for a network that is not of the zoo, `preprocessing` and steps of `head` are None
        where the file cannot hold them.

    Raises
    ------
    ValueError
        If the file holds no tuned model, a newer one, or nonsense.
    """
    stored = attributes.get(KEY)
    if not isinstance(stored, Mapping):
        raise ValueError(
            f"{path} holds weights but no tuned model; load it with tt.weights.load, or with "
            "tt.zoo if it is a network of the zoo"
        )
    if stored.get("version") != VERSION:
        raise ValueError(
            f"{path} holds a model of version {stored.get('version')!r}, this program reads "
            f"version {VERSION}; a newer theano_transfer may read it"
        )
    field = _Fields(stored, path)
    classes = attributes.get("classes")
    if classes is not None and not _is_list_of(classes, str):
        raise field.refusal("classes", classes)
    count = field.get("count", int)
    if classes is not None and len(classes) != count:
        raise field.refusal("count", count)
    shape = field.get("input_shape", list)
    if len(shape) != 3 or not all(
        size is None or (type(size) is int and 0 < size <= MOST_SIDE) for size in shape
    ):
        raise field.refusal("input_shape", shape)
    frozen = field.get("frozen", list)
    if not _is_list_of(frozen, str):
        raise field.refusal("frozen", frozen)
    return {
        "base": field.get("base", (str, type(None))),
        "input_shape": tuple(shape),
        "head": _read_head(field),
        "task": field.get("task", str),
        "classes": count if classes is None else classes,
        "seed": field.get("seed", int),
        "precision": _read_precision(field, stored),
        "preprocessing": _read_preprocessing(field),
        "frozen": frozen,
        "compiled": _read_compiled(field),
    }


def check_sizes(stored, arrays: Mapping[str, Any], path) -> None:
    """Check the number of units of each dense layer against the arrays that come with it.

    A file could ask for more units than memory holds; it would have to bring as many biases.

    Raises
    ------
    ValueError
        That names the layer.
    """
    units = [step for step in stored["head"] if isinstance(step, int)]
    expected = {f"head_dense{number}": count for number, count in enumerate(units, start=1)}
    count = stored["classes"] if isinstance(stored["classes"], int) else len(stored["classes"])
    expected["head_predictions"] = count - (stored["task"] in ("binary", "ordinal"))
    for layer, size in expected.items():
        biases = arrays.get(f"{layer}/b")
        if biases is None or biases.shape != (size,):
            found = "none" if biases is None else str(biases.shape)
            raise ValueError(
                f"{path}: {layer!r} is to have {size} units, but the biases in the file are {found}"
            )


def constructor_arguments(stored, path, base=None, head=None, preprocessing=None) -> dict:
    """What ``Model`` is to be called with for a description, completed by what a file cannot hold.

    Parameters
    ----------
    stored : dict
        From :func:`read_description`.
    path : str or path
        For messages.
    base, head, preprocessing : optional
        Supplied by the caller of ``Model.load``.

    Raises
    ------
    ValueError
        If something has to be supplied and is not, or is supplied where the file has it.
    """
    needed = {
        "base": ("a network that is not of the zoo", stored["base"] is None, base),
        "head": ("functions in its head", None in stored["head"], head),
        "preprocessing": (
            "a function for preprocessing",
            stored["preprocessing"] is None,
            preprocessing,
        ),
    }
    for name, (what, missing, given) in needed.items():
        if missing and given is None:
            raise ValueError(f"the model in {path} has {what}; supply it: Model.load(..., {name}=)")
        if given is not None and not missing:
            raise ValueError(f"the model in {path} brings its own {name}; leave {name}= out")
    arguments = {name: stored[name] for name in ("task", "classes", "seed", "precision")}
    arguments["base"] = stored["base"] if base is None else base
    arguments["head"] = stored["head"] if head is None else head
    arguments["preprocessing"] = preprocessing or stored["preprocessing"]
    if base is None:
        arguments["input_shape"] = stored["input_shape"]
    return arguments


class _Fields:
    """Fields of a description with their types checked."""

    def __init__(self, stored, path):
        self._stored, self._path = stored, path

    def get(self, name, kind):
        value = self._stored.get(name)
        if not isinstance(value, kind) or isinstance(value, bool):
            raise self.refusal(name, value)
        return value

    def refusal(self, name, value) -> ValueError:
        shown = repr(value)
        shown = shown if len(shown) < 200 else shown[:200] + "..."
        return ValueError(f"{self._path}: the stored model's {name!r} makes no sense: {shown}")


def _is_list_of(value, kind) -> bool:
    return isinstance(value, list) and all(isinstance(item, kind) for item in value)


def _read_head(field):
    steps = field.get("head", list)
    known = [None if step == FUNCTION else step for step in steps]
    try:
        parse_head([step for step in known if step is not None])
    except (TypeError, ValueError) as error:
        raise field.refusal("head", steps) from error
    return known


def _read_precision(field, stored):
    # Files of earlier versions do not say: there was one.
    precision = stored.get("precision", "float32")
    if precision not in PRECISIONS:
        raise field.refusal("precision", precision)
    return precision


def _preprocessing_name(preprocessing):
    return preprocessing if isinstance(preprocessing, str) else getattr(preprocessing, "name", None)


def _describe_preprocessing(preprocessing):
    if isinstance(preprocessing, str):
        return preprocessing
    if isinstance(preprocessing, Preprocessing):
        return {
            "name": preprocessing.name,
            "mean": list(preprocessing.mean),
            "std": list(preprocessing.std),
            "bgr": preprocessing.bgr,
        }
    return None


def _read_preprocessing(field):
    stored = field.get("preprocessing", (str, dict, type(None)))
    if stored is None or stored in list(PREPROCESSING):
        return stored
    if isinstance(stored, str):
        raise field.refusal("preprocessing", stored)
    try:
        return Preprocessing(
            str(stored["name"]),
            mean=_three(stored["mean"]),
            std=_three(stored["std"]),
            bgr=bool(stored["bgr"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise field.refusal("preprocessing", stored) from error


def _three(numbers) -> tuple[float, float, float]:
    red, green, blue = (float(number) for number in numbers)
    return red, green, blue


def _describe_compiled(arguments):
    """Arguments of compile() where all have names; None where one is a function."""
    if arguments is None:
        return None
    metrics = arguments["metrics"]
    given = [arguments["optimizer"], arguments["loss"], arguments["learning_rate"]]
    given += metrics if isinstance(metrics, (list, tuple)) else [metrics]
    if any(callable(item) and type(item) not in KINDS.values() for item in given):
        return None
    return {
        **arguments,
        "metrics": list(metrics) if isinstance(metrics, tuple) else metrics,
        "learning_rate": _describe_rate(arguments["learning_rate"]),
    }


def _describe_rate(rate):
    if isinstance(rate, slice):
        return {"lowest": rate.start, "highest": rate.stop}
    return describe_schedule(rate) if isinstance(rate, Schedule) else rate


def _read_rate(stored):
    if type(stored) in (int, float):
        return stored
    if not isinstance(stored, dict):
        raise ValueError(stored)
    if set(stored) == {"lowest", "highest"}:
        return slice(stored["lowest"], stored["highest"])
    return read_schedule(stored)


def _read_compiled(field):
    stored = field.get("compiled", (dict, type(None)))
    if stored is None:
        return None
    texts = (str, type(None))
    metrics = stored.get("metrics")
    needed = {"optimizer", "loss", "metrics", "learning_rate"}
    if (
        not needed <= set(stored) <= needed | set(USUAL)
        or not isinstance(stored["optimizer"], str)
        or not isinstance(stored["loss"], texts)
        or not (isinstance(metrics, texts) or _is_list_of(metrics, str))
        or not all(_is_setting(stored[name]) for name in USUAL if name in stored)
    ):
        raise field.refusal("compiled", stored)
    try:
        return {**stored, "learning_rate": _read_rate(stored["learning_rate"])}
    except (TypeError, ValueError) as error:
        raise field.refusal("compiled", stored) from error


def _is_setting(value) -> bool:
    numbers = value.values() if isinstance(value, dict) else [value]
    return all(type(number) in (int, float) for number in numbers)
