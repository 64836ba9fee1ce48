"""Features of pictures, computed once: what a frozen part of a network makes of them, kept.

A feature is found again by what it was computed from: the graph of the frozen part and the values
of its parameters, the preprocessing, the content of the picture, and the augmentation's settings.
Whatever of these changes, the feature is computed anew.
"""

from theano_transfer.cache._cache import FeatureCache as FeatureCache
from theano_transfer.cache._cache import as_cache as as_cache
from theano_transfer.cache._errors import FeatureCacheError as FeatureCacheError
from theano_transfer.cache._errors import FeatureCacheWarning as FeatureCacheWarning
