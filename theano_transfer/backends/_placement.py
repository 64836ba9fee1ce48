"""On which devices arrays lie."""

from __future__ import annotations

import jax
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec, Sharding, SingleDeviceSharding

from theano_transfer.backends._settings import platform_of


class Placement:
    """Where parameters and batches go: parameters on all devices, a part of the batch on each.

    Parameters
    ----------
    settings : Settings
    """

    def __init__(self, settings):
        devices = _devices(settings)
        self.count = len(devices)
        self.device = devices[0]
        self.whole: Sharding
        self.split: Sharding
        if self.count == 1:
            self.whole = self.split = SingleDeviceSharding(devices[0])
        else:
            mesh = Mesh(np.array(devices), ("batch",))
            self.whole = NamedSharding(mesh, PartitionSpec())
            self.split = NamedSharding(mesh, PartitionSpec("batch"))

    def state(self, value):
        """A parameter where it belongs; as it is if it is there already."""
        return self._put(value, self.whole)

    def arguments(self, values):
        """Arrays that a function was called with.

        Split are those whose first axis is as long as that of the first array that has axes, if
        all devices can have as much of it. How arrays lie changes no result.
        """
        length = next((v.shape[0] for v in values if np.ndim(v)), 0)
        divisible = length and length % self.count == 0
        return [
            self._put(v, self.split if divisible and np.shape(v)[:1] == (length,) else self.whole)
            for v in values
        ]

    @property
    def results(self):
        """How results are to lie; None leaves it to XLA."""
        return None if self.count == 1 else self.whole

    def _put(self, value, sharding):
        if isinstance(value, jax.Array) and value.sharding == sharding:
            return value
        if sharding.is_fully_addressable:
            # On a processor JAX would otherwise work with the caller's own memory.
            return jax.device_put(value, sharding, may_alias=False)
        value = np.asarray(value)
        # Every process has all of the array, and takes from it what its own devices need.
        return jax.make_array_from_callback(value.shape, sharding, lambda index: value[index])


def _devices(settings):
    platform, number = (None, None)
    if settings.device is not None:
        platform, number = platform_of(settings.device)
    try:
        found = jax.devices(platform)
    except RuntimeError as error:
        raise RuntimeError(
            f"JAX finds no device {settings.device!r} here (it has "
            f"{', '.join(sorted({d.platform for d in jax.devices()}))}): for NVIDIA GPUs run "
            "`pip install 'jax[cuda12]'`, or compute on the processor with device='cpu'"
        ) from error
    if number is not None:
        found = [d for d in found if d.id == number]
    wanted = len(found) if settings.devices == "all" else settings.devices
    if not 1 <= wanted <= len(found):
        raise ValueError(
            f"{settings.devices} devices ({settings.device or 'of any kind'}) were asked for; "
            f"JAX has {len(found)}"
        )
    if settings.devices == 1 and jax.process_count() > 1:
        found = jax.local_devices(backend=platform)
    return found[:wanted]
