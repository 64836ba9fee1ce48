"""Transfer learning that speaks Theano.

Importing this package makes ``import theano`` and ``import lasagne`` work (Aesara and Lasagne 0.1
under their legacy names) and puts fast convolutions behind them. The rest:

================================  ==========================================================
``zoo``                           published architectures as graphs of Lasagne layers
``weights``                       parameter files: load, save, convert, download
``freeze``, ``unfreeze``,         what training may change
``trainable_params``,
``assert_frozen``
``Model``                         build, compile, fit, evaluate, predict, save
``updates``                       update dictionaries: rates by depth, decay, schedules
``FeatureExtractor``              a frozen network as a scikit-learn transformer
``FineTunedClassifier``,          fine-tuning as a scikit-learn predictor
``FineTunedRegressor``
``FeatureCache``                  what a frozen network made of pictures, kept
``images``                        pictures and data sets of them
``use``, ``backends``             what computes: the C backend, or JAX
``layers``, ``kernels``           what the zoo is built of
``judging``                       figures about a model, calibration, comparisons, reports
``explain``                       what a network looks at: maps, neighbours, filters
``show``                          tables and pictures of what was built and trained
================================  ==========================================================
"""

from theano_transfer import legacy as _legacy

_legacy.install()

# Everything below imports Aesara or Lasagne and so has to come after.
from theano_transfer import backends as backends  # noqa: E402
from theano_transfer import explain as explain  # noqa: E402
from theano_transfer import images as images  # noqa: E402
from theano_transfer import judging as judging  # noqa: E402
from theano_transfer import kernels as kernels  # noqa: E402
from theano_transfer import layers as layers  # noqa: E402
from theano_transfer import show as show  # noqa: E402
from theano_transfer import tuning as tuning  # noqa: E402
from theano_transfer import updates as updates  # noqa: E402
from theano_transfer import weights as weights  # noqa: E402
from theano_transfer import zoo as zoo  # noqa: E402
from theano_transfer._version import __version__ as __version__  # noqa: E402
from theano_transfer.backends import use as use  # noqa: E402
from theano_transfer.cache import FeatureCache as FeatureCache  # noqa: E402
from theano_transfer.features import FeatureExtractor as FeatureExtractor  # noqa: E402
from theano_transfer.features import FineTunedClassifier as FineTunedClassifier  # noqa: E402
from theano_transfer.features import FineTunedRegressor as FineTunedRegressor  # noqa: E402
from theano_transfer.tuning import Model as Model  # noqa: E402
from theano_transfer.tuning import assert_frozen as assert_frozen  # noqa: E402
from theano_transfer.tuning import freeze as freeze  # noqa: E402
from theano_transfer.tuning import trainable_params as trainable_params  # noqa: E402
from theano_transfer.tuning import unfreeze as unfreeze  # noqa: E402

_legacy.register_gpu_backend(backends.use_gpu)
_legacy.settle_device()
backends.start()
