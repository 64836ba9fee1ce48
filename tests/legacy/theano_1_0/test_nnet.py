"""``theano.tensor.nnet``, ``theano.tensor.signal`` and cuDNN's functions, with NumPy's numbers."""

import numpy as np
import pytest
import theano.tensor as T
from legacy.theano_1_0.values import value
from numpy.testing import assert_allclose


class TestNnet:
    def test_softmax_of_a_vector_is_a_row(self, x):
        expected = np.exp(x[0]) / np.exp(x[0]).sum()
        c = T.constant(x[0])
        found = value(T.nnet.softmax(c), T.nnet.logsoftmax(c), T.nnet.softmax(c, axis=0))
        assert_allclose(found[0], expected[None])
        assert_allclose(found[1], np.log(expected)[None])
        assert_allclose(found[2], expected)

    def test_classes(self, x):
        c, y = T.constant(x), T.constant(np.array([0, 3, 1]))
        p = np.exp(x) / np.exp(x).sum(axis=1, keepdims=True)
        loss = T.nnet.categorical_crossentropy(T.nnet.softmax_graph(c), y)
        assert_allclose(value(loss), -np.log(p[range(3), [0, 3, 1]]))

    @pytest.fixture
    def images(self, rng):
        return rng.normal(size=(2, 3, 6, 5)).astype("float32")

    def convolved(self, images, filters, mode):
        from scipy.signal import convolve2d

        return np.array(
            [
                [sum(convolve2d(i, f, mode) for i, f in zip(image, kernel)) for kernel in filters]
                for image in images
            ]
        )

    def test_old_convolutions(self, images, rng):
        from theano.tensor.nnet import conv
        from theano.tensor.signal import conv as signal

        filters = rng.normal(size=(4, 3, 3, 2)).astype("float32")
        x, f = T.constant(images), T.constant(filters)
        shapes = {"image_shape": (2, 3, 6, 5), "filter_shape": (4, 3, 3, 2)}
        found = value(
            T.nnet.conv2d(x, f, **shapes),
            conv.conv2d(x, f, border_mode="full", unroll_batch=1, **shapes),
            signal.conv2d(x[0], f[0], border_mode="full"),
            signal.conv2d(x[0], f[0, 0]),
            signal.conv2d(x[0, 0], f[0, 0]),
        )
        full = self.convolved(images[0][:, None], filters[0][:, None], "full")
        valid = self.convolved(images[0][:, None], filters[0][:, None], "valid")
        expected = [
            self.convolved(images, filters, "valid"),
            self.convolved(images, filters, "full"),
            full,
            valid[:, 0],
            valid[0, 0],
        ]
        for one, other in zip(found, expected):
            assert_allclose(one, other, rtol=1e-4, atol=1e-5)

    def test_convolutions_refuse_two_names_for_one(self, images):
        x = T.constant(images)
        with pytest.raises(ValueError, match="image_shape"):
            T.nnet.conv2d(x, x, (1,) * 4, image_shape=(1,) * 4)
        with pytest.raises(TypeError, match="no_such"):
            T.nnet.conv2d(x, x, no_such=1)

    def test_pooling_arguments(self, images):
        from theano.tensor.signal import downsample, pool

        x = T.constant(images)
        blocks = images[:, :, :, :4].reshape(2, 3, 3, 2, 2, 2)
        found = value(
            pool.pool_2d(x, (2, 2), ignore_border=True),
            pool.pool_2d(x, ds=(2, 2), st=(2, 2), ignore_border=True, padding=(0, 0), mode="sum"),
            pool.pool_2d(x, ws=(2, 2)),
            downsample.max_pool_2d(x, (2, 2)),
        )
        assert_allclose(found[0], blocks.max(axis=(3, 5)))
        assert_allclose(found[1], blocks.sum(axis=(3, 5)), rtol=1e-5)
        assert found[2].shape == found[3].shape == (2, 3, 3, 3)  # the border counts
        with pytest.raises(ValueError, match="ws and ds"):
            pool.pool_2d(x, ws=(2, 2), ds=(2, 2))

    def test_cudnn_on_the_cpu(self, images, rng):
        from theano.sandbox.cuda import cuda_enabled, dnn
        from theano.sandbox.cuda.basic_ops import gpu_contiguous, host_from_gpu

        filters = rng.normal(size=(4, 3, 3, 2)).astype("float32")
        x, f = gpu_contiguous(T.constant(images)), gpu_contiguous(T.constant(filters))
        found = value(
            host_from_gpu(dnn.dnn_conv(x, f, border_mode="full", conv_mode="conv")),
            dnn.dnn_conv(x, f, conv_mode="cross"),
            dnn.dnn_pool(x, (2, 2), stride=(2, 2)),
            dnn.GpuDnnSoftmax("accurate", "channel")(x),
        )
        assert dnn.dnn_available()
        assert not cuda_enabled
        flipped = filters[:, :, ::-1, ::-1]
        blocks = images[:, :, :, :4].reshape(2, 3, 3, 2, 2, 2)
        expected = [
            self.convolved(images, filters, "full"),
            self.convolved(images, flipped, "valid"),
            blocks.max(axis=(3, 5)),
            np.exp(images) / np.exp(images).sum(axis=1, keepdims=True),
        ]
        for one, other in zip(found, expected):
            assert_allclose(one, other, rtol=1e-4, atol=1e-5)
