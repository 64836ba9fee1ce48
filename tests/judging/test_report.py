"""The page: whole, self-contained, escaped, and readable on a phone."""

import base64
import html
import io
import json
import re
import shutil
import subprocess
from html.parser import HTMLParser

import numpy as np
import pytest
from PIL import Image
from tuning.conftest import SIZE, make_small_net

import theano_transfer as tt
from theano_transfer import judging
from theano_transfer.judging import _page
from theano_transfer.tuning import DataMismatchError, History

pytest.importorskip("sklearn")

HOSTILE = "<script>alert('owl')</script> & \"owl\""
VOID = {"meta", "img", "br"}


class Reader(HTMLParser):
    """Elements in their order, text, and whether every element is closed."""

    def __init__(self, page):
        super().__init__()
        self.open, self.elements, self.words = [], [], []
        self.feed(page)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)

    def all(self, tag):
        return [attrs for found, attrs in self.elements if found == tag]


@pytest.fixture(scope="module")
def history():
    made = History("val_loss")
    for epoch in range(1, 6):
        numbers = {"loss": 1 / epoch, "accuracy": 1 - 0.5 / epoch}
        made.append(epoch, {**numbers, "val_loss": 1.2 / epoch, "val_accuracy": 0.8}, 1.5)
    made.best_epoch = 5
    return made


@pytest.fixture(scope="module")
def written(small_pictures, history, tmp_path_factory):
    """(page, path, judgement) of an untrained model, whose answers are right and wrong."""
    model = tt.Model(make_small_net(), classes=["cat", "dog", HOSTILE], head=["avg"], seed=1)
    x, y = small_pictures
    path = tmp_path_factory.mktemp("report") / "page.html"
    judgement = judging.report(
        model, path, x, y, history=history, title=f"Model {HOSTILE}", pictures=4
    )
    return path.read_text(encoding="utf-8"), path, judgement


def test_the_page_is_whole_and_needs_nothing_else(written):
    page, path, _ = written
    reader = Reader(page)
    tags = {tag for tag, _ in reader.elements}
    assert tags.isdisjoint({"script", "link", "iframe", "object", "form"})
    for tag, attrs in reader.elements:
        assert attrs.get("href", "#").startswith("#")
        assert not any(name.startswith("on") for name in attrs)
        if "src" in attrs:
            assert tag == "img"
            assert attrs["src"].startswith("data:image/")
            assert attrs["alt"]
    assert "url(" not in page
    assert "@import" not in page
    policy = next(a["content"] for a in reader.all("meta") if "http-equiv" in a)
    assert policy.startswith("default-src 'none'")
    assert list(path.parent.iterdir()) == [path]


def test_names_are_text_and_nothing_else(written):
    page, _, _ = written
    assert "<script" not in page
    words = "".join(Reader(page).words)
    assert f"Model {HOSTILE}" in words
    assert "taken for" in words


def test_pictures_and_charts_are_in_it(written):
    page, _, judgement = written
    kinds = {"jpeg": 0, "svg": 0}
    for attrs in Reader(page).all("img"):
        kind, content = re.fullmatch(r"data:image/(\w+)[+\w]*;base64,(.*)", attrs["src"]).groups()
        kinds[kind] += 1
        content = base64.b64decode(content, validate=True)
        if kind == "jpeg":
            with Image.open(io.BytesIO(content)) as image:
                assert image.size == (SIZE, SIZE)
        else:
            assert b"<svg" in content[:2000]
    wrong = min(4, int((~judgement.right).sum()))
    right = min(4, int(judgement.right.sum()))
    assert wrong
    assert right
    # wrong answers have two maps beside the picture, right ones have one
    assert kinds == {"jpeg": 3 * wrong + 2 * right, "svg": 5}


def test_figures_and_counts_are_those_of_the_judgement(written):
    page, _, judgement = written
    words = "".join(Reader(page).words)
    for value in judgement.measures().values():
        assert f"{value:.3f}" in words
    assert f"{int(judgement.right.sum())} of {len(judgement)} pictures right" in words
    cells = re.findall(r"<td[^>]*style='background[^']*'>([\d,]*)</td>", page)
    counts = [int(cell or 0) for cell in cells]
    np.testing.assert_array_equal(np.reshape(counts, (3, 3)), judgement.confusions())


def test_training_alone_is_reported_too(small_model, history, tmp_path):
    path = tmp_path / "page.html"
    assert judging.report(small_model, path, history=history) is None
    assert len(Reader(path.read_text()).all("img")) == 2


@pytest.mark.parametrize("task", ["multilabel", "regression", "binary"])
def test_other_tasks_are_reported_too(small_pictures, tmp_path, rng, task):
    x, _ = small_pictures
    classes = ["no", "yes"] if task == "binary" else ["cat", "dog", "owl"]
    y = rng.integers(0, 2, 24) if task == "binary" else rng.integers(0, 2, (24, 3)).astype(float)
    model = tt.Model(make_small_net(), classes=classes, head=["avg"], task=task)
    judging.report(model, tmp_path / "page.html", x, y, pictures=3)
    page = (tmp_path / "page.html").read_text()
    assert len([a for a in Reader(page).all("img") if "jpeg" in a["src"]]) >= 3


def test_nothing_is_written_where_something_is_wrong(small_model, small_pictures, tmp_path):
    x, _ = small_pictures
    path = tmp_path / "page.html"
    path.write_text("before")
    with pytest.raises(ValueError, match="nothing to report"):
        judging.report(small_model, path)
    with pytest.raises(DataMismatchError):
        judging.report(small_model, path, x)
    with pytest.raises(ValueError, match="no pictures"):
        judging.report(small_model, path, x[:0], [])
    assert path.read_text() == "before"
    assert list(tmp_path.iterdir()) == [path]


def test_many_classes_are_drawn_and_bytes_of_names_shown(rng, tmp_path):
    count = 30
    counts = rng.integers(0, 9, (count, count))
    assert _page.matrix(counts, [str(k) for k in range(count)]).count("<td") == count * count
    assert _page.text("caf\udce9") == "caf\\xe9"
    assert _page.number(float("nan")) == "\N{EN DASH}"


CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))),
                None)  # fmt: skip

# Tells the frame around the page what a person would complain about.
MEASURE = """<script>
const numbers = colour => colour.match(/[0-9.]+/g).map(Number);
const ground = element => {
  const layers = [];
  for (; element; element = element.parentElement)
    layers.unshift(numbers(getComputedStyle(element).backgroundColor));
  return layers.reduce((below, [r, g, b, a = 1]) =>
    [r, g, b].map((value, k) => value * a + below[k] * (1 - a)), [255, 255, 255]);
};
const light = colour => colour.map(v => v / 255)
  .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
  .reduce((sum, v, k) => sum + v * [0.2126, 0.7152, 0.0722][k], 0);
const contrast = element => {
  const [more, less] = [numbers(getComputedStyle(element).color).slice(0, 3), ground(element)]
    .map(light).sort((a, b) => b - a);
  return (more + 0.05) / (less + 0.05);
};
addEventListener('load', () => {
  const root = document.documentElement;
  const written = [...document.querySelectorAll('body *')].filter(
    one => [...one.childNodes].some(n => n.nodeType == 3 && n.data.trim()));
  const faint = written.filter(one => contrast(one) < 4.5);
  const small = written.filter(one => parseFloat(getComputedStyle(one).fontSize) < 11);
  const out = [...document.querySelectorAll('body *')].filter(one => !one.closest('.scroll')
    && one.getBoundingClientRect().right > root.clientWidth + 1);
  const unseen = [...document.images].filter(one => !one.naturalWidth);
  const lost = [...document.links].filter(one => !document.getElementById(one.hash.slice(1)));
  const shown = list => list.map(one => one.outerHTML.slice(0, 120));
  parent.postMessage({wide: root.scrollWidth, high: root.scrollHeight, faint: shown(faint),
    small: shown(small), out: shown(out), unseen: shown(unseen), lost: shown(lost)}, '*');
});
</script></html>"""
FRAME = """<body style='margin:0'>
<iframe src='page.html' width={width} height=7000 frameborder=0></iframe>
<script>addEventListener('message',
  e => document.body.setAttribute('data-found', JSON.stringify(e.data)))</script>"""


@pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium, which is not on this machine")
@pytest.mark.parametrize(
    ("width", "dark"),
    [
        (390, False),
        pytest.param(390, True, marks=pytest.mark.slow),
        pytest.param(1280, False, marks=pytest.mark.slow),
        pytest.param(1280, True, marks=pytest.mark.slow),
    ],
)
def test_it_looks_right_in_a_browser(written, tmp_path, width, dark):
    page, _, _ = written
    # A window can be wider than a phone at the least, a frame cannot.
    framed = page.replace(_page.POLICY, "").replace("</html>", MEASURE)
    assert "(prefers-color-scheme: dark)" in framed
    if dark:
        framed = framed.replace("(prefers-color-scheme: dark)", "all")
    (tmp_path / "page.html").write_text(framed, encoding="utf-8")
    outer = tmp_path / "outer.html"
    outer.write_text(FRAME.format(width=width), encoding="utf-8")
    shot = tmp_path / "shot.png"
    command = [
        CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
        "--disable-dev-shm-usage", f"--user-data-dir={tmp_path / 'profile'}",
        "--virtual-time-budget=20000", f"--window-size={max(width, 500)},2400",
    ]  # fmt: skip

    def browse(option):
        done = subprocess.run(
            [*command, option, outer.as_uri()], capture_output=True, timeout=300, check=True
        )
        return done.stdout.decode()

    said = re.search('data-found="([^"]*)"', browse("--dump-dom")).group(1)
    found = json.loads(html.unescape(said))
    assert found.pop("wide") <= width  # nothing sticks out at the side
    assert found.pop("high") > 1000
    assert found == {"faint": [], "small": [], "out": [], "unseen": [], "lost": []}

    browse(f"--screenshot={shot}")
    with Image.open(shot) as image:
        pixels = np.asarray(image.convert("RGB"))[:, :width]
    # text, charts, pictures: many colours, down the whole of the page, on a ground of its own
    assert len(np.unique(pixels.reshape(-1, 3), axis=0)) > 500
    assert (pixels.reshape(24, -1).std(axis=1) > 3).mean() > 0.9
    assert np.median(pixels) < 60 if dark else np.median(pixels) > 200
