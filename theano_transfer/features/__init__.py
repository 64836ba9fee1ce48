"""Networks as scikit-learn's estimators: features as a transformer, fine-tuning as a predictor."""

from theano_transfer.features._extractor import FeatureExtractor as FeatureExtractor
from theano_transfer.features._fine_tuned import FineTunedClassifier as FineTunedClassifier
from theano_transfer.features._fine_tuned import FineTunedRegressor as FineTunedRegressor
