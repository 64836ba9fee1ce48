"""Single names that Aesara calls otherwise: Theano module -> name -> (module, name).

No name: the module itself.
"""

from __future__ import annotations

_REWRITING = "aesara.graph.rewriting.basic"
_MATH = "aesara.tensor.math"

_TENSOR = {
    "abs_": (_MATH, "abs"),
    "angle": (_MATH, "angle"),
    "int_div": (_MATH, "floor_divide"),
    "floor_div": (_MATH, "floor_divide"),
    "true_div": (_MATH, "true_divide"),
    "inv": (_MATH, "reciprocal"),
    "sqr": (_MATH, "square"),
    "sgn": (_MATH, "sgn"),
    "iround": (_MATH, "iround"),
    "abs": (_MATH, "abs"),
    "TensorSharedVariable": ("theano_transfer.legacy.mended.pickles", "TensorSharedVariable"),
    "ScalarSharedVariable": ("theano_transfer.legacy.mended.pickles", "ScalarSharedVariable"),
    "_shared": ("theano_transfer.legacy.mended.shared", "_shared"),
    "load": ("theano_transfer.legacy.mended.shared", "load"),
    "scal": ("theano.scalar", None),
    "gof": ("theano.gof", None),
    "_tensor_py_operators": ("aesara.tensor.var", "_tensor_py_operators"),
    "MaxAndArgmax": (_MATH, "MaxAndArgmax"),
    "hashtype": ("theano_transfer.legacy.mended.gof_utils", "hashtype"),
    "int32_t": ("aesara.scalar", "int32"),
}
_GOF_OPT = {
    "GlobalOptimizer": (_REWRITING, "GraphRewriter"),
    "FromFunctionOptimizer": (_REWRITING, "FromFunctionGraphRewriter"),
    "FromFunctionLocalOptimizer": (_REWRITING, "FromFunctionNodeRewriter"),
    "LocalMetaOptimizer": (_REWRITING, "MetaNodeRewriter"),
    "LocalMetaOptimizerSkipAssertionError": (_REWRITING, "MetaNodeRewriterSkip"),
    "LocalOptTracker": (_REWRITING, "OpToRewriterTracker"),
    "OpSub": (_REWRITING, "SubstitutionNodeRewriter"),
    "OpRemove": (_REWRITING, "RemovalNodeRewriter"),
    "NavigatorOptimizer": (_REWRITING, "NodeProcessingGraphRewriter"),
    "optimizer": (_REWRITING, "graph_rewriter"),
    "inplace_optimizer": (_REWRITING, "inplace_graph_rewriter"),
    "topogroup_optimizer": (_REWRITING, "walking_rewriter"),
    "pre_greedy_local_optimizer": (_REWRITING, "pre_greedy_node_rewriter"),
    "DB": ("aesara.graph.rewriting.db", "RewriteDatabase"),
    "is_same_graph_with_merge": ("aesara.graph.rewriting.utils", "is_same_graph_with_merge"),
}
_NNET = {
    "hard_sigmoid": ("aesara.tensor.nnet.sigm", "hard_sigmoid"),
    "ultra_fast_sigmoid": ("aesara.tensor.nnet.sigm", "ultra_fast_sigmoid"),
    "sigmoid": (_MATH, "sigmoid"),
    "softplus": (_MATH, "softplus"),
    "scalar_sigmoid": ("aesara.scalar.math", "sigmoid"),
}
_SIGM = {
    **_NNET,
    "ScalarSigmoid": ("aesara.scalar.math", "Sigmoid"),
    "ScalarSoftplus": ("aesara.scalar.math", "Softplus"),
    "local_inv_1_plus_exp": ("aesara.tensor.rewriting.math", "local_reciprocal_1_plus_exp"),
    "scalar_softplus": ("aesara.scalar.math", "softplus"),
    "sigmoid_inplace": ("aesara.tensor.inplace", "sigmoid_inplace"),
}
_REWRITES = {
    "Canonizer": ("aesara.tensor.rewriting.math", "AlgebraicCanonizer"),
    "assert_": ("aesara.raise_op", "assert_op"),
    "local_div_to_inv": ("aesara.tensor.rewriting.math", "local_div_to_reciprocal"),
    "local_inv_canon": ("aesara.tensor.rewriting.math", "local_reciprocal_canon"),
    "local_log_add": ("aesara.tensor.rewriting.math", "local_log_add_exp"),
    "local_flatten_lift": ("aesara.tensor.rewriting.shape", "local_reshape_lift"),
    "local_elemwise_alloc_op": ("aesara.tensor.rewriting.basic", "local_elemwise_alloc"),
    "local_inplace_incsubtensor1": (
        "aesara.tensor.rewriting.subtensor",
        "local_inplace_AdvancedIncSubtensor1",
    ),
    "local_rebroadcast_lift": ("aesara.tensor.rewriting.shape", "local_unbroadcast_lift"),
    "local_useless_rebroadcast": ("aesara.tensor.rewriting.shape", "local_useless_unbroadcast"),
}
# SciPy is required.
_SCIPY = {"imported_scipy_signal": ("theano_transfer.legacy.mended.linalg", "imported_scipy")}
_SCAN = "aesara.scan.rewriting"
_CONV = "theano_transfer.legacy.mended.convolution"

RENAMED: dict[str, dict] = {
    "theano": {
        "sparse_grad": ("aesara.sparse", "sparse_grad"),
        "clone": ("theano_transfer.legacy.mended.loops", "clone"),
        "raise_op": ("aesara", "raise_op"),
        "opt": ("theano.gof.opt", None),
        "toolbox": ("theano.gof.toolbox", None),
        "utils": ("theano.gof.utils", None),
        "object2": ("aesara.graph.utils", "MetaObject"),
        "generic": ("aesara.link.c.type", "generic"),
        "Generic": ("aesara.link.c.type", "Generic"),
        "Type": ("aesara.link.c.type", "CType"),
        "OpenMPOp": ("aesara.link.c.op", "OpenMPOp"),
        "OpWiseCLinker": ("aesara.link.c.basic", "OpWiseCLinker"),
    },
    "theano.compile": {
        "Rebroadcast": ("theano_transfer.legacy.mended.shapes", "Rebroadcast"),
        "ScanProfileStats": ("aesara.scan.utils", "ScanProfileStats"),
        "is_same_graph": ("theano_transfer.legacy.mended.graph", "is_same_graph"),
    },
    "theano.gof": _GOF_OPT,
    "theano.gof.opt": _GOF_OPT,
    "theano.gof.optdb": {"DB": _GOF_OPT["DB"]},
    "theano.gof.vm": {"VM_Linker": ("aesara.link.vm", "VMLinker")},
    "theano.gof.type": {"SingletonType": ("aesara.link.c.type", "CType")},
    "theano.sandbox.softsign": {"softsign": ("aesara.tensor.nnet.basic", "softsign")},
    "theano.scalar": {
        "gof": ("theano.gof", None),
        "Op": ("theano_transfer.legacy.mended.ops", "Op"),
    },
    "theano.scalar.basic_sympy": {"theano_dtype": ("aesara.scalar.basic_sympy", "aesara_dtype")},
    "theano.sparse": {"gof": ("theano.gof", None)},
    "theano.tensor": _TENSOR,
    "theano.tensor.basic": _TENSOR,
    "theano.tensor.nnet": _NNET,
    "theano.tensor.nnet.nnet": _NNET,
    "theano.tensor.nnet.sigm": _SIGM,
    "theano.tensor.nnet.abstract_conv": _SCIPY,
    "theano.tensor.nnet.conv": {"conv2d": (_CONV, "conv_conv2d"), **_SCIPY},
    "theano.sandbox.conv": {"conv2d": (_CONV, "conv_conv2d")},
    "theano.tensor.opt": _REWRITES,
    "theano.scan_module.scan_opt": {
        "PushOutDot1": (_SCAN, "push_out_dot1_scan"),
        "PushOutNonSeqScan": (_SCAN, "push_out_non_seq_scan"),
        "PushOutScanOutput": (_SCAN, "push_out_add_scan"),
        "PushOutSeqScan": (_SCAN, "push_out_seq_scan"),
    },
    "theano.tensor.signal.conv": {"conv2d": (_CONV, "signal_conv2d")},
    "theano.tensor.nnet.corr3d": {
        "Corr3dMM_gradInputs": ("aesara.tensor.nnet.corr3d", "Corr3dMMGradInputs"),
        "Corr3dMM_gradWeights": ("aesara.tensor.nnet.corr3d", "Corr3dMMGradWeights"),
    },
}
