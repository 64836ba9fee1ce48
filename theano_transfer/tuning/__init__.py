"""Tuning: freezing, heads, losses, optimisers, and the Model that brings them together."""

from theano_transfer.tuning._callbacks import Callback as Callback
from theano_transfer.tuning._callbacks import Checkpoint as Checkpoint
from theano_transfer.tuning._callbacks import EarlyStopping as EarlyStopping
from theano_transfer.tuning._callbacks import LearningRateSchedule as LearningRateSchedule
from theano_transfer.tuning._callbacks import ReduceOnPlateau as ReduceOnPlateau
from theano_transfer.tuning._checkpoints import Checkpoints as Checkpoints
from theano_transfer.tuning._decode import top_classes as top_classes
from theano_transfer.tuning._errors import DataMismatchError as DataMismatchError
from theano_transfer.tuning._errors import FrozenError as FrozenError
from theano_transfer.tuning._errors import StaleFunctionError as StaleFunctionError
from theano_transfer.tuning._errors import TrainingError as TrainingError
from theano_transfer.tuning._errors import UnknownLayerError as UnknownLayerError
from theano_transfer.tuning._freeze import assert_frozen as assert_frozen
from theano_transfer.tuning._freeze import freeze as freeze
from theano_transfer.tuning._freeze import freezing_signature as freezing_signature
from theano_transfer.tuning._freeze import is_frozen as is_frozen
from theano_transfer.tuning._freeze import trainable_params as trainable_params
from theano_transfer.tuning._freeze import unfreeze as unfreeze
from theano_transfer.tuning._heads import build_head as build_head
from theano_transfer.tuning._heads import parse_head as parse_head
from theano_transfer.tuning._history import History as History
from theano_transfer.tuning._join import join_bases as join_bases
from theano_transfer.tuning._logs import Log as Log
from theano_transfer.tuning._logs import TensorBoard as TensorBoard
from theano_transfer.tuning._losses import binary_crossentropy as binary_crossentropy
from theano_transfer.tuning._losses import binary_focal as binary_focal
from theano_transfer.tuning._losses import categorical_crossentropy as categorical_crossentropy
from theano_transfer.tuning._losses import focal as focal
from theano_transfer.tuning._losses import mae as mae
from theano_transfer.tuning._losses import mse as mse
from theano_transfer.tuning._losses import (
    sparse_categorical_crossentropy as sparse_categorical_crossentropy,
)
from theano_transfer.tuning._lr_find import LearningRates as LearningRates
from theano_transfer.tuning._metrics import binary_accuracy as binary_accuracy
from theano_transfer.tuning._metrics import categorical_accuracy as categorical_accuracy
from theano_transfer.tuning._metrics import class_distance as class_distance
from theano_transfer.tuning._metrics import ordinal_accuracy as ordinal_accuracy
from theano_transfer.tuning._metrics import top5_accuracy as top5_accuracy
from theano_transfer.tuning._mixing import CutMix as CutMix
from theano_transfer.tuning._mixing import Mixup as Mixup
from theano_transfer.tuning._model import Model as Model
from theano_transfer.tuning._optimizers import OPTIMIZERS as OPTIMIZERS
from theano_transfer.tuning._optimizers import adamax as adamax
from theano_transfer.tuning._several import Several as Several
from theano_transfer.tuning._state import State as State
from theano_transfer.tuning._targets import check_classes as check_classes
