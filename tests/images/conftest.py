import pytest
from images.picture_files import make_folder


@pytest.fixture
def folder(tmp_path):
    """Three classes of 8, 5 and 3 pictures, 6 x 5 pixels."""
    return make_folder(tmp_path / "pictures", {"ant": 8, "bee": 5, "cow": 3})
