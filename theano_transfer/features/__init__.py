"""Networks as scikit-learn's estimators, and tables of features for very many pictures."""

from theano_transfer.features._extractor import FeatureExtractor as FeatureExtractor
from theano_transfer.features._fine_tuned import FineTunedClassifier as FineTunedClassifier
from theano_transfer.features._fine_tuned import FineTunedRegressor as FineTunedRegressor
from theano_transfer.features._tables import Extracted as Extracted
from theano_transfer.features._tables import on_ray as on_ray
from theano_transfer.features._tables import to_parquet as to_parquet
