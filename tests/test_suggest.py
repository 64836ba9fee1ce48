"""Options that are misspelt are answered with the nearest that there are."""

import inspect

import pytest

import theano_transfer as tt

PARTS = (tt, tt.tuning, tt.images, tt.judging, tt.explain, tt.updates, tt.cache)

OPTIONS = [
    (tt.images.Augmentation, {"rotation": 5}, "rotation_range"),
    (tt.images.ImageFolder, {"on_eror": "skip"}, "on_error"),
    (tt.images.ImageFiles, {"label": [1]}, "labels"),
    (tt.images.ArrayData, {"chanels": "last"}, "channels"),
    (tt.images.HDF5Images, {"lables": None}, "labels"),
    (tt.images.read_table, {"worker": 1}, "workers"),
    (tt.tuning.EarlyStopping, {"patient": 3}, "patience"),
    (tt.tuning.ReduceOnPlateau, {"minimum_delta": 3}, "min_delta"),
    (tt.tuning.Checkpoints, {"kept": 3}, "keep"),
    (tt.Model, {"classes": 2, "in_chanels": 4}, "in_channels"),
]


@pytest.mark.parametrize(
    ("make", "options", "meant"), OPTIONS, ids=lambda x: getattr(x, "__name__", str(x))
)
def test_the_nearest_option_is_named(make, options, meant, tmp_path):
    table = tmp_path / "list.csv"
    table.write_text("path,label\na.png,a\nb.png,b\n")
    wrong = list(options)[-1]
    with pytest.raises(TypeError, match=f"has no option '{wrong}'; did you mean .*'{meant}'"):
        make(table, **options)


def with_options():
    """(name, function) of what is public in PARTS, has two options or more and checks its own."""
    for part in PARTS:
        for name, made in vars(part).items():
            if name.startswith("_") or not getattr(made, "__module__", "").startswith(tt.__name__):
                continue
            functions = {name: made} if inspect.isfunction(made) else {}
            if inspect.isclass(made) and not issubclass(made, Exception):
                own = {"": made.__init__, **dict(inspect.getmembers(made, inspect.isfunction))}
                functions = {f"{name} {k}": v for k, v in own.items() if not k.startswith("_")}
            yield from functions.items()


def options_of(function):
    parameters = inspect.signature(function).parameters.values()
    if any(one.kind is one.VAR_KEYWORD for one in parameters):
        return []  # hands them to another, which checks them
    return [one.name for one in parameters if one.default is not one.empty]


PUBLIC = {name: f for name, f in with_options() if len(options_of(f)) > 1}


@pytest.mark.parametrize("name", PUBLIC)
def test_whatever_has_options_names_the_nearest(name):
    option = max(options_of(PUBLIC[name]), key=len)
    with pytest.raises(TypeError, match=rf"has no option '{option}_'; did you mean .*'{option}'"):
        PUBLIC[name](None, **{f"{option}_": 1})
