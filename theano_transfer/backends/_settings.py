"""What computes: the C backend or JAX, and where and how exactly JAX does. JAX is not imported."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from importlib.util import find_spec

from aesara.configdefaults import config

from theano_transfer._suggest import checks_options

BACKENDS = ("c", "jax")
PRECISIONS = ("float32", "tf32", "bfloat16")
# Of what XLA's convolutions are given: (batch, channel, ...) and (batch, ..., channel).
LAYOUTS = ("channels_first", "channels_last")
# What Theano called its devices; 'cpu' and 'cuda' are JAX's own names.
PLATFORMS = {"cpu": "cpu", "cuda": "cuda", "gpu": "cuda"}


@dataclass(frozen=True)
class Settings:
    """Where and how JAX computes.

    Parameters
    ----------
    device : str or None
        'cpu', 'cuda', or one of several: 'cuda1'. None leaves the choice to JAX, which prefers a
        GPU.
    devices : int or 'all'
        Over how many the batch is split.
    precision : {'float32', 'tf32', 'bfloat16'}
    layout : {'auto', 'channels_first', 'channels_last'}
    """

    device: str | None = None
    devices: int | str = 1
    precision: str = "float32"
    layout: str = "auto"

    def __post_init__(self):
        if self.device is not None:
            platform_of(self.device)
        if self.devices != "all" and (not isinstance(self.devices, int) or self.devices < 1):
            raise ValueError(f"devices is 'all' or a number from 1 on; got {self.devices!r}")
        if self.precision not in PRECISIONS:
            raise ValueError(f"precision is one of {', '.join(PRECISIONS)}; got {self.precision!r}")
        if self.layout not in ("auto", *LAYOUTS):
            allowed = ", ".join(("auto", *LAYOUTS))
            raise ValueError(f"layout is one of {allowed}; got {self.layout!r}")

    def with_precision(self, precision):
        return replace(self, precision=precision)


def platform_of(device):
    """JAX's platform and the number of the device, None for the first, from Theano's name.

    Raises
    ------
    ValueError
        If there is no such device.
    """
    match = re.fullmatch(r"([a-z]+?)(\d+)?", device)
    if match is None or match[1] not in PLATFORMS:
        raise ValueError(
            f"a device is 'cpu', 'cuda', one of several ('cuda1') or 'jax'; got {device!r}"
        )
    return PLATFORMS[match[1]], None if match[2] is None else int(match[2])


class _Chosen:
    """What :func:`use` was last told."""

    settings = Settings()


def current() -> Settings:
    """Where and how JAX computes in functions compiled from now on."""
    return _Chosen.settings


def backend() -> str:
    """What computes in functions compiled from now on: 'jax' or 'c'."""
    return "jax" if config.mode == "JAX" else "c"


@checks_options
def use(backend, *, device=None, devices=1, precision="float32", layout="auto") -> None:
    """Choose what computes in functions that are compiled from now on.

    What was compiled before stays as it is; parameters are shared by both.

    Parameters
    ----------
    backend : {'jax', 'c'}
        'c' is Aesara's C code with our kernels over oneDNN, on the processor.
    device : str, optional
        For JAX: 'cpu', 'cuda' or one of several ('cuda1'). Its own choice if None: a GPU if there
        is one.
    devices : int or 'all'
        For JAX: over how many devices each batch is split. Parameters are on all of them.
    precision : {'float32', 'tf32', 'bfloat16'}
        For JAX: of convolutions and matrix products; see docs/jax.md for what each costs.
    layout : {'auto', 'channels_first', 'channels_last'}
        For JAX: what XLA's convolutions are given. 'auto' measures, during the first calls, which
        one is faster, and remembers it.

    Raises
    ------
    MissingJaxError
        If JAX is not installed.
    ValueError
        If an argument is none of these.
    """
    if backend not in BACKENDS:
        raise ValueError(f"a backend is 'jax' or 'c'; got {backend!r}")
    settings = Settings(device, devices, precision, layout)
    if backend == "jax":
        require_jax()
        from theano_transfer.backends import _streams

        _streams.prepare()
    elif settings != Settings():
        raise ValueError("device, devices, precision and layout are for the backend 'jax'")
    _Chosen.settings = settings
    config.mode = "JAX" if backend == "jax" else "Mode"


def use_device(name) -> None:
    """:func:`use` by the name of a device, as Theano's flag ``device`` and ``--device`` give it.

    Parameters
    ----------
    name : str
        'cpu' is the C backend; 'cuda' or 'cuda1' a GPU through JAX; 'jax' JAX on what it chooses.
    """
    if name == "jax":
        use("jax")
    elif platform_of(name)[0] == "cpu":
        use("c")
    else:
        use("jax", device=name)


def use_gpu(name) -> str:
    """:func:`use_device`, where JAX finds that GPU (for 'jax', where it is); why not, or ''."""
    try:
        require_jax()
        if name != "jax":
            require_devices(Settings(name))
    except (ImportError, RuntimeError, ValueError) as error:
        return str(error)
    use_device(name)
    return ""


def require_devices(settings=None) -> None:
    """Raise where JAX has not the devices of `settings`, or of :func:`current`.

    Raises
    ------
    RuntimeError, ValueError
    """
    from theano_transfer.backends._placement import devices_of

    devices_of(settings or current())


def has_jax() -> bool:
    """Whether JAX is installed."""
    return find_spec("jax") is not None


def require_jax() -> None:
    """Raise MissingJaxError where JAX is not installed."""
    from theano_transfer.backends._errors import MissingJaxError

    if not has_jax():
        raise MissingJaxError(
            "JAX is not installed: run `pip install 'theano-transfer[jax]'` (for NVIDIA GPUs also "
            "`pip install 'jax[cuda12]'`), or compute with tt.use('c')"
        )
