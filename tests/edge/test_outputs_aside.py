"""Off the way of the frames: what hangs, fails or is slow stops nothing else, and what is lost is counted."""

import os
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from edge.errors import CatdogError
from edge.outputs import EndedError, Finished, Moment, Output
from edge.outputs.aside import Aside, Wish
from edge.outputs.together import Together
from edge.outputs.worker import Worker
from edge.testing import Still, event, moment
from tests.edge.test_run import wait_until

LONG_S = 20.0  # how long to wait for what should come at once


class Script(Output):
    """An output that does what it is told, moment by moment, then nothing more than remember."""

    def __init__(self, *steps: Callable[[], None]) -> None:
        self.steps, self.moments, self.threads = list(steps), [], set()
        self.closed = self.flushed = 0
        self.interrupted = threading.Event()

    def write(self, moment: Moment) -> None:
        self.threads.add(threading.current_thread())
        if self.steps:
            self.steps.pop(0)()
        self.moments.append(moment)

    def flush(self) -> None:
        self.flushed += 1

    def close(self) -> None:
        self.closed += 1

    def interrupt(self) -> None:
        self.interrupted.set()


def fail() -> None:
    raise CatdogError("disk", "is full", "Free some space")


def end() -> None:
    raise EndedError("pipe", "is closed", "Open it")


def opened(output: Output, wish: Wish = Wish.EVENTS, live: bool = True, **options: Any) -> tuple[Aside, list[str]]:
    aside, said = Aside(output, "--some", wish, **options), list[str]()
    aside.say = said.append
    aside.open([Still(live=live)])
    return aside, said


def written(output: Output, *moments: Moment, **options: Any) -> tuple[Aside, list[str]]:
    """Write moments to an output that is put aside, to its end."""
    aside, said = opened(output, **options)
    for one in moments:
        aside.write(one)
    aside.close()
    return aside, said


@pytest.fixture
def gate() -> Iterator[threading.Event]:
    """An event to hang on; it is set at the end, so that no thread is left."""
    opened = threading.Event()
    yield opened
    opened.set()


def test_all_is_written_in_another_thread_and_in_order() -> None:
    script = Script()
    aside, said = written(script, *(event(number=number) for number in range(1, 200)), live=False)
    assert [one.frame.number for one in script.moments] == list(range(1, 200))
    assert threading.current_thread() not in script.threads
    assert (script.closed, said, aside.lost()) == (1, [], "")


@pytest.mark.parametrize(("wish", "number"), [(Wish.EVENTS, 2), (Wish.VISITS, 1), (Wish.ALL, 4)])
def test_moments_in_which_nothing_happens_go_to_those_alone_that_want_them(wish: Wish, number: int) -> None:
    script = Script()
    written(script, moment(), event(), event("left"), moment(), wish=wish, live=False)
    assert len(script.moments) == number


def test_of_what_is_only_looked_at_the_newest_is_enough(gate: threading.Event) -> None:
    script = Script(gate.wait)
    aside, said = opened(script, Wish.NEWEST)
    aside.write(moment(number=1))
    wait_until(lambda: not script.steps)
    for number in range(2, 1000):
        aside.write(event(number=number) if number == 500 else moment(number=number))
    gate.set()
    aside.close()
    assert [one.frame.number for one in script.moments] == [1, 500, 999], "what happened is not overtaken"
    assert (said, aside.lost()) == ([], "")


def test_an_output_that_hangs_hangs_nothing_and_its_losses_are_counted(gate: threading.Event) -> None:
    script = Script(gate.wait)
    aside, said = written(script, *[event()] * 1000, patience_s=0.05)
    assert script.interrupted.is_set()
    (line,) = said
    assert line.startswith("--some: is too slow")
    assert aside.lost() == "--some: 1000 of 1000 events lost"


def test_a_recorded_source_waits_for_a_slow_output(gate: threading.Event) -> None:
    script = Script(gate.wait)
    aside, said = opened(script, live=False, most=4)
    writer = threading.Thread(target=lambda: [aside.write(event()) for _ in range(50)])
    writer.start()
    writer.join(0.2)
    assert writer.is_alive()
    gate.set()
    writer.join(LONG_S)
    aside.close()
    assert (len(script.moments), said, aside.lost()) == (50, [], "")


def one_by_one(aside: Aside, script: Script, number: int) -> None:
    for _ in range(number):
        aside.write(event())
        wait_until(lambda before=script.flushed: script.flushed > before)
    aside.close()


def test_a_fault_is_said_once_and_when_it_is_over() -> None:
    script = Script(fail, fail, fail)
    aside, said = opened(script, live=False)
    one_by_one(aside, script, 5)
    assert said == ["disk: is full. Free some space", "--some: works again; 3 of 4 events lost"]
    assert aside.lost() == "--some: 3 of 5 events lost"


def test_a_fault_that_comes_and_goes_does_not_fill_a_log() -> None:
    script = Script(*[fail, lambda: None] * 50)
    aside, said = opened(script, live=False)
    one_by_one(aside, script, 100)
    assert len(said) == 2


def test_of_two_events_of_a_moment_each_stands_for_itself() -> None:
    script = Script(fail)
    aside, _ = written(script, event()._replace(events=(*event().events, *event("left").events)))
    assert [[one.kind for one in kept.events] for kept in script.moments] == [["left"]]
    assert aside.lost() == "--some: 1 of 2 events lost"


def test_an_output_that_can_go_on_no_longer_is_closed_and_left_alone() -> None:
    script = Script(lambda: None, end)
    aside, _ = written(script, *[event()] * 30, live=False)
    assert (aside.gone, script.closed, len(script.moments)) == (True, 1, 1)
    assert aside.lost() == "pipe: is closed. Open it"


def test_a_bug_in_an_output_is_shown_and_ends_no_more_than_the_output() -> None:
    aside, _ = written(Script(lambda: 1 / 0), event())  # type: ignore[arg-type,return-value]
    assert aside.gone
    assert "a bug" in aside.lost()
    assert "ZeroDivisionError" in aside.lost()


@pytest.mark.parametrize(("pictures", "shape"), [(True, (4, 4, 3)), (False, (0, 0, 3))])
def test_pictures_are_copies_and_only_for_those_that_want_them(pictures: bool, shape: tuple[int, ...]) -> None:
    script, image = Script(), np.full((4, 4, 3), 7, np.uint8)
    aside, _ = opened(script, Wish.ALL, pictures=pictures)
    aside.write(moment(image=image))
    image[:] = 0
    aside.close()
    (got,) = script.moments
    assert got.frame.image.shape == shape
    assert (got.frame.image == 7).all()


@pytest.mark.parametrize("pictures", [True, False])
def test_of_an_event_the_best_picture_is_kept_by_those_that_want_pictures(pictures: bool) -> None:
    script, best = Script(), moment().frame
    written(script, event(frame=best), pictures=pictures)
    ((got,),) = (one.events for one in script.moments)
    assert (got.visit.best is best) == pictures


def test_without_events_no_thread_is_started() -> None:
    script = Script()
    aside, _ = opened(script)
    before = threading.active_count()
    aside.write(moment())
    assert threading.active_count() == before
    aside.close()
    aside.close()
    assert script.closed == 1


# The thread


def test_a_worker_rests_between_batches_and_not_at_the_end() -> None:
    batches: list[list[int]] = []
    worker: Worker[int] = Worker("w", batches.append, most=100, period_s=3600)
    worker.put(1)
    wait_until(lambda: batches)
    for number in range(2, 10):
        worker.put(number)
    worker.finish()
    assert worker.join(LONG_S)
    assert batches == [[1], list(range(2, 10))]
    assert not worker.put(11)


def test_who_waits_for_room_need_not_wait_for_the_rest_to_end() -> None:
    batches: list[list[int]] = []
    worker: Worker[int] = Worker("w", batches.append, most=4, period_s=3600)
    putter = threading.Thread(target=lambda: [worker.put(number, wait=True) for number in range(50)], daemon=True)
    putter.start()
    putter.join(LONG_S)
    worker.finish()
    assert worker.join(LONG_S)
    assert [number for batch in batches for number in batch] == list(range(50))


def test_an_idle_worker_is_called_from_time_to_time() -> None:
    batches: list[list[int]] = []
    worker: Worker[int] = Worker("w", batches.append, idle_s=0.01)
    worker.put(1)
    wait_until(lambda: batches.count([]) >= 3)
    worker.finish()
    assert worker.join(LONG_S)


# All outputs of a run


def test_the_fault_of_one_output_ends_no_other(capfd: pytest.CaptureFixture[str]) -> None:
    good, bad = Script(), Script(lambda: None, fail)
    together = Together([bad, good])
    together.open([Still()])
    for _ in range(4):
        together.write(moment())
    together.close()
    assert (len(bad.moments), len(good.moments), good.closed) == (1, 4, 1)
    assert together.lost() == ["disk: is full. Free some space"]
    assert capfd.readouterr().err == "catdog: disk: is full. Free some space\n"


def test_when_the_last_output_is_gone_the_run_ends(capfd: pytest.CaptureFixture[str]) -> None:
    together = Together([Aside(Script(end), "--some")])
    together.open([Still()])
    with pytest.raises(Finished):  # noqa: PT012 - some moments later
        for _ in range(2000):
            together.write(event())
            time.sleep(0.01)
    together.close()
    assert together.lost() == ["pipe: is closed. Open it"]
    assert capfd.readouterr().err == ""


def test_outputs_that_hang_share_the_patience_at_the_end(gate: threading.Event) -> None:
    scripts = [Script(gate.wait) for _ in range(8)]
    together = Together([Aside(script, f"--{n}", patience_s=0.5) for n, script in enumerate(scripts)])
    together.open([Still()])
    together.write(event())
    for script in scripts:
        script.interrupt = lambda: gate.set()  # type: ignore[method-assign]
    before = time.monotonic()
    together.close()
    assert time.monotonic() - before < 8 * 0.5
    assert all(script.closed for script in scripts)


def test_a_stderr_that_nobody_reads_hangs_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    ours, theirs = os.pipe()
    with os.fdopen(theirs, "w") as stream:
        monkeypatch.setattr("sys.stderr", stream)
        together = Together([Script()])
        for _ in range(1000):
            together.say("x" * 10_000)
        together.close()
        os.close(ours)  # which ends the thread; else it would go on writing to whatever has this number next
        wait_until(lambda: "lines" not in {thread.name for thread in threading.enumerate()})
