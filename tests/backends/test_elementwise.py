import numpy as np
import theano
import theano.tensor as T
from aesara.scalar.basic import Composite, float32
from aesara.tensor.elemwise import Elemwise
from aesara.tensor.nnet.neighbours import images2neibs
from aesara.tensor.sort import topk, topk_and_argtopk

from theano_transfer.legacy._rectifiers import rectify


def test_every_function(agree, rng):
    x = T.matrix("x")
    y = x[::-1]
    floats = [
        x + y, x * y, x - y, x / y, x**2, T.sqrt(x), T.exp(-x), T.log(x), T.log1p(x), T.abs(-x),
        T.maximum(x, y), T.minimum(x, y), T.clip(x - 1, -0.2, 0.3), T.switch(x > y, x, y),
        T.tanh(x), T.sin(x), T.erf(x), T.gammaln(x), T.sgn(x - 1), T.floor(x), T.ceil(x),
        T.round(x * 9, mode="half_to_even"), T.round(x * 9, mode="half_away_from_zero"),
        x // y, x % y, T.fill(x, 3), T.fill(x[0], x), T.isnan(x), x > y, T.eq(x, x),
        T.cast(x * 9, "int8"), T.sigmoid(x), T.cosh(x), T.arctan2(x, y), 1 / x, -x,
        T.and_(x > 1, y > 1), T.invert(x > 1), T.cast(x * 9, "int32") // 2,
        T.cast(x, "float64") * 3, T.cast(x * 9, "int32") * y,
    ]  # fmt: skip
    agree([x], floats, rng.uniform(0.1, 2, size=(4, 3)).astype("float32"))


def test_rectifiers(agree, with_gradients):
    x = T.matrix("x")
    outputs = with_gradients(rectify(x), x) + with_gradients(rectify(x, "relu6"), x)
    agree([x], outputs, np.array([[-1, 0, 0.5], [6, 7, -0.5]], "float32"))


def test_reductions(agree, with_gradients, rng):
    x = T.tensor3("x")
    outputs = []
    for reduce in (T.sum, T.mean, T.max, T.min, T.prod, T.var):
        outputs += [*with_gradients(reduce(x, axis=(0, 2)), x), reduce(x)]
    outputs += [T.all(x > 0, axis=1), T.any(x > 1), T.sum(T.cast(x, "int8")), T.cumsum(x, axis=1)]
    agree([x], outputs, rng.uniform(0.1, 2, size=(2, 3, 4)).astype("float32"), atol=1e-4)


def test_products(agree, with_gradients, rng):
    x, y = T.matrix("x"), T.matrix("y")
    outputs = with_gradients(T.dot(x, y), x, y) + with_gradients(T.dot(x, y[:, 0]), x)
    outputs += with_gradients(T.tensordot(x, y, axes=[[1], [0]]), x)
    outputs += with_gradients(T.batched_dot(x[None], y[None]), x)
    values = [rng.normal(size=s).astype("float32") for s in ((3, 4), (4, 2))]
    agree([x, y], outputs, *values)


def test_sorting(agree, with_gradients, rng):
    x = T.matrix("x")
    outputs = [*with_gradients(T.sort(x, axis=1), x), T.argsort(x, axis=0), T.sort(x, axis=None)]
    outputs += [T.argmax(x, axis=1), T.argmax(x), T.argmin(x, axis=0), *T.max_and_argmax(x, axis=0)]
    # Aesara leaves the order of the largest open.
    best, where = topk_and_argtopk(x, 2, axis=1, sorted=False)
    outputs += [T.sort(best, axis=1), T.sort(where, axis=1), topk(x, -1, axis=0, sorted=False)]
    agree([x], outputs, rng.normal(size=(3, 5)).astype("float32"))


def test_neighbours(agree, with_gradients, rng):
    x = T.tensor4("x")
    images = rng.normal(size=(2, 2, 6, 6)).astype("float32")
    outputs = with_gradients(images2neibs(x, (3, 2)), x)
    for mode in ("valid", "half", "full", "wrap_centered", "ignore_borders"):
        outputs.append(images2neibs(x, (3, 3), (1, 1), mode=mode))
    agree([x], outputs, images)


def test_composites(agree):
    a, b = float32("a"), float32("b")
    x, y = T.matrix("x"), T.vector("y")
    both = Elemwise(Composite([a, b], [a * b + 1, -a]))(y, x)
    values = np.arange(6, dtype="float32").reshape(2, 3), np.arange(3, dtype="float32")
    agree([x, y], both, *values)


def test_printing_and_branches(agree, capfd):
    x = T.scalar("x")
    y = theano.printing.Print("seen")(x) + theano.ifelse.ifelse(x > 0, x * 2, x * 3)
    agree([x], [y], np.float32(2))
    assert "seen 2.0" in capfd.readouterr().out
