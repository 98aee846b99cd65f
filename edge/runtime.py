"""The one place that imports a TFLite runtime: ai-edge-litert, else tflite-runtime."""

import sys
from pathlib import Path
from typing import Any

from edge.errors import CatdogError, ModelError, first_line
from edge.quiet import quiet


def was_interrupted(fault: BaseException | None) -> bool:
    """True where Ctrl-C came during an import: native modules turn it into an ImportError."""
    while fault is not None and not isinstance(fault, KeyboardInterrupt):
        fault = fault.__cause__ or fault.__context__
    return fault is not None


try:
    from ai_edge_litert.interpreter import Interpreter

    NAME = "ai-edge-litert"
except ImportError as missing:
    if was_interrupted(missing):
        raise KeyboardInterrupt from None
    try:
        from tflite_runtime.interpreter import Interpreter

        NAME = "tflite-runtime"
    except ImportError as missing_too:
        if was_interrupted(missing_too):
            raise KeyboardInterrupt from None
        Interpreter = None
        NAME = "none"


def identity() -> tuple[str, float]:
    """Return what tells one installed runtime from another: where it lies, and since when (seconds since 1970)."""
    library = Path(str(sys.modules[Interpreter.__module__].__file__))  # importlib.metadata would take 10 times as long
    return str(library), library.stat().st_mtime


def load(model: bytes, threads: int, name: object) -> Any:
    """Build an interpreter of a .tflite file's content, its tensors allocated; errors call the model `name`.

    Raises:
        CatdogError: no runtime is installed, or it does not go with this numpy.
        ModelError: the runtime refuses the model.
    """
    if Interpreter is None:
        raise CatdogError("TFLite runtime", "is not installed", "pip install ai-edge-litert")
    try:
        with quiet(2):  # "INFO: Created TensorFlow Lite XNNPACK delegate for CPU."
            interpreter = Interpreter(model_content=model, num_threads=threads)
            interpreter.allocate_tensors()
    except SystemError:  # tflite-runtime 2.14 was built for numpy 1 and says no more than this
        raise CatdogError(NAME, "does not work with numpy 2", 'pip install "numpy<2"') from None
    except (ValueError, RuntimeError) as fault:
        wrong = f"is refused by {NAME} ({first_line(fault)})"
        raise ModelError(name, wrong, "Convert it again for this runtime") from None
    return interpreter
