"""catdog-edge: say what a small board's camera sees.

The names below are the public ones, which docs/python.md explains: they stay as they are until CHANGELOG.md says so.
All else may change. Each is imported when it is first asked for, as the command line starts without most of them;
`edge.classifier` is the place to start reading.
"""

__version__ = "0.1.0"

TYPE_CHECKING = False  # typing's own would cost the start-up; type checkers know the name
_ROOMS = {
    "Answer": "edge.classifier",
    "CatdogError": "edge.errors",
    "Classifier": "edge.classifier",
    "Event": "edge.live.visits",
    "Frame": "edge.capture.source",
    "InputError": "edge.errors",
    "Moment": "edge.outputs",
    "Output": "edge.outputs",
    "Settings": "edge.capture.source",
    "Source": "edge.capture.source",
    "Verdict": "edge.live.steady",
    "open_source": "edge.capture",
    "read_photo": "edge.photo",
    "watch": "edge.run",
}
__all__ = [*_ROOMS]

if TYPE_CHECKING:
    from edge.capture import open_source as open_source
    from edge.capture.source import Frame as Frame
    from edge.capture.source import Settings as Settings
    from edge.capture.source import Source as Source
    from edge.classifier import Answer as Answer
    from edge.classifier import Classifier as Classifier
    from edge.errors import CatdogError as CatdogError
    from edge.errors import InputError as InputError
    from edge.live.steady import Verdict as Verdict
    from edge.live.visits import Event as Event
    from edge.outputs import Moment as Moment
    from edge.outputs import Output as Output
    from edge.photo import read_photo as read_photo
    from edge.run import watch as watch
else:  # where type checkers saw it, any misspelt name would be one to them

    def __getattr__(name: str) -> object:
        if name not in _ROOMS:
            raise AttributeError(f"module 'edge' has no attribute {name!r}")
        from importlib import import_module

        globals()[name] = found = getattr(import_module(_ROOMS[name]), name)
        return found

    def __dir__() -> list[str]:
        return sorted({*globals(), *__all__})
