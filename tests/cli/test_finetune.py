import shutil
import sys

import numpy as np
import pytest

import theano_transfer as tt
from theano_transfer import Model, images, weights, zoo
from theano_transfer.cli._finetune import _typed, example_of, parts_of
from theano_transfer.cli._phases import upper_third

QUICK = ("--size", "32", "--epochs", "2", "--unfreeze-epochs", "1", "--unfreeze", "none")


def test_the_whole_run(pictures, tmp_path, run, monkeypatch):
    """Both phases; files, figures, and a next command that works as it stands."""
    monkeypatch.chdir(tmp_path)
    status, out, err = run("finetune", pictures, *QUICK, "--unfreeze", "top")
    assert status == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "model.h5",
        "model_confusion.png",
        "model_curves.png",
        "model_history.csv",
    ]
    assert "15 pictures to train with, 3 to validate with, 3 classes" in err
    assert err.count("epoch ") == 3
    assert "training from head_predictions on" in err
    assert "training from top_conv on" in err
    accuracy = float(out.split()[2])
    valid = images.ImageFolder(pictures).split(0.2, seed=0)[1]
    measured = Model.load("model.h5").evaluate(valid)
    assert accuracy == pytest.approx(measured["accuracy"], abs=5e-4)
    next_command = out.splitlines()[-1].split()
    assert next_command[:3] == ["theano-transfer", "predict", "model.h5"]
    assert next_command[3] in valid.paths
    status, out, _ = run(*next_command[1:])
    assert status == 0
    assert "%" in out


def test_what_is_frozen_stays_bit_for_bit(trained):
    shipped = weights.read(weights.fetch("efficientnet_lite0"))
    model = weights.read(trained)
    base = [name for name in model if not name.startswith("head_")]
    assert len(base) > 200
    for name in base:
        np.testing.assert_array_equal(model[name], shipped[name])


def test_what_is_unfrozen_learns_and_the_rest_does_not(pictures, tmp_path, run):
    output = tmp_path / "m.h5"
    run("finetune", pictures, *QUICK, "--unfreeze", "top", "--output", output, "--patience", "50")
    shipped = weights.read(weights.fetch("efficientnet_lite0"))
    model = weights.read(output)
    changed = [n for n in model if n in shipped and not np.array_equal(model[n], shipped[n])]
    assert changed == ["top_conv/W"]


def test_quiet_writes_results_only(pictures, tmp_path, run):
    status, out, err = run("finetune", pictures, *QUICK, "--quiet", "--output", tmp_path / "m.h5")
    assert (status, err) == (0, "")
    assert out.startswith("validation accuracy")


@pytest.mark.slow
def test_why_training_ended_early_is_said(pictures, tmp_path, run):
    # So large a step makes everything worse.
    early = ("--epochs", "9", "--patience", "1", "--learning-rate", "10")
    status, _, err = run("finetune", pictures, *QUICK, *early, "--output", tmp_path / "m.h5")
    assert status == 0
    last = [line for line in err.splitlines() if line.startswith("epoch ")][-1]
    assert "/9" in last
    assert not last.startswith("epoch 9")
    said = f"stopped after {last.partition('/')[0]}: no better val_loss for 1 epochs"
    assert said in err


@pytest.mark.slow
def test_the_same_seed_gives_the_same_model(pictures, tmp_path, run):
    for name in ("a.h5", "b.h5"):
        run("finetune", pictures, *QUICK, "--seed", "3", "--output", tmp_path / name)
    a, b = weights.read(tmp_path / "a.h5"), weights.read(tmp_path / "b.h5")
    for name in a:
        np.testing.assert_array_equal(a[name], b[name])


@pytest.mark.slow
def test_augmentation(pictures, tmp_path, run):
    plain, changed = tmp_path / "plain.h5", tmp_path / "changed.h5"
    assert run("finetune", pictures, *QUICK, "--output", plain)[0] == 0
    assert run("finetune", pictures, *QUICK, "--output", changed, "--augment")[0] == 0
    name = "head_predictions/W"
    assert not np.array_equal(weights.read(plain)[name], weights.read(changed)[name])


def test_features_in_a_file_are_found_by_the_next_run(pictures, tmp_path, run):
    cache, first, second = (tmp_path / name for name in ("features.h5", "a.h5", "b.h5"))
    for output in (first, second):
        status, _, err = run("finetune", pictures, *QUICK, "--cache", cache, "--output", output)
        assert status == 0, err
    with tt.FeatureCache(cache) as kept:
        assert len(kept) == 18
    a, b = weights.read(first), weights.read(second)
    for name in a:
        np.testing.assert_allclose(a[name], b[name], rtol=1e-4, atol=1e-6)


@pytest.mark.slow
def test_variants_of_augmented_pictures_are_kept(pictures, tmp_path, run):
    cache = tmp_path / "features.h5"
    arguments = ("finetune", pictures, *QUICK, "--cache-variants", "2", "--cache", cache)
    status, _, err = run(*arguments, "--output", tmp_path / "m.h5")
    assert (status, "give --augment too" in err) == (1, True)
    assert run(*arguments, "--augment", "--output", tmp_path / "m.h5")[0] == 0
    with tt.FeatureCache(cache) as kept:
        assert len(kept) == 2 * 15 + 3


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        ("--cache", "disc", "expected auto, memory, disk, none"),
        ("--cache", "none/f.h5", "does not exist"),
        ("--cache-size", "0", "from 1 on"),
    ],
)
def test_wrong_cache_options_are_refused(option, value, said, pictures, run):
    status, _, err = run("finetune", pictures, *QUICK, option, value)
    assert status == 2
    assert said in err


def test_a_model_is_no_cache(pictures, trained, tmp_path, run):
    status, _, err = run(
        "finetune", pictures, *QUICK, "--cache", trained, "--output", tmp_path / "m.h5"
    )
    assert status == 1
    assert "no feature cache" in err


@pytest.mark.slow
def test_from_random_weights_everything_is_trained(pictures, tmp_path, run):
    status, out, err = run(
        "finetune",
        pictures,
        *QUICK,
        "--base",
        "vgg16",
        "--weights",
        "none",
        "--output",
        tmp_path / "m.h5",
    )
    assert status == 0
    assert "training everything" in err
    assert "validation accuracy" in out


def test_validation_pictures_in_a_folder_of_their_own(pictures, own_pictures, tmp_path, run):
    output = tmp_path / "m.h5"
    status, _, err = run(
        "finetune", pictures, *QUICK, "--validation", own_pictures, "--output", output
    )
    assert status == 0
    assert "18 pictures to train with, 18 to validate with" in err


def test_train_and_validation_folders_are_found(pictures, tmp_path, run):
    shutil.copytree(pictures, tmp_path / "data" / "train")
    shutil.copytree(pictures, tmp_path / "data" / "val")
    status, _, err = run("finetune", tmp_path / "data", *QUICK, "--output", tmp_path / "m.h5")
    assert status == 0
    assert "18 pictures to train with, 18 to validate with" in err


def test_a_folder_of_classes_is_not_taken_apart(pictures, tmp_path):
    assert parts_of(str(pictures)) == (str(pictures), None)
    assert parts_of(str(tmp_path / "none")) == (str(tmp_path / "none"), None)
    for name in ("train", "validation", "dog"):
        (tmp_path / name).mkdir()
    assert parts_of(str(tmp_path)) == (str(tmp_path), None)


def test_a_broken_picture_is_named_or_refused(own_pictures, tmp_path, run):
    (own_pictures / "food" / "bad.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    output = tmp_path / "m.h5"
    status, _, err = run("finetune", own_pictures, *QUICK, "--output", output)
    assert status == 0
    assert "left out " in err
    assert "bad.png" in err
    output.unlink()
    status, _, err = run(
        "finetune", own_pictures, *QUICK, "--output", output, "--on-error", "raise"
    )
    assert status == 1
    assert "bad.png" in err
    assert not output.exists()


def remove(folder):
    shutil.rmtree(folder)


def empty(folder):
    shutil.rmtree(folder)
    folder.mkdir()


def one_class(folder):
    shutil.rmtree(folder / "food")
    shutil.rmtree(folder / "animal")


def one_class_empty(folder):
    empty(folder / "food")


def unreadable(folder):
    for path in folder.rglob("*.png"):
        path.write_bytes(b"no picture")


@pytest.mark.parametrize("spoil", [remove, empty, one_class, one_class_empty, unreadable])
def test_a_folder_that_cannot_serve_is_refused_in_words(spoil, own_pictures, tmp_path, run):
    spoil(own_pictures)
    output = tmp_path / "m.h5"
    output.write_bytes(b"the model of last week")
    status, out, err = run("finetune", own_pictures, *QUICK, "--output", output)
    assert (status, out) == (1, "")
    assert err.splitlines()[-1].startswith("theano-transfer: error: ")
    assert str(own_pictures) in err
    assert "Traceback" not in err
    assert output.read_bytes() == b"the model of last week"


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        ("--base", "resnet05", "resnet50"),
        ("--unfreeze", "blok7", "block7"),
        ("--weights", "no/such/file.h5", "no/such/file.h5"),
        ("--size", "8", "at least 32"),
    ],
)
def test_a_wrong_name_is_refused_before_training(option, value, said, pictures, tmp_path, run):
    output = tmp_path / "m.h5"
    status, out, err = run("finetune", pictures, *QUICK, "--output", output, option, value)
    assert (status, out) == (1, "")
    assert said in err.splitlines()[-1]
    assert "epoch" not in err
    assert not output.exists()


def test_the_output_folder_is_checked_first(pictures, tmp_path, run):
    status, _, err = run("finetune", pictures, "--output", tmp_path / "none" / "m.h5")
    assert status == 2
    assert "does not exist" in err


@pytest.mark.parametrize(
    ("model", "block"),
    [("efficientnet_lite0", "block6"), ("vgg16", "block4"), ("resnet50", "conv4")],
)
def test_the_upper_third(model, block):
    net = zoo.build(model, include_top=False)
    assert upper_third(net) == block


def test_the_example_is_a_path_that_can_be_typed():
    assert example_of(["a\x1b.png", "b.png"]) == "b.png"
    assert example_of(["a\x1b.png"]) == "a\x1b.png"


@pytest.mark.slow
def test_the_demo_learns_the_emoji(emoji, tmp_path, run):
    """The defaults, as `make demo` runs them."""
    status, out, _ = run("finetune", emoji, "--output", tmp_path / "model.h5")
    assert status == 0
    assert float(out.split()[2]) >= 0.85


def test_what_to_type_next_can_be_typed(monkeypatch, tmp_path):
    """The demo runs from a virtual environment that the user's shell has not activated."""
    program = tmp_path / "bin" / "theano-transfer"
    program.parent.mkdir()
    program.touch(mode=0o755)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["bin/theano-transfer", "finetune", "pictures"])
    monkeypatch.setenv("PATH", "/usr/bin")
    assert _typed() == "bin/theano-transfer"
    monkeypatch.setenv("PATH", str(program.parent))
    assert _typed() == "theano-transfer"
