"""Progress: moving on terminals, a line in log files, nothing when not wanted."""

import io
import sys

import pytest

from theano_transfer.tuning._progress import Bar


class Terminal(io.StringIO):
    def isatty(self):
        return True


def run(stream, monkeypatch, shown=True, fail=False):
    monkeypatch.setattr(sys, "stderr", stream)
    with Bar("epoch 1/2", 10, shown=shown) as bar:
        bar.update(4, {"loss": 1.23456})
        if fail:
            raise KeyboardInterrupt
        bar.update(6, {"loss": 0.5})
        bar.show({"loss": 0.5, "val_loss": 0.75})
    return stream.getvalue()


def test_a_terminal_shows_a_bar(monkeypatch):
    text = run(Terminal(), monkeypatch)
    assert "epoch 1/2: 100%" in text
    assert "10/10" in text
    assert "loss=0.5, val_loss=0.75" in text


def test_a_log_file_gets_one_line(monkeypatch):
    text = run(io.StringIO(), monkeypatch)
    assert text.count("\n") == 1
    assert text.startswith("epoch 1/2: 10 img, ")
    assert text.endswith("loss=0.5, val_loss=0.75\n")


def test_an_interrupted_bar_says_nothing_wrong(monkeypatch):
    stream = io.StringIO()
    with pytest.raises(KeyboardInterrupt):
        run(stream, monkeypatch, fail=True)
    assert stream.getvalue() == ""


@pytest.mark.parametrize("stream", [Terminal(), io.StringIO()])
def test_silence(monkeypatch, stream):
    assert run(stream, monkeypatch, shown=False) == ""
