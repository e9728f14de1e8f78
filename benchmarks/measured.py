"""What a figure of the benchmark says: how long something took, beside what, and its goal."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Measured:
    """A figure's least and median seconds, and those of its floor in the same run; the goal in
    seconds, or as a ratio to the floor.

    `peers` are the seconds of the same work by others (None: not installed), `peer_goals` how many
    times faster than each the program has to be.
    """

    name: str
    least: float
    median: float
    floor_least: float
    floor_median: float
    goal: float | None
    goal_ratio: float | None = None
    peers: Mapping[str, float | None] = field(default_factory=dict)
    peer_goals: Mapping[str, float] = field(default_factory=dict)

    @property
    def ratio(self) -> float:
        return self.median / self.floor_median

    @property
    def missed(self) -> bool:
        if self.goal_ratio is not None:
            return self.ratio > self.goal_ratio
        return self.goal is not None and self.median > self.goal

    @property
    def has_goal(self) -> bool:
        return self.goal is not None or self.goal_ratio is not None

    @property
    def faster(self) -> dict[str, float]:
        """How many times faster the program is than each peer that is installed."""
        return {peer: took / self.median for peer, took in self.peers.items() if took is not None}

    @property
    def verdicts(self) -> list[bool]:
        """For each goal, that of the figure and those beside its peers, whether it is reached."""
        own = [not self.missed] if self.has_goal else []
        faster = self.faster
        compared = self.peer_goals.keys() & faster.keys()
        return own + [faster[peer] >= self.peer_goals[peer] for peer in compared]
