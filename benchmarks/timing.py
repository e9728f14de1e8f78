"""Time something and the least work that it could be, by turns, so that both meet the same
disturbances."""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.measured import Measured

WARM, FEWEST_RUNS, MOST_RUNS, LONG_ENOUGH = 3, 9, 25, 1.5

Work = Callable[[], object]


@dataclass(frozen=True)
class Figure:
    """What to time; `goal` in seconds or `goal_ratio` to the floor, neither for a figure that is
    told for information only.

    `before` runs ahead of every `run`, untimed.
    """

    name: str
    run: Work
    floor: Work
    goal: float | None = None
    before: Work | None = None
    goal_ratio: float | None = None


def measured(figure: Figure) -> Measured:
    """Time a figure and its floor by turns, after some turns that do not count."""
    for _ in range(WARM):
        _turn(figure)
    turns: list[tuple[float, float]] = []
    began = time.perf_counter()
    while len(turns) < FEWEST_RUNS or (
        len(turns) < MOST_RUNS and time.perf_counter() - began < LONG_ENOUGH
    ):
        turns.append(_turn(figure))
    took, bare = zip(*turns, strict=True)
    return Measured(
        name=figure.name,
        least=min(took),
        median=statistics.median(took),
        floor_least=min(bare),
        floor_median=statistics.median(bare),
        goal=figure.goal,
        goal_ratio=figure.goal_ratio,
    )


def _turn(figure: Figure) -> tuple[float, float]:
    if figure.before:
        figure.before()
    return _seconds(figure.run), _seconds(figure.floor)


def _seconds(work: Work) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began
