"""Who takes part. Nothing heavy is imported before a contestant prepares a task."""

from benchmarks.contestants._base import Contestant as Contestant
from benchmarks.contestants._base import UnavailableError as UnavailableError
from benchmarks.contestants._registry import CONTESTANTS as CONTESTANTS
from benchmarks.contestants._registry import Entry as Entry
