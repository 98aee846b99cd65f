"""Checks of what the program stands on: numpy, OpenCV, the runtime. Each is imported inside: it may be broken."""

from edge.board import Machine, version_of
from edge.doctor.finding import FAULT, GOOD, Finding


def numpy(_machine: Machine) -> Finding:
    """Tell numpy, and whether the runtime was built for it."""
    import numpy as np

    from edge import runtime

    if runtime.NAME == "tflite-runtime" and int(np.__version__.split(".")[0]) >= 2:
        return Finding(FAULT, f"{np.__version__} does not go with {runtime.NAME}", 'pip install "numpy<2"')
    return Finding(GOOD, np.__version__)


def opencv(_machine: Machine) -> Finding:
    """Tell OpenCV, of which there must be one."""
    import cv2

    there = [name for name in ("opencv-python", "opencv-python-headless", "opencv-contrib-python") if version_of(name)]
    if len(there) > 1:
        fix = f"pip uninstall {' '.join(there)}, then pip install opencv-python-headless"
        return Finding(FAULT, f"{' and '.join(there)} own the same folder", fix)
    return Finding(GOOD, str(cv2.__version__))


def runtime(_machine: Machine) -> Finding:
    """Ask the shipped model its golden pictures: nothing else tells that the runtime is right on this processor."""
    from edge import golden
    from edge import runtime as there
    from edge.classifier import DEFAULT_MODEL, Classifier
    from edge.errors import CatdogError

    if there.NAME == "none":
        return Finding(FAULT, "no TFLite runtime is installed", "pip install ai-edge-litert")
    try:
        outcome = golden.check(Classifier(DEFAULT_MODEL))
    except CatdogError as fault:
        return Finding(FAULT, f"{fault.thing}: {fault.wrong}", fault.remedy)
    pictures = f", {outcome.pictures} golden pictures answered as they should" if outcome else ""
    return Finding(GOOD, f"{there.NAME}{pictures}")
