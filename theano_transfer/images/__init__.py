"""Pictures: reading, preprocessing, augmenting, data sets.

Pictures are arrays (3, rows, columns) of RGB values 0..255 until a network's own preprocessing
makes float32 numbers of them, always by the same code in training and in prediction.
"""

from theano_transfer.images._adapt import BatchIterator as BatchIterator
from theano_transfer.images._adapt import as_dataset as as_dataset
from theano_transfer.images._arrays import ArrayData as ArrayData
from theano_transfer.images._augmentation import Augmentation as Augmentation
from theano_transfer.images._dataset import Dataset as Dataset
from theano_transfer.images._decode import load as load
from theano_transfer.images._duplicates import Duplicate as Duplicate
from theano_transfer.images._duplicates import find_duplicates as find_duplicates
from theano_transfer.images._errors import DatasetError as DatasetError
from theano_transfer.images._errors import ImageError as ImageError
from theano_transfer.images._errors import ImageWarning as ImageWarning
from theano_transfer.images._folder import ImageFolder as ImageFolder
from theano_transfer.images._folds import folds as folds
from theano_transfer.images._folds import train_test_split as train_test_split
from theano_transfer.images._hdf5 import HDF5Images as HDF5Images
from theano_transfer.images._image_files import ImageFiles as ImageFiles
from theano_transfer.images._preprocessing import PREPROCESSING as PREPROCESSING
from theano_transfer.images._preprocessing import Preprocessing as Preprocessing
from theano_transfer.images._preprocessing import preprocess_input as preprocess_input
from theano_transfer.images._table import read_table as read_table
