"""A source and an output of your own: python examples/own_source_and_output.py pictures.npy"""

import sys
from time import monotonic

import numpy as np

from edge import Frame, Moment, Output, Source, watch


class Pictures(Source):
    name, rate = "pictures", 10.0

    def open(self) -> None:
        self._left = enumerate(np.load(sys.argv[1]))  # uint8 (pictures, height, width, 3), blue-green-red

    def read(self) -> Frame | None:
        index, picture = next(self._left, (0, None))
        return None if picture is None else Frame(picture, index + 1, monotonic(), self.name, index / self.rate)


class Table(Output):
    def write(self, moment: Moment) -> None:
        print(moment.state, moment.frame.position_s, moment.verdict.label, sep="\t")


for _ in watch(Pictures(), outputs=[Table()]):
    pass
