"""Options that are misspelt are answered with the nearest that there are."""

import pytest

import theano_transfer as tt

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
