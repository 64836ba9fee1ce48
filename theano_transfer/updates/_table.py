"""An update dictionary as text."""

from __future__ import annotations

from aesara.printing import PPrinter, pprint

# Longer expressions say nothing more to a reader.
MOST = 400


class _ByName(PPrinter):
    """Aesara's printer, but what has a name is printed as that."""

    def __init__(self):
        super().__init__()
        self.printers, self.printers_dict = pprint.printers, pprint.printers_dict
        self._whole = None

    def process(self, r, pstate=None):
        if r.name is not None and r is not self._whole:
            return r.name
        return super().process(r, pstate)

    def text(self, expression) -> str:
        self._whole = expression
        return " ".join(self.process(expression).split())


def table(updates) -> str:
    """One line for each variable that `updates` change: its name, and its new value.

    A variable with a name (such as a gradient from :func:`grouped`) is printed as that name, not
    as all that it is computed from.

    Parameters
    ----------
    updates : mapping of shared variable to expression
    """
    printer = _ByName()
    names = [variable.name or "(no name)" for variable in updates]
    width = max(map(len, names), default=0)
    lines = []
    for name, new in zip(names, updates.values()):
        text = printer.text(new)
        lines.append(f"{name:{width}} := {text if len(text) <= MOST else text[:MOST] + ' ...'}")
    return "\n".join(lines)
