"""For tests of programs that use catdog-edge: a camera that follows a script, a clock, a thermometer, made-up moments.

Nothing here needs a camera, a board or a test framework, and nothing of the product imports it.
"""

from edge.testing.board import Clock, Thermometer
from edge.testing.camera import ScriptedCamera
from edge.testing.moments import GREY, Still, event, moment, visit

__all__ = ["GREY", "Clock", "ScriptedCamera", "Still", "Thermometer", "event", "moment", "visit"]
