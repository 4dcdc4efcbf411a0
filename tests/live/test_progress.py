"""The fixture `progress`: it passes everything through, and a sampler sees how far a cell is."""

import threading
from collections.abc import Iterator

import pytest

from pytest_bets.live.progress import Progress
from pytest_bets.live.sample import Bar, dump, load


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def progress() -> Progress:
    """Return the progress of a cell that is watched."""
    made = Progress(Clock())
    made.watched = True
    made.begin("bet_1_x.py::experiment[1]")
    return made


def loops(progress: Progress) -> list[tuple[str, int, float | None]]:
    sample = progress.sample()
    assert sample
    return [(bar.label, bar.done, bar.total) for bar in sample.bars]


def numbers(count: int) -> Iterator[int]:
    yield from range(count)


@pytest.mark.parametrize("watched", [True, False])
def test_all_items_come_through_in_their_order(progress: Progress, watched: bool) -> None:
    """From lists, generators and iterators, whether somebody watches or not; what is returned is an iterator."""
    progress.watched = watched
    for items in (range(3), [0, 1, 2], numbers(3), iter((0, 1, 2)), {0: 1, 1: 1, 2: 1}):
        steps = progress(items)
        assert next(steps) == 0
        assert list(steps) == [1, 2]
        assert list(steps) == []
    assert loops(progress) == []


def test_what_is_no_iterable_is_an_error_where_it_is_given(progress: Progress) -> None:
    """Watched or not: a bet must behave in the same way."""
    for progress.watched in (True, False):
        with pytest.raises(TypeError, match="not iterable"):
            progress(3)  # type: ignore[arg-type, unused-ignore]


def test_loops_are_seen_the_outer_one_first_and_go_when_they_end(progress: Progress) -> None:
    """With a label, the steps that are done, and the length, where there is one."""
    for epoch in progress(range(2), "epochs"):
        assert loops(progress) == [("epochs", epoch, 2)]
        for step in progress(numbers(3), "train"):
            assert loops(progress) == [("epochs", epoch, 2), ("train", step, None)]
        for _ in progress(numbers(1), "eval", total=1):
            assert loops(progress)[1] == ("eval", 0, 1)
    assert loops(progress) == []


def test_a_loop_that_is_left_early_is_not_seen_any_more(progress: Progress) -> None:
    """By break, by an exception in the loop, and by one of the iterable itself, which comes through."""

    def failing() -> Iterator[int]:
        yield 1
        raise RuntimeError("no more data")

    for _ in progress(range(5), "left"):
        break
    with pytest.raises(ZeroDivisionError):
        sum(1 / step for step in progress(range(5), "raised"))
    with pytest.raises(RuntimeError, match="no more data"):
        list(progress(failing(), "failed"))
    assert loops(progress) == []


def test_a_loop_that_an_earlier_cell_left_open_is_forgotten(progress: Progress) -> None:
    """It counts on without being seen, and its end is no error; values are forgotten, too."""
    held = progress(range(3), "held")
    next(held)
    progress.update(loss=1.0)
    progress.begin("bet_1_x.py::experiment[2]")
    assert next(held) == 1
    sample = progress.sample()
    assert sample is not None
    assert (sample.cell, sample.bars, sample.values) == ("bet_1_x.py::experiment[2]", (), {})
    assert list(held) == [2]
    assert Progress(Clock()).sample() is None


def test_a_length_that_cannot_be_said_is_no_error(progress: Progress) -> None:
    """Loaders of data raise various errors when they are asked for it."""

    class Unsized:
        def __len__(self) -> int:
            raise NotImplementedError

        def __iter__(self) -> Iterator[int]:
            return iter((1, 2))

    assert [loops(progress)[0][2] for _ in progress(Unsized())] == [None, None]
    assert [loops(progress)[0][2] for _ in progress((1,), total=float("inf"))] == [None]


def test_threads_have_loops_of_their_own(progress: Progress) -> None:
    """None is lost or counted twice."""
    both = threading.Barrier(3)

    def work(label: str) -> None:
        for _ in progress(range(1000), label):
            pass
        for index in progress(range(4), label):
            if index == 2:
                both.wait()
                both.wait()

    threads = [threading.Thread(target=work, args=(label,)) for label in "ab"]
    for thread in threads:
        thread.start()
    both.wait()
    assert sorted(loops(progress)) == [("a", 2, 4), ("b", 2, 4)]
    both.wait()
    for thread in threads:
        thread.join()
    assert loops(progress) == []


class Tensor:
    """A number on a device: reading it waits for the device."""

    reads = 0

    def __float__(self) -> float:
        Tensor.reads += 1
        return 2.5


def test_values_are_shown_as_they_were_last_given(progress: Progress) -> None:
    """Numbers as numbers, what JSON has no number for as text, and what is too long is cut."""
    progress.update(loss=2, rate=1.5)
    progress.update(loss=float("nan"), ok=True, big=10**400, phase="x" * 999, none=None)
    sample = progress.sample()
    assert sample is not None
    assert sample.values == {
        "loss": "nan",
        "rate": 1.5,
        "ok": "yes",
        "big": "inf",
        "phase": "x" * 60,
        "none": "NoneType",
    }
    assert load(dump(sample)) == sample


def test_a_tensor_is_read_once_for_each_look(progress: Progress) -> None:
    """Otherwise every step would wait for the device; and none is kept, which would keep its memory."""
    Tensor.reads = 0
    for _ in range(3):
        for _ in range(100):
            progress.update(loss=Tensor())
        sample = progress.sample()
        assert sample is not None
        assert sample.values == {"loss": 2.5}
    assert Tensor.reads == 3


def test_nothing_is_kept_if_nothing_watches(progress: Progress) -> None:
    """The items come from the iterable's own iterator."""
    progress.watched = False
    Tensor.reads = 0
    items = iter([1])
    assert progress(items) is items
    progress.update(loss=Tensor())
    assert Tensor.reads == 0
    sample = progress.sample()
    assert sample is not None
    assert not sample.values


def test_a_sampler_that_sleeps_is_woken_by_the_next_step(progress: Progress) -> None:
    """By a step, a value, and the next cell; each wakes it once."""
    woken = []

    def wake() -> None:
        progress.asleep = False
        woken.append(1)

    progress.wake = wake
    actions = (lambda: list(progress(range(3))), lambda: progress.update(loss=1), lambda: progress.begin("next"))
    for action in actions:
        progress.asleep = True
        action()
    assert len(woken) == len(actions)


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "3", '{"cell": 3}', '{"cell": "a", "seconds": "b", "bars": 1, "values": 2}']
)
def test_a_sample_that_cannot_be_read_is_none(text: str) -> None:
    """A node may have another version."""
    assert load(text) is None


def test_a_sample_is_bounded(progress: Progress) -> None:
    """However many loops and values there are, and however long their names."""
    held = [progress(range(9), "x" * 500) for _ in range(50)]
    for steps in held:
        next(steps)
    progress.update(**{f"{'y' * 500}{index}": "z" * 500 for index in range(50)})
    sample = progress.sample()
    assert sample
    assert len(dump(sample)) < 4000
    assert sample.bars[0] == Bar("x" * 60, 0, 9, 0.0)
