"""What every Op over the library of kernels needs to compile."""

from aesara.link.c.op import ExternalCOp

from theano_transfer.kernels._compiling import NAME, NATIVE
from theano_transfer.kernels._library import library
from theano_transfer.kernels._onednn import find_onednn


class NativeOp(ExternalCOp):
    """An Op whose C code calls the library of kernels.

    The kernels are for float32. Where they cannot be used (another dtype, no oneDNN, no compiler)
    Aesara falls back on the Op's ``perform``, which computes the same in NumPy.
    """

    c_name: str  # of the file in c_code/ and of the function in it
    floating_inputs: int  # how many inputs, from the first, are tensors rather than sizes

    def __init__(self):
        super().__init__([f"c_code/{self.c_name}.c"], f"APPLY_SPECIFIC({self.c_name})")

    def settings(self):
        """What another Op of this kind takes to be equal to this one."""
        return {prop: getattr(self, prop) for prop in self.__props__}

    def c_code(self, node, name, inputs, outputs, sub):
        if any(v.type.dtype != "float32" for v in node.inputs[: self.floating_inputs]):
            raise NotImplementedError("the C code is for float32")
        return super().c_code(node, name, inputs, outputs, sub)

    def c_code_cache_version(self):
        # What the library is made of, which its directory is named after, is no part of the code
        # that ExternalCOp hashes.
        _, directory = library()
        return (*super().c_code_cache_version(), str(directory))

    def c_headers(self, **kwargs):
        return ["kernels.h"]

    def c_header_dirs(self, **kwargs):
        return [str(NATIVE)]

    def c_libraries(self, **kwargs):
        return [NAME]

    def c_lib_dirs(self, **kwargs):
        _, directory = library()
        return [str(directory)]

    def c_compile_args(self, **kwargs):
        _, directory = library()
        onednn = find_onednn()
        # The linker follows the library's own needs.
        return [
            "-std=gnu++17",  # that of the precompiled headers
            f"-Wl,-rpath,{directory}",
            f"-Wl,-rpath-link,{onednn.lib_dir if onednn else ''}",
        ]
