"""``theano.printing`` with the arguments of Theano 1.0."""

from aesara import printing


def debugprint(
    obj,
    depth=-1,
    print_type=False,
    file=None,
    ids="CHAR",
    stop_on_name=False,
    done=None,
    print_storage=False,
    print_clients=False,
    used_ids=None,
):
    """Print the graph that computes `obj`, a variable, a list of them or a compiled function.

    Parameters
    ----------
    file : None, 'str' or file
        None prints to the standard output, ``'str'`` returns the text.
    ids : {'CHAR', 'id', 'int', ''}
        How variables are told apart.
    print_clients : bool
        Accepted for what it was; what uses a variable is not printed.
    """
    return printing.debugprint(
        obj,
        depth=depth,
        print_type=print_type,
        file=file,
        id_type=ids,
        stop_on_name=stop_on_name,
        done=done,
        print_storage=print_storage,
        used_ids=used_ids,
    )


def char_from_number(number):
    """Letters that count: A to Z, then BA and on."""
    return printing.char_from_number(number)


def op_as_string(i, op, leaf_formatter=str, node_formatter=None):
    """The expression of the node `op` over its inputs `i`, in letters."""
    from aesara.graph import basic

    return basic.op_as_string(i, op, leaf_formatter, node_formatter or basic.default_node_formatter)


__all__ = ["char_from_number", "debugprint", "op_as_string"]
