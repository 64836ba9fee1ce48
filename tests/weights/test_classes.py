"""Names of classes."""

import numpy as np
import pytest

from theano_transfer.weights import decode_predictions, imagenet_classes, imagenet_wnids


def test_there_are_a_thousand_different_names():
    names, wnids = imagenet_classes(), imagenet_wnids()
    assert len(names) == len(set(names)) == 1000
    assert len(wnids) == len(set(wnids)) == 1000
    assert wnids == sorted(wnids)  # the order of ILSVRC 2012
    assert all(len(wnid) == 9 and wnid[0] == "n" and wnid[1:].isdigit() for wnid in wnids)
    assert all(name == name.strip() and name for name in names)


@pytest.mark.parametrize(
    ("index", "wnid", "name"),
    [
        (0, "n01440764", "tench"),
        (134, "n02012849", "crane (bird)"),
        (285, "n02124075", "Egyptian cat"),
        (504, "n03063599", "coffee mug"),
        (517, "n03126707", "crane (machine)"),
        (638, "n03710637", "maillot"),
        (639, "n03710721", "tank suit"),
        (812, "n04266014", "space shuttle"),
        (985, "n11939491", "daisy"),
        (999, "n15075141", "toilet tissue"),
    ],
)
def test_well_known_places(index, wnid, name):
    assert imagenet_classes()[index] == name
    assert imagenet_wnids()[index] == wnid


def test_a_caller_cannot_change_the_names():
    imagenet_classes().clear()
    assert len(imagenet_classes()) == 1000


def test_decode(rng):
    probabilities = rng.random((3, 1000)).astype("f4")
    decoded = decode_predictions(probabilities, top=4)
    assert [len(best) for best in decoded] == [4, 4, 4]
    for row, best in zip(probabilities, decoded):
        order = sorted(range(1000), key=lambda index: -row[index])[:4]
        assert [guess.label for guess in best] == order
        assert [guess.probability for guess in best] == [row[index] for index in order]
        assert [guess.name for guess in best] == [imagenet_classes()[index] for index in order]


def test_decode_own_classes_and_one_picture():
    decoded = decode_predictions(np.array([0.1, 0.7, 0.2]), classes=["a", "b", "c"])
    assert [[guess.name for guess in best] for best in decoded] == [["b", "c", "a"]]


def test_of_equals_the_lower_number_comes_first():
    decoded = decode_predictions([[0.25] * 4], top=3, classes="abcd")
    assert [guess.name for guess in decoded[0]] == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("probabilities", "options", "words"),
    [
        (np.ones((2, 10)), {}, r"\(pictures, 1000\), received \(2, 10\); give the names"),
        (np.ones((2, 3)), {"classes": ["a"]}, r"\(pictures, 1\), received \(2, 3\)$"),
        (np.ones((2, 3, 4)), {"classes": ["a", "b", "c"]}, "received"),
        (np.ones((1, 2)), {"classes": ["a", "b"], "top": 0}, "top should be at least 1"),
    ],
)
def test_refuses(probabilities, options, words):
    with pytest.raises(ValueError, match=words):
        decode_predictions(probabilities, **options)
