"""Names that are there to be imported and say, when used, what to use instead."""


class _Refusing(type):
    """The class of refused names: calling, subclassing or asking them for anything raises."""

    def __call__(cls, *args, **kwargs):
        raise NotImplementedError(cls._message)

    def __getattr__(cls, name):
        if name.startswith("__"):
            raise AttributeError(name)
        raise NotImplementedError(cls._message)


class Refused(metaclass=_Refusing):
    """Base of what :func:`refusal_of` returns; nothing is an instance of it."""

    _message = "not served by theano_transfer"

    def __init_subclass__(cls, **kwargs):
        if "_message" not in vars(cls):
            raise NotImplementedError(cls._message)
        super().__init_subclass__(**kwargs)


def refusal_of(module, name):
    return None
