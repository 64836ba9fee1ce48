"""Pickles of foreign origin, carried out as data.

A pickle is a program. Python's unpickler would run it; here its opcodes are interpreted, only
those that plain containers, texts and numbers need, and what else a caller allows by name. Nothing
is ever imported. Any other opcode or name is refused. (Fact: what opcodes do, ``pickletools``.)
"""

from __future__ import annotations

import pickletools
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO

MAX_OPCODES = 1_000_000
MAX_TEXT = 1 << 20

_VALUES = {
    *("BININT", "BININT1", "BININT2", "LONG1", "BINFLOAT", "INT", "LONG", "FLOAT"),
    *("BINUNICODE", "SHORT_BINUNICODE", "UNICODE", "STRING", "SHORT_BINSTRING"),
    *("SHORT_BINBYTES", "BINSTRING", "BINBYTES", "BINBYTES8"),
}
_EMPTY = {"EMPTY_DICT": dict, "EMPTY_LIST": list, "EMPTY_TUPLE": tuple}
_CONSTANTS = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False}
_TUPLES = {"TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3}
_STORE = {"PUT", "BINPUT", "LONG_BINPUT"}
_FETCH = {"GET", "BINGET", "LONG_BINGET"}
# Opcode -> bytes of the length in front of its content. Contents stay in the file.
_LONG = {"BINSTRING": 4, "BINBYTES": 4, "BINBYTES8": 8}
# Those with texts have a line of any length; these, a number or a name.
_SHORT = {"INT", "LONG", "FLOAT", "GLOBAL", "PUT", "GET"}
MAX_LINE = 1 << 10
_KNOWN = {
    *_VALUES, *_EMPTY, *_CONSTANTS, *_TUPLES, *_STORE, *_FETCH,
    *("PROTO", "FRAME", "STOP", "MARK", "MEMOIZE", "TUPLE", "LIST", "DICT"),
    *("APPEND", "APPENDS", "SETITEM", "SETITEMS"),
    *("GLOBAL", "STACK_GLOBAL", "REDUCE", "BUILD", "BINPERSID"),
}  # fmt: skip
_OPCODES = {opcode.code.encode("latin-1"): opcode for opcode in pickletools.opcodes}
_MARK = object()


class Refusal(Exception):  # noqa: N818  readers turn it into an error that names the file
    """What a pickle does that is not carried out, in words."""


@dataclass(frozen=True)
class Name:
    """A name that a pickle refers to, ``'module attribute'``; it stands for itself."""

    text: str


@dataclass(frozen=True)
class Content:
    """Bytes that a pickle holds, where they lie in its stream."""

    offset: int
    length: int


class Built:
    """What a call made that may get its state later."""

    def set_state(self, state: Any) -> None:
        raise NotImplementedError


def interpret(
    stream: BinaryIO,
    *,
    calls: Mapping[str, Callable[[Any], Any]],
    names: Collection[str] = (),
    persistent: Callable[[Any], Any] | None = None,
) -> Any:
    """Carry out one pickle, up to its STOP.

    Parameters
    ----------
    stream
        Seekable, at the pickle's first byte; afterwards behind its last.
    calls
        ``'module attribute' -> function`` of the tuple of arguments, for the names that may be
        called.
    names
        Others that may be referred to.
    persistent
        What the pickle refers to by persistent identifiers; None refuses those.

    Raises
    ------
    Refusal
        It is damaged or does anything else.
    """
    machine = _Machine({*calls, *names}, calls, persistent)
    try:
        for count, (name, argument) in enumerate(_operations(stream)):
            if count > MAX_OPCODES:
                raise Refusal(f"a pickle of more than {MAX_OPCODES:,} operations")
            if name == "STOP":
                return machine.stack.pop()
            machine.step(name, argument)
    except Refusal:
        raise
    except (ValueError, LookupError, TypeError, AttributeError, StopIteration) as error:
        raise Refusal(f"its description of the arrays is damaged ({error})") from error
    raise Refusal("a pickle without an end")


def expect(value: Any, kind: type) -> Any:
    """`value`, if it is just of this type."""
    # Keys are texts, too: the hash of tuples in tuples may take for ever, and so may their repr.
    if type(value) is not kind:
        raise Refusal(f"a {kind.__name__} was expected in it")
    return value


def _operations(stream: BinaryIO) -> Iterator[tuple[str, Any]]:
    """Opcodes and their arguments; of long contents only where they are."""
    while True:
        code = stream.read(1)
        opcode = _OPCODES.get(code)
        if opcode is None:
            raise Refusal(f"{code!r} is no pickle operation" if code else "a pickle without an end")
        if opcode.name not in _KNOWN:  # before its argument is read, which may claim any length
            raise _unneeded(opcode.name)
        if opcode.name in _SHORT:
            place = stream.tell()
            for _ in range(2 if opcode.name == "GLOBAL" else 1):
                if len(stream.readline(MAX_LINE)) == MAX_LINE:
                    raise Refusal(f"a number or a name of {MAX_LINE:,} letters or more")
            stream.seek(place)
        if opcode.name in _LONG:
            width = _LONG[opcode.name]
            length = int.from_bytes(_exactly(stream, width), "little")
            if length <= 255:
                yield opcode.name, _exactly(stream, length).decode("latin-1")
                continue
            content = Content(stream.tell(), length)
            if length:
                stream.seek(length - 1, 1)
                _exactly(stream, 1)  # it ends inside the file
            yield opcode.name, content
        elif opcode.arg is None:
            yield opcode.name, None
        else:
            if opcode.name == "BINUNICODE":
                length = int.from_bytes(_exactly(stream, 4), "little")
                if length > MAX_TEXT:
                    raise Refusal(f"a text of {length:,} bytes")
                yield opcode.name, _exactly(stream, length).decode("utf-8", "surrogatepass")
                continue
            yield opcode.name, opcode.arg.reader(stream)


def _unneeded(name: str) -> Refusal:
    return Refusal(f"it uses the pickle operation {name}, which arrays do not need")


def _exactly(stream: BinaryIO, length: int) -> bytes:
    found = stream.read(length)
    if len(found) != length:
        raise Refusal("it is cut short")
    return found


class _Machine:
    def __init__(
        self,
        names: Collection[str],
        calls: Mapping[str, Callable[[Any], Any]],
        persistent: Callable[[Any], Any] | None,
    ):
        self.names, self.calls, self.persistent = names, calls, persistent
        self.stack: list[Any] = []
        self.memo: dict[int, Any] = {}

    def step(self, name: str, argument: Any) -> None:
        stack, memo = self.stack, self.memo
        if name in _VALUES:
            stack.append(argument)
        elif name in _CONSTANTS:
            stack.append(_CONSTANTS[name])
        elif name in _EMPTY:
            stack.append(_EMPTY[name]())
        elif name == "MARK":
            stack.append(_MARK)
        elif name in _STORE:
            memo[argument] = stack[-1]
        elif name == "MEMOIZE":
            memo[len(memo)] = stack[-1]
        elif name in _FETCH:
            stack.append(memo[argument])
        elif name == "TUPLE":
            stack.append(tuple(self._since_mark()))
        elif name in _TUPLES:
            items = [stack.pop() for _ in range(_TUPLES[name])]
            stack.append(tuple(reversed(items)))
        elif name == "LIST":
            stack.append(self._since_mark())
        elif name == "DICT":
            items = self._since_mark()
            stack.append(dict(zip(map(_key, items[::2]), items[1::2])))
        elif name == "APPEND":
            item = stack.pop()
            expect(stack[-1], list).append(item)
        elif name == "APPENDS":
            items = self._since_mark()
            expect(stack[-1], list).extend(items)
        elif name == "SETITEM":
            value, key = stack.pop(), stack.pop()
            expect(stack[-1], dict)[_key(key)] = value
        elif name == "SETITEMS":
            items = self._since_mark()
            expect(stack[-1], dict).update(zip(map(_key, items[::2]), items[1::2]))
        elif name == "GLOBAL":
            self._refer(argument)
        elif name == "STACK_GLOBAL":
            attribute, module = expect(stack.pop(), str), expect(stack.pop(), str)
            self._refer(f"{module} {attribute}")
        elif name == "REDUCE":
            arguments, function = stack.pop(), stack.pop()
            call = self.calls.get(function.text) if type(function) is Name else None
            if call is None:
                raise Refusal("it makes a call that arrays do not need")
            stack.append(call(expect(arguments, tuple)))
        elif name == "BINPERSID" and self.persistent is not None:
            stack.append(self.persistent(stack.pop()))
        elif name == "BUILD":
            state = stack.pop()
            if isinstance(stack[-1], Built):
                stack[-1].set_state(state)
            else:
                # A dictionary's _metadata, versions of modules: of no use here.
                expect(stack[-1], dict)
        elif name not in ("PROTO", "FRAME"):
            raise _unneeded(name)

    def _refer(self, name: str) -> None:
        if name not in self.names:
            raise Refusal(
                f"it asks for {name.replace(' ', '.', 1)!r}, which a file of arrays does not need"
            )
        self.stack.append(Name(name))

    def _since_mark(self) -> list[Any]:
        # From the top, or a tall stack with many marks would take for ever.
        stack = self.stack
        start = next(index for index in reversed(range(len(stack))) if stack[index] is _MARK)
        items = stack[start + 1 :]
        del stack[start:]
        return items


def _key(value: Any) -> Any:
    if type(value) is int:  # the state of an optimiser, in a checkpoint
        return value
    return expect(value, str)
