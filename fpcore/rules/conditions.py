"""For whom a rule is.

The SQL of a condition is true, false, or NULL where that is not known. `reads` names the columns of
customer_fact that stand in it.
"""

from collections.abc import Mapping
from datetime import date
from typing import ClassVar, Literal, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from fpcore.facts.ages import born_by
from fpcore.facts.types import number_of
from fpcore.models import OCCUPATION_CLASSES, Driving, Housing
from fpcore.rules.word import Age, Word, unknown_of

_OWN_CAR, _DRIVES = number_of(Driving.OWN_CAR), number_of(Driving.DRIVES)


class DependantsOrDebts(Word):
    """Somebody depends on the customer, or they owe something."""

    word: Literal["dependants_or_debts"] = "dependants_or_debts"
    reads: ClassVar = ("dependants", "debts")

    def sql(self, day: date) -> str:
        return """case
            when dependants > 0 then true when dependants = 0 then debts > 0
            when debts > 0 then true end"""  # as `or`, which takes longer

    def missing(self, fact: Mapping) -> list[str]:
        is_so = fact["dependants"] or fact["debts"]
        return [] if is_so else unknown_of(fact, "dependants", "debts")


class AgeBetween(Word):
    """The customer's age lies between two, both included; `to_age` None: no end."""

    word: Literal["age_between"] = "age_between"
    reads: ClassVar = ("born_on",)
    from_age: Age
    to_age: Age | None = None

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.to_age is not None and self.to_age < self.from_age:
            raise PydanticCustomError("ages_in_order", "`to_age` lies before `from_age`")
        return self

    def sql(self, day: date) -> str:
        oldest = "" if self.to_age is None else f" and born_on > {born_by(day, self.to_age + 1)}"
        return f"(born_on <= {born_by(day, self.from_age)}{oldest})"

    def missing(self, fact: Mapping) -> list[str]:
        return ["birth_date"] if fact["born_on"] is None else []

    def ages(self) -> list[int]:
        return [self.from_age, *([] if self.to_age is None else [self.to_age + 1])]


class HousingIs(Word):
    """The customer lives in one of these ways."""

    word: Literal["housing_is"] = "housing_is"
    reads: ClassVar = ("housing",)
    housing: tuple[Housing, ...] = Field(min_length=1)

    def sql(self, day: date) -> str:
        return _one_of("housing", [number_of(one) for one in self.housing])

    def missing(self, fact: Mapping) -> list[str]:
        return unknown_of(fact, "housing")


class Drives(Word):
    """The customer drives: as entered, or shown by car insurance in force."""

    word: Literal["drives"] = "drives"
    reads: ClassVar = ("vehicle_policies", "driving")

    def sql(self, day: date) -> str:
        return f"if(vehicle_policies > 0, true, {_one_of('driving', [_OWN_CAR, _DRIVES])})"

    def missing(self, fact: Mapping) -> list[str]:
        return [] if fact["vehicle_policies"] else unknown_of(fact, "driving")


class OwnsCar(Word):
    """The customer has a car: as entered, or shown by car insurance in force."""

    word: Literal["owns_car"] = "owns_car"
    reads: ClassVar = ("vehicle_policies", "driving")

    def sql(self, day: date) -> str:
        return f"if(vehicle_policies > 0, true, driving = {_OWN_CAR})"

    def missing(self, fact: Mapping) -> list[str]:
        return [] if fact["vehicle_policies"] else unknown_of(fact, "driving")


OccupationClass = Literal[OCCUPATION_CLASSES]  # ty: ignore[invalid-type-form]  # pydantic's to read


class OccupationClassIs(Word):
    """The customer's occupation has one of these accident risk classes."""

    word: Literal["occupation_class_is"] = "occupation_class_is"
    reads: ClassVar = ("occupation_class",)
    classes: tuple[OccupationClass, ...] = Field(min_length=1)

    def sql(self, day: date) -> str:
        return _one_of("occupation_class", list(self.classes))

    def missing(self, fact: Mapping) -> list[str]:
        return unknown_of(fact, "occupation_class")


def _one_of(column: str, numbers: list[int]) -> str:
    """The SQL of "is one of these numbers"; a range is compared in half the time of a list."""
    first, last = min(numbers), max(numbers)
    if set(numbers) == set(range(first, last + 1)):
        return f"{column} between {first} and {last}"
    return f"{column} in ({', '.join(map(str, numbers))})"
