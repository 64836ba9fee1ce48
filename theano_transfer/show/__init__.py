"""Looking at networks and training runs: tables as text, pictures as files."""

from theano_transfer.show._confusion import confusion_matrix as confusion_matrix
from theano_transfer.show._confusion import count_confusions as count_confusions
from theano_transfer.show._curves import curves as curves
from theano_transfer.show._rates import learning_rates as learning_rates
from theano_transfer.show._table import table as table
