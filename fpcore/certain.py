"""For where the types allow that nothing is there, and the program does not."""

from typing import TypeVar

T = TypeVar("T")


def certain(value: T | None) -> T:
    """Give a value that is there, for a reason that its type does not tell."""
    if value is None:
        raise AssertionError("a value is missing that is always there")
    return value
