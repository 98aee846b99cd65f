"""catdog-edge: say what a small board's camera sees.

The package holds no code of its own at import time; `edge.classifier` is the place to start reading.
"""

__version__ = "0.1.0"
