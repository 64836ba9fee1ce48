"""PyTorch: eager as one writes it, channels-last with folded normalisation, and torch.compile."""

from __future__ import annotations

import numpy as np

from benchmarks import architectures
from benchmarks.contestants import Contestant
from benchmarks.tasks import Task


def network(table, trained: set[str], *, fold: bool):
    """A table as a ``torch.nn.Module``; training mode for what is trained.

    Parameters
    ----------
    table : list of Node
    trained : set of str
        Nodes whose parameters get gradients. The batch normalisations among them use the
        statistics of the batch, the others their stored averages.
    fold : bool
        Whether the latter are folded into the convolutions before them.
    """
    import torch
    from torch import nn

    values = {k: torch.from_numpy(v) for k, v in architectures.parameters(table).items()}
    last_use = {x: node.name for node in table for x in node.inputs}
    folded = set()

    class Base(nn.Module):
        def __init__(self):
            super().__init__()
            self.steps = nn.ModuleDict()
            for node in table:
                if node.op in ("conv", "bn"):
                    self.add(node)

        def add(self, node):
            below = node.inputs[0]
            if node.op == "conv":
                _, channels, *_ = values[f"{node.name}.W"].shape
                made = nn.Conv2d(
                    channels * node.groups,
                    node.channels,
                    node.kernel,
                    node.stride,
                    node.pads[0],
                    groups=node.groups,
                    bias=node.bias,
                )
                copy(made.weight, f"{node.name}.W")
                if node.bias:
                    copy(made.bias, f"{node.name}.b")
            else:
                made = nn.BatchNorm2d(node.channels, eps=node.epsilon)
                for mine, role in zip(
                    (made.weight, made.bias, made.running_mean, made.running_var),
                    ("gamma", "beta", "mean", "var"),
                ):
                    copy(mine, f"{node.name}.{role}")
            is_trained = node.name in trained
            made.requires_grad_(is_trained).train(is_trained)
            if fold and node.op == "bn" and not is_trained and below not in trained:
                whole = nn.utils.fusion.fuse_conv_bn_eval(self.steps[below].eval(), made)
                self.steps[below] = whole.requires_grad_(False)
                folded.add(node.name)
            else:
                self.steps[node.name] = made

        def forward(self, x):
            maps = {"input": x}
            for node in table[1:]:
                given = [maps[name] for name in node.inputs]
                maps[node.name] = self.apply_node(node, *given)
                for name in node.inputs:  # or all maps would stay in memory to the end
                    if last_use[name] == node.name:
                        del maps[name]
                del given
            return maps[table[-1].name]

        def apply_node(self, node, x, other=None):
            if node.name in folded:
                return x
            if node.op in ("conv", "bn"):
                return self.steps[node.name](x)
            if node.op == "relu":
                return nn.functional.relu_(x)
            if node.op == "relu6":
                return nn.functional.relu6(x, inplace=True)
            if node.op == "swish":
                return nn.functional.silu(x)
            if node.op == "sigmoid":
                return torch.sigmoid(x)
            if node.op == "mean":
                return x.mean((2, 3), keepdim=True)
            if node.op == "add":
                return x + other
            if node.op == "scale":
                return x * other
            return nn.functional.max_pool2d(x, node.kernel, node.stride, node.pads[0])

    def copy(parameter, name):
        with torch.no_grad():
            parameter.copy_(values[name])

    return Base()


def head(features: int) -> list:
    """Modules from maps of so many channels to scores."""
    import torch
    from torch import nn

    values = architectures.head_parameters(features)
    hidden = nn.Linear(features, architectures.HIDDEN)
    predictions = nn.Linear(architectures.HIDDEN, architectures.CLASSES)
    with torch.no_grad():
        for layer, name in ((hidden, "hidden"), (predictions, "predictions")):
            layer.weight.copy_(torch.from_numpy(values[f"{name}.W"].T))
            layer.bias.copy_(torch.from_numpy(values[f"{name}.b"]))
    return [nn.AdaptiveAvgPool2d(1), nn.Flatten(), hidden, nn.ReLU(), predictions]


class Torch(Contestant):
    """Variants: 'default', 'channels-last', 'compile'.

    The last two fold frozen batch normalisations into the convolutions and keep pictures, maps
    and kernels channels-last, which is what PyTorch's documentation advises for CPUs. For
    inference, torch.compile is allowed to take parameters for constants (``freezing``).

    MobileNetV2 is padded as in torchvision, because Keras's padding would cost PyTorch a copy of
    the maps in front of each convolution with stride 2; its results are not compared.
    """

    def versions(self):
        import torch

        return {"torch": torch.__version__}

    def prepare(self, task: Task) -> None:
        import torch

        self._is_comparable = task.model != "mobilenet_v2"
        torch.set_num_threads(self.threads)
        torch.manual_seed(0)
        tuned = self.variant != "default"
        trained = architectures.trained_names(task.model, task.kind) if task.trains else set()
        table = architectures.nodes(task.model, symmetric=True)
        base = network(table, trained, fold=tuned)
        self._layout = torch.channels_last if tuned else torch.contiguous_format
        self._dtype = torch.bfloat16 if task.kind == "bfloat16" else torch.float32
        pictures, labels = architectures.batch_of(task.batch)
        self._pictures = pictures.transpose(0, 2, 3, 1).copy() if tuned else pictures
        self._labels = labels.astype(np.int64)
        self._trains = task.trains
        if task.trains:
            self._module = torch.nn.Sequential(base, *head(table[-1].channels))
            parameters = [p for p in self._module.parameters() if p.requires_grad]
            self._optimizer = torch.optim.SGD(parameters, lr=1e-4, momentum=0.9)
        else:
            self._module = base.to(self._dtype).eval()
        self._module = self._module.to(memory_format=self._layout)
        self._call = self._compiled() if self.variant == "compile" else self._module

    def details(self):
        return {"comparable": self._is_comparable}

    def _compiled(self):
        import torch
        import torch._inductor.config as inductor

        inductor.freezing = not self._trains
        return torch.compile(self._module)

    def _input(self):
        import torch

        x = torch.from_numpy(self._pictures)
        if self._layout is torch.channels_last:
            x = x.permute(0, 3, 1, 2)
        return x.to(self._dtype)

    def step(self):
        import torch

        if not self._trains:
            with torch.no_grad():
                return self._call(self._input()).float().numpy()
        self._optimizer.zero_grad()
        scores = self._call(self._input())
        loss = torch.nn.functional.cross_entropy(scores, torch.from_numpy(self._labels))
        loss.backward()
        self._optimizer.step()
        return loss.item()
