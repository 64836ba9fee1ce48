"""Tables of features in folders: one row for each picture, whatever happens on the way."""

import json
import sys

import numpy as np
import pytest
import theano
from PIL import Image
from tuning.conftest import make_small_net

import theano_transfer as tt
from theano_transfer import features
from theano_transfer.cli import main

parquet = pytest.importorskip("pyarrow.parquet")
# Nothing here is about speed; compiling would take longer than all of it.
pytestmark = pytest.mark.filterwarnings("ignore::theano_transfer.kernels.SlowPathWarning")


@pytest.fixture(autouse=True)
def not_compiled():
    with theano.config.change_flags(cxx="", mode="FAST_COMPILE"):
        yield


@pytest.fixture
def extractor():
    return tt.FeatureExtractor(make_small_net(), batch_size=2)


@pytest.fixture
def folder(tmp_path, rng):
    """Seven pictures in two folders."""
    for number in range(7):
        path = tmp_path / "pictures" / "ab"[number % 2] / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(rng.integers(0, 256, (12, 12, 3), dtype=np.uint8)).save(path)
    return tmp_path / "pictures"


def read(folder):
    """The columns of the whole table, by name, in the order of the numbers."""
    table = parquet.read_table(folder).sort_by("number")
    return table.to_pydict()


def test_a_row_for_each_picture(folder, tmp_path, extractor):
    made = features.to_parquet(folder, tmp_path / "table", extractor, rows=3, verbose=False)
    assert (made.pictures, made.failed) == (7, [])
    assert len(list(made.folder.glob("*.parquet"))) == 3
    found = read(made.folder)
    paths = sorted(map(str, folder.glob("*/*.png")))
    assert found["number"] == list(range(7))
    assert found["path"] == paths
    assert found["error"] == [None] * 7
    np.testing.assert_allclose(found["features"], extractor.transform(paths), rtol=1e-5, atol=1e-6)


def test_what_is_there_is_not_computed_again(folder, tmp_path, extractor):
    table = tmp_path / "table"
    options = {"rows": 3, "verbose": False}
    features.to_parquet(folder, table, extractor, **options)
    expected = read(table)
    parts = sorted(table.glob("*.parquet"))
    parts[1].unlink()  # a run that was killed before
    parts[2].write_bytes(parts[2].read_bytes()[:-20])  # a disk that lost something
    before = parts[0].stat().st_mtime_ns
    features.to_parquet(folder, table, extractor, **options)
    assert read(table) == expected
    assert parts[0].stat().st_mtime_ns == before


def test_something_else_is_refused(folder, tmp_path, extractor):
    table = tmp_path / "table"
    features.to_parquet(folder, table, extractor, rows=3, verbose=False)
    other = tt.FeatureExtractor(make_small_net(seed=1))
    with pytest.raises(ValueError, match=r"begun with something else:\s+network: "):
        features.to_parquet(folder, table, other, rows=3, verbose=False)
    with pytest.raises(ValueError, match=r"pictures: 7 then, 1 now"):
        features.to_parquet([folder / "a" / "0.png"], table, extractor, rows=3, verbose=False)
    (table / "_run.json").unlink()
    with pytest.raises(ValueError, match="Parquet files of something else"):
        features.to_parquet(folder, table, extractor, rows=3, verbose=False)
    (table / "_run.json").write_text("[")
    with pytest.raises(ValueError, match="is damaged"):
        features.to_parquet(folder, table, extractor, rows=3, verbose=False)


def test_pictures_that_cannot_be_read_have_rows_too(folder, tmp_path, extractor):
    (folder / "a" / "2.png").write_bytes(b"no picture")
    missing = str(folder / "gone.png")
    paths = [*sorted(map(str, folder.glob("*/*.png"))), missing]
    made = features.to_parquet(paths, tmp_path / "table", extractor, rows=3, verbose=False)
    found = read(made.folder)
    bad = {path for path, _ in made.failed}
    assert bad == {str(folder / "a" / "2.png"), missing}
    for path, row, error in zip(found["path"], found["features"], found["error"]):
        assert (row is None) == (error is not None) == (path in bad)
        if row is not None:
            np.testing.assert_allclose([row], extractor.transform([path]), rtol=1e-5, atol=1e-6)


def test_predictions(folder, tmp_path):
    model = tt.Model(make_small_net(), classes=["x", "y", "z"], head=["avg"])
    made = features.to_parquet(folder, tmp_path / "table", model, rows=4, verbose=False)
    found = read(made.folder)
    np.testing.assert_allclose(found["prediction"], model.predict(found["path"]), rtol=1e-5)
    assert json.loads((made.folder / "_run.json").read_text())["classes"] == ["x", "y", "z"]


def test_command(folder, tmp_path, capsys):
    arguments = ["features", str(folder), "--output", str(tmp_path / "table"), "--weights"]
    arguments += [str(tmp_path / "none.h5")]
    assert main(arguments) == 1
    assert "none.h5" in capsys.readouterr().err
    assert main(["features", str(folder), "--base", "vgg16", "--model", "m.h5"]) == 2


def test_without_ray_it_says_what_to_install(folder, tmp_path, extractor, monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(ImportError, match=r"pip install 'ray\[data\]'"):
        features.on_ray(folder, tmp_path / "table", extractor)
    assert not (tmp_path / "table").exists()
