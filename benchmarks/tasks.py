"""What is timed: one network, one kind of step, one batch size."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from benchmarks.architectures import ARCHITECTURES, GPU_ARCHITECTURES
from benchmarks.nodes import SIZE

TRAINED = {"head": "head only", "block": "last block", "all": "everything"}
KINDS = ("forward", "bfloat16", *TRAINED, "epoch")

# A step of training takes what a user would take; inference is also measured with large batches.
BATCHES = {"forward": (8, 32), "bfloat16": (8, 32), "head": (8,), "block": (8,), "all": (8,)}
EPOCH_PICTURES = 64

# On a GPU; pictures and labels lie there already.
GPU_KINDS = {"gpu-forward": "forward", "gpu-train": "train everything"}
GPU_BATCHES = (64, 128, 256)
PRECISIONS = ("float32", "tf32", "bfloat16")
DEVICES = ("cuda", "cpu")


@dataclass(frozen=True)
class Task:
    """One row of the results.

    Attributes
    ----------
    model : str
        A key of ``ARCHITECTURES``.
    kind : str
        'forward' and 'bfloat16' run the convolutional base on a batch; 'head', 'block' and 'all'
        are a training step that changes so much of the network; 'epoch' trains the head on
        ``EPOCH_PICTURES`` pictures. 'gpu-forward' and 'gpu-train' are the base, and a step of
        all of it with a head, where everything lies on the device already.
    batch : int
    precision : str
        Of the kinds for GPUs.
    device : {'cuda', 'cpu'}
        Of the kinds for GPUs: 'cpu' is for trying them.
    size : int
        Rows and columns of the pictures.
    """

    model: str
    kind: str
    batch: int
    precision: str = "float32"
    device: str = "cpu"
    size: int = SIZE

    def __post_init__(self):
        models = GPU_ARCHITECTURES if self.kind in GPU_KINDS else ARCHITECTURES
        if self.kind not in (*KINDS, *GPU_KINDS):
            raise ValueError(f"no task is called {self.kind!r}: {', '.join((*KINDS, *GPU_KINDS))}")
        if self.model not in models:
            raise ValueError(f"no network is called {self.model!r}: {', '.join(models)}")
        if self.batch < 1:
            raise ValueError(f"a batch has at least one picture; got {self.batch}")

    @property
    def trains(self) -> bool:
        """Whether one step is a training step."""
        return self.kind in TRAINED

    @property
    def title(self) -> str:
        if self.kind in GPU_KINDS:
            return f"{self.model} {GPU_KINDS[self.kind]}, {self.precision}, batch {self.batch}"
        what = {
            "forward": "forward",
            "bfloat16": "forward, bfloat16",
            "epoch": f"epoch of {EPOCH_PICTURES}",
        }
        kind = f"train {TRAINED[self.kind]}" if self.trains else what[self.kind]
        return f"{self.model} {kind}, batch {self.batch}"

    def as_dict(self) -> dict:
        return asdict(self)


def plan(models, kinds, batches=None) -> list[Task]:
    """All tasks of `kinds` on `models`; `batches` in place of each kind's own batch sizes."""
    return [
        Task(model, kind, batch)
        for kind in kinds
        for model in models
        for batch in batches or BATCHES.get(kind, (8,))
    ]


def gpu_plan(models, kinds, batches, precisions, device, size) -> list[Task]:
    """All tasks of these kinds for GPUs."""
    return [
        Task(model, kind, batch, precision, device, size)
        for kind in kinds
        for model in models
        for batch in batches
        for precision in precisions
    ]
