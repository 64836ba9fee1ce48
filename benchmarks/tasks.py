"""What is timed: one network, one kind of step, one batch size."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from benchmarks.architectures import ARCHITECTURES

TRAINED = {"head": "head only", "block": "last block", "all": "everything"}
KINDS = ("forward", "bfloat16", *TRAINED, "epoch")

# A step of training takes what a user would take; inference is also measured with large batches.
BATCHES = {"forward": (8, 32), "bfloat16": (8, 32), "head": (8,), "block": (8,), "all": (8,)}
EPOCH_PICTURES = 64


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
        ``EPOCH_PICTURES`` pictures.
    batch : int
    """

    model: str
    kind: str
    batch: int

    def __post_init__(self):
        if self.model not in ARCHITECTURES:
            raise ValueError(f"no network is called {self.model!r}: {', '.join(ARCHITECTURES)}")
        if self.kind not in KINDS:
            raise ValueError(f"no task is called {self.kind!r}: {', '.join(KINDS)}")
        if self.batch < 1:
            raise ValueError(f"a batch has at least one picture; got {self.batch}")

    @property
    def trains(self) -> bool:
        """Whether one step is a training step."""
        return self.kind in TRAINED

    @property
    def title(self) -> str:
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
