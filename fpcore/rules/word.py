"""What all words of the vocabulary share: their values, amounts in won, ages, grades."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from fpcore.models import GapState

OLDEST = 120

LARGEST_NEED = 1_000_000_000_000

DIGIT = {state: digit for digit, state in enumerate(GapState)}
"""The number that stands for a state in SQL and in customer_row.states."""

Grade = Literal["A", "B", "C", "D"]

Won = Annotated[int, Field(gt=0, le=LARGEST_NEED)]

Age = Annotated[int, Field(ge=0, le=OLDEST)]


class Word(BaseModel):
    """A word of the vocabulary with its values."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    def values(self) -> dict[str, Any]:
        """Give the values that the word's sentence needs, by name."""
        return self.model_dump(exclude={"word"})

    def ages(self) -> list[int]:
        """Give the ages at which the word begins to say something else."""
        return []


class AgeAmount(Word):
    """An amount from an age on; with a source of its own where it is not the rule's."""

    from_age: Age
    amount: Won
    source: str | None = None
    grade: Grade | None = None


def unknown_of(fact: Mapping, *names: str) -> list[str]:
    """Name those of the facts that nobody knows."""
    return [name for name in names if fact[name] is None]
