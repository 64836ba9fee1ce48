"""``profile=True``: what the functions of a program took, printed at its end.

Aesara's own function for that fails: it gives a report the name of a file where the file itself is
wanted, and adds up times by names that it has not any more.
"""

import copy

from aesara.compile import profiling
from aesara.configdefaults import config

_TIMES = (
    "compile_time", "fct_call_time", "fct_callcount", "vm_call_time", "rewriting_time",
    "linker_time", "validate_time", "import_time", "linker_node_make_thunks",
)  # fmt: skip
_OF_NODES = (
    "apply_time", "apply_callcount", "apply_cimpl", "variable_shape", "variable_strides",
    "variable_offset", "linker_make_thunk_time",
)  # fmt: skip


def mend():
    """Have Aesara print by :func:`print_profiles`."""
    profiling._atexit_print_fn = print_profiles


def print_profiles():
    """Report each function that was called, the slowest first, then all of them together; to where
    ``profiling.destination`` says.
    """
    if config.print_global_stats:
        profiling.print_global_stats()
    found = [p for p in profiling._atexit_print_list if p.fct_callcount or p.compile_time > 1]
    if not config.profile or not found:
        return
    found.sort(key=lambda p: p.compile_time + p.fct_call_time, reverse=True)
    summed = [p for p in found if p.show_sum]
    if len(summed) > 1:
        found.append(_sum_of(summed))
    destination = config.profiling__destination
    name = f"<{destination}>" if destination in ("stdout", "stderr") else destination
    with profiling.extended_open(name, mode="w") as file:
        for profile in found:
            profile.summary(
                file=file,
                n_ops_to_print=config.profiling__n_ops,
                n_apply_to_print=config.profiling__n_apply,
            )


def _sum_of(profiles):
    """One profile of all; functions have no nodes in common."""
    total = copy.copy(profiles[0])
    total.message = f"Sum of all({len(profiles)}) printed profiles at exit."
    total.rewriter_profile = None
    for name in _TIMES:
        setattr(total, name, sum(getattr(profile, name) for profile in profiles))
    for name in _OF_NODES:
        of_all = {}
        for profile in profiles:
            of_all.update(getattr(profile, name))
        setattr(total, name, of_all)
    return total
