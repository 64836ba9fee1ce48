import argparse

import pytest

from theano_transfer.cli._options import count, fraction, output_file, positive_int, rate


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [(positive_int, "3", 3), (count, "0", 0), (rate, "1e-3", 1e-3), (fraction, "0.2", 0.2)],
)
def test_values_are_numbers(kind, text, value):
    assert kind(text) == value


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        *[(positive_int, text) for text in ("0", "-1", "1.5", "many", "")],
        *[(count, text) for text in ("-1", "x")],
        *[(rate, text) for text in ("0", "-1e-3", "nan", "inf", "fast")],
        *[(fraction, text) for text in ("0", "1", "1.5", "nan", "half")],
    ],
)
def test_other_values_are_refused_and_named(kind, text):
    with pytest.raises(argparse.ArgumentTypeError, match="expected") as refusal:
        kind(text)
    assert repr(text) in str(refusal.value) or text in str(refusal.value)


def test_an_output_file_needs_a_folder_that_exists(tmp_path):
    assert output_file(str(tmp_path / "model.h5")) == str(tmp_path / "model.h5")
    assert output_file("model.h5") == "model.h5"
    with pytest.raises(argparse.ArgumentTypeError, match="does not exist; create it"):
        output_file(str(tmp_path / "none" / "model.h5"))
    with pytest.raises(argparse.ArgumentTypeError, match="is a folder"):
        output_file(str(tmp_path))
