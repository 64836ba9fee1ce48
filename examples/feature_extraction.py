"""Features of a pretrained network for models that are not deep.

A picture becomes a vector once; a support vector machine, a logistic regression and a network of
one hidden layer learn from the vectors in no time. Needs scikit-learn.
"""

import argparse
import sys
from pathlib import Path

import numpy as np

import theano_transfer as tt  # makes the imports below work, and so comes first

# isort: split
import lasagne
import theano
import theano.tensor as T

try:
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import SVC
except ImportError:
    sys.exit("This example needs scikit-learn: pip install scikit-learn")

HERE = Path(__file__).parent
parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("data", nargs="?", default=HERE / "data" / "emoji", help="class folders")
parser.add_argument("--base", default="efficientnet_lite0", help="theano-transfer models lists all")
parser.add_argument("--weights", default="imagenet", help="imagenet, none or a file")
parser.add_argument("--epochs", type=int, default=60, help="of the shallow network")
parser.add_argument("--quick", action="store_true", help="few small pictures: does it run?")
options = parser.parse_args()

pictures = tt.images.ImageFolder(options.data)
if options.quick:
    options.epochs = 1
    pictures = pictures.subset(range(0, len(pictures), 12))
train, valid, _ = pictures.split(validation=0.2, seed=0)

extractor = tt.FeatureExtractor(
    options.base,
    weights=None if options.weights == "none" else options.weights,
    input_shape=(3, 64, 64) if options.quick else (3, 224, 224),
    verbose=True,
)
x_train, x_valid = extractor.transform(train), extractor.transform(valid)
y_train, y_valid = train.labels, valid.labels
print(f"each picture is a vector of {x_train.shape[1]} numbers")

for title, classifier in (
    ("support vector machine", SVC(C=10)),
    ("logistic regression", LogisticRegression(C=0.1, max_iter=2000)),
):
    shallow = make_pipeline(StandardScaler(), classifier).fit(x_train, y_train)
    print(f"{title}: validation accuracy {shallow.score(x_valid, y_valid):.3f}")

# The same as a network: features come in, 128 hidden units, a class goes out.
vectors, target = T.matrix("vectors"), T.ivector("target")
layer = lasagne.layers.InputLayer((None, x_train.shape[1]), vectors)
layer = lasagne.layers.DropoutLayer(lasagne.layers.DenseLayer(layer, 128), p=0.5)
layer = lasagne.layers.DenseLayer(
    layer, len(pictures.classes), nonlinearity=lasagne.nonlinearities.softmax
)
probabilities = lasagne.layers.get_output(layer)
loss = lasagne.objectives.categorical_crossentropy(probabilities, target).mean()
params = lasagne.layers.get_all_params(layer, trainable=True)
step = theano.function([vectors, target], loss, updates=lasagne.updates.adam(loss, params))
best = T.argmax(lasagne.layers.get_output(layer, deterministic=True), axis=1)
classify = theano.function([vectors], best)

rng = np.random.default_rng(0)
for _ in range(options.epochs):
    order = rng.permutation(len(x_train))
    for start in range(0, len(order), 32):
        rows = order[start : start + 32]
        step(x_train[rows], y_train[rows])
accuracy = np.mean(classify(x_valid) == y_valid)
print(f"network of one hidden layer: validation accuracy {accuracy:.3f}")
