import warnings

import pytest

from theano_transfer.cache import FeatureCacheWarning
from theano_transfer.cli._console import name, printable, table, warnings_as_notes


def test_control_characters_are_spelled_out_and_newlines_stay():
    assert printable("a\x1b[31mb\tc\nd\x9b") == "a\\x1b[31mb\\tc\nd\\x9b"


def test_a_file_name_is_on_one_line():
    assert name("pictures\nof a cat\x07.png") == "pictures\\nof a cat\\x07.png"


def test_bytes_that_are_no_utf8_are_shown_as_bytes():
    assert name(b"caf\xe9.png".decode("utf-8", "surrogateescape")) == "caf\\xe9.png"


@pytest.mark.parametrize("text", ["Äpfel und Öl", "猫", "naïve"])
def test_letters_of_all_languages_stay(text):
    assert printable(text) == text


def test_columns_are_aligned():
    rows = [("name", "count"), ("a", "1"), ("long name", "12345")]
    assert table(rows, right=(1,)) == ("name       count\na              1\nlong name  12345")


def test_warnings_are_lines_and_come_each_time(capfd):
    with warnings_as_notes():
        for _ in range(2):
            warnings.warn("no room", FeatureCacheWarning, stacklevel=1)
    assert capfd.readouterr().err == 2 * "theano-transfer: warning: no room\n"
