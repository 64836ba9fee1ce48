import json
import shutil

import numpy as np
import pytest
from PIL import Image

from theano_transfer import Model


def test_every_picture_gets_its_classes_best_first(trained, pictures, run):
    path = next((pictures / "food").iterdir())
    status, out, err = run("predict", trained, path)
    assert (status, err) == (0, "")
    first, *guesses = out.splitlines()
    assert first == str(path)
    shares = [float(line.split()[0].rstrip("%")) for line in guesses]
    assert sorted(line.split()[1] for line in guesses) == ["animal", "building", "food"]
    assert shares == sorted(shares, reverse=True)
    assert sum(shares) == pytest.approx(100, abs=0.1)


def test_json_says_the_same_as_the_model(trained, pictures, run):
    status, out, _ = run("predict", trained, pictures, "--json", "--top", "2")
    assert status == 0
    results = json.loads(out)
    paths = sorted(str(path) for path in pictures.rglob("*.png"))
    assert [result["file"] for result in results] == paths
    model = Model.load(trained)
    expected = model.predict(paths)
    for result, row in zip(results, expected):
        best = np.argsort(-row)[:2]
        assert [g["class"] for g in result["predictions"]] == [model.classes[k] for k in best]
        np.testing.assert_allclose(
            [g["probability"] for g in result["predictions"]], row[best], rtol=1e-5
        )


def test_a_network_of_the_zoo_names_imagenet_classes(tmp_path, run):
    chelsea = pytest.importorskip("skimage.data").chelsea()
    photo = tmp_path / "photo.png"
    Image.fromarray(chelsea).save(photo)
    status, out, _ = run("predict", "--base", "efficientnet_lite0", photo, "--top", "5", "--json")
    assert status == 0
    named = [guess["class"] for guess in json.loads(out)[0]["predictions"]]
    assert len(named) == 5
    assert any("cat" in name or "tabby" in name for name in named)


def test_a_broken_picture_is_named_and_the_others_predicted(trained, own_pictures, run):
    bad = own_pictures / "food" / "bad\x1b[31m.png"
    bad.write_bytes(b"\x89PNG\r\n\x1a\nnothing")
    good = next((own_pictures / "animal").iterdir())
    status, out, err = run("predict", trained, good, bad, "no/such.png", "--json")
    assert status == 1
    assert [result["file"] for result in json.loads(out)] == [str(good)]
    assert "bad\\x1b[31m.png" in err
    assert "\x1b" not in err
    assert "no/such.png" in err


def test_no_readable_picture_is_an_error(trained, tmp_path, run):
    status, out, err = run("predict", trained, tmp_path / "none.png")
    assert (status, out) == (1, "")
    assert "none.png" in err


def test_a_folder_without_pictures_is_an_error(trained, tmp_path, run):
    (tmp_path / "notes.txt").touch()
    status, _, err = run("predict", trained, tmp_path)
    assert status == 1
    assert "holds no pictures" in err


def test_hidden_and_other_files_in_a_folder_are_passed_over(trained, own_pictures, run):
    (own_pictures / "food" / "README.md").touch()
    (own_pictures / "food" / ".hidden.png").touch()
    status, out, _ = run("predict", trained, own_pictures / "food", "--json")
    assert status == 0
    assert len(json.loads(out)) == 6


def test_file_names_of_any_bytes_can_be_predicted(trained, own_pictures, run):
    source = next((own_pictures / "food").iterdir())
    odd = str(own_pictures / "food" / "caf") + b"\xe9\n.png".decode("utf-8", "surrogateescape")
    shutil.copy(source, odd)
    status, out, _ = run("predict", trained, odd)
    assert status == 0
    assert out.splitlines()[0].endswith("caf\\xe9\\n.png")
    status, out, _ = run("predict", trained, odd, "--json")
    assert json.loads(out)[0]["file"] == odd


def test_a_model_alone_is_not_enough(trained, run):
    status, _, err = run("predict", trained)
    assert status == 1
    assert "no pictures were given" in err


def test_weights_that_are_no_model_are_refused(pictures, run):
    from theano_transfer.weights._bundled import bundled_file

    status, _, err = run("predict", bundled_file("efficientnet_lite0_imagenet.h5"), pictures)
    assert status == 1
    assert "no tuned model" in err
