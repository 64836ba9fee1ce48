"""``theano.tensor.slinalg`` and ``nlinalg`` with the arguments of Theano 1.0."""

from aesara.tensor import basic, nlinalg, slinalg

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


__all__ = [
    "MATRIX_STRUCTURES",
    "AllocDiag",
    "QRIncomplete",
    "Solve",
    "alloc_diag",
    "diag",
    "lstsq",
    "solve",
    "solve_lower_triangular",
    "solve_symmetric",
    "solve_upper_triangular",
]
