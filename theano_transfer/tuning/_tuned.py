"""A base with a head, and what of it is frozen: everything about a model but training."""

from __future__ import annotations

from collections import OrderedDict

from lasagne.layers import InputLayer

from theano_transfer._suggest import checks_options
from theano_transfer.kernels import mode_for
from theano_transfer.tuning import _names
from theano_transfer.tuning._assemble import (
    Outputs,
    build_base,
    checked_preprocessing,
    picture_size,
    plan_outputs,
    shape_for,
    usual_preprocessing,
)
from theano_transfer.tuning._freeze import (
    freeze,
    has_averages,
    is_frozen,
    trainable_params,
    unfreeze,
)
from theano_transfer.tuning._heads import build_head, parse_head
from theano_transfer.zoo import Network


class TunedNetwork:
    """A network without its top, frozen, under a new head. Base class of Model, which see."""

    def __init__(
        self,
        base,
        *,
        classes,
        weights,
        head,
        input_shape,
        task,
        preprocessing,
        seed,
        precision="float32",
        in_channels=None,
    ):
        # Everything that can be wrong about the arguments is looked at before anything is built.
        self.head = parse_head(head)
        self.seed = int(seed)
        self._classes_given = classes
        self._outputs = plan_outputs(classes, task)
        mode_for(precision)  # complains about one that there is not
        self.precision = precision
        if preprocessing is not None:
            checked_preprocessing(preprocessing)
        shape = shape_for(base, input_shape, in_channels)
        base_net, self._features = build_base(base, weights, shape, self.seed)
        self.base_name = base if isinstance(base, str) else None
        self.base_layers = list(base_net)
        self.input_size = picture_size(base_net, self._features)
        self.preprocessing = preprocessing or usual_preprocessing(base_net)
        self._base = base_net
        self.net = self._with_head(self._outputs)
        freeze(self._features)

    def _with_head(self, outputs: Outputs) -> Network:
        head = build_head(
            self._features, self.head, outputs=outputs.units, task=outputs.task, seed=self.seed
        )
        doubled = [name for name in head if name in self._base]
        if doubled:
            raise ValueError(f"base and head both have a layer called {doubled[0]!r}")
        names = None if outputs.names is None else list(outputs.names)
        return Network(
            [*self._base.items(), *head.items()], record=self._base.record, classes=names
        )

    @property
    def task(self) -> str:
        return self._outputs.task

    @property
    def num_classes(self) -> int:
        """How many classes are told apart (two by a binary model), or numbers predicted."""
        return self._outputs.count

    @property
    def classes(self) -> list[str] | None:
        """Names of the classes, where they are known: given, or taken from data at first."""
        return None if self._outputs.names is None else list(self._outputs.names)

    @property
    def output(self):
        """The layer that predicts."""
        return self.net.output

    @property
    def input_shape(self) -> tuple:
        """(channels, rows, columns) of the input layer; None where any size will do."""
        entry = next(x for x in self.net.values() if isinstance(x, InputLayer))
        return tuple(entry.shape[1:])

    @property
    def trainable(self) -> OrderedDict:
        """``'layer.role'`` -> shared variable, for what training changes."""
        wanted = set(trainable_params(self.net))
        return OrderedDict((k, param) for k, param in self.net.params.items() if param in wanted)

    @property
    def frozen(self) -> list[str]:
        """Names of the frozen layers."""
        return [name for name, layer in self.net.items() if is_frozen(layer)]

    def freeze(self, *names: str) -> list[str]:
        """Freeze part of the network; :meth:`compile` again before training on.

        Parameters
        ----------
        *names : str
            A layer (it and all that feeds it), a block of the architecture (it and all in front
            of it), a pattern such as ``'*_bn'`` (exactly the layers that match), or 'all' (the
            whole base; also without any name).

        Returns
        -------
        list of str
            All layers that are frozen now.

        Raises
        ------
        UnknownLayerError
            (a ValueError) If there is no such layer; it names the nearest.
        """
        freeze(_names.below(self.net, names or (_names.ALL,), self.base_layers))
        return self.frozen

    @property
    def split_points(self) -> list[str]:
        """Names of the blocks of the architecture, the lowest first: where to unfreeze from."""
        return list(_names.blocks_of(self.net))

    @checks_options
    def unfreeze(self, *names: str | float, batch_norm: bool = False) -> list[str]:
        """Make part of the network trainable; :meth:`compile` again before training on.

        Parameters
        ----------
        *names : str or float
            A layer or a block of the architecture (it and everything above), a pattern such as
            ``'block5*'`` (exactly the layers that match), a fraction such as 0.3 (the upper 30 %
            of the blocks), or 'all' (everything; also without any name).
        batch_norm : bool
            Whether the batch normalisation of the base is unfrozen too. Its averages come from
            a million pictures; moving them with small batches of a few hundred usually destroys
            more than it gains, so they stay frozen unless asked for. Training from random
            weights needs it.

        Returns
        -------
        list of str
            The layers that are frozen still.

        Raises
        ------
        UnknownLayerError
            (a ValueError) If there is no such layer; it names the nearest.
        """
        chosen = _names.above(self.net, names or (_names.ALL,))
        if not batch_norm:
            base = set(self._base.values())
            chosen = [x for x in chosen if not (x in base and has_averages(x))]
        unfreeze(chosen)
        return self.frozen

    @checks_options
    def replace_head(self, classes, *, head=None, task=None, seed=None) -> None:
        """Put a new head on the base, which keeps what it has learned, and freeze the base.

        :meth:`compile` before training on.

        Parameters
        ----------
        classes, head, task
            As for the Model.
        seed : int, optional
            Of the new weights; the model's own if None.
        """
        steps, outputs = parse_head(head), plan_outputs(classes, task)
        seed = self.seed if seed is None else int(seed)
        before = self.head, self.seed
        self.head, self.seed = steps, seed
        try:
            net = self._with_head(outputs)
        except BaseException:
            self.head, self.seed = before
            raise
        self.net, self._outputs, self._classes_given = net, outputs, classes
        freeze(self._features)

    def summary(self) -> str:
        """A table of the layers: shapes, parameters, what is trainable and what is frozen."""
        from theano_transfer.show import table

        return table(self.net)
