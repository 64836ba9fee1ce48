"""theano-transfer report."""

import shutil

import pytest

pytest.importorskip("sklearn")
pytestmark = pytest.mark.usefixtures("uncompiled")


def test_a_page_about_a_model_and_pictures(run, trained, pictures, tmp_path):
    page = tmp_path / "page.html"
    status, out, err = run("report", trained, "--pictures", pictures, "--output", page, "--show", 2)
    assert status == 0, err
    assert "of 18)" in out
    content = page.read_text(encoding="utf-8")
    for part in ("Training", "Confusions", "Right answers", "animal"):
        assert part in content


def test_a_page_about_a_run_folder_without_pictures(run, trained, tmp_path):
    folder = tmp_path / "run"
    folder.mkdir()
    shutil.copy(trained, folder / "model.h5")
    page = tmp_path / "page.html"
    status, _, err = run("report", folder, "--output", page)
    assert status == 1
    assert "--pictures" in err
    shutil.copy(trained.with_name("model_history.csv"), folder / "history.csv")
    assert run("report", folder, "--output", page)[0] == 0
    assert "val_loss" not in page.read_text(encoding="utf-8")
    assert run("report", tmp_path, "--output", page)[0] == 1


def test_other_classes_are_refused_and_nothing_is_written(run, trained, own_pictures, tmp_path):
    (own_pictures / "animal").rename(own_pictures / "creature")
    page = tmp_path / "page.html"
    status, _, err = run("report", trained, "--pictures", own_pictures, "--output", page)
    assert status == 1
    assert "creature" in err
    assert not page.exists()


def test_two_runs_are_compared(run, trained, pictures, tmp_path):
    folders = [tmp_path / name for name in ("first", "second")]
    for folder in folders:
        folder.mkdir()
        shutil.copy(trained, folder / "model.h5")
        shutil.copy(trained.with_name("model_history.csv"), folder / "history.csv")
    page = tmp_path / "page.html"
    status, _, err = run("report", *folders, "--pictures", pictures, "--output", page)
    assert status == 0, err
    content = page.read_text(encoding="utf-8")
    for part in ("2 runs compared", "On the same pictures", "second"):
        assert part in content
