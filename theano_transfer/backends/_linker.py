"""What Aesara calls to make a function out of a rewritten graph."""

from __future__ import annotations

from aesara.link.basic import Container
from aesara.link.jax.linker import JAXLinker
from aesara.link.utils import map_storage

from theano_transfer.backends._settings import current, require_jax


class JaxLinker(JAXLinker):
    """Makes functions whose parameters stay on the device.

    Parameters
    ----------
    precision : str, optional
        In place of the one that :func:`~theano_transfer.use` chose.
    """

    def __init__(self, precision=None, **kwargs):
        super().__init__(**kwargs)
        self.precision = precision

    def make_all(self, input_storage=None, output_storage=None, storage_map=None):
        require_jax()
        from theano_transfer.backends._fallback import say_once
        from theano_transfer.backends._function import DeviceFunction

        say_once()
        settings = current()
        if self.precision is not None:
            settings = settings.with_precision(self.precision)
        fgraph, nodes = self.fgraph, self.schedule(self.fgraph)
        input_storage, output_storage, storage_map = map_storage(
            fgraph, nodes, input_storage, output_storage, storage_map
        )
        function = DeviceFunction(fgraph, input_storage, storage_map, settings)
        return (
            function,
            [Container(v, cell) for v, cell in zip(fgraph.inputs, input_storage)],
            [Container(v, cell, readonly=True) for v, cell in zip(fgraph.outputs, output_storage)],
            [function],
            nodes,
        )
