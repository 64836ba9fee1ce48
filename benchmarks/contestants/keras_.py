"""Keras on TensorFlow: keras.applications with its usual verbs."""

from __future__ import annotations

import os

from benchmarks import architectures
from benchmarks.contestants import Contestant
from benchmarks.tasks import Task

BUILDERS = {"vgg16": "VGG16", "resnet50": "ResNet50", "mobilenet_v2": "MobileNetV2"}
# Order of Keras's ``layer.weights``.
ROLES = {"Conv2D": ("W", "b"), "BatchNormalization": ("gamma", "beta", "mean", "var")}


class Keras(Contestant):
    """``predict_on_batch`` and ``train_on_batch``; channels-last, as Keras has it on a CPU."""

    def versions(self):
        keras = self._import()
        import tensorflow

        return {"keras": keras.__version__, "tensorflow": tensorflow.__version__}

    def _import(self):
        os.environ["KERAS_BACKEND"] = "tensorflow"
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
        os.environ["CUDA_VISIBLE_DEVICES"] = ""
        import tensorflow

        tensorflow.config.threading.set_intra_op_parallelism_threads(self.threads)
        import keras

        return keras

    def prepare(self, task: Task) -> None:
        keras = self._import()
        if task.kind == "bfloat16":
            keras.config.set_dtype_policy("bfloat16")
        size = architectures.SIZE
        builder = getattr(keras.applications, BUILDERS[task.model])
        base = builder(weights=None, include_top=False, input_shape=(size, size, 3))
        self._fill(base, architectures.parameters(architectures.nodes(task.model)))
        self._trains = task.trains
        self._model = base
        if task.trains:
            trained = architectures.trained_names(task.model, task.kind)
            for layer in base.layers:
                layer.trainable = layer.name in trained
            self._model = self._with_head(keras, base)
        pictures, self._labels = architectures.batch_of(task.batch)
        self._pictures = pictures.transpose(0, 2, 3, 1).copy()

    def _with_head(self, keras, base):
        x = keras.layers.GlobalAveragePooling2D()(base.output)
        x = keras.layers.Dense(architectures.HIDDEN, activation="relu", name="hidden")(x)
        x = keras.layers.Dense(architectures.CLASSES, activation="softmax", name="predictions")(x)
        model = keras.Model(base.input, x)
        values = architectures.head_parameters(base.output.shape[-1])
        for name in ("hidden", "predictions"):
            model.get_layer(name).set_weights([values[f"{name}.W"], values[f"{name}.b"]])
        model.compile(
            keras.optimizers.SGD(learning_rate=1e-4, momentum=0.9),
            "sparse_categorical_crossentropy",
        )
        return model

    def _fill(self, base, values):
        for layer in base.layers:
            kind = type(layer).__name__
            if kind == "DepthwiseConv2D":  # (out, 1, row, column) -> (row, column, out, 1)
                layer.set_weights([values[f"{layer.name}.W"].transpose(2, 3, 0, 1)])
            elif kind in ROLES:
                found = [
                    values[f"{layer.name}.{role}"]
                    for role in ROLES[kind]
                    if f"{layer.name}.{role}" in values
                ]
                if kind == "Conv2D":  # (out, in, row, column) -> (row, column, in, out)
                    found[0] = found[0].transpose(2, 3, 1, 0)
                layer.set_weights(found)

    def step(self):
        if self._trains:
            return float(self._model.train_on_batch(self._pictures, self._labels))
        return self._model.predict_on_batch(self._pictures).transpose(0, 3, 1, 2)
