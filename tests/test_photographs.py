"""The shipped network on photographs: it has to name what a person sees.

The photographs are those that scikit-image and scikit-learn carry in their packages.
"""

from pathlib import Path

import lasagne
import pytest
import theano

import theano_transfer as tt

skimage = pytest.importorskip("skimage")
sklearn = pytest.importorskip("sklearn")

SKIMAGE = Path(skimage.__file__).parent / "data"
SKLEARN = Path(sklearn.__file__).parent / "datasets" / "images"

# photograph, what a person sees in it as ImageNet's classes say it, and how far down the list
PHOTOGRAPHS = {
    SKIMAGE / "chelsea.png": ({"Egyptian cat", "tabby", "tiger cat"}, 1),
    SKIMAGE / "coffee.png": ({"espresso", "cup"}, 1),
    SKIMAGE / "motorcycle_left.png": ({"moped", "motor scooter"}, 1),
    SKLEARN / "flower.jpg": ({"daisy"}, 1),
    SKLEARN / "china.jpg": ({"palace", "bell cote", "stupa"}, 1),
    SKIMAGE / "rocket.jpg": ({"missile", "projectile"}, 1),
}


@pytest.fixture(scope="module")
def recognise():
    net = tt.zoo.efficientnet_lite0(weights="imagenet")
    output = lasagne.layers.get_output(net.output, deterministic=True)
    probabilities = theano.function([net.input_var], output)

    def recognise(path, top):
        # as ImageNet networks are evaluated: the middle 7/8 of the picture
        picture = tt.images.load(path, (224, 224), crop=0.875)[None]
        pixels = tt.images.preprocess_input(picture, net.record.preprocessing)
        (predictions,) = tt.weights.decode_predictions(probabilities(pixels), top=top)
        return {prediction.name for prediction in predictions}

    return recognise


@pytest.mark.parametrize("path", PHOTOGRAPHS, ids=lambda path: path.stem)
def test_it_names_what_a_person_sees(path, recognise):
    names, top = PHOTOGRAPHS[path]
    assert names & recognise(path, top)
