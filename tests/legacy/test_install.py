"""``import theano`` and ``import lasagne`` after ``import theano_transfer``."""

import importlib
import os
import subprocess
import sys

import lasagne
import numpy as np
import pytest
import theano
import theano.tensor as T


def python(program, *, silent=True, **environment):
    """What `program` prints, in a process of its own; its standard error must stay empty."""
    clean = {k: v for k, v in os.environ.items() if k not in ("AESARA_FLAGS", "THEANO_FLAGS")}
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**clean, **environment},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == "" or not silent
    return done.stdout.split()


def test_import_prints_nothing():
    assert python("import theano_transfer", PYTHONWARNINGS="error") == []


def test_deep_graphs_are_differentiated():
    x = T.matrix()
    y = x
    for _ in range(2000):
        y = T.tanh(y)
    assert T.grad(y.sum(), x).type == x.type


PROFILED = """
import theano_transfer, theano, theano.tensor as T
x = T.vector()
for name, y in [("doubled", x * 2), ("added", x + 1)]:
    theano.function([x], y, name=name)([1, 2])
"""


def test_profiles_are_written_when_a_program_ends(tmp_path):
    report = tmp_path / "profile.txt"
    flags = f"profile=True,linker=py,profiling.destination={report}"
    assert python(PROFILED, THEANO_FLAGS=flags) == []
    messages = [n.split(": ")[1] for n in report.read_text().splitlines() if "Message" in n]
    assert set(messages[:2]) == {"doubled", "added"}
    assert messages[2:] == ["Sum of all(2) printed profiles at exit."]


def test_theano_is_aesara():
    import aesara

    assert theano.grad is aesara.grad
    assert theano.shared(1.0).get_value() == 1
    assert T.nnet.batch_normalization is aesara.tensor.nnet.batch_normalization
    assert theano.config.floatX == aesara.config.floatX


def test_shared_takes_broadcastable():
    row = theano.shared(np.ones((1, 3), "float32"), broadcastable=(True, False))
    assert row.broadcastable == (True, False)
    assert theano.shared(np.ones((1, 3), "float32"), "name").name == "name"


def test_softmax_of_a_vector_is_a_row():
    row = T.nnet.softmax(T.constant(np.zeros(4, "float32"))).eval()
    np.testing.assert_allclose(row, [[0.25] * 4])


def test_submodules_import_both_ways():
    import theano.tensor.nnet.bn
    from theano.sandbox.rng_mrg import MRG_RandomStreams
    from theano.tensor.shared_randomstreams import RandomStreams
    from theano.tensor.signal import downsample, pool

    assert T.nnet.bn.batch_normalization_test is theano.tensor.nnet.bn.batch_normalization_test
    draws = theano.function([], MRG_RandomStreams(1).uniform((3,)))()
    assert draws.shape == (3,)
    assert theano.function([], RandomStreams(1).normal(size=(2,)))().shape == (2,)
    x = T.tensor4()
    image = np.arange(16, dtype="float32").reshape(1, 1, 4, 4)
    pooled = downsample.max_pool_2d(x, (2, 2), ignore_border=True)
    assert theano.function([x], pooled)(image).ravel().tolist() == [5, 7, 13, 15]
    assert pool.pool_2d is T.signal.pool.pool_2d


def test_what_is_not_there_says_so():
    with pytest.raises(AttributeError, match=r"theano\.tensor.*no_such_name"):
        _ = T.no_such_name
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module("theano.no_such_module")
    assert not hasattr(theano, "no_such_name")


def test_legacy_names_do_not_leak_into_aesara():
    import aesara.tensor.signal

    _ = T.signal.downsample
    assert not hasattr(aesara.tensor.signal, "downsample")


class TestFloatX:
    PROGRAM = "import theano_transfer, theano; print(theano.config.floatX)"

    def test_float32_by_default(self, tmp_path):
        assert python(self.PROGRAM, HOME=str(tmp_path)) == ["float32"]

    @pytest.mark.parametrize("variable", ["AESARA_FLAGS", "THEANO_FLAGS"])
    def test_flags_decide(self, variable):
        assert python(self.PROGRAM, **{variable: "floatX=float64"}) == ["float64"]

    def test_aesara_flags_win(self):
        flags = {"AESARA_FLAGS": "floatX=float64", "THEANO_FLAGS": "floatX=float32"}
        assert python(self.PROGRAM, **flags) == ["float64"]

    @pytest.mark.parametrize("name", [".theanorc", ".aesararc"])
    def test_files_decide(self, name, tmp_path):
        (tmp_path / name).write_text("[global]\nfloatX = float64\n")
        assert python(self.PROGRAM, HOME=str(tmp_path)) == ["float64"]

    def test_unknown_theano_flags_are_dropped(self):
        flags = "device=cpu,floatX=float64,lib.cnmem=1,optimizer_including=fusion"
        assert python(self.PROGRAM, THEANO_FLAGS=flags) == ["float64"]

    def test_aesara_imported_first(self):
        program = "import aesara;" + self.PROGRAM
        assert python(program, silent=False, AESARA_FLAGS="blas__ldflags=") == ["float32"]


@pytest.mark.parametrize("name", ["sigmoid", "softmax", "tanh", "rectify", "leaky_rectify"])
def test_nonlinearities(name, rng):
    x = rng.normal(size=(3, 4)).astype("float32")
    expected = {
        "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
        "softmax": lambda x: np.exp(x) / np.exp(x).sum(axis=1, keepdims=True),
        "tanh": np.tanh,
        "rectify": lambda x: np.maximum(x, 0),
        "leaky_rectify": lambda x: np.where(x > 0, x, 0.01 * x),
    }[name](x)
    found = getattr(lasagne.nonlinearities, name)(T.constant(x)).eval()
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


class TestLasagne:
    def convolved(self, rng, **settings):
        x = T.tensor4()
        layer = lasagne.layers.Conv2DLayer(
            lasagne.layers.InputLayer((None, 2, 6, 5), x),
            3,
            (3, 2),
            W=rng.normal(size=(3, 2, 3, 2)).astype("float32"),
            **settings,
        )
        image = rng.normal(size=(2, 2, 6, 5)).astype("float32")
        value = theano.function([x], lasagne.layers.get_output(layer))(image)
        assert value.shape == (2, *layer.output_shape[1:])
        return image, layer, value

    def test_same_convolution_is_a_cropped_full_one(self, rng):
        from scipy.signal import convolve2d

        image, layer, value = self.convolved(rng, pad="same", nonlinearity=None)
        w = layer.W.get_value()
        for n in range(2):
            for o in range(3):
                full = sum(convolve2d(image[n, c], w[o, c]) for c in range(2))
                # as Lasagne documents: (3 - 1) // 2 rows and (2 - 1) // 2 columns are cut first
                np.testing.assert_allclose(value[n, o], full[1:7, 0:5], rtol=1e-4, atol=1e-5)

    @pytest.mark.parametrize("pad", [0, 1, (2, 1), "full", "valid"])
    def test_paddings(self, pad, rng):
        self.convolved(rng, pad=pad, stride=(2, 1))

    def test_untied_biases(self, rng):
        _, layer, _ = self.convolved(rng, untie_biases=True)
        assert layer.b.get_value().shape == (3, 4, 4)

    def test_somebodys_own_convolution(self, rng):
        seen = []

        def own(input, filters, **settings):
            seen.append(settings["border_mode"])
            return T.nnet.conv2d(
                input, filters, border_mode=settings["border_mode"], subsample=settings["subsample"]
            )

        self.convolved(rng, pad=1, convolution=own)
        assert seen == [(1, 1)]  # which pads, as since Lasagne 0.2

    def test_a_small_network_learns(self, rng):
        """The five lines of every Lasagne tutorial."""
        x, y = T.matrix(), T.ivector()
        layer = lasagne.layers.InputLayer((None, 4), x)
        layer = lasagne.layers.DropoutLayer(lasagne.layers.DenseLayer(layer, 16), 0.1)
        out = lasagne.layers.DenseLayer(layer, 2, nonlinearity=lasagne.nonlinearities.softmax)
        loss = lasagne.objectives.categorical_crossentropy(lasagne.layers.get_output(out), y).mean()
        params = lasagne.layers.get_all_params(out, trainable=True)
        step = theano.function([x, y], loss, updates=lasagne.updates.adam(loss, params, 0.01))
        data = rng.normal(size=(64, 4)).astype("float32")
        labels = (data[:, 0] > 0).astype("int32")
        losses = [float(step(data, labels)) for _ in range(100)]
        assert losses[-1] < 0.5 * losses[0]
