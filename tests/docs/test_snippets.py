"""What the pages on judging and seeing show runs as it stands, line after line."""

import re
import shutil
from pathlib import Path

import numpy as np
import pytest
import theano

import theano_transfer as tt

pytest.importorskip("sklearn")

ROOT = Path(__file__).parents[2]
EMOJI = ROOT / "examples" / "data" / "emoji"
BLOCK = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)
EACH = 12
# Sizes for networks that see all of a picture, and epochs for ones that learn.
QUICKER = (
    (r"patch=56", "patch=32"),
    (r"epochs=\d+", "epochs=1"),
    (r"folds=5|cv=5", lambda found: found.group()[:-1] + "2"),
    (r"titles=\[\.\.\.\]", "titles=['a']"),
    (r"picture_grid\(\[\.\.\.\]", "picture_grid([x]"),
    (r"Model\('efficientnet_lite0'", "Model(small_base()"),
    (r"examples/data/emoji", "pictures"),
)


def small_base(weights=None, include_top=False):
    return tt.zoo.efficientnet_lite0(
        weights=weights, include_top=include_top, input_shape=(3, 64, 64)
    )


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder with what the pages speak of: pictures, a model, a table, runs."""
    folder = tmp_path_factory.mktemp("place")
    for kind in ("animal", "building", "food", "transport"):
        (folder / "pictures" / kind).mkdir(parents=True)
        for path in sorted((EMOJI / kind).glob("*.png"))[:EACH]:
            shutil.copy(path, folder / "pictures" / kind)
    shutil.copy(EMOJI / "animal" / "cat.png", folder)
    shutil.copy(EMOJI / "food" / "pizza.png", folder)
    data = tt.images.ImageFolder(folder / "pictures")
    rows = [f"{path},{data.classes[label]}" for path, label in zip(data.paths, data.labels)]
    (folder / "list.csv").write_text("\n".join(["path,label", *rows]))
    model = tt.Model(
        "efficientnet_lite0", classes=data.classes, weights=None, input_shape=(3, 64, 64)
    )
    model.compile("adam", learning_rate=1e-3)
    model.fit(data, epochs=1, verbose=False)
    model.save(folder / "emoji.h5")
    for name in ("first", "second"):
        run = folder / "runs" / name
        run.mkdir(parents=True)
        model.save(run / "model.h5")
        model.history.write_csv(run / "history.csv")
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("page", ["judging", "seeing", "gallery"])
def test_every_snippet_runs(place, monkeypatch, page):
    from sklearn.model_selection import GridSearchCV

    monkeypatch.chdir(place)
    data = tt.images.ImageFolder("pictures")
    train, valid, _ = data.split(validation=0.5, seed=0)
    model = tt.Model.load("emoji.h5")
    model.compile("adam", learning_rate=1e-3)
    first, second = (tt.judging.judge(model, valid) for _ in range(2))
    names = {
        "tt": tt, "np": np, "theano": theano, "GridSearchCV": GridSearchCV,
        "small_base": small_base, "data": data, "train": train, "valid": valid, "model": model,
        "test_pictures": valid, "new_pictures": valid, "labels": valid.labels, "first": first,
        "second": second, "patients": np.arange(len(data)) // 2, "paths": valid.paths,
        "cat_png": "cat.png",
    }  # fmt: skip
    for snippet in BLOCK.findall((ROOT / "docs" / f"{page}.md").read_text(encoding="utf-8")):
        for pattern, quicker in QUICKER:
            snippet = re.sub(pattern, quicker, snippet)
        exec(compile(snippet, f"{page}.md", "exec"), names)
        if page == "judging" and "Model.load" in snippet:
            names["model"].compile("adam", learning_rate=1e-3)
