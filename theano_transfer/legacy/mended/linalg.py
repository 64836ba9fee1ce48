"""``theano.tensor.slinalg`` and ``nlinalg`` with the arguments of Theano 1.0."""

import numpy as np
import scipy.linalg
from aesara.graph.basic import Apply
from aesara.tensor import as_tensor_variable, basic, nlinalg, slinalg

from theano_transfer.legacy.mended.ops import Op

imported_scipy = True

MATRIX_STRUCTURES = (
    "general",
    "symmetric",
    "lower_triangular",
    "upper_triangular",
    "hermitian",
    "banded",
    "diagonal",
    "toeplitz",
)


def Solve(A_structure="general", lower=False, overwrite_A=False, overwrite_b=False):
    """The function that solves ``A x = b`` for an `A` of the structure named."""
    if A_structure not in MATRIX_STRUCTURES:
        raise ValueError(f"A_structure is one of {MATRIX_STRUCTURES}, not {A_structure!r}")

    def op(A, b):
        if A_structure == "lower_triangular":
            return slinalg.solve_triangular(A, b, lower=True)
        if A_structure == "upper_triangular":
            return slinalg.solve_triangular(A, b, lower=False)
        return slinalg.solve(A, b)  # what Theano did for every other structure

    return op


solve = Solve()
solve_lower_triangular = Solve("lower_triangular", lower=True)
solve_upper_triangular = Solve("upper_triangular")
solve_symmetric = Solve("symmetric")


def lstsq():
    """The Op least squares: ``lstsq()(x, y, rcond)`` is what numpy.linalg.lstsq returns."""
    return nlinalg.lstsq


def AllocDiag():
    """The function that puts a vector on the diagonal of a matrix."""
    return alloc_diag


def alloc_diag(diag):
    """The matrix with the vector `diag` on its diagonal."""
    return basic.diag(diag)


diag = basic.diag


def QRIncomplete(mode):
    """The Op that returns R alone of the QR decomposition; `mode` is ``'r'``."""
    return nlinalg.QRFull(mode)


class CholeskyGrad(Op):
    """``CholeskyGrad(lower)(x, l, dz)``: the gradient of the matrix `x`, where `l` is its factor.

    `dz` is the gradient of `l`. Triangular as `l` is, since Cholesky reads no other element of `x`.
    """

    __props__ = ("lower",)

    def __init__(self, lower=True):
        self.lower = lower

    def make_node(self, x, l, dz):  # noqa: E741
        inputs = [as_tensor_variable(each) for each in (x, l, dz)]
        for each in inputs:
            if each.ndim != 2:
                raise ValueError(f"CholeskyGrad takes matrices, not {each} of {each.ndim} axes")
        made_by = inputs[1].owner and inputs[1].owner.op
        if getattr(made_by, "lower", self.lower) != self.lower:
            raise ValueError(f"CholeskyGrad(lower={self.lower}) of a factor by {made_by}")
        return Apply(self, inputs, [inputs[0].type()])

    def perform(self, node, inputs, output_storage, params=None):
        x, factor, gradient = inputs
        if not self.lower:
            factor, gradient = factor.T, gradient.T
        inner = np.tril(factor.T @ np.tril(gradient))
        inner[np.diag_indices_from(inner)] /= 2
        half = scipy.linalg.solve_triangular(factor, inner, trans=1, lower=True)
        whole = scipy.linalg.solve_triangular(factor, half.T, trans=1, lower=True)
        result = np.tril(whole + whole.T)
        result[np.diag_indices_from(result)] /= 2
        output_storage[0][0] = (result if self.lower else result.T).astype(x.dtype)

    def infer_shape(self, node, shapes):
        return [shapes[0]]


__all__ = [
    "MATRIX_STRUCTURES",
    "AllocDiag",
    "CholeskyGrad",
    "QRIncomplete",
    "Solve",
    "alloc_diag",
    "diag",
    "imported_scipy",
    "lstsq",
    "solve",
    "solve_lower_triangular",
    "solve_symmetric",
    "solve_upper_triangular",
]
