"""A contestant that needs nothing but NumPy, for tests of the machinery."""

import os
import time

import numpy as np

from benchmarks.contestants import Contestant, UnavailableError


class Matmul(Contestant):
    """Multiplies two matrices; its variant says what goes wrong, if anything."""

    def versions(self):
        return {"numpy": np.__version__}

    def prepare(self, task):
        if self.variant == "unavailable":
            raise UnavailableError("does not want to")
        if self.variant == "raises":
            raise ValueError("cannot be prepared")
        self.left = np.arange(10_000.0).reshape(100, 100) / 10_000
        self.steps = 0

    def step(self):
        self.steps += 1
        os.write(1, b"libraries print where replies are expected\n")
        if self.variant == "dies" and self.steps > 3:
            os._exit(3)
        if self.variant == "sleeps":
            time.sleep(60)
        if self.variant == "tells":
            with open(os.environ["MATMUL_TOLD"], "w", buffering=1) as told:
                told.write("sleeps\n")
                time.sleep(60)
                told.write("woke up\n")
        return self.left @ self.left + (self.variant == "differs")

    def details(self):
        return {"cache": os.environ.get("MATMUL_CACHE", "")}
