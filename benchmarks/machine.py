"""What the results were measured on, and who else was computing meanwhile."""

from __future__ import annotations

import os
import platform
import re


def cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def cpu_name() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as lines:
            names = [x.partition(":")[2].strip() for x in lines if x.startswith("model name")]
    except OSError:
        names = []
    return names[0] if names else platform.processor() or platform.machine() or "unknown"


def vector_instructions() -> list[str]:
    """The instruction sets that decide how fast a convolution can be; empty if not known."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as lines:
            flags = next((x.partition(":")[2].split() for x in lines if x.startswith("flags")), [])
    except OSError:
        flags = []
    return [x for x in ("avx2", "avx512f", "avx512_vnni", "avx512_bf16", "amx_bf16") if x in flags]


def describe(threads: int) -> dict:
    return {
        "cpu": cpu_name(),
        "instructions": vector_instructions(),
        "cores": cores(),
        "threads": threads,
        "system": platform.platform(),
        "python": platform.python_version(),
    }


def slug(text: str) -> str:
    """`text` as part of a file name."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-") or "unknown"


class Watch:
    """How much of the machine others used while one process was timed (Linux only)."""

    def __init__(self, pid: int):
        self._pid = pid
        self._before = self._now()

    def others(self) -> float | None:
        """Seconds of one core, since this was made, that went to other processes."""
        now = self._now()
        if now is None or self._before is None:
            return None
        busy, own = (a - b for a, b in zip(now, self._before))
        return max(0.0, busy - own)

    def _now(self) -> tuple[float, float] | None:
        """Seconds that all cores together, and the process, have computed since they began."""
        try:
            tick = os.sysconf("SC_CLK_TCK")
            with open("/proc/stat", encoding="ascii") as lines:
                user, nice, system, _, _, irq, softirq, steal, *_ = map(
                    int, next(lines).split()[1:]
                )
            with open(f"/proc/{self._pid}/stat", encoding="utf-8") as line:
                # the name of the program, in parentheses, may hold anything
                own = [int(x) for x in line.read().rpartition(")")[2].split()[11:13]]
        except (OSError, ValueError, AttributeError):
            return None
        busy = user + nice + system + irq + softirq + steal
        return busy / tick, sum(own) / tick
