"""Labelled cases made from a seed, to hold back: written without sight of what judges them.

Nothing here imports the judging or the detectors; how signals answer to a fault is worked out
from the papers on the WhatsApp blackout, MopEye and Wehe.
"""

from .making import Made, make_case
from .writing import write_case

__all__ = ["Made", "make_case", "write_case"]
