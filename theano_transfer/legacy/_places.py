"""Where each Theano module's names are found: modules of ours first, then Aesara's, in order."""

import sys

# Modules of ours: what is public in them is what their `__all__` lists.
OWN = "theano_transfer.legacy."

_TENSOR = (
    "tensor", "tensor.basic", "tensor.math", "tensor.type", "tensor.shape", "tensor.var",
    "tensor.elemwise", "tensor.exceptions", "tensor.subtensor", "tensor.extra_ops",
)  # fmt: skip
_REWRITES = (
    "tensor.rewriting.basic", "tensor.rewriting.math", "tensor.rewriting.elemwise",
    "tensor.rewriting.shape", "tensor.rewriting.subtensor", "tensor.rewriting.special",
    "tensor.rewriting.extra_ops", "tensor.rewriting.uncanonicalize", "graph.rewriting.basic",
)  # fmt: skip
_GOF = (
    "graph.basic", "graph.op", "graph.fg", "graph.features", "graph.type", "graph.utils",
    "graph.null_type", "graph.destroyhandler", "graph.rewriting.basic", "graph.rewriting.db",
    "graph.rewriting.utils", "link.basic", "link.utils", "link.c.basic", "link.c.op",
    "link.c.type", "link.c.interface", "link.c.params_type", "link.vm",
)  # fmt: skip
_COMPILE = (
    "compile", "compile.function", "compile.function.types", "compile.function.pfunc",
    "compile.ops", "compile.mode", "compile.io", "compile.sharedvalue", "tensor.shape",
)  # fmt: skip

# Theano module -> modules of ours (a leading dot: below `mended`), Aesara's (below `aesara`).
# Not listed: served by Aesara's module of the same name.
_PLACES = {
    "theano": (".top", ".function", ".shared", ".ops", ".config", ".loops", ".graph", ".grads", "",
               "compile", "compile.io", "gradient", "graph.fg", "graph.basic", "graph.utils",
               "link.basic", "link.c.basic", "link.c.op", "graph.type", "compile.builders",
               "graph.features"),
    "theano._version": (".top",),
    "theano.compat": (".compat", "utils", "compile.compiledir"),
    "theano.compat.python2x": (".compat",),
    "theano.compile": (".function", ".ops", ".config", *_COMPILE, "compile.builders",
                       "compile.debugmode", "compile.profiling", "compile.monitormode"),
    "theano.compile.builders": (".function", "compile.builders"),
    "theano.compile.debugmode": (".printing", "compile.debugmode", "printing", "link.utils"),
    "theano.compile.function": (".function", "compile.function", "compile.io"),
    "theano.compile.function_module": (".function", "compile.function.types", "compile.io"),
    "theano.compile.io": (".function", "compile.io"),
    "theano.compile.mode": (".function", "compile.mode"),
    "theano.compile.nanguardmode": (".function", "compile.nanguardmode"),
    "theano.compile.ops": (".ops", ".shapes", "compile.ops", "tensor.shape"),
    "theano.compile.pfunc": (".function", "compile.function.pfunc", "compile.io"),
    "theano.compile.profiling": ("compile.profiling", "scan.utils"),
    "theano.compile.sharedvalue": (".shared", "compile.sharedvalue"),
    "theano.configdefaults": (".config", ".options", "configdefaults", "configparser",
                              "link.c.cmodule"),
    "theano.configparser": (".config", ".options", "configparser"),
    "theano.d3viz": ("d3viz",),
    "theano.gof": (".graph", ".ops", ".rewriting", ".gof_utils", *_GOF, "graph"),
    "theano.gof.callcache": (".gof_utils",),
    "theano.gof.cc": ("link.c.basic", "link.c.interface", "link.c.cutils"),
    "theano.gof.cmodule": ("link.c.cmodule", "link.c.basic", "link.c.exceptions"),
    "theano.gof.compiledir": ("compile.compiledir",),
    "theano.gof.compilelock": (".locks", "compile.compilelock"),
    "theano.gof.cutils": ("link.c.cutils",),
    "theano.gof.destroyhandler": ("graph.destroyhandler",),
    "theano.gof.fg": (".graph", "graph.fg", "graph.utils", "graph.null_type"),
    "theano.gof.graph": (".graph", ".observing", ".printing", "graph.basic",
                         "graph.rewriting.utils"),
    "theano.gof.lazylinker_c": ("link.c.lazylinker_c", "link.c.cutils"),
    "theano.gof.link": (".pickles", "link.basic", "link.utils"),
    "theano.gof.null_type": ("graph.null_type",),
    "theano.gof.op": (".ops", "graph.op", "link.c.op", "link.c.interface", "graph.utils"),
    "theano.gof.opt": (".rewriting", ".observing", ".graph", "graph.rewriting.basic",
                       "graph.rewriting.utils", "graph.basic", "graph.op", "graph.fg",
                       "graph.utils"),
    "theano.gof.optdb": (".rewriting", "graph.rewriting.db", "graph.rewriting.basic"),
    "theano.gof.params_type": ("link.c.params_type", "link.c.type"),
    "theano.gof.sched": (".graph", "graph.sched"),
    "theano.gof.toolbox": (".gof_utils", "graph.features", "graph.utils"),
    "theano.gof.type": (".ops", ".pickles", "graph.type", "link.c.type", "link.c.interface"),
    "theano.gof.unify": (),
    "theano.gof.utils": (".gof_utils", ".pickles", "graph.utils", "utils", "link.c.params_type"),
    "theano.gof.vm": ("link.vm", "link.c.cvm"),
    "theano.gpuarray": (".gpu",),
    **{f"theano.gpuarray.{name}": (".gpu",) for name in (
        "basic_ops", "blas", "elemwise", "extra_ops", "linalg", "multinomial", "neighbours",
        "nnet", "opt", "opt_util", "pool", "reduction", "rng_mrg", "sort", "subtensor", "type",
        "blocksparse", "ctc", "fft", "fp16_help", "kernel_codegen")},
    "theano.gpuarray.dnn": (".dnn", ".gpu"),
    "theano.gradient": (".grads", "gradient", "graph.null_type", "tensor.type"),
    "theano.misc.pkl_utils": (".pkl_utils", "misc.pkl_utils"),
    "theano.misc.strutil": (".compat",),
    "theano.misc.cpucount": (".compat",),
    "theano.pathparse": (".compat",),
    "theano.printing": (".printing", "printing", "graph.rewriting.utils"),
    "theano.raise_op": (".raising", "raise_op"),
    "theano.sandbox.blocksparse": ("tensor.nnet.blocksparse",),
    "theano.sandbox.conv": (".convolution",),
    "theano.sandbox.cuda": (".gpu",),
    **{f"theano.sandbox.cuda.{name}": (".gpu",) for name in (
        "basic_ops", "blas", "blocksparse", "elemwise", "fftconv", "nnet", "opt", "rng_curand",
        "type", "var", "neighbours", "cula", "GpuConvGrad3D")},
    "theano.sandbox.cuda.dnn": (".dnn", ".gpu"),
    "theano.sandbox.gpuarray": (".gpu",),
    # Not aesara.sandbox.linalg, which changes how all graphs are rewritten once it is imported.
    **{f"theano.sandbox.linalg{part}": (".linalg", "tensor.nlinalg", "tensor.slinalg",
                                        "tensor.basic") for part in ("", ".ops")},
    "theano.sandbox.neighbours": ("tensor.nnet.neighbours",),
    "theano.sandbox.rng_mrg": (".mrg", "sandbox.rng_mrg"),
    "theano.sandbox.softsign": ("tensor.nnet.basic",),
    "theano.scalar": (".scalars", "scalar", "scalar.basic", "scalar.math"),
    "theano.scalar.basic": (".scalars", "scalar.basic", "scalar.math"),
    "theano.scalar.basic_scipy": (".scalars", "scalar.math", "scalar.basic_scipy"),
    "theano.scan_module": (".loops", "scan", "scan.basic", "scan.views", "scan.utils", "scan.op",
                           "scan.checkpoints"),
    "theano.scan_module.scan": (".loops", "scan.basic", "scan.utils"),
    "theano.scan_module.scan_checkpoints": (".loops", "scan.checkpoints"),
    "theano.scan_module.scan_op": (".loops", "scan.op", "scan.utils"),
    "theano.scan_module.scan_opt": ("scan.rewriting", "scan.utils"),
    # Aesara has it up to Python 3.11; see _install.
    "theano.scan_module.scan_perform_ext": (
        ("scan.scan_perform_ext",) if sys.version_info < (3, 12) else ()),
    "theano.scan_module.scan_utils": (".loops", ".graph", "scan.utils", "graph.basic",
                                      "graph.features", "scan.basic", "compile.builders"),
    "theano.scan_module.scan_views": (".loops", "scan.views"),
    "theano.sparse": (".sparse", "sparse", "sparse.basic", "sparse.type"),
    "theano.sparse.basic": (".sparse", "sparse.basic", "sparse"),
    "theano.sparse.opt": ("sparse.rewriting", "sparse"),
    "theano.sparse.type": (".sparse", "sparse.type"),
    "theano.tensor": (".tensor", ".types", ".shapes", ".raising", ".grads", *_TENSOR,
                      "tensor.sharedvar", "gradient", "scalar.basic", "tensor.io",
                      "tensor.type_other", "graph.utils"),
    "theano.tensor.basic": (".tensor", ".types", ".shapes", ".grads", *_TENSOR, "scalar.basic"),
    "theano.tensor.elemwise": (".tensor", "tensor.elemwise", "tensor.math", "tensor.var"),
    "theano.tensor.extra_ops": (".tensor", "tensor.extra_ops", "tensor.basic"),
    "theano.tensor.inc_code": (),
    "theano.tensor.inplace": (".tensor_inplace", "tensor.inplace"),
    "theano.tensor.io": (".shared", "tensor.io"),
    "theano.tensor.nlinalg": (".linalg", "tensor.nlinalg", "tensor.basic"),
    "theano.tensor.nnet": (".nnet", ".convolution", "tensor.nnet", "tensor.nnet.basic",
                           "tensor.nnet.abstract_conv", "tensor.nnet.batchnorm", "tensor.nnet.conv",
                           "tensor.inplace"),
    "theano.tensor.nnet.bn": ("tensor.nnet.batchnorm",),
    "theano.tensor.nnet.conv": (".convolution", "tensor.nnet.conv"),
    "theano.tensor.nnet.corr3d": ("tensor.nnet.corr3d",),
    "theano.tensor.nnet.nnet": (".nnet", "tensor.nnet.basic", "tensor.special", "tensor.math",
                                "tensor.rewriting.special"),
    "theano.tensor.nnet.opt": ("tensor.nnet.rewriting", "tensor.nnet.abstract_conv"),
    "theano.tensor.nnet.sigm": (".nnet", "tensor.nnet.sigm", "tensor.math",
                                "tensor.rewriting.math", "tensor.inplace", "scalar.math"),
    "theano.tensor.opt": (".rewriting", ".tensor_rewrites", *_REWRITES, "tensor.basic",
                          "tensor.elemwise", "tensor.shape", "raise_op"),
    "theano.tensor.opt_uncanonicalize": ("tensor.rewriting.uncanonicalize",),
    "theano.tensor.raw_random": (".raw_random",),
    "theano.tensor.shared_randomstreams": (".random_streams", "tensor.random.var"),
    "theano.tensor.sharedvar": (".pickles", ".shared", "tensor.sharedvar"),
    "theano.tensor.signal.conv": (".convolution",),
    "theano.tensor.signal.downsample": (".pooling",),
    "theano.tensor.signal.pool": (".pooling", "tensor.signal.pool"),
    "theano.tensor.slinalg": (".linalg", "tensor.slinalg"),
    "theano.tensor.subtensor": ("tensor.subtensor", "tensor.exceptions"),
    "theano.tensor.type": (".types", "tensor.type"),
    "theano.tensor.var": (".raising", "tensor.var"),
    "theano.typed_list.opt": ("typed_list.rewriting",),
    "theano.version": (".top", "version"),
}  # fmt: skip


def places_of(module):
    """Full names of the modules that `module` of Theano is served from; None if not listed."""
    places = _PLACES.get(module)
    if places is None:
        return None
    return tuple(
        f"{OWN}mended{place}" if place.startswith(".") else f"aesara.{place}".rstrip(".")
        for place in places
    )
