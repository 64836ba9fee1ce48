"""Makes the pictures of gallery.md, judging.md and seeing.md, on the emoji pictures that ship here.

    python docs/pictures.py [NAME ...]

A few minutes on two cores; with names (see PARTS), only these. The model is kept in
demo-output/docs_model.h5 and used again. Photographs are those of scikit-image (CC0). Pictures of
the report take Chromium and are left as they are without it.
"""

import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from PIL import Image

import theano_transfer as tt

HERE = Path(__file__).parent
PICTURES = HERE / "pictures"
MODEL = HERE.parent / "demo-output" / "docs_model.h5"
SHOWN = ("animal/cat.png", "food/pizza.png", "building/european_castle.png", "transport/bike.png")
PHOTOGRAPHS = ("chelsea.png", "coffee.png", "rocket.jpg")
WAYS = ("picture", "Grad-CAM", "guided\nbackpropagation", "integrated\ngradients", "occlusion")


def main(names):
    before = {path: path.stat().st_mtime for path in PICTURES.glob("*.png")}
    data = tt.images.ImageFolder(HERE.parent / "examples" / "data" / "emoji")
    train, valid, _ = data.split(validation=0.2, seed=0)
    model, history = trained(train, valid)
    for name in names or PARTS:
        PARTS[name](model, history, data, valid)
    for path in PICTURES.glob("*.png"):
        if before.get(path) != path.stat().st_mtime:
            shrink(path)


def trained(train, valid):
    table = MODEL.with_name("docs_model_history.csv")
    if MODEL.exists():
        return tt.Model.load(MODEL), tt.judging.read_history(table)
    model = tt.Model("efficientnet_lite0", classes=train.classes, head=["avg", "dropout"])
    model.compile("adam", learning_rate=1e-3)
    history = model.fit(train, epochs=20, validation_data=valid, early_stopping=5)
    MODEL.parent.mkdir(exist_ok=True)
    model.save(MODEL)
    history.write_csv(table)
    return model, history


def judge(model, history, data, valid):
    tt.show.curves(history, PICTURES / "curves.png")
    judgement = tt.judging.judge(model, valid)
    tt.show.confusion_matrix(
        judgement.labels, judgement.said, judgement.classes, PICTURES / "confusion.png"
    )
    tt.show.decision_curves(
        judgement.labels, judgement.predictions, judgement.classes, PICTURES / "roc.png",
        kinds=["roc"],
    )  # fmt: skip
    for name, value in judgement.measures().items():
        print(f"{name:20} {value:.3f}")
    print("temperature", round(judgement.temperature(), 2), judgement.most_confused(3))
    tt.show.reliability_diagram(judgement.calibration(), PICTURES / "reliability.png")
    worst, names = judgement.top_losses(6), judgement.classes
    tt.show.picture_grid(
        pixels(valid, worst, model.input_size),
        PICTURES / "top_losses.png",
        titles=[f"{names[judgement.labels[k]]},\nsaid {names[judgement.said[k]]}" for k in worst],
        columns=6,
    )


def see(model, history, data, valid):
    ways_to_see(model, data.subset(numbers_of(data)), "maps.png")


def photographs(model, history, data, valid):
    """The network as it was trained on ImageNet, on photographs."""
    import skimage

    net = tt.zoo.efficientnet_lite0(weights="imagenet")
    folder = Path(skimage.__file__).parent / "data"
    ways_to_see(
        net, tt.images.ImageFiles([folder / name for name in PHOTOGRAPHS]), "photographs.png"
    )


def ways_to_see(model, some, name):
    size = getattr(model, "input_size", (224, 224))
    shown = pixels(some, range(len(some)), size)
    maps = tt.explain.grad_cam(model, some)
    guided = tt.explain.guided_backpropagation(model, some)
    shares = tt.explain.integrated_gradients(model, some, baseline=255.0)
    lost = tt.explain.occlusion(model, some, patch=56, stride=28)
    rows = [
        shown,
        [tt.show.overlay(*pair) for pair in zip(shown, maps)],
        [tt.show.signed(one) for one in guided],
        [tt.show.signed(one) for one in shares],
        [tt.show.overlay(*pair) for pair in zip(shown, lost)],
    ]
    tt.show.picture_grid(
        [row[k] for k in range(len(some)) for row in rows],
        PICTURES / name,
        titles=[*WAYS, *[""] * (len(rows) * (len(some) - 1))],
        columns=len(rows),
    )


def filters(model, history, data, valid):
    made = tt.show.filter_pictures(tt.explain.filters(model))
    tt.show.picture_grid(made, PICTURES / "filters.png", columns=16)


def feature_maps(model, history, data, valid):
    """The channels that are strongest, of the last maps of each size."""
    (number,) = numbers_of(data)[:1]
    some = data.subset([number])
    shown, titles = [], []
    for name, maps in tt.explain.feature_maps(model, some).items():
        strongest = np.argsort(-maps[0].std(axis=(1, 2)))[:6]
        shown += [*pixels(some, [0], model.input_size), *maps[0, strongest]]
        titles += [f"{name}\n{maps.shape[2]} x {maps.shape[3]}", *[""] * 6]
    tt.show.picture_grid(shown, PICTURES / "feature_maps.png", titles=titles, columns=7)


def space(model, history, data, valid):
    extractor = tt.FeatureExtractor(model.net, layer="top_activation")
    features = extractor.transform(data)
    points = tt.explain.project(features, "tsne")
    tt.show.scatter(points, data.labels, data.classes, PICTURES / "tsne.png")
    small = pixels(data, range(len(data)), (48, 48))
    tt.show.picture_map(points, small, PICTURES / "picture_map.png")
    straight = tt.explain.project(features, "pca")
    tt.show.scatter(straight, data.labels, data.classes, PICTURES / "pca.png")
    near, _ = tt.explain.nearest_neighbours(features, count=5)
    numbers = [k for query in numbers_of(data)[:3] for k in (query, *near[query])]
    tt.show.picture_grid(
        pixels(data, numbers, model.input_size),
        PICTURES / "neighbours.png",
        titles=["query", *[""] * 5] * 3,
        columns=6,
    )


def report(model, history, data, valid):
    """The page in a window, and on three phones, one of them in the dark."""
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if browser is None:
        print("the pictures of the report take Chromium; they are left as they are")
        return
    with TemporaryDirectory() as folder:
        page, dark, phones = (Path(folder, name) for name in ("page.html", "dark.html", "p.html"))
        tt.judging.report(model, page, valid, history=history, title="Emoji, five classes")
        text = page.read_text(encoding="utf-8")
        dark.write_text(text.replace("(prefers-color-scheme: dark)", "all"), encoding="utf-8")
        phones.write_text("<body style='margin:12px;background:#8a94a3'>" + "".join(
            f"<iframe src='{address}' width=390 height=840 frameborder=0 "
            "style='margin:6px;border-radius:24px'></iframe>"
            for address in ("page.html", "page.html#confusions", "dark.html#wrong-answers")
        ))  # fmt: skip
        for shown, name, size in (
            (page, "report.png", "1180,1500"),
            (phones, "phones.png", "1260,880"),
        ):
            subprocess.run(
                [browser, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
                 f"--user-data-dir={folder}/profile", f"--screenshot={PICTURES / name}",
                 "--virtual-time-budget=20000", f"--window-size={size}", shown.as_uri()],
                check=True, capture_output=True, timeout=300,
            )  # fmt: skip


def numbers_of(data):
    """Numbers of the pictures that are shown."""
    return [next(k for k, path in enumerate(data.paths) if path.endswith(s)) for s in SHOWN]


def shrink(path, width=1000, colours=128):
    """A smaller file of the same picture, for a repository."""
    with Image.open(path) as image:
        small = image.convert("RGB")
    small.thumbnail((width, 4 * width))
    small.quantize(colours).save(path, optimize=True)


def pixels(data, numbers, size):
    """Pictures (n, 3, rows, columns) by their numbers."""
    made = data.chosen_batches([np.asarray(numbers)], size=size, preprocess="identity")
    return next(iter(made))


PARTS = {
    part.__name__: part for part in (judge, see, photographs, filters, feature_maps, space, report)
}

if __name__ == "__main__":
    main(sys.argv[1:])
