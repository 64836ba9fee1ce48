"""theano_transfer through JAX, on a GPU: functions of shared variables, as Theano's users wrote."""

from __future__ import annotations

import os

from benchmarks import architectures
from benchmarks.contestants import Contestant, UnavailableError
from benchmarks.contestants.ours import fill, import_jax
from benchmarks.tasks import Task

# Whose table follows torchvision in padding and normalisation.
STYLED = ("mobilenet_v2", "efficientnet_b0")


class OursGpu(Contestant):
    """Pictures and labels are shared variables, which stay on the device like parameters."""

    def versions(self):
        import theano_transfer as tt

        return {"theano_transfer": tt.__version__, "jax": import_jax().__version__}

    def prepare(self, task: Task) -> None:
        # JAX would take most of the memory, which the others need.
        os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")
        jax = import_jax()
        try:
            self._device = jax.devices(task.device)[0]
        except RuntimeError:
            raise UnavailableError(f"JAX finds no device {task.device!r} here") from None
        import theano_transfer as tt

        tt.use("jax", device=task.device, precision=task.precision)
        net = tt.zoo.build(
            task.model,
            weights=None,
            include_top=False,
            input_shape=(3, task.size, task.size),
            **({"style": "torchvision"} if task.model in STYLED else {}),
        )
        table = architectures.nodes(task.model, symmetric=True, size=task.size)
        make = self._forward if task.kind == "gpu-forward" else self._training
        self._step = make(tt, net, table, task)

    def step(self):
        return self._step()

    def details(self):
        from aesara.compile import profiling

        return {"rewriting": profiling.total_graph_rewrite_time, "device": self._device.device_kind}

    def device_peak(self):
        statistics = self._device.memory_stats() or {}
        peak = statistics.get("peak_bytes_in_use")
        return None if peak is None else peak / 2**20

    def _forward(self, tt, net, table, task):
        import lasagne
        import theano

        fill(net, table)
        tt.freeze(net.output)
        maps = lasagne.layers.get_output(net.output, deterministic=True)
        pictures, _ = architectures.batch_of(task.batch, task.size)
        given = {net.input_var: theano.shared(pictures)}
        return theano.function([], maps.mean(axis=(2, 3)), givens=given)

    def _training(self, tt, net, table, task):
        import lasagne
        import theano
        import theano.tensor as T

        head = ["avg", architectures.HIDDEN]
        model = tt.Model(net, classes=architectures.CLASSES, head=head, weights=None)
        fill(model.net, table)
        model.unfreeze(batch_norm=True)
        for layer in model.net.values():
            if isinstance(layer, tt.layers.StochasticDepthLayer):
                layer.p = 0  # the others have no such layer
        labels = T.ivector("labels")
        prediction = lasagne.layers.get_output(model.output)
        loss = lasagne.objectives.categorical_crossentropy(prediction, labels).mean()
        parameters = lasagne.layers.get_all_params(model.output, trainable=True)
        updates = lasagne.updates.momentum(loss, parameters, 1e-4, 0.9)
        known = architectures.batch_of(task.batch, task.size)
        given = dict(zip((model.net.input_var, labels), map(theano.shared, known)))
        step = theano.function([], loss, updates=updates, givens=given)
        return lambda: float(step())
