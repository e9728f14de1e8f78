"""How much is tried at random: a little in the gate, much in a search (`make search`)."""

from hypothesis import settings

IN_THE_GATE = 15
"""Examples of a property that costs little, as the profile `gate` says."""


def times(in_the_gate: int) -> int:
    """Say how often something costly is tried, which the gate tries that often."""
    return in_the_gate * settings.default.max_examples // IN_THE_GATE


def are_many() -> bool:
    """Tell whether this is a search."""
    return settings.default.max_examples > IN_THE_GATE


def few(in_the_gate: int = 4, **more) -> settings:
    """Settings of a property of which each example costs much."""
    return settings(max_examples=times(in_the_gate), **more)
