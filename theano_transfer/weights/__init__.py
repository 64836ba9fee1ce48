"""Parameter files: reading, checking, converting and fetching them.

The layout of our own files is specified in ``weights/README.md``.
"""

from ._classes import Prediction as Prediction
from ._classes import decode_predictions as decode_predictions
from ._classes import imagenet_classes as imagenet_classes
from ._classes import imagenet_wnids as imagenet_wnids
from ._convert import ConversionReport as ConversionReport
from ._convert import convert as convert
from ._errors import WeightsError as WeightsError
from ._errors import WeightsFileError as WeightsFileError
from ._errors import WeightsMismatchError as WeightsMismatchError
from ._errors import WeightsUnavailableError as WeightsUnavailableError
from ._export import WRITERS as WRITERS
from ._export import ExportReport as ExportReport
from ._export import export as export
from ._fetch import cache_dir as cache_dir
from ._fetch import cached_file as cached_file
from ._fetch import fetch as fetch
from ._from_keras import from_keras as from_keras
from ._inspect import FileSummary as FileSummary
from ._inspect import inspect as inspect
from ._layout import Weights as Weights
from ._layout import read as read
from ._layout import write as write
from ._load import LoadReport as LoadReport
from ._load import load as load
from ._load import save as save
from ._onnx_graph import from_onnx as from_onnx
from ._pretrained import load_pretrained as load_pretrained
from ._registry import REGISTRY as REGISTRY
from ._registry import WeightsFile as WeightsFile
