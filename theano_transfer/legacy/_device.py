"""``device=cuda`` of a program's flags: which device computes, said once."""

from __future__ import annotations

import logging

_logger = logging.getLogger("theano_transfer")


def asked_for(device, force=False):
    """Choose what `device` (``'cpu'``, ``'gpu0'``, ``'cuda'``, ...) of Theano stands for.

    A GPU is computed on by the backend that :func:`register` was called with; without one, by the
    CPU. Which of them is logged once. Until :func:`settle` is called nothing is chosen yet.

    Parameters
    ----------
    force : bool
        Whether it is an error (RuntimeError) that there is no backend.
    """
    if not str(device).startswith(("cuda", "gpu", "opencl", "jax")):
        return
    _state["asked"] = device, force
    if not _state["settled"]:
        return
    why_not = _state["use"](device)
    if not why_not:
        _say_once(f"device={device}: computing with JAX")
    elif force:
        raise RuntimeError(
            f"device={device}: the program insists on a GPU (force_device, or use(force=True)); "
            f"leave that out to compute on the CPU. {why_not}"
        )
    else:
        _say_once(f"device={device}: computing on the CPU. {why_not}")


def settle():
    """Choose what was asked for before: a backend that there is has been registered by now.

    Raises
    ------
    RuntimeError
        If ``force_device`` is set and there is no GPU.
    """
    _state["settled"] = True
    if _state["asked"] is not None:
        asked_for(*_state["asked"])


def register(use):
    """Have ``use(device)`` called when a program asks for a GPU.

    Parameters
    ----------
    use : callable
        Takes the device's name as the program wrote it and makes functions compile for it. Returns
        why it does not, or an empty string.
    """
    _state["use"] = use


def _say_once(text):
    if text not in _said:
        _said.add(text)
        _logger.warning(text)


_state: dict = {"asked": None, "settled": False, "use": lambda device: "No GPU is known."}
_said: set[str] = set()
