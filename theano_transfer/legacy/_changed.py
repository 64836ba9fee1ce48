"""Names whose meaning is not quite Theano's any more, with what to know: for reports."""

_BROADCASTABLE = "an axis known to have length 1 is now one of a static shape; both are understood"
_NUMBERS = "the same numbers for the same seed as Theano 1.0"
_GPU = "computed on the CPU"

CHANGED = {
    "theano.clone": "share_inputs, and copy_inputs before it, are as in Theano",
    "theano.config": "settings that Aesara has no more are kept and have no effect",
    "theano.config.device": "'cpu'; setting it chooses the JAX backend where there is one",
    "theano.function": "updates may be any dictionary; they are done in its order",
    "theano.shared": "target= has no effect",
    "theano.Op": "infer_shape(self, node, shapes) and infer_shape(self, fgraph, node, shapes)",
    "theano.gof.Op": "infer_shape(self, node, shapes) and infer_shape(self, fgraph, node, shapes)",
    "theano.gof.local_optimizer": "the function takes node, or fgraph and node",
    "theano.gof.opt.local_optimizer": "the function takes node, or fgraph and node",
    "theano.gof.graph.inputs": "a list, as in Theano; Aesara's graph_inputs is a generator",
    "theano.printing.debugprint": "print_clients has no effect",
    "theano.scan": "a state whose shape is fixed at its start may change its known lengths",
    "theano.sandbox.rng_mrg.MRG_RandomStreams": "the same numbers for the same seed; use_cuda has "
    "no effect",
    "theano.tensor.TensorType": _BROADCASTABLE,
    "theano.tensor.addbroadcast": _BROADCASTABLE,
    "theano.tensor.patternbroadcast": _BROADCASTABLE,
    "theano.tensor.unbroadcast": _BROADCASTABLE,
    "theano.tensor.nnet.conv2d": "image_shape is input_shape; computed by oneDNN in float32",
    "theano.tensor.nnet.conv.conv2d": "the loops' settings (unroll_batch, ...) have no effect",
    "theano.tensor.nnet.softmax": "of a vector: one row, as in Theano; with axis=, as in Aesara",
    "theano.tensor.nnet.logsoftmax": "of a vector: one row, as in Theano; with axis=, as in Aesara",
    "theano.tensor.shared_randomstreams.RandomStreams": _NUMBERS,
    "theano.tensor.signal.downsample.max_pool_2d": "ignore_border is False, as it was there",
    "theano.tensor.signal.pool.pool_2d": "ds, st and padding are ws, stride and pad",
    "theano.tensor.stack": "a list, or the tensors one by one",
    "theano.sandbox.cuda.use": _GPU,
    "theano.sandbox.cuda.dnn.dnn_conv": _GPU,
    "theano.sandbox.cuda.dnn.dnn_pool": _GPU,
    "theano.gpuarray.dnn.dnn_conv": _GPU,
    "theano.gpuarray.dnn.dnn_pool": _GPU,
}
