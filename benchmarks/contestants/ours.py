"""theano_transfer, as its users use it.

Forward is a function compiled in the legacy style, in Aesara's default mode. A training step is
what ``Model.fit`` does for one batch: features of what lies below the trained layers, by one
compiled function, and a step on top of them by another, in the mode that Model chooses.
"""

from __future__ import annotations

import inspect

import numpy as np

from benchmarks import architectures
from benchmarks.contestants import Contestant, UnavailableError
from benchmarks.tasks import EPOCH_PICTURES, Task


class Ours(Contestant):
    """Variants: '' and, for epochs, 'uncached': the base runs in every epoch. 'jax' and 'jax-tf32'
    compute with JAX, on the device that it finds first.
    """

    def versions(self):
        import aesara

        import theano_transfer as tt
        from theano_transfer.kernels import find_onednn

        onednn = find_onednn()
        if self.variant.startswith("jax"):
            jax = import_jax()
            device = jax.devices()[0].device_kind
            return {"theano_transfer": tt.__version__, "jax": jax.__version__, "device": device}
        return {
            "theano_transfer": tt.__version__,
            "aesara": aesara.__version__,
            "onednn": onednn.version if onednn else "missing",
        }

    def prepare(self, task: Task) -> None:
        import theano_transfer as tt

        if self.variant.startswith("jax"):
            import_jax()
            tt.use("jax", precision="tf32" if self.variant == "jax-tf32" else "float32")
        if task.model not in tt.zoo.models():
            raise UnavailableError(f"{task.model} is not in this version's zoo")
        self._task = task
        self._pictures, self._labels = architectures.batch_of(task.batch)
        if task.kind == "forward":
            self._step = self._forward(tt)
        elif task.kind == "bfloat16":
            self._step = self._forward_bfloat16(tt)
        elif task.kind == "epoch":
            self._prepare_epoch(tt)
            self._step = self._epoch
        else:
            self._step = self._training(tt)

    def step(self):
        return self._step()

    def time(self, count):
        return super().time(count) if self._task.kind != "epoch" else self._fit(count)[1:]

    def details(self):
        from aesara.compile import profiling

        return {"rewriting": profiling.total_graph_rewrite_time}

    def _forward(self, tt):
        import lasagne
        import theano

        net = tt.zoo.build(self._task.model, weights=None, include_top=False)
        fill(net, architectures.nodes(self._task.model))
        tt.freeze(net.output)
        maps = lasagne.layers.get_output(net.output, deterministic=True)
        function = theano.function([net.input_var], maps)
        return lambda: function(self._pictures)

    def _forward_bfloat16(self, tt):
        if "precision" not in inspect.signature(tt.Model).parameters:
            raise UnavailableError("this version has no precision='bfloat16'")
        # The frozen bottom of a Model ends in the flattened maps.
        model = self._model(tt, head=["flatten"], precision="bfloat16")
        return lambda: model.inference.features(self._pictures)

    def _training(self, tt):
        model = self._model(tt, head=["avg", architectures.HIDDEN])
        if self._task.kind == "block":
            model.unfreeze(architectures.LAST_BLOCK[self._task.model], batch_norm=True)
        elif self._task.kind == "all":
            model.unfreeze(batch_norm=True)
        self._compile(model, rate=1e-4)
        functions = model.functions
        weight = np.ones(self._task.batch, np.float32)

        def step():
            features = functions.inference.features(self._pictures)
            loss, *_ = functions.step(features, self._labels, weight)
            return float(loss) / self._task.batch

        return step

    def _prepare_epoch(self, tt):
        self._epoch_model = self._model(tt, head=["avg", architectures.HIDDEN])
        self._compile(self._epoch_model, rate=1e-4)
        rng = np.random.default_rng(2)
        side = architectures.SIZE
        self._album = rng.integers(0, 256, (EPOCH_PICTURES, 3, side, side), dtype=np.uint8)
        self._album_labels = rng.integers(0, architectures.CLASSES, EPOCH_PICTURES)

    def _epoch(self):
        self._fit(1)
        return self._epoch_model.history.history["loss"][-1]

    def _fit(self, after_first: int) -> list[float]:
        """Seconds of the first epoch and of `after_first` more."""
        self._epoch_model.fit(
            self._album,
            self._album_labels,
            epochs=1 + after_first,
            batch_size=self._task.batch,
            cache=False if self.variant == "uncached" else "auto",
            verbose=False,
        )
        return self._epoch_model.history.seconds

    def _model(self, tt, *, head, **options):
        model = tt.Model(
            self._task.model, weights=None, classes=architectures.CLASSES, head=head, **options
        )
        fill(model.net, architectures.nodes(self._task.model))
        return model

    def _compile(self, model, rate):
        model.compile("momentum", "sparse_categorical_crossentropy", metrics=[], learning_rate=rate)


def import_jax():
    """JAX; UnavailableError where it is not installed."""
    try:
        import jax
    except ImportError:
        raise UnavailableError("JAX is not installed: pip install 'theano-transfer[jax]'") from None
    return jax


def fill(net, table) -> None:
    """Give the base and, where it is the usual one, the head the parameters of everyone."""
    values = architectures.parameters(table)
    head = architectures.head_parameters(table[-1].channels)
    names = {"head_dense1": "hidden", "head_predictions": "predictions"}
    for name, parameter in net.params.items():
        shape = parameter.get_value(borrow=True).shape
        layer, role = name.split(".")
        value = head[f"{names[layer]}.{role}"] if layer in names else values[name]
        if value.size == np.prod(shape):
            parameter.set_value(value.reshape(shape))
        elif layer not in names:  # a head of another form, for inference, may stay as it is
            raise ValueError(f"{name} is of shape {shape} here, {value.shape} in the table")
