"""A network as plain data: nodes, each of which reads others."""

from __future__ import annotations

from dataclasses import dataclass

SIZE = 224  # rows and columns of the pictures


@dataclass(frozen=True)
class Node:
    """One step of a network; maps are square.

    Attributes
    ----------
    op : {'input', 'conv', 'bn', 'relu', 'relu6', 'swish', 'sigmoid', 'max_pool', 'mean', 'add',
        'scale'}
        'mean' leaves one number of each map, 'scale' multiplies maps by such numbers.
    inputs : tuple of str
        Names of the nodes it reads.
    channels, size : int
        Of its output: (batch, channels, size, size).
    pads : (int, int)
        Zeros before the first and after the last row, and the same for columns. Below a max
        pooling they stand for minus infinity, which is the same where relu comes before it.
    epsilon : float
        Of a batch normalisation.
    """

    name: str
    op: str
    inputs: tuple[str, ...]
    channels: int
    size: int
    kernel: int = 1
    stride: int = 1
    pads: tuple[int, int] = (0, 0)
    groups: int = 1
    bias: bool = False
    epsilon: float = 0.0


class Table:
    """Nodes in the order in which they were added; each method returns the new node's name."""

    def __init__(self, size: int = SIZE):
        self.nodes: dict[str, Node] = {}
        self._add(Node("input", "input", (), 3, size))

    def _add(self, node: Node) -> str:
        if node.name in self.nodes:
            raise ValueError(f"there are two nodes called {node.name!r}")
        self.nodes[node.name] = node
        return node.name

    def conv(self, x, name, channels, kernel, stride=1, pads=(0, 0), groups=1, bias=False) -> str:
        below = self.nodes[x]
        size = (below.size + sum(pads) - kernel) // stride + 1
        return self._add(
            Node(name, "conv", (x,), channels, size, kernel, stride, pads, groups, bias)
        )

    def max_pool(self, x, name, kernel, stride, pads=(0, 0)) -> str:
        below = self.nodes[x]
        size = (below.size + sum(pads) - kernel) // stride + 1
        return self._add(Node(name, "max_pool", (x,), below.channels, size, kernel, stride, pads))

    def bn(self, x, name, epsilon) -> str:
        below = self.nodes[x]
        return self._add(Node(name, "bn", (x,), below.channels, below.size, epsilon=epsilon))

    def mean(self, x, name) -> str:
        return self._add(Node(name, "mean", (x,), self.nodes[x].channels, 1))

    def same(self, op, name, *inputs) -> str:
        """A step that leaves the shape of its first input alone: relu, add and so on."""
        below = self.nodes[inputs[0]]
        return self._add(Node(name, op, inputs, below.channels, below.size))
