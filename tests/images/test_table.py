"""CSV files of paths with labels, several labels, numbers and groups."""

import numpy as np
import pytest
from PIL import Image

from theano_transfer import images


@pytest.fixture
def folder(tmp_path):
    for number in range(6):
        Image.new("RGB", (4, 4), (number * 40, 0, 0)).save(tmp_path / f"{number}.png")
    return tmp_path


def table(folder, text, name="table.csv"):
    path = folder / name
    path.write_bytes(text.encode("utf-8"))
    return path


def test_labels_become_classes_in_order(folder):
    path = table(folder, "path,label\n0.png,dog\n1.png,cat\n2.png,dog\n")
    data = images.read_table(path)
    assert data.classes == ["cat", "dog"]
    np.testing.assert_array_equal(data.labels, [1, 0, 1])
    assert data.paths == [str(folder / f"{k}.png") for k in range(3)]
    (x, _), *_ = data.batches(3, size=4, preprocess="identity", workers=0)
    np.testing.assert_allclose(x[:, 0, 0, 0], [0, 40, 80])


def test_numbers_as_names_are_sorted_as_numbers(folder):
    path = table(folder, "path,label\n0.png,10\n1.png,9\n2.png,100\n")
    assert images.read_table(path).classes == ["9", "10", "100"]


def test_other_columns_marks_and_separators(folder):
    text = '\ufefffile;what;who\n"0.png";a;p1\n1.png;b;p2\n\n2.png;a;p1\n'
    data = images.read_table(
        table(folder, text), path="file", label="what", group="who", delimiter=";",
        classes=["b", "a"],
    )  # fmt: skip
    np.testing.assert_array_equal(data.labels, [1, 0, 1])
    assert list(data.groups) == ["p1", "p2", "p1"]
    assert list(data.subset([2, 1]).groups) == ["p1", "p2"]


def test_several_labels_of_a_picture(folder):
    path = table(folder, "path,label\n0.png,red round\n1.png,\n2.png,round\n")
    data = images.read_table(path, separator=" ")
    assert data.classes == ["red", "round"]
    np.testing.assert_array_equal(data.labels, [[1, 1], [0, 0], [0, 1]])


def test_numbers_to_be_predicted(folder):
    path = table(folder, "path,x,y\n0.png,1.5,2\n1.png,-3,4e2\n")
    data = images.read_table(path, targets=["x", "y"])
    assert data.labels.dtype == np.float32
    np.testing.assert_array_equal(data.labels, [[1.5, 2], [-3, 400]])
    assert images.read_table(path, targets="x").labels.shape == (2, 1)
    assert images.read_table(path).labels is None


def test_pictures_elsewhere_and_absolute(folder, tmp_path_factory):
    path = table(tmp_path_factory.mktemp("t"), f"path,label\n{folder}/0.png,a\n1.png,b\n")
    data = images.read_table(path, folder=folder)
    assert data.paths == [str(folder / "0.png"), str(folder / "1.png")]


def test_skipped_pictures_take_their_groups_along(folder):
    (folder / "1.png").write_bytes(b"broken")
    path = table(folder, "path,label,who\n0.png,a,p\n1.png,b,q\n2.png,b,r\n")
    with pytest.warns(images.ImageWarning, match="1 of 3"):
        data = images.read_table(path, group="who", on_error="skip")
    assert list(data.groups) == ["p", "r"]


@pytest.mark.parametrize(
    ("text", "options", "message"),
    [
        ("", {}, "is empty"),
        ("path,label\n", {}, "lists no pictures"),
        ("path,label\n0.png\n", {}, "line 2: 1 entries"),
        ("path,path\n0.png,a\n", {}, "same name"),
        ("path,label\n0.png,a\n", {"label": "lable"}, "did you mean 'label'"),
        ("path,label\n0.png,a\n", {"path": "file"}, "no column 'file'"),
        ("path,label\n0.png,dgo\n", {"classes": ["cat", "dog"]}, "'dgo'.*'dog'"),
        ("path,v\n0.png,high\n", {"targets": "v"}, "'high' in the column 'v'"),
        ('path,label\n"0.png,a\n', {}, "line 2"),
    ],
)
def test_tables_that_do_not_fit_are_refused(folder, text, options, message):
    with pytest.raises(images.DatasetError, match=message):
        images.read_table(table(folder, text), **options)


def test_missing_pictures_are_named(folder):
    path = table(folder, "path,label\n0.png,a\nno.png,b\n")
    with pytest.raises(images.ImageError, match=r"no\.png"):
        images.read_table(path)
