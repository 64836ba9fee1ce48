"""Class folders: what is found, in which order, what is left out and what is refused."""

import os

import numpy as np
import pytest
from images.picture_files import encoded, make_folder, noise

import theano_transfer as tt

ImageFolder, DatasetError = tt.images.ImageFolder, tt.images.DatasetError


def names(data, root):
    return [os.path.relpath(path, root).replace(os.sep, "/") for path in data.paths]


def test_classes_are_folders_and_labels_their_places(folder):
    data = ImageFolder(folder)
    assert data.classes == ["ant", "bee", "cow"]
    assert len(data) == 16
    assert data.labels.dtype == np.int32
    assert data.labels.tolist() == [0] * 8 + [1] * 5 + [2] * 3
    assert data.counts == {"ant": 8, "bee": 5, "cow": 3}
    assert data.skipped == []
    assert names(data, folder)[7:9] == ["ant/007.png", "bee/000.png"]
    assert len(ImageFolder(str(folder))) == 16


def test_order_is_by_code_point_not_by_locale(tmp_path):
    make_folder(tmp_path, {"zebra": 1, "Zebra": 1, "ähre": 1, "a b": 1, "10": 1, "9": 1})
    assert ImageFolder(tmp_path).classes == ["10", "9", "Zebra", "a b", "zebra", "ähre"]


def test_pictures_in_nested_folders_belong_to_the_class(folder):
    (folder / "ant" / "deep" / "deeper").mkdir(parents=True)
    (folder / "ant" / "deep" / "deeper" / "x.png").write_bytes(encoded(noise(3, 3)))
    (folder / "ant" / ".hidden").mkdir()
    (folder / "ant" / ".hidden" / "y.png").write_bytes(encoded(noise(3, 3)))
    data = ImageFolder(folder)
    assert data.counts["ant"] == 9
    assert names(data, folder)[8] == "ant/deep/deeper/x.png"


def test_litter_and_files_beside_the_class_folders_are_ignored(folder):
    for name in (".DS_Store", "Thumbs.db", "desktop.ini", ".notes"):
        (folder / name).write_bytes(b"x")
        (folder / "bee" / name).write_bytes(b"x")
    (folder / ".git").mkdir()
    (folder / "__MACOSX").mkdir()
    (folder / "README.md").write_text("about")
    data = ImageFolder(folder, on_error="raise")
    assert len(data) == 16
    assert data.skipped == []
    assert data.classes == ["ant", "bee", "cow"]


def test_broken_pictures_are_left_out_and_named(folder):
    (folder / "bee" / "001.png").write_bytes(encoded(noise(20, 20))[:200])
    (folder / "cow" / "notes.txt").write_text("not a picture")
    with pytest.warns(tt.images.ImageWarning, match=r"2 of 17 files.*001\.png.*notes\.txt") as seen:
        data = ImageFolder(folder)
    assert len(seen) == 1
    assert len(data) == 15
    assert data.counts == {"ant": 8, "bee": 4, "cow": 3}
    (cut, why), (text, what) = data.skipped
    assert cut == str(folder / "bee" / "001.png")
    assert "cut short" in why
    assert text.endswith("notes.txt")
    assert "not a png" in what
    # length, labels and batches agree
    x, y = zip(*data.batches(4, size=6, preprocess="identity"))
    assert sum(map(len, x)) == 15
    np.testing.assert_array_equal(np.concatenate(y), data.labels)
    assert sum(map(len, data.split(0.3))) == 15


def test_broken_pictures_are_refused_if_asked(folder):
    (folder / "bee" / "001.png").write_bytes(encoded(noise(20, 20))[:200])
    with pytest.raises(tt.images.ImageError, match=r"bee/001\.png.*cut short"):
        ImageFolder(folder, on_error="raise")


def test_too_many_broken_pictures_are_an_error(folder):
    for index in range(7):
        (folder / "ant" / f"{index:03d}.png").write_bytes(b"broken")
    with pytest.raises(DatasetError, match=r"7 of 16 files.*max_skipped=0\.25"):
        ImageFolder(folder, max_skipped=0.25)
    with pytest.warns(tt.images.ImageWarning, match="7 of 16"):
        assert len(ImageFolder(folder)) == 9


def test_without_the_check_a_broken_picture_raises_in_the_epoch(folder):
    (folder / "bee" / "001.png").write_bytes(b"broken")
    data = ImageFolder(folder, verify=False)
    assert len(data) == 16
    with pytest.raises(tt.images.ImageError, match=r"bee/001\.png"):
        list(data.batches(4, size=6, preprocess="identity"))


def test_symbolic_links_are_counted_and_not_followed(folder, tmp_path):
    outside = make_folder(tmp_path / "outside", {"dog": 2})
    os.symlink(outside / "dog" / "000.png", folder / "cow" / "link.png")
    os.symlink(folder, folder / "cow" / "loop")
    with pytest.warns(tt.images.ImageWarning, match="2 of 18 files.*symbolic link, not followed"):
        data = ImageFolder(folder)
    assert len(data) == 16
    assert [os.path.basename(path) for path, _ in data.skipped] == ["link.png", "loop"]
    with pytest.raises(tt.images.ImageError, match="symbolic link"):
        ImageFolder(folder, on_error="raise")


def test_a_link_in_place_of_a_class_folder_is_reported(folder, tmp_path):
    outside = make_folder(tmp_path / "outside", {"dog": 2})
    os.symlink(outside / "dog", folder / "dog")
    with pytest.warns(tt.images.ImageWarning, match=r"1 symbolic links in .*'/?.*dog'"):
        data = ImageFolder(folder)
    assert data.classes == ["ant", "bee", "cow"]
    assert data.skipped == [(str(folder / "dog"), "a symbolic link, not followed")]
    with pytest.raises(DatasetError, match="symbolic links"):
        ImageFolder(folder, on_error="raise")


def test_the_folder_itself_may_be_a_link(folder, tmp_path):
    os.symlink(folder, tmp_path / "link")
    assert len(ImageFolder(tmp_path / "link")) == 16


def test_a_pipe_is_not_waited_for(folder):
    os.mkfifo(folder / "ant" / "pipe.png")
    with pytest.warns(tt.images.ImageWarning, match="not a regular file"):
        assert len(ImageFolder(folder)) == 16


def test_file_names_that_are_not_utf8_are_read_but_class_names_are_refused(tmp_path):
    make_folder(tmp_path, {"ant": 1, "bee": 1})
    with open(os.fsencode(tmp_path) + b"/ant/caf\xe9.png", "wb") as file:
        file.write(encoded(noise(3, 3)))
    data = ImageFolder(tmp_path)
    assert data.counts == {"ant": 2, "bee": 1}
    os.rename(os.fsencode(tmp_path / "bee"), os.fsencode(tmp_path) + b"/b\xe9e")
    with pytest.raises(DatasetError, match=r"b\\xe9e.*UTF-8"):
        ImageFolder(tmp_path)


def test_missing_folder_and_file_in_its_place(tmp_path):
    with pytest.raises(DatasetError, match=r"nowhere' does not exist"):
        ImageFolder(tmp_path / "nowhere")
    (tmp_path / "file").write_text("")
    with pytest.raises(DatasetError, match="is not a folder"):
        ImageFolder(tmp_path / "file")


def test_no_class_folders(tmp_path):
    with pytest.raises(DatasetError, match=r"no class folders \(files in it: 0\)"):
        ImageFolder(tmp_path)
    (tmp_path / "a.png").write_bytes(encoded(noise(3, 3)))
    with pytest.raises(DatasetError, match=r"files in it: 1.*one folder per class"):
        ImageFolder(tmp_path)


def test_one_class(tmp_path):
    make_folder(tmp_path, {"ant": 2})
    with pytest.raises(DatasetError, match="only one class folder, 'ant'"):
        ImageFolder(tmp_path)


def test_empty_class_folder(folder):
    (folder / "dog").mkdir()
    with pytest.raises(DatasetError, match=r"no readable pictures of \['dog'\]"):
        ImageFolder(folder)


def test_class_whose_pictures_are_all_broken(folder):
    for path in (folder / "cow").iterdir():
        path.write_bytes(b"broken")
    with pytest.raises(DatasetError, match=r"no readable pictures of \['cow'\].*cow/000\.png"):
        ImageFolder(folder)


def test_a_folder_that_cannot_be_listed(folder, monkeypatch):
    scandir = os.scandir

    def refuse(path):
        if os.fspath(path).endswith("bee"):
            raise PermissionError(13, "Permission denied", path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    with pytest.raises(DatasetError, match="bee' cannot be listed: Permission denied"):
        ImageFolder(folder)


def test_a_folder_of_parts_is_not_a_folder_of_classes(tmp_path):
    make_folder(tmp_path / "train", {"ant": 2, "bee": 2})
    make_folder(tmp_path / "Validation", {"ant": 1, "bee": 1})
    with pytest.raises(DatasetError, match="from_folders"):
        ImageFolder(tmp_path)


def test_given_classes_fix_the_order(folder):
    data = ImageFolder(folder, classes=["cow", "ant", "bee"])
    assert data.classes == ["cow", "ant", "bee"]
    assert data.counts == {"cow": 3, "ant": 8, "bee": 5}
    assert data.labels.tolist() == [0] * 3 + [1] * 8 + [2] * 5


def test_given_classes_must_be_the_folders(folder):
    with pytest.raises(DatasetError, match=r"only in classes: \['dog'\].*: \['bee', 'cow'\]"):
        ImageFolder(folder, classes=["ant", "dog"])
    with pytest.raises(DatasetError, match=r"more than once: \['ant'\]"):
        ImageFolder(folder, classes=["ant", "ant", "bee"])


def test_separate_folders(folder, tmp_path):
    other = make_folder(tmp_path / "other", {"ant": 2, "bee": 1, "cow": 1})
    train, valid, test = ImageFolder.from_folders(folder, other)
    assert (len(train), len(valid), len(test)) == (16, 4, 0)
    assert train.classes == valid.classes == test.classes == ["ant", "bee", "cow"]
    third = make_folder(tmp_path / "third", {"ant": 1, "bee": 1, "cow": 3})
    *_, test = ImageFolder.from_folders(train=folder, validation=other, test=third)
    assert test.counts == {"ant": 1, "bee": 1, "cow": 3}
    train, *_ = ImageFolder.from_folders(folder, classes=["cow", "bee", "ant"])
    assert train.classes == ["cow", "bee", "ant"]


def test_separate_folders_must_have_the_same_classes(folder, tmp_path):
    other = make_folder(tmp_path / "other", {"ant": 2, "dog": 1, "cow": 1})
    with pytest.raises(
        DatasetError, match=r"only in train: \['bee'\], only in validation: \['dog'\]"
    ):
        ImageFolder.from_folders(folder, other)


def test_separate_folders_must_be_separate(folder):
    with pytest.raises(DatasetError, match="same folder"):
        ImageFolder.from_folders(folder, folder)


def test_wrong_arguments(folder):
    with pytest.raises(ValueError, match="on_error"):
        ImageFolder(folder, on_error="ignore")
    with pytest.raises(ValueError, match="cache_bytes"):
        ImageFolder(folder, cache_bytes=-1)
