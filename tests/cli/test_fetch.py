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
