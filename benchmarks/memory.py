"""Memory of this process, in MiB."""

from __future__ import annotations

import sys


def resident() -> float:
    """What lies in memory now; 0 where the system does not say."""
    return _status("VmRSS")


def high_water_mark() -> float:
    """The most that ever lay in memory, since the mark was last reset."""
    found = _status("VmHWM")
    if found or sys.platform == "win32":
        return found
    import resource

    unit = 2**20 if sys.platform == "darwin" else 2**10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


def reset_high_water_mark() -> None:
    """Set it to what lies in memory now; does nothing where only Linux could do it."""
    try:
        with open("/proc/self/clear_refs", "w", encoding="ascii") as control:
            control.write("5")
    except OSError:
        pass


def _status(key: str) -> float:
    try:
        with open("/proc/self/status", encoding="ascii") as lines:
            found = [line.split()[1] for line in lines if line.startswith(f"{key}:")]
    except OSError:
        found = []
    return int(found[0]) / 1024 if found else 0.0
