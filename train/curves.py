"""The curves of a run, for TensorBoard to draw."""

from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from edge.errors import CatdogError

if TYPE_CHECKING:
    from train.fit import Epoch


class Curves:
    """Writes an epoch's figures as TensorBoard's event files; does nothing without a folder.

    Raises:
        CatdogError: the tensorboard package is missing, or the folder cannot be written to.
    """

    def __init__(self, folder: Path | None) -> None:
        self._writer: Any = None
        if folder is None:
            return
        import tensorflow as tf

        try:
            import tensorboard.summary  # noqa: F401 - tf.summary needs it, and says so only at the first figure
        except ImportError:
            raise CatdogError("--tensorboard", "needs a package that is missing", "pip install tensorboard") from None
        try:
            self._writer = tf.summary.create_file_writer(str(folder))
        except tf.errors.OpError as fault:
            raise CatdogError(folder, f"cannot be written to ({fault.message})", "Choose another folder") from None

    def write(self, epoch: "Epoch") -> None:
        """Add the figures of an epoch."""
        if self._writer is None:
            return
        import tensorflow as tf

        with self._writer.as_default(step=epoch.epoch):
            for name in ("loss", "val_loss", "val_accuracy", "seconds"):
                tf.summary.scalar(name, getattr(epoch, name))
        self._writer.flush()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._writer is not None:
            self._writer.close()
