"""How many pictures does it take, and what does each option buy? Two comparisons, drawn.

Each run trains a network on a part of the pictures and tests it on others. The first comparison
lets the number of training pictures per class grow: from scratch, frozen, partly unfrozen, and
Model.fine_tune. The second changes one option of the training at a time. Both print Markdown
tables and draw a picture. Results are kept in a file: started again, the program goes on.
"""

import argparse
import json
import tempfile
import time
from pathlib import Path

import numpy as np

import theano_transfer as tt

HERE = Path(__file__).parent
parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("data", nargs="?", default=HERE / "data" / "emoji", help="class folders")
parser.add_argument("--base", default="efficientnet_lite0", help="theano-transfer models lists all")
parser.add_argument("--weights", default="imagenet", help="imagenet, none or a file")
parser.add_argument("--part", choices=("pictures", "options", "both"), default="both")
parser.add_argument("--only", nargs="+", default=(), metavar="NAME", help="of what is compared")
parser.add_argument("--epochs", type=int, default=5, help="of the base, with most pictures")
parser.add_argument("--seeds", type=int, default=3, help="how many splits of the pictures")
parser.add_argument("--size", type=int, default=64, help="rows and columns of pictures")
parser.add_argument(
    "--output", type=Path, default=Path("comparison"), help="folder of what is made"
)
parser.add_argument("--quick", action="store_true", help="few small pictures: does it run?")
options = parser.parse_args()

PER_CLASS = (2, 6, 12, 24)
TESTED = 0.27  # of the pictures, in the first comparison: 24 of the smallest emoji class remain
RATE = 3e-4
AUGMENT = tt.images.Augmentation(
    horizontal_flip=True,
    rotation_range=15,
    width_shift_range=0.1,
    height_shift_range=0.1,
    zoom_range=0.15,
)
pictures = tt.images.ImageFolder(options.data)
given = None if options.weights == "none" else options.weights
batch = 16
if options.quick:
    options.epochs = options.seeds = 1
    options.size, batch = 32, 8
    options.only = options.only or ("partly unfrozen", "label smoothing 0.1")
    options.output = Path(tempfile.mkdtemp())  # nothing to go on from
    PER_CLASS = (2, 3)


# -- the networks ------------------------------------------------------------------------------


def build(weights=given, head=("avg", "dropout")):
    return tt.Model(
        options.base,
        weights=weights,
        classes=pictures.classes,
        head=list(head),
        input_shape=(3, options.size, options.size),
    )


def untrained():
    """The same network from random weights, all of it to be trained."""
    model = build(None)
    model.unfreeze("all", batch_norm=True)
    for layer in model.net.values():
        if hasattr(layer, "momentum"):
            layer.momentum = 0.9  # 0.99 would take more steps than there are to find averages
    return model


def fit(model, data, seed, epochs, **arguments):
    model.fit(data, epochs=epochs, batch_size=batch, seed=seed, verbose=False, **arguments)


def judged(predictions, data):
    """Accuracy, its mean over classes, and minus the mean logarithm of what the truth was given."""
    right = predictions.argmax(axis=1) == data.labels
    truth = predictions[np.arange(len(data)), data.labels]
    return {
        "accuracy": float(right.mean()),
        "recall": float(np.mean([right[data.labels == k].mean() for k in set(data.labels)])),
        "loss": float(-np.log(np.maximum(truth, 1e-7)).mean()),
    }


# -- results that are kept ---------------------------------------------------------------------


class Results:
    """Runs that were done, one to a line of a file, and those that are still to do."""

    def __init__(self, path):
        self.path, self.done = path, {}
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists():
            for line in path.read_text().splitlines():
                entry = json.loads(line)
                self.done[tuple(entry["run"])] = entry

    def get(self, *run, train):
        """The result of a run, by name; `train` makes it where it is not there."""
        settings = [str(options.data), options.base, options.weights, options.size, options.epochs]
        key = (*settings, *run)
        if key not in self.done:
            began = time.perf_counter()
            entry = {"run": key, **train(), "seconds": time.perf_counter() - began}
            with self.path.open("a") as file:
                file.write(json.dumps(entry) + "\n")
            self.done[key] = entry
            print(f"{' '.join(map(str, run))}: accuracy {entry['accuracy']:.3f}", flush=True)
        return self.done[key]


# -- the first comparison ----------------------------------------------------------------------


class Stage:
    """A network with some of it unfrozen, compiled once and trained from its start often."""

    def __init__(self, share, **settings):
        self.model = build()
        if share:
            self.model.unfreeze(share)
        if settings.pop("by_depth", False):
            # The lowest group learns a hundred times slower than the head.
            groups = len(tt.updates.depth_groups(self.model.net))
            settings["layer_decay"] = 100 ** (-1 / (groups - 1))
        self.model.compile("adam", **settings)
        self.start = tt.tuning.State(self.model)

    def train(self, data, seed, epochs, before=None):
        """Train, from what the model `before` has learned if there is one."""
        self.start.restore()
        if before is not None:
            for name, param in self.model.net.params.items():
                param.set_value(before.net.params[name].get_value())
        fit(self.model, data, seed, epochs)
        return self.model


class Frozen:
    """The head alone: an epoch takes next to no time, so that there may be many."""

    def __init__(self):
        self.head = Stage(None, learning_rate=1e-3)

    def train(self, data, seed, epochs):
        return self.head.train(data, seed, 4 * epochs)


class PartlyUnfrozen(Frozen):
    """The head alone, then the upper third of the blocks too."""

    def __init__(self):
        super().__init__()
        self.upper = Stage(1 / 3, learning_rate=RATE)

    def train(self, data, seed, epochs):
        before = super().train(data, seed, epochs)
        return self.upper.train(data, seed, epochs, before)


class FineTuned:
    """What Model.fine_tune does, each of its stages compiled once for all runs."""

    def __init__(self):
        cycle, rate = tt.updates.OneCycle, 2e-3
        self.stages = [
            Stage(None, learning_rate=cycle(rate, share=0.9)),
            Stage(0.5, learning_rate=cycle(rate / 2, share=0.3), by_depth=True),
            Stage(1.0, learning_rate=cycle(rate / 4, share=0.3), by_depth=True),
        ]

    def train(self, data, seed, epochs):
        model = None
        for stage, share in zip(self.stages, (4, 0.5, 0.5)):
            model = stage.train(data, seed, max(round(share * epochs), 1), model)
        return model


class FromScratch:
    """Everything, from random weights, for twice as long."""

    def __init__(self):
        self.model = untrained()
        self.model.compile("adam", learning_rate=1e-3)
        self.start = tt.tuning.State(self.model)

    def train(self, data, seed, epochs):
        self.start.restore()
        fit(self.model, data, seed, 2 * epochs)
        return self.model


STRATEGIES = {
    "fine_tune": FineTuned,
    "partly unfrozen": PartlyUnfrozen,
    "frozen": Frozen,
    "from scratch": FromScratch,
}


class Once:
    """Makes a thing when it is first asked for."""

    def __init__(self, make):
        self.make, self.made = make, None

    def __call__(self):
        if self.made is None:
            self.made = self.make()
        return self.made


def compare_strategies(results):
    """Accuracy by strategy and pictures per class: (strategies, numbers, seeds)."""
    accuracies = np.zeros((len(STRATEGIES), len(PER_CLASS), options.seeds))
    strategies = {name: Once(kind) for name, kind in STRATEGIES.items()}
    for seed in range(options.seeds):
        rest, test, _ = pictures.split(validation=TESTED, seed=seed)
        for row, (name, strategy) in enumerate(strategies.items()):
            for column, each in enumerate(PER_CLASS):
                data = rest.balanced(each, seed=seed)
                epochs = options.epochs * PER_CLASS[-1] // each  # about as many steps

                def train(strategy=strategy, data=data, epochs=epochs, seed=seed, test=test):
                    return judged(strategy().train(data, seed, epochs).predict(test), test)

                found = results.get("pictures", name, each, seed, train=train)
                accuracies[row, column, seed] = found["accuracy"]
    return accuracies


# -- the second comparison ---------------------------------------------------------------------

# What differs from the reference: how the model is made, compiled, fitted, asked.
SOFT = {"loss": "categorical_crossentropy"}  # mixed pictures have no single class
OPTIONS = {
    "reference": {},
    "batches in another order": {"order": 1},  # what chance alone does
    "head alone": {},
    "head first": {},
    "everything unfrozen": {"unfreeze": "all"},
    "batch norm. too": {"batch_norm": True},
    "maximum beside average": {"head": ("avgmax", "dropout")},
    "cosine": {"compile": {"learning_rate": tt.updates.Cosine(RATE)}},
    "warm-up, cosine": {
        "compile": {"learning_rate": tt.updates.WarmUp(tt.updates.Cosine(RATE), 2)}
    },
    "one cycle": {"compile": {"learning_rate": tt.updates.OneCycle(RATE)}},
    "rates by depth": {"compile": {"learning_rate": slice(RATE / 30, 3 * RATE)}},
    "layer decay 0.75": {"compile": {"layer_decay": 0.75}},
    "weight decay 0.05": {"compile": {"weight_decay": 0.05}},
    "clipped gradients": {"compile": {"clip_norm": 1.0}},
    "label smoothing 0.1": {"compile": {"label_smoothing": 0.1}},
    "focal loss": {"compile": {"loss": "focal"}},
    "class weights": {"fit": {"class_weight": "balanced"}},
    "balanced sampling": {"balanced": True},
    "augmentation": {"fit": {"augment": AUGMENT}},
    "mixup 0.2": {"compile": SOFT, "fit": {"mix": tt.tuning.Mixup(0.2)}},
    "cutmix 1.0": {"compile": SOFT, "fit": {"mix": tt.tuning.CutMix(1.0)}},
    "test-time augmentation": {"augmented_test": True},
    "fine_tune": {},
    "from scratch": {},
}
WHOLE = {
    "head alone": Once(Frozen),
    "head first": Once(PartlyUnfrozen),
    "fine_tune": Once(FineTuned),
    "from scratch": Once(FromScratch),
}
unknown = set(options.only).difference(STRATEGIES, OPTIONS)
if unknown:
    parser.error(f"--only: {sorted(unknown)} are none of {[*STRATEGIES, *OPTIONS]}")
if options.only:
    STRATEGIES = {name: STRATEGIES[name] for name in STRATEGIES if name in options.only}
    OPTIONS = {name: OPTIONS[name] for name in ("reference", *options.only) if name in OPTIONS}
_compiled = {}


def compiled(unfreeze=1 / 3, batch_norm=False, head=("avg", "dropout"), compile=None):
    """A model as it is before training; compiled once for the same settings."""
    key = repr((unfreeze, batch_norm, head, compile))
    if key not in _compiled:
        model = build(head=head)
        model.unfreeze(unfreeze, batch_norm=batch_norm)
        model.compile("adam", **{"learning_rate": RATE, **(compile or {})})
        _compiled[key] = model, tt.tuning.State(model)
    model, start = _compiled[key]
    start.restore()
    return model


def train_with(name, train, seed):
    """A model trained with one option changed."""
    epochs = 2 * options.epochs
    if name in WHOLE:
        return WHOLE[name]().train(train, seed, epochs)
    changed = dict(OPTIONS[name])
    fitted = changed.pop("fit", {})
    changed.pop("augmented_test", None)
    order = options.seeds * changed.pop("order", 0) + seed
    if changed.pop("balanced", False):
        train = train.balanced(seed=seed)
    model = compiled(**changed)
    fit(model, train, order, epochs, **fitted)
    return model


def compare_options(results):
    """Figures by option: name -> list of results, one for each seed."""
    found = {name: [] for name in OPTIONS}
    for seed in range(options.seeds):
        # A fifth of the pictures is enough to learn from, and the others tell options apart.
        train, test, _ = pictures.split(validation=0.8, seed=seed)
        for name, changed in OPTIONS.items():
            augmented = changed.get("augmented_test", False)
            predict = tt.judging.predict_augmented if augmented else tt.Model.predict

            def run(name=name, seed=seed, train=train, test=test, predict=predict):
                return judged(predict(train_with(name, train, seed), test), test)

            found[name].append(results.get("options", name, seed, train=run))
    return found


# -- tables and pictures -----------------------------------------------------------------------


def new_figure(width, height):
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    axes = figure.add_subplot()
    axes.grid(alpha=0.3)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    return figure, axes


def show_strategies(accuracies):
    print("\n| pictures per class |", " | ".join(map(str, PER_CLASS)), "|")
    print("|---|" + "---:|" * len(PER_CLASS))
    figure, axes = new_figure(6.4, 4.2)
    colours = ("#D55E00", "#0072B2", "#009E73", "#666666")
    for name, rows, colour, mark in zip(STRATEGIES, accuracies, colours, "osD^"):
        mean, low, high = rows.mean(axis=1), rows.min(axis=1), rows.max(axis=1)
        cells = (f"{m:.3f} ± {s:.3f}" for m, s in zip(mean, rows.std(axis=1)))
        print(f"| {name} |", " | ".join(cells), "|")
        axes.plot(PER_CLASS, mean, marker=mark, color=colour, label=name)
        axes.fill_between(PER_CLASS, low, high, color=colour, alpha=0.12, linewidth=0)
    axes.set_xscale("log", base=2)
    axes.set_xticks(PER_CLASS, [str(each) for each in PER_CLASS])
    axes.minorticks_off()
    axes.set_ylim(0, 1)
    axes.set_xlabel("training pictures per class")
    axes.set_ylabel("accuracy on other pictures")
    axes.legend(frameon=False, loc="lower right", ncols=2)
    figure.savefig(options.output / "pictures_per_class.png", dpi=130)


def show_options(found):
    print("\n| option | accuracy (loss) | mean over classes | against the reference |")
    print("|---|---:|---:|---:|")
    base = np.array([one["accuracy"] for one in found["reference"]])
    gains = {}
    for name, runs in found.items():
        values = {k: np.array([one[k] for one in runs]) for k in ("accuracy", "recall", "loss")}
        gains[name] = gain = 100 * (values["accuracy"] - base)
        print(
            f"| {name} | {values['accuracy'].mean():.3f} ({values['loss'].mean():.2f}) | "
            f"{values['recall'].mean():.3f} | "
            f"{gain.mean():+.1f} ({gain.min():+.1f} to {gain.max():+.1f}) |"
        )
    # From scratch is too far away to be drawn beside the others.
    drawn = [name for name in gains if name not in ("reference", "from scratch")]
    drawn.sort(key=lambda name: gains[name].mean())
    figure, axes = new_figure(6.8, 0.9 + 0.27 * len(drawn))
    for place, name in enumerate(drawn):
        gain = gains[name]
        axes.plot(
            [gain.min(), gain.max()], [place, place], color="#0072B2", alpha=0.25, linewidth=5
        )
        axes.plot(gain, [place] * len(gain), ".", color="#0072B2", alpha=0.5)
        axes.plot(gain.mean(), place, "D", color="#D55E00", markersize=5)
    axes.axvline(0, color="#666666", linewidth=1)
    axes.set_yticks(range(len(drawn)), drawn)
    axes.set_xlabel("points of accuracy against the reference, on the same split")
    figure.savefig(options.output / "options.png", dpi=130)


results = Results(options.output / "results.jsonl")
print(f"{options.base}, {len(pictures)} pictures, {options.seeds} splits", flush=True)
if options.part != "options" and STRATEGIES:
    show_strategies(compare_strategies(results))
if options.part != "pictures" and OPTIONS:
    show_options(compare_options(results))
print(f"\nPictures and results are in {options.output}/")
