import hashlib
import shutil

import pytest

from theano_transfer import weights


def test_what_ships_is_there_at_once(run):
    status, out, err = run("fetch", "efficientnet_lite0")
    assert (status, err) == (0, "")
    assert out.strip() == str(weights.fetch("efficientnet_lite0"))


@pytest.mark.parametrize("options", [[], ["--without-top"]])
def test_what_cannot_be_had_is_said_with_what_to_do(options, run, tmp_path, monkeypatch):
    monkeypatch.setenv("THEANO_TRANSFER_HOME", str(tmp_path / "home"))
    (tmp_path / "empty").mkdir()
    status, out, err = run("fetch", "vgg16", "--from", tmp_path / "empty", *options)
    assert (status, out) == (1, "")
    assert "No such file" in err
    file = f"vgg16_weights_tf_dim_ordering_tf_kernels{'_notop' if options else ''}.h5"
    assert str(tmp_path / "home" / "downloads" / file) in err


def test_another_file_of_that_name_is_refused(run, tmp_path, monkeypatch):
    monkeypatch.setenv("THEANO_TRANSFER_HOME", str(tmp_path / "home"))
    name = "vgg16_weights_tf_dim_ordering_tf_kernels.h5"
    shutil.copy(weights.fetch("efficientnet_lite0"), tmp_path / name)
    status, _, err = run("fetch", "vgg16", "--from", tmp_path)
    assert status == 1
    assert hashlib.md5((tmp_path / name).read_bytes(), usedforsecurity=False).hexdigest() in err


def test_a_name_that_nobody_knows(run):
    status, _, err = run("fetch", "vgg17")
    assert status == 1
    assert "did you mean 'vgg19'" in err


@pytest.mark.parametrize(
    ("options", "file"),
    [
        (("mobilenet_v2", "--with", "alpha=0.5"), "mobilenet_v2_weights_{}_0.5_224.h5"),
        (
            ("mobilenet_v2", "--with", "alpha=0.5", "--image-size", "160", "--without-top"),
            "mobilenet_v2_weights_{}_0.5_160_no_top.h5",
        ),
        (
            ("mobilenet_v3_small", "--with", "minimalistic=True"),
            "weights_mobilenet_v3_small_minimalistic_224_1.0_float.h5",
        ),
    ],
)
def test_variants_have_files_of_their_own(options, file, run, tmp_path, monkeypatch):
    monkeypatch.setenv("THEANO_TRANSFER_HOME", str(tmp_path / "home"))
    status, _, err = run("fetch", *options, "--from", tmp_path)
    assert status == 1
    assert file.format("tf_dim_ordering_tf_kernels") in err


def test_a_variant_without_weights(run):
    status, _, err = run("fetch", "mobilenet_v2", "--with", "alpha=0.6")
    assert status == 1
    assert "no ImageNet weights are published for 'mobilenet_v2' with alpha=0.6" in err


@pytest.mark.parametrize("text", ["alpha", "alpha=0.5x", "alpha=", "=0.5", "alpha=[1]"])
def test_an_argument_has_a_form(text, run):
    status, _, err = run("fetch", "mobilenet_v2", "--with", text)
    assert status == 2
    assert "NAME=VALUE" in err
