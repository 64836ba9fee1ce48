"""Parameters as scikit-learn's estimators have them, without needing scikit-learn."""

from __future__ import annotations

import inspect

from theano_transfer._suggest import nearest


class Parameters:
    """What the constructor takes, kept as given under the same names."""

    def get_params(self, deep: bool = True) -> dict:
        """Parameters by name, as they were given."""
        return {name: getattr(self, name) for name in self._parameter_names()}

    def set_params(self, **params):
        """Change parameters by name.

        Raises
        ------
        ValueError
            If there is no parameter of that name; nothing is changed then.
        """
        known = self._parameter_names()
        unknown = [name for name in params if name not in known]
        if unknown:
            raise ValueError(
                f"{type(self).__name__} has no parameter {unknown[0]!r}"
                f"{nearest(unknown[0], known)}; there are {', '.join(known)}"
            )
        for name, value in params.items():
            setattr(self, name, value)
        return self

    def __repr__(self) -> str:
        defaults = inspect.signature(type(self)).parameters
        changed = (
            f"{name}={value!r}"
            for name, value in self.get_params().items()
            if value is not defaults[name].default and value != defaults[name].default
        )
        return f"{type(self).__name__}({', '.join(changed)})"

    @classmethod
    def _parameter_names(cls) -> list[str]:
        return list(inspect.signature(cls).parameters)
