"""Theano's names that Aesara renamed, dropped or gave another meaning.

Each module lists in ``__all__`` what it serves; ``theano_transfer.legacy._places`` says where.
"""
