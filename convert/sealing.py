"""A flatbuffer becomes a file that says all of itself: contract, TFLite Metadata, calibration, golden pictures."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from convert.calibration import Calibration, listing
from convert.load import Parent
from convert.metadata import attach, describe
from edge import __version__, golden
from edge.classifier import Classifier
from edge.contract import Contract, seal
from edge.fit import FitRule, fit
from edge.photo import as_jpeg, read_photo

CALIBRATION_LIST = "calibration.sha256"
_GOLDEN_PHOTOS = 2
_QUALITY = 85  # of JPEG, 0..100: as the demo's photos have it already


class Origin(NamedTuple):
    """What all variants of a model have in common: its calibration photos, their seed and DATA folders."""

    parent: Parent
    chosen: Calibration
    seed: int
    folders: Sequence[Path]


def write(folder: Path, origin: Origin, variant: str, model: bytes, float_layers: tuple[str, ...] = ()) -> Path:
    """Seal a variant, a bare flatbuffer, write it into `folder` and return its path."""
    stated = contract(origin, variant, float_layers)
    path = folder / f"{stated.name}.{variant}.tflite"
    described = attach(model, describe(stated))
    files = {CALIBRATION_LIST: listing(origin.chosen.digests, origin.folders)}
    path.write_bytes(seal(described, stated, files))
    files |= golden.make(Classifier(path), _golden_photos(stated.fit))
    path.write_bytes(seal(described, stated, files))
    return path


def _golden_photos(rule: FitRule) -> dict[str, bytes]:
    """Return name -> JPEG of some of the demo's photos, which anyone may pass on, cut to the input's size."""
    photos = sorted((Path(golden.__file__).parent / "demo").glob("*.jpg"))[:_GOLDEN_PHOTOS]
    upright, side = rule._replace(colour="BGR"), max(rule.height, rule.width)
    return {path.name: as_jpeg(fit(read_photo(path), upright), side, _QUALITY) for path in photos}


def contract(origin: Origin, variant: str, float_layers: tuple[str, ...] = ()) -> Contract:
    """Return what a variant ("keras": the parent itself) says of itself."""
    parent = origin.parent
    return Contract(
        parent.path.stem,
        variant,
        parent.labels,
        parent.fit,
        parent.record.get("temperature", 1.0),
        parent.record.get("thresholds", {}),
        parent.record.get("fallback"),
        {**_origins(origin), **({"float_layers": list(float_layers)} if float_layers else {})},
    )


def _origins(origin: Origin) -> dict[str, Any]:
    import keras
    import tensorflow

    return {
        "keras_sha256": origin.parent.digest,
        "data_sha256": origin.parent.record.get("run", {}).get("data", ""),
        "versions": f"catdog-edge {__version__}, tensorflow {tensorflow.__version__}, keras {keras.__version__}",
        "calibration": f"{len(origin.chosen.digests)} photos, seed {origin.seed}, listed in {CALIBRATION_LIST}",
    }
