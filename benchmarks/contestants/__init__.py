"""Who takes part. Nothing heavy is imported before a contestant prepares a task."""

from benchmarks.contestants._base import Contestant as Contestant
from benchmarks.contestants._base import UnavailableError as UnavailableError
from benchmarks.contestants._base import digest as digest
from benchmarks.contestants._registry import BOUNDS as BOUNDS
from benchmarks.contestants._registry import CONTESTANTS as CONTESTANTS
from benchmarks.contestants._registry import CPU_CONTESTANTS as CPU_CONTESTANTS
from benchmarks.contestants._registry import GPU_CONTESTANTS as GPU_CONTESTANTS
from benchmarks.contestants._registry import NO_PEERS as NO_PEERS
from benchmarks.contestants._registry import Entry as Entry
from benchmarks.contestants._registry import load as load
from benchmarks.contestants._registry import reference_of as reference_of
