"""Makes the pictures of judging.md and seeing.md, on the emoji pictures that ship with the project.

    python docs/pictures.py

A few minutes on two cores. The model is kept in demo-output/docs_model.h5 and used again.
"""

from pathlib import Path

import numpy as np
from PIL import Image

import theano_transfer as tt

HERE = Path(__file__).parent
PICTURES = HERE / "pictures"
MODEL = HERE.parent / "demo-output" / "docs_model.h5"
SHOWN = ("animal/cat.png", "food/pizza.png", "building/european_castle.png", "transport/bike.png")


def main():
    data = tt.images.ImageFolder(HERE.parent / "examples" / "data" / "emoji")
    train, valid, _ = data.split(validation=0.2, seed=0)
    model = trained(train, valid)
    judge(model, valid)
    see(model, data)
    for path in PICTURES.glob("*.png"):
        shrink(path)


def trained(train, valid):
    if MODEL.exists():
        return tt.Model.load(MODEL)
    model = tt.Model("efficientnet_lite0", classes=train.classes, head=["avg", "dropout"])
    model.compile("adam", learning_rate=1e-3)
    model.fit(train, epochs=20, validation_data=valid, early_stopping=5)
    MODEL.parent.mkdir(exist_ok=True)
    model.save(MODEL)
    return model


def judge(model, valid):
    judgement = tt.judging.judge(model, valid)
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


def see(model, data):
    chosen = [next(k for k, path in enumerate(data.paths) if path.endswith(s)) for s in SHOWN]
    some = data.subset(chosen)
    shown = pixels(data, chosen, model.input_size)
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
    names = ("picture", "Grad-CAM", "guided\nbackpropagation", "integrated\ngradients", "occlusion")
    tt.show.picture_grid(
        [row[k] for k in range(len(some)) for row in rows],
        PICTURES / "maps.png",
        titles=[*names, *[""] * (len(rows) * (len(some) - 1))],
        columns=len(rows),
    )
    filters = tt.show.filter_pictures(tt.explain.filters(model))
    tt.show.picture_grid(filters, PICTURES / "filters.png", columns=16)
    extractor = tt.FeatureExtractor(model.net, layer="top_activation", cache=tt.FeatureCache())
    features = extractor.transform(data)
    tt.show.scatter(
        tt.explain.project(features, "tsne"), data.labels, data.classes, PICTURES / "tsne.png"
    )
    near, _ = tt.explain.nearest_neighbours(features, count=5)
    numbers = [k for query in chosen[:3] for k in (query, *near[query])]
    tt.show.picture_grid(
        pixels(data, numbers, model.input_size),
        PICTURES / "neighbours.png",
        titles=["query", *[""] * 5] * 3,
        columns=6,
    )


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


if __name__ == "__main__":
    main()
