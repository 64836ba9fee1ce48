"""Names that are there to be imported and say, when used, what to use instead."""

import functools

_INTERNAL = "it was part of Theano's own machinery, which Aesara does without"
_REWRITE = (
    "Aesara has no rewrite of this name; its own of the same purpose run by themselves, and "
    "aesara.tensor.rewriting lists them"
)
_GPU = (
    "it is a kernel of a GPU; the expressions of theano.tensor compute the same on the CPU, and "
    "theano.gpuarray.dnn serves cuDNN's functions there"
)
_BOOLEAN = (
    "indexing with booleans is x[mask], and theano.tensor.set_subtensor(x[mask], y) writes to it"
)
_HINT = "rewrites take no hints about matrices any more; write the expression without it"
_UNIFY = "use aesara.graph.rewriting.unify, or theano.gof.PatternSub for rewrites by pattern"
_SETTING = "settings are read and set as theano.config.NAME; aesara.configdefaults declares them"

# Theano module -> pairs of a reason and the names that it is about.
_TABLE = {
    "theano": [("run the project's tests with pytest", "test tests")],
    "theano.compile": [(_INTERNAL, "NODEFAULT check_equal generic_constructor register_checker")],
    "theano.compile.function_module": [(_INTERNAL, "NODEFAULT check_equal register_checker")],
    "theano.compile.nanguardmode": [
        (_INTERNAL, "f_compute"),
        (_GPU, "f_gpua_absmax f_gpua_max f_gpua_min pygpu_available"),
    ],
    "theano.compile.ops": [
        (_INTERNAL, "register_rebroadcast_c_code register_specify_shape_c_code"),
    ],
    "theano.compile.profiling": [(_INTERNAL, "theano_imported_time total_graph_opt_time")],
    "theano.compile.sharedvalue": [(_INTERNAL, "generic_constructor")],
    "theano.configdefaults": [
        (
            _SETTING,
            "compiledir_format_dict compiledir_format_keys default_base_compiledir "
            "default_compiledir default_compiledir_format default_compiledirname default_openmp "
            "deprecated_gpuarray_sync filter_base_compiledir filter_compiledir filter_mode "
            "filter_vm_lazy floatX_convert get_home_dir good_seed_param "
            "is_valid_check_preallocated_output_param local_bitwidth mingw_w64_gcc newp param "
            "python_int_bitwidth rc safe_no_dnn_algo_bwd safe_no_dnn_workmem "
            "safe_no_dnn_workmem_bwd split_version warn_cxx warn_default",
        ),
    ],
    "theano.configparser": [(_SETTING, "theano_cfg theano_raw_cfg")],
    "theano.gof": [
        ("give rewritten variables their traces with theano.gof.opt.copy_stack_trace",
         "CheckStackTraceOptimization"),
        (_INTERNAL, "ops_with_inner_function"),
    ],
    "theano.gof.callcache": [("use functools.lru_cache", "CallCache")],
    "theano.gof.cc": [(_INTERNAL, "get_persistent_module_cache")],
    "theano.gof.compilelock": [
        ("use get_lock and release_lock, or aesara.compile.compilelock.lock_ctx",
         "Unlocker lock notset refresh_lock set_lock_status"),
    ],
    "theano.gof.lazylinker_c": [(_INTERNAL, "args cfile code dirname init_py init_pyc loc")],
    "theano.gof.link": [(_INTERNAL, "add_clear_storage log_thunk_trace thunk_hook")],
    "theano.gof.op": [
        ("use theano.gof.op.get_test_value", "debug_assert debug_error_message"),
        (_INTERNAL, "apply_meth ops_with_inner_function simple_meth"),
    ],
    "theano.gof.opt": [
        ("give rewritten variables their traces with theano.gof.opt.copy_stack_trace",
         "CheckStackTraceOptimization CheckStrackTraceFeature"),
        (_GPU, "GraphToGPULocalOptGroup"),
    ],
    "theano.gof.toolbox": [("use theano.gof.toolbox.History", "GetCheckpoint LambdExtract")],
    "theano.gof.unify": [
        (
            _UNIFY,
            "BoundVariable FVar FreeVariable NV NotVariable OrV OrVariable U Unification V Var "
            "Variable VariableInList pattern1 pattern2 unify unify_build unify_merge unify_walk va "
            "var_lookup vl vx vy vz",
        ),
    ],
    "theano.gof.vm": [("use theano.gof.vm.Loop, which frees memory as it goes", "LoopGC")],
    "theano.misc.strutil": [(_INTERNAL, "render_string")],
    "theano.sandbox.linalg": [(_HINT, "psd spectral_radius_bound")],
    "theano.sandbox.linalg.ops": [
        (
            _HINT,
            "Hint HintsFeature HintsOptimizer hints is_hint_node is_positive is_psd is_symmetric "
            "psd remove_hint_nodes spectral_radius_bound",
        ),
        (
            _REWRITE,
            "inv_as_solve local_det_chol local_log_pow local_log_prod_sqr "
            "no_transpose_symmetric psd_solve_with_chol tag_solve_triangular transinv_to_invtrans",
        ),
    ],
    "theano.scan_module.scan_opt": [("Aesara saves scan's memory by itself", "ScanSaveMem")],
    "theano.scan_module.scan_perform_ext": [
        (_INTERNAL, "cfile code dirname init_py init_pyc loc need_reload numpy_ver preargs "
                    "try_import try_reload"),
    ],
    "theano.scan_module.scan_utils": [("use theano.clone(graph, replace=...)", "map_variables")],
    "theano.tensor.basic": [
        (_INTERNAL, "alloc_validate_shape constant_cache get_scalar_constant_value_elemwises "
                    "numpy_diagonal_return_view setdefault"),
    ],
    "theano.tensor.inc_code": [(_INTERNAL, "inc_code")],
    "theano.tensor.io": [("use mpi4py", "comm")],
    "theano.tensor.nnet.sigm": [(_REWRITE, "register_local_1msigmoid")],
    "theano.tensor.opt": [
        (
            _REWRITE,
            "local_erf_neg_minus_one2 local_one_add_neg_erfc local_one_minus_erf2 "
            "local_one_minus_erfc2 local_one_minus_erfc3 local_one_plus_neg_erf "
            "local_useless_tile",
        ),
    ],
    "theano.tensor.raw_random": [(_REWRITE, "random_make_inplace")],
    "theano.tensor.signal.pool": [(_INTERNAL, "PoolingMode_t")],
    "theano.tensor.subtensor": [
        (
            _BOOLEAN,
            "AdvancedBooleanIncSubtensor AdvancedBooleanIndexingError AdvancedBooleanSubtensor "
            "advanced_boolean_inc_subtensor advanced_boolean_set_subtensor "
            "advanced_boolean_subtensor",
        ),
        (
            _INTERNAL,
            "BaseAdvancedIncSubtensor BaseAdvancedSubtensor adv_index_broadcastable_pattern "
            "check_and_reject_bool make_constant sparse_module_ref",
        ),
    ],
    "theano.tensor.var": [(_INTERNAL, "equal_slices")],
    "theano.typed_list.opt": [(_REWRITE, "typed_list_inplace_opt")],
}  # fmt: skip
_TABLE["theano.compile"] += _TABLE["theano.compile.ops"]
_TABLE["theano.tensor"] = [
    *_TABLE["theano.tensor.basic"],
    *_TABLE["theano.tensor.inc_code"],
    *_TABLE["theano.tensor.subtensor"],
]

# (module, name) -> reason
LISTED = {
    (module, name): reason
    for module, table in _TABLE.items()
    for reason, names in table
    for name in names.split()
}

_GPU_NAMES = (
    "Gpu", "gpu", "Cuda", "cuda_", "Dnn", "dnn_", "CuDNN", "CUDNN", "RNNBlock", "local_gpu",
    "Kernel", "CGpu",
)  # fmt: skip


class _Refusing(type):
    """The class of refused names: calling, subclassing or asking them for anything raises."""

    def __new__(cls, name, bases, namespace):
        for base in bases:
            if base is not object and "message" in vars(base):
                raise NotImplementedError(base.message)
        return super().__new__(cls, name, bases, namespace)

    def __call__(cls, *args, **kwargs):
        raise NotImplementedError(cls.message)

    def __getattr__(cls, name):
        if name.startswith("__"):
            raise AttributeError(name)
        raise NotImplementedError(cls.message)

    def __repr__(cls):
        return f"<refused: {cls.message}>"


class Refused(metaclass=_Refusing):
    """Base of what :func:`refusal_of` returns; nothing is an instance of it."""


def reason_of(module, name):
    """Why `name` of Theano's `module` is not served, and what to use; None for other names."""
    on_gpu = module.startswith(("theano.gpuarray", "theano.sandbox.cuda"))
    return LISTED.get((module, name), _GPU if on_gpu and name.startswith(_GPU_NAMES) else None)


@functools.cache
def refusal_of(module, name):
    """What stands for a refused name until it is used; None for other names.

    It is a class, so that ``isinstance(x, Refused)`` is False, as for a GPU's types on the CPU.
    """
    reason = reason_of(module, name)
    if reason is None:
        return None
    namespace = {"message": f"{module}.{name} is not served by theano_transfer: {reason}"}
    return _Refusing(name, (Refused,), namespace)
