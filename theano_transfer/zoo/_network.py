"""A network as an ordered mapping from layer names to Lasagne layers."""

from __future__ import annotations

from collections import OrderedDict

from lasagne.layers import InputLayer, Layer

from theano_transfer.zoo._features import FeatureMap, feature_maps
from theano_transfer.zoo._record import ModelRecord


class Network(OrderedDict):
    """Layer name -> Lasagne layer, in the order in which they were built.

    Parameters
    ----------
    layers : mapping or pairs, optional
        What to start from.
    record : ModelRecord or None
        What is known about the architecture.
    classes : list of str or None
        Names of the outputs, where weights that know them were loaded.

    Attributes
    ----------
    built : tuple of str
        Names of the layers of an architecture in the order in which they were made, where that is
        known: by it Keras numbers layers.
    places : dict
        Of a network rebuilt from a Keras model: layer name -> where Keras's files have its arrays.
    ends : tuple of str
        Names of the outputs, where the last layer is not the only one.

    Examples
    --------
    >>> import theano_transfer as tt
    >>> net = tt.zoo.vgg16(include_top=False)
    >>> list(net)[:3], net['block5_pool'].output_shape
    (['input', 'block1_conv1', 'block1_conv2'], (None, 512, 7, 7))
    """

    def __init__(self, layers=(), *, record: ModelRecord | None = None, classes=None):
        super().__init__(layers)
        self.record = getattr(layers, "record", None) if record is None else record
        self.classes = getattr(layers, "classes", None) if classes is None else classes
        self.built: tuple[str, ...] = getattr(layers, "built", ())
        self.places: dict[str, dict[str, tuple[str, ...]]] = getattr(layers, "places", {})
        self.ends: tuple[str, ...] = getattr(layers, "ends", ())

    def add(self, layer: Layer) -> Layer:
        """Enter `layer` under its own name, and hand it back to build on.

        Raises
        ------
        ValueError
            If it has no name, or there is a layer of that name already.
        """
        if not layer.name:
            raise ValueError(f"a layer of a network needs a name; this {type(layer)} has none")
        if layer.name in self:
            raise ValueError(f"the network has a layer called {layer.name!r} already")
        self[layer.name] = layer
        return layer

    def copy(self) -> Network:
        """A mapping of its own, of the same layers."""
        return Network(self)

    __copy__ = copy

    @property
    def input_var(self):
        """The variable that stands for the images (batch, channel, row, column)."""
        for layer in self.values():
            if isinstance(layer, InputLayer):
                return layer.input_var
        raise ValueError("this network has no input layer")

    @property
    def inputs(self) -> list[Layer]:
        """The input layers; most networks have one."""
        return [layer for layer in self.values() if isinstance(layer, InputLayer)]

    @property
    def outputs(self) -> list[Layer]:
        """The layers that predict, those of :attr:`ends` that are there; or else the last one."""
        return [self[name] for name in self.ends if name in self] or [self.output]

    @property
    def output(self) -> Layer:
        """The last layer."""
        if not self:
            raise ValueError("this network has no layers")
        return next(reversed(self.values()))

    @property
    def feature_info(self) -> list[FeatureMap]:
        """For each stride the last maps of it: (layer, channels, stride), from fine to coarse.

        ``theano_transfer.zoo.mobilenet_v2().feature_info[-1]`` is
        ``FeatureMap(layer='out_relu', channels=1280, stride=32)``. What detectors and segmenters
        are built on.

        Raises
        ------
        ValueError
            If the network is no architecture of the zoo.
        """
        return feature_maps(self)

    @property
    def params(self) -> OrderedDict:
        """``'layer.role'`` -> shared variable: W, b, gamma, beta, mean, var, in layer order."""
        found = OrderedDict()
        for name, layer in self.items():
            # Variables compare elementwise, so they are told apart by identity.
            roles = {id(value): role for role, value in vars(layer).items()}
            for param in layer.params:
                found[f"{name}.{roles[id(param)]}"] = param
        return found

    @property
    def num_parameters(self) -> int:
        """How many numbers the parameters hold, averages of batch normalisation included."""
        return sum(param.get_value(borrow=True).size for param in self.params.values())

    def __repr__(self):
        title = self.record.title if self.record else "unnamed"
        return f"<Network {title}: {len(self)} layers, {self.num_parameters:,} parameters>"
