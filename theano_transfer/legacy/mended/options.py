"""Theano 1.0's settings that Aesara has no more, and the ways to declare one."""

from aesara import configparser as aesara_configparser
from aesara.configdefaults import config as aesara_config

# Name -> Theano 1.0.5's default, for what Aesara has no more or calls otherwise.
DEFAULTS = {
    "force_device": False,
    "init_gpu_device": "",
    "print_active_device": True,
    "contexts": "",
    "enable_initial_driver_test": True,
    "assert_no_cpu_op": "ignore",
    "pickle_test_value": True,
    "cache_optimizations": False,
    "check_input": True,
    "check_stack_trace": "off",
    "cycle_detection": "regular",
    "deterministic": "default",
    "on_shape_error": "warn",
    "reoptimize_unpickled_function": False,
    "unpickle_function": True,
    "print_global_stats": False,
    "nvcc.fastmath": False,
    "nvcc.flags": "",
    "nvcc.compiler_bindir": "",
    "cuda.root": "/usr/local",
    "cuda.include_path": "/usr/local/include",
    "cublas.lib": "cublas",
    "lib.cnmem": 0.0,
    "lib.amdlibm": False,
    "lib.amblibm": False,
    "gpuarray.sync": False,
    "gpuarray.preallocate": 0.0,
    "gpuarray.sched": "default",
    "gpuarray.single_stream": True,
    "gpuarray.cache_path": "",
    "gpu.local_elemwise_fusion": True,
    "gpuelemwise.sync": True,
    "dnn.enabled": "auto",
    **{f"dnn.{part}_path": "" for part in ("base", "bin", "include", "library")},
    "dnn.conv.workmem": "",
    "dnn.conv.workmem_bwd": "",
    "dnn.conv.algo_fwd": "small",
    "dnn.conv.algo_bwd": "",
    "dnn.conv.algo_bwd_data": "none",
    "dnn.conv.algo_bwd_filter": "none",
    "dnn.conv.precision": "as_input_f32",
    "magma.enabled": False,
    **{f"magma.{part}_path": "" for part in ("include", "library")},
    "ctc.root": "",
    "blas.check_openmp": True,
    "compile.wait": 5,
    "compile.timeout": 120,
    "conv.assert_shape": False,
    "experimental.unpickle_gpu_on_cpu": True,
    "experimental.local_alloc_elemwise": True,
    "experimental.local_alloc_elemwise_assert": True,
    "tensor.cmp_sloppy": 0,
    "tensor.local_elemwise_fusion": True,
    "tensor.insert_inplace_optimizer_validate_nb": -1,
    "traceback.limit": 8,
    "traceback.compile_limit": 0,
    "warn.ignore_bug_before": "0.9",
    "warn.argmax_pushdown_bug": False,
    "warn.gpusum_01_011_0111_bug": False,
    "warn.sum_sum_bug": False,
    "warn.sum_div_dimshuffle_bug": False,
    "warn.subtensor_merge_bug": False,
    "warn.gpu_set_subtensor1": False,
    "warn.vm_gc_bug": False,
    "warn.signal_conv2d_interface": False,
    "warn.reduce_join": False,
    "warn.inc_set_subtensor1": False,
    "warn.round": False,
    "warn.inc_subtensor1_opt": True,
    "warn.identify_1pexp_bug": False,
    "unittests.rseed": "666",
    "metaopt.verbose": 0,
    "metaopt.optimizer_excluding": "",
    "metaopt.optimizer_including": "",
    "optdb.position_cutoff": float("inf"),
    "optdb.max_use_ratio": 8.0,
    "profiling.ignore_first_call": False,
    "scan.debug": False,
    "vm.lazy": None,
}


def read_as(default, text):
    """The value that `text` of a flag stands for, of the type of `default`."""
    if isinstance(default, bool):
        return text.strip().lower() in ("1", "true")
    if isinstance(default, (int, float)):
        return type(default)(float(text))
    return text


def AddConfigVar(name, doc, configparam, root=None, in_c_key=True):
    """Declare the setting `name`; it is read from the flags and set as ``theano.config.name``."""
    aesara_config.add(name.replace(".", "__"), doc, configparam, in_c_key=in_c_key)


def _declared(kind):
    def declare(default, *options, is_valid=None, allow_override=True, **kwargs):
        settings = {"mutable": kwargs.pop("mutable", allow_override), **kwargs}
        if is_valid is not None:
            settings["validate"] = is_valid
        if kind is aesara_configparser.EnumStr:
            return kind(default, [option for option in options if option != default], **settings)
        return kind(default, *options, **settings)

    declare.__name__ = kind.__name__
    declare.__doc__ = f"A setting: Aesara's ``{kind.__name__}``, with the arguments of Theano."
    return declare


BoolParam = _declared(aesara_configparser.BoolParam)
ConfigParam = _declared(aesara_configparser.ConfigParam)
EnumStr = _declared(aesara_configparser.EnumStr)
FloatParam = _declared(aesara_configparser.FloatParam)
IntParam = _declared(aesara_configparser.IntParam)
StrParam = _declared(aesara_configparser.StrParam)


def fetch_val_for_key(key, delete_key=False):
    """The text that the flags or files give for the setting `key`; KeyError if they do not."""
    return aesara_config.fetch_val_for_key(key.replace(".", "__"), delete_key)


def get_config_hash():
    """A hash of the settings that compiled code depends on."""
    return aesara_config.get_config_hash()


TheanoConfigParser = aesara_configparser.AesaraConfigParser

__all__ = [
    "AddConfigVar",
    "BoolParam",
    "ConfigParam",
    "EnumStr",
    "FloatParam",
    "IntParam",
    "StrParam",
    "TheanoConfigParser",
    "fetch_val_for_key",
    "get_config_hash",
]
