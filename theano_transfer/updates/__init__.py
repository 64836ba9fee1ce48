"""Functions that return update dictionaries: rates by depth, decay, clipping, accumulation.

Each takes any rule of ``lasagne.updates`` (or one that is called like them) and returns what such
a rule returns: a dictionary, shared variable -> expression of its new value.
"""

from theano_transfer.updates._accumulate import accumulate as accumulate
from theano_transfer.updates._clip import clip_gradients as clip_gradients
from theano_transfer.updates._compose import compose as compose
from theano_transfer.updates._decay import decayed_params as decayed_params
from theano_transfer.updates._decay import decoupled_weight_decay as decoupled_weight_decay
from theano_transfer.updates._factors import by_layer as by_layer
from theano_transfer.updates._factors import by_name as by_name
from theano_transfer.updates._factors import by_spread as by_spread
from theano_transfer.updates._grouped import grouped as grouped
from theano_transfer.updates._groups import depth_groups as depth_groups
from theano_transfer.updates._schedules import Constant as Constant
from theano_transfer.updates._schedules import Cosine as Cosine
from theano_transfer.updates._schedules import Exponential as Exponential
from theano_transfer.updates._schedules import OneCycle as OneCycle
from theano_transfer.updates._schedules import Schedule as Schedule
from theano_transfer.updates._schedules import Step as Step
from theano_transfer.updates._schedules import WarmUp as WarmUp
from theano_transfer.updates._table import table as table
