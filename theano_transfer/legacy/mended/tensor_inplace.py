"""Elementwise Ops that overwrite their first argument, under the names of Theano."""

from aesara.tensor import inplace

abs__inplace = inplace.abs_inplace
int_div_inplace = inplace.floor_divide_inplace
inv_inplace = inplace.reciprocal_inplace
true_div_inplace = inplace.true_divide_inplace

__all__ = ["abs__inplace", "int_div_inplace", "inv_inplace", "true_div_inplace"]
