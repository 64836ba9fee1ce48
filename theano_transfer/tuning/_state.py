"""What a training step changes, kept to come back to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from theano_transfer.tuning._errors import StaleFunctionError

if TYPE_CHECKING:
    from theano_transfer.tuning._functions import Functions
    from theano_transfer.tuning._model import Model


class StepState:
    """The variables that a compiled step updates, and the learning rate, copied."""

    def __init__(self, functions: Functions):
        step = functions.step
        self._rate = functions.learning_rate
        self._rate_then = self._rate.get_value()
        self._changed = [given.value for given in step.maker.inputs if given.update is not None]
        self._then = [np.array(one.storage[0]) for one in self._changed]

    def restore(self) -> None:
        """Bring all of it back, bit for bit."""
        for one, value in zip(self._changed, self._then):
            one.storage[0] = value.copy()  # steps work in place
        self._rate.set_value(self._rate_then)


class State:
    """Where a compiled model is now, to train from here again and again without compiling again.

    For several splits of the data, several seeds, several data sets: :meth:`restore`, `fit`,
    `evaluate`, and so on.

    Parameters
    ----------
    model : Model
        Compiled.

    Raises
    ------
    StaleFunctionError
        (a RuntimeError) If the model is not compiled; from :meth:`restore`, if it has been
        compiled, frozen or unfrozen since.

    Examples
    --------
    >>> start = tt.tuning.State(model)                     # doctest: +SKIP
    >>> for train, valid in tt.images.folds(data, 5):      # doctest: +SKIP
    ...     start.restore()
    ...     model.fit(train, epochs=5, validation_data=valid)
    """

    def __init__(self, model: Model):
        model.check_current()
        self._model, self._functions = model, model.functions
        self._step = StepState(model.functions)

    def restore(self) -> None:
        """Parameters, averages, the optimiser's memory, random numbers of dropout and the
        learning rate as they were, bit for bit."""
        self._model.check_current()
        if self._model.functions is not self._functions:
            raise StaleFunctionError(
                "the model has been compiled since; make a new State after compile()"
            )
        self._step.restore()
