"""Looking at networks and training runs: tables as text, pictures as files."""

from theano_transfer.show._confusion import confusion_matrix as confusion_matrix
from theano_transfer.show._confusion import count_confusions as count_confusions
from theano_transfer.show._curves import compared_curves as compared_curves
from theano_transfer.show._curves import curves as curves
from theano_transfer.show._overlay import filter_pictures as filter_pictures
from theano_transfer.show._overlay import heat_colours as heat_colours
from theano_transfer.show._overlay import overlay as overlay
from theano_transfer.show._overlay import picture_grid as picture_grid
from theano_transfer.show._overlay import signed as signed
from theano_transfer.show._points import decision_curves as decision_curves
from theano_transfer.show._points import picture_map as picture_map
from theano_transfer.show._points import predictions_over_targets as predictions_over_targets
from theano_transfer.show._points import reliability_diagram as reliability_diagram
from theano_transfer.show._points import scatter as scatter
from theano_transfer.show._rates import learning_rates as learning_rates
from theano_transfer.show._table import table as table
