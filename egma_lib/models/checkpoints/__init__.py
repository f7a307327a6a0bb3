"""Published checkpoints of other projects: read safely, their names converted, a model started from them."""

from egma_lib.models.checkpoints.convert import ConversionReport, convert_checkpoint, convert_tensors
from egma_lib.models.checkpoints.read import Checkpoint, read_checkpoint
from egma_lib.models.checkpoints.sources import SOURCES, guess_source, source_by_name
from egma_lib.models.checkpoints.start import StartReport, fill_start_weights
from egma_lib.models.checkpoints.table import Ignored, Renamed, Source

__all__ = [
    "SOURCES",
    "Checkpoint",
    "ConversionReport",
    "Ignored",
    "Renamed",
    "Source",
    "StartReport",
    "convert_checkpoint",
    "convert_tensors",
    "fill_start_weights",
    "guess_source",
    "read_checkpoint",
    "source_by_name",
]
