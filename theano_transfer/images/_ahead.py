"""Filling arrays in threads ahead of whoever uses them, in order and in bounded memory."""

from __future__ import annotations

import collections
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np


def filled_ahead(groups, fill, shape, *, workers, prefetch):
    """Yield (group, array) for each group of indices, in order.

    ``fill(index, slot)`` writes one item into `slot`, a float32 array of `shape`; it runs in
    `workers` threads (0: in the caller's) and must not depend on the order of calls. While the
    caller uses an array, up to `prefetch` more are made. What `fill` raises is raised here.
    Closing the generator stops the threads before it returns.
    """
    if workers == 0:
        for group in groups:
            array = np.empty((len(group), *shape), np.float32)
            for index, slot in zip(group, array):
                fill(index, slot)
            yield group, array
        return

    closed = threading.Event()

    def fill_share(group, array, start):
        for position in range(start, len(group), workers):
            if closed.is_set():
                return
            fill(group[position], array[position])

    pool = ThreadPoolExecutor(workers, thread_name_prefix="theano_transfer-images")
    pending: collections.deque = collections.deque()

    def oldest():
        group, array, shares = pending.popleft()
        for share in shares:
            share.result()
        return group, array

    try:
        for group in groups:
            array = np.empty((len(group), *shape), np.float32)
            shares = [
                pool.submit(fill_share, group, array, start)
                for start in range(min(workers, len(group)))
            ]
            pending.append((group, array, shares))
            del array  # or this frame would keep one more alive than promised
            if len(pending) > prefetch:
                yield oldest()
        while pending:
            yield oldest()
    finally:
        closed.set()
        pool.shutdown(wait=True, cancel_futures=True)
