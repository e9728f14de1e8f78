"""Needs that look at the policies themselves: how many, what they cost, what they replaced."""

from collections.abc import Mapping
from datetime import date
from typing import ClassVar, Literal, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from fpcore.models import GapState
from fpcore.rules.coverages import COVERAGES, Coverage
from fpcore.rules.needs import Need, StateInputs, Term
from fpcore.rules.word import DIGIT, unknown_of


class Holds(Need):
    """At least one policy in force."""

    word: Literal["holds"] = "holds"
    never: ClassVar = frozenset({GapState.PARTIAL})
    whys: ClassVar = {**Need.whys, GapState.COVERED: "held", GapState.GAP: "not_held"}

    @classmethod
    def fits(cls, coverage: str) -> bool:
        return COVERAGES[coverage].is_held

    def reads(self, coverage: Coverage) -> tuple[str, ...]:
        amount = [f"{coverage.prefix}_coverage"] if coverage.has_amount else []
        return (f"{coverage.prefix}_policies", *amount)

    def state(self, asked: StateInputs) -> str:
        return f"""
        case
            {asked.unless}
            when {asked.prefix}_policies > 0 then {DIGIT[GapState.COVERED]}
            {asked.when_not_sure}
            else {DIGIT[GapState.GAP]}
        end"""

    def held(self, coverage: Coverage) -> str:
        return super().held(coverage) if coverage.has_amount else "null"

    def unknown(self, coverage: Coverage) -> str:
        return super().unknown(coverage) if coverage.has_amount else "0"


class AtMostOne(Need):
    """No second policy: indemnity policies share what is paid, the second premium is wasted.

    A health policy without a name may be one: it keeps the state unknown where it matters.
    """

    word: Literal["at_most_one"] = "at_most_one"
    never: ClassVar = frozenset({GapState.PARTIAL})
    asks_for_more: ClassVar = False
    unknown_field: ClassVar = "policy_name"
    unknown_why: ClassVar = "name_unknown"
    whys: ClassVar = {
        **Need.whys,
        GapState.NOT_NEEDED: "none_held",
        GapState.COVERED: "one_held",
        GapState.GAP: "held_twice",
    }

    @classmethod
    def fits(cls, coverage: str) -> bool:
        return coverage == "indemnity"

    def reads(self, coverage: Coverage) -> tuple[str, ...]:
        return ("indemnity_policies", "unnamed_health_policies")

    def state(self, asked: StateInputs) -> str:
        return f"""
        case
            {asked.unless}
            when indemnity_policies > 1 then {asked.if_sure(GapState.GAP)}
            when indemnity_policies + unnamed_health_policies = 0 then {DIGIT[GapState.NOT_NEEDED]}
            when indemnity_policies + unnamed_health_policies = 1 then {DIGIT[GapState.COVERED]}
            else {DIGIT[GapState.UNKNOWN]}
        end"""

    def held(self, coverage: Coverage) -> str:
        return "null"

    def unknown(self, coverage: Coverage) -> str:
        return "unnamed_health_policies"


class PremiumShare(Need):
    """Premiums of protection stay within bands of income, in percent; savings do not count.

    Above `high` it is partly too much, from `excessive` on wholly. `low` is where there is room.
    """

    word: Literal["premium_share"] = "premium_share"
    asks_for_more: ClassVar = False
    unknown_field: ClassVar = "premium_amount"
    unknown_why: ClassVar = "premium_unknown"
    whys: ClassVar = {
        **Need.whys,
        GapState.COVERED: "share_fine",
        GapState.PARTIAL: "share_high",
        GapState.GAP: "share_excessive",
    }
    low: int = Field(ge=1, le=100)
    high: int = Field(ge=1, le=100)
    excessive: int = Field(ge=1, le=100)

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if not self.low < self.high < self.excessive:
            raise PydanticCustomError("bands_in_order", "bands must rise: low < high < excessive")
        return self

    @classmethod
    def fits(cls, coverage: str) -> bool:
        return coverage == "premium"

    def terms(self, day: date) -> list[Term]:
        share = f"monthly_income * {self.high} // 100"
        parts = {"monthly_income": "monthly_income"}
        return [Term("premium_share", share, parts, {"high": self.high})]

    def missing(self, fact: Mapping) -> list[str]:
        return unknown_of(fact, "monthly_income")

    def reads(self, coverage: Coverage) -> tuple[str, ...]:
        return ("monthly_income", "protection_premium", "protection_premium_unknown")

    def state(self, asked: StateInputs) -> str:
        def above(percent: int, sign: str) -> str:
            share = f"monthly_income * {percent * 12}"
            return f"protection_premium > 0 and protection_premium * 100 {sign} {share}"

        unknown = "monthly_income is null or protection_premium_unknown > 0"
        return f"""
        case
            {asked.unless}
            when {above(self.excessive, ">=")} then {asked.if_sure(GapState.GAP)}
            when {unknown} then {DIGIT[GapState.UNKNOWN]}
            when {above(self.high, ">")} then {asked.if_sure(GapState.PARTIAL)}
            else {DIGIT[GapState.COVERED]}
        end"""

    def held(self, coverage: Coverage) -> str:
        return "protection_premium / 12"

    def unknown(self, coverage: Coverage) -> str:
        return "protection_premium_unknown"


class NoReplacement(Need):
    """No like policy was cancelled around the beginning of a new one, in the last months.

    How close is close enough stands in data/fact_words.toml. A cancelled policy whose last day is
    not known keeps the state unknown where a like one began in that time.
    """

    word: Literal["no_replacement"] = "no_replacement"
    never: ClassVar = frozenset({GapState.PARTIAL})
    asks_for_more: ClassVar = False
    unknown_field: ClassVar = "end_on"
    unknown_why: ClassVar = "end_unknown"
    whys: ClassVar = {**Need.whys, GapState.COVERED: "not_replaced", GapState.GAP: "replaced"}
    months: int = Field(ge=1, le=120)

    @classmethod
    def fits(cls, coverage: str) -> bool:
        return coverage == "replacement"

    def reads(self, coverage: Coverage) -> tuple[str, ...]:
        return ("replaced_on", "replacement_unclear_on")

    def state(self, asked: StateInputs) -> str:
        since = f"date '{asked.day.isoformat()}' - to_months({self.months})"
        return f"""
        case
            {asked.unless}
            when replaced_on > {since} then {asked.if_sure(GapState.GAP)}
            when replacement_unclear_on > {since} then {DIGIT[GapState.UNKNOWN]}
            else {DIGIT[GapState.COVERED]}
        end"""

    def held(self, coverage: Coverage) -> str:
        return "null"

    def unknown(self, coverage: Coverage) -> str:
        return "(replacement_unclear_on is not null)::int"
