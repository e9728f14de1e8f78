"""Gap rules as data: dated records in data/gap_rules.toml, checked when they are read.

A rule's `need` is a word of a small closed vocabulary; each word has its SQL here (over the
columns of `customer_fact`) and its words in data/locales.
"""

import tomllib
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from fpcore.errors import InvalidRules
from fpcore.models import PolicyType

RULES = Path(__file__).resolve().parent.parent / "data" / "gap_rules.toml"
TOTAL = "total"


class Need(StrEnum):
    """What a rule wants: that a type is held, or that a known amount is reached."""

    HOLDS = "holds"
    AT_LEAST = "at_least"


class Rule(BaseModel):
    """A rule as of a day. `amount` is in won; `type` is one of the six, or their total."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    code: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    type: Literal[(*(kind.value for kind in PolicyType), TOTAL)]
    need: Need
    amount: int | None = Field(default=None, gt=0)
    valid_from: date
    valid_to: date | None = None
    source: str = Field(min_length=1)
    grade: Literal["A", "B", "C", "D"]

    @model_validator(mode="after")
    def _amount_where_needed(self):
        if (self.need is Need.AT_LEAST) != (self.amount is not None):
            raise ValueError('`amount` goes with need = "at_least", and only with it')
        if self.valid_to and self.valid_to < self.valid_from:
            raise ValueError("`valid_to` lies before `valid_from`")
        return self

    def holds_on(self, day: date) -> bool:
        """Say whether the rule is the one to use on that day."""
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)


def load(path: Path = RULES) -> list[Rule]:
    """Read and check a rule file. Errors: InvalidRules with file, rule, field and reason."""
    try:
        records = tomllib.loads(path.read_text(encoding="utf-8")).get("rule", [])
    except tomllib.TOMLDecodeError as error:
        raise InvalidRules(file=path.name, rule="-", field="-", reason=str(error)) from error
    if not isinstance(records, list) or not all(isinstance(record, dict) for record in records):
        reason = "rules are written as [[rule]]"
        raise InvalidRules(file=path.name, rule="-", field="-", reason=reason)
    rules = [_checked(record, path) for record in records]
    _refuse_overlaps(rules, path)
    return rules


def rules_on(day: date, path: Path = RULES) -> list[Rule]:
    """List the rules in use on a day, in the order of the file."""
    return [rule for rule in load(path) if rule.holds_on(day)]


def state_sql(rule: Rule) -> str:
    """The SQL over customer_fact that gives a rule's state.

    A sum of which a part is not known can only show that enough is held, never that it is not.
    """
    if rule.need is Need.HOLDS:
        return f"if({rule.type}_policies > 0, 'covered', 'gap')"
    return f"""
        case
            when {rule.type}_coverage >= {rule.amount} then 'covered'
            when {rule.type}_unknown > 0 then 'unknown'
            when {rule.type}_coverage > 0 then 'partial'
            else 'gap'
        end"""


def short_sql(rule: Rule) -> str:
    """The SQL for what is short in won: NULL where that is unknown or no amount is wanted."""
    if rule.need is Need.HOLDS:
        return "null::decimal(38, 2)"
    return f"""
        case
            when {rule.type}_coverage >= {rule.amount} then 0
            when {rule.type}_unknown = 0 then {rule.amount} - {rule.type}_coverage
        end::decimal(38, 2)"""


def why_sql(rule: Rule) -> str:
    """The SQL for the code of the reason: locales hold its words under `why.<code>`."""
    if rule.need is Need.HOLDS:
        return f"if({rule.type}_policies > 0, 'held', 'not_held')"
    return f"""
        case
            when {rule.type}_coverage >= {rule.amount} then 'enough'
            when {rule.type}_unknown > 0 then 'amount_unknown'
            else 'below'
        end"""


def _checked(record: dict, path: Path) -> Rule:
    try:
        return Rule(**record)
    except ValidationError as error:
        first = error.errors()[0]
        raise InvalidRules(
            file=path.name,
            rule=record.get("code", "?"),
            field=".".join(map(str, first["loc"])) or "-",
            reason=first["msg"],
        ) from error


def _refuse_overlaps(rules: list[Rule], path: Path) -> None:
    for i, rule in enumerate(rules):
        for other in rules[i + 1 :]:
            ends = (rule.valid_to or date.max, other.valid_to or date.max)
            if rule.code == other.code and max(rule.valid_from, other.valid_from) <= min(ends):
                raise InvalidRules(
                    file=path.name,
                    rule=rule.code,
                    field="valid_from",
                    reason="two records of this rule hold on the same day",
                )
