"""Seeing what a network looks at: which pixels, which places, which pictures are alike.

Functions take a Model or a network and pictures, and return arrays; ``tt.show`` draws them.
Gradients are Theano expressions of the RGB pixels over the same graph that predicts.
"""

from theano_transfer.explain._cam import grad_cam as grad_cam
from theano_transfer.explain._gradients import gradients as gradients
from theano_transfer.explain._gradients import guided_backpropagation as guided_backpropagation
from theano_transfer.explain._gradients import integrated_gradients as integrated_gradients
from theano_transfer.explain._layers import feature_maps as feature_maps
from theano_transfer.explain._layers import filters as filters
from theano_transfer.explain._occlusion import occlusion as occlusion
from theano_transfer.explain._space import nearest_neighbours as nearest_neighbours
from theano_transfer.explain._space import project as project
