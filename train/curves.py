"""The curves of a run, for TensorBoard to draw."""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from edge.errors import CatdogError

if TYPE_CHECKING:
    from train.fit import Epoch


@contextmanager
def curves(folder: Path | None) -> Iterator[Callable[["Epoch"], None]]:
    """Give what writes an epoch's figures as TensorBoard's event files; it does nothing without a folder.

    Raises:
        CatdogError: the tensorboard package is missing, or the folder cannot be written to.
    """
    if folder is None:
        yield lambda _: None
        return
    import tensorflow as tf

    try:
        import tensorboard.summary  # noqa: F401 - tf.summary needs it, and says so only at the first figure
    except ImportError:
        raise CatdogError("--tensorboard", "needs a package that is missing", "pip install tensorboard") from None
    try:
        writer = tf.summary.create_file_writer(str(folder))
    except tf.errors.OpError as fault:
        raise CatdogError(folder, f"cannot be written to ({fault.message})", "Choose another folder") from None

    def write(epoch: "Epoch") -> None:
        with writer.as_default(step=epoch.epoch):
            for name in ("loss", "val_loss", "val_accuracy", "seconds"):
                tf.summary.scalar(name, getattr(epoch, name))
        writer.flush()

    with closing(writer):
        yield write
