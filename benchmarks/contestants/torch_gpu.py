"""PyTorch with cuDNN: channels-last, autocast for bfloat16, eager or through torch.compile."""

from __future__ import annotations

import numpy as np

from benchmarks import architectures
from benchmarks.contestants import Contestant, UnavailableError
from benchmarks.contestants.torch_ import head, network
from benchmarks.tasks import Task


class TorchGpu(Contestant):
    """Variants: 'eager', 'compile'. Pictures and labels lie on the device.

    Inference has its batch normalisations folded into the convolutions; cuDNN tries its
    algorithms and keeps the fastest.
    """

    def versions(self):
        import torch

        found = {"torch": torch.__version__}
        if torch.cuda.is_available():
            found["cudnn"] = str(torch.backends.cudnn.version())
            found["gpu"] = torch.cuda.get_device_name()
        return found

    def prepare(self, task: Task) -> None:
        import torch

        if task.device == "cuda" and not torch.cuda.is_available():
            raise UnavailableError("PyTorch finds no GPU here")
        torch.set_num_threads(self.threads)
        torch.backends.cudnn.benchmark = True
        torch.backends.cudnn.allow_tf32 = task.precision == "tf32"
        torch.backends.cuda.matmul.allow_tf32 = task.precision == "tf32"
        self._device, self._halves = torch.device(task.device), task.precision == "bfloat16"
        self._trains = task.kind == "gpu-train"
        table = architectures.nodes(task.model, symmetric=True, size=task.size)
        trained = {node.name for node in table} if self._trains else set()
        base = network(table, trained, fold=not self._trains)
        modules = head(table[-1].channels) if self._trains else []
        module = torch.nn.Sequential(base, *modules)
        self._module = module.to(self._device, memory_format=torch.channels_last)
        if self._trains:
            self._optimizer = torch.optim.SGD(self._module.parameters(), lr=1e-4, momentum=0.9)
        pictures, labels = architectures.batch_of(task.batch, task.size)
        self._pictures = torch.from_numpy(pictures).to(
            self._device, memory_format=torch.channels_last
        )
        self._labels = torch.from_numpy(labels.astype(np.int64)).to(self._device)
        self._call = torch.compile(self._module) if self.variant == "compile" else self._module

    def device_peak(self):
        import torch

        if self._device.type != "cuda":
            return None
        return torch.cuda.max_memory_allocated() / 2**20

    def step(self):
        import torch

        halves = torch.autocast(self._device.type, torch.bfloat16, enabled=self._halves)
        if not self._trains:
            with torch.no_grad(), halves:
                return self._call(self._pictures).float().mean((2, 3)).cpu().numpy()
        self._optimizer.zero_grad()
        with halves:
            scores = self._call(self._pictures)
            loss = torch.nn.functional.cross_entropy(scores, self._labels)
        loss.backward()
        self._optimizer.step()
        return loss.item()
