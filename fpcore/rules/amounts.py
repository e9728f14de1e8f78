"""Needs that recommend an amount of cover, in whole won."""

from collections.abc import Mapping
from datetime import date
from typing import ClassVar, Literal, Self, TypeVar

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from fpcore.facts.ages import born_by
from fpcore.models import OCCUPATION_CLASSES
from fpcore.rules.needs import Need, Term
from fpcore.rules.word import AgeAmount, Won, Word, unknown_of

W = TypeVar("W", bound=Word)


class Fixed(Need):
    """An amount that is the same for everybody."""

    word: Literal["fixed"] = "fixed"
    amount: Won

    def terms(self, day: date) -> list[Term]:
        return [Term("fixed", f"{self.amount}::bigint")]


class ByAge(Need):
    """An amount by age; below the first age nothing is wanted."""

    word: Literal["by_age"] = "by_age"
    amount_reads: ClassVar = ("born_on",)
    amounts: tuple[AgeAmount, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        return _ages_in_order(self, self.amounts)

    def terms(self, day: date) -> list[Term]:
        return [
            Term("by_age", _by_age(self.amounts, day), {"from_age": _age_of(self.amounts, day)})
        ]

    def missing(self, fact: Mapping) -> list[str]:
        return ["birth_date"] if fact["born_on"] is None else []

    def ages(self) -> list[int]:
        return [one.from_age for one in self.amounts]


class ByOccupationClass(Need):
    """An amount for each accident risk class (상해급수), 1 to 3."""

    word: Literal["by_occupation_class"] = "by_occupation_class"
    amount_reads: ClassVar = ("occupation_class",)
    amounts: tuple[Won, Won, Won]

    def terms(self, day: date) -> list[Term]:
        cases = " ".join(
            f"when {number} then {amount}"
            for number, amount in zip(OCCUPATION_CLASSES, self.amounts, strict=True)
        )
        parts = {"occupation_class": "occupation_class"}
        return [Term("by_occupation_class", f"case occupation_class {cases} end", parts)]

    def missing(self, fact: Mapping) -> list[str]:
        return unknown_of(fact, "occupation_class")


_DEBTS = Term("debts", "debts")


class LivingCost(Need):
    """The family's living cost for some years, and the debts.

    The cost a month is the one entered, else the statistics' for the age. Without dependants
    only the debts count.
    """

    word: Literal["living_cost"] = "living_cost"
    amount_reads: ClassVar = ("living_cost", "born_on", "dependants", "debts")
    years: int = Field(ge=1, le=50)
    monthly: tuple[AgeAmount, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        return _ages_in_order(self, self.monthly)

    def terms(self, day: date) -> list[Term]:
        monthly = f"coalesce(living_cost, {_by_age(self.monthly, day)})"
        months = self.years * 12
        living = f"""case
            when dependants > 0 then {monthly} * {months} when dependants = 0 then 0 end"""
        from_age = f"if(living_cost is null, {_age_of(self.monthly, day)}, null)"
        parts = {"monthly": monthly, "from_age": from_age}
        return [Term("living_cost", living, parts, {"months": months}), _DEBTS]

    def missing(self, fact: Mapping) -> list[str]:
        cost = ["birth_date"] if fact["living_cost"] is None and fact["born_on"] is None else []
        return unknown_of(fact, "dependants", "debts") + ([] if fact["dependants"] == 0 else cost)

    def ages(self) -> list[int]:
        return [one.from_age for one in self.monthly]


def _income(times: int) -> Term:
    return Term(
        "income",
        f"(monthly_income * {12 * times})",
        {"yearly": "monthly_income * 12"},
        {"times": times},
    )


class IncomeMultiple(Need):
    """Some years' income."""

    word: Literal["income_multiple"] = "income_multiple"
    amount_reads: ClassVar = ("monthly_income",)
    times: int = Field(ge=1, le=50)

    def terms(self, day: date) -> list[Term]:
        return [_income(self.times)]

    def missing(self, fact: Mapping) -> list[str]:
        return unknown_of(fact, "monthly_income")


class Dime(Need):
    """Debts, income and mortgage (DIME); the education of children is not known and left out."""

    word: Literal["dime"] = "dime"
    amount_reads: ClassVar = ("monthly_income", "debts")
    times: int = Field(ge=1, le=50)

    def terms(self, day: date) -> list[Term]:
        return [_income(self.times), _DEBTS]

    def missing(self, fact: Mapping) -> list[str]:
        return unknown_of(fact, "monthly_income", "debts")


def _ages_in_order(word: W, amounts: tuple[AgeAmount, ...]) -> W:
    ages = [one.from_age for one in amounts]
    if ages != sorted(set(ages)):
        raise PydanticCustomError("ages_in_order", "ages must rise from line to line")
    return word


def _by_age(amounts: tuple[AgeAmount, ...], day: date) -> str:
    """The SQL of the amount for an age: 0 below the first one, NULL where no age is known."""
    return _case_of_age([(one.from_age, str(one.amount)) for one in amounts], day, "0")


def _age_of(amounts: tuple[AgeAmount, ...], day: date) -> str:
    """The SQL of the age from which the amount is that of the customer."""
    return _case_of_age([(one.from_age, str(one.from_age)) for one in amounts], day, "null")


def _case_of_age(pairs: list[tuple[int, str]], day: date, below: str) -> str:
    cases = " ".join(
        f"when born_on <= {born_by(day, age)} then {value}" for age, value in reversed(pairs)
    )
    return f"case {cases} when born_on is not null then {below} end"
