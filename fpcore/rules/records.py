"""Gap rules as records: what one holds, how it is read and checked, which hold on a day.

What a rule can say stands in fpcore.rules.vocabulary. A rule is never changed: a change is a new
record that holds from a day on, with the next version.
"""

import json
import tomllib
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from functools import cache
from typing import Literal, NamedTuple, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from fpcore.errors import InvalidRules
from fpcore.models import is_shown
from fpcore.rules.coverages import COVERAGES
from fpcore.rules.needs import Term
from fpcore.rules.vocabulary import NEEDS, Condition, Wanted
from fpcore.rules.word import Grade

NO_SOURCE = "house default, no source"

MOST_RULES = 27  # whose states fit into one number

LONGEST_TITLE, LONGEST_SOURCE = 60, 300


class Choice(BaseModel):
    """Another way to find the amount of a rule."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    need: Wanted
    source: str = Field(min_length=1, max_length=LONGEST_SOURCE)
    grade: Grade


class Rule(BaseModel):
    """A rule as of its days, `valid_to` included.

    `severity` is 3 (high) to 1. `title` names a rule that has no words in data/locales, as a
    manager typed it. `is_off`: from `valid_from` on there is no such rule.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    code: str = Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")
    coverage: Literal[tuple(COVERAGES)]  # ty: ignore[invalid-type-form]  # pydantic's to read
    severity: Literal[1, 2, 3]
    valid_from: date
    valid_to: date | None = None
    when: tuple[Condition, ...] = Field(default=(), max_length=6)
    need: Wanted
    choices: tuple[Choice, ...] = Field(default=(), max_length=6)
    source: str = Field(min_length=1, max_length=LONGEST_SOURCE)
    grade: Grade
    title: str | None = Field(default=None, min_length=1, max_length=LONGEST_TITLE)
    version: int = Field(default=1, ge=1)
    is_off: bool = False

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.valid_to and self.valid_to < self.valid_from:
            raise PydanticCustomError("days_in_order", "`valid_to` lies before `valid_from`")
        for need in (self.need, *(choice.need for choice in self.choices)):
            if not need.fits(self.coverage):
                raise PydanticCustomError(
                    "need_not_for_coverage",
                    "`{need}` is not for `{coverage}`; accepted: {accepted}",
                    {
                        "need": need.word,
                        "coverage": self.coverage,
                        "accepted": ", ".join(needs_for(self.coverage)),
                    },
                )
        if not all(is_shown(text) for text in (self.source, self.title or "")):
            raise PydanticCustomError("control_character", "control character")
        return self

    @property
    def type(self) -> str:
        """The type under which the rule is shown: one of the six, or their total."""
        return COVERAGES[self.coverage].type

    @property
    def states_section(self) -> str:
        """Where the words of its states stand: those of cover, or of what a check finds."""
        return "state" if self.need.asks_for_more else "finding"

    def holds_on(self, day: date) -> bool:
        """Say whether the record's days include this one."""
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)

    def terms(self, day: date) -> list[Term]:
        """Give the parts of the recommended amount; none where no amount is wanted."""
        return self.need.terms(day)


class PublishedRule(NamedTuple):
    """A version of a rule: who published it when (UTC) and why; None for one from the file."""

    rule: Rule
    note: str | None
    published_by: str | None
    published_at: datetime | None


@cache
def parsed(name: str, content: str) -> tuple[Rule, ...]:
    """Read and check the content of a rule file. Errors: as `load`."""
    try:
        records = tomllib.loads(content).get("rule", [])
    except tomllib.TOMLDecodeError as error:
        said = {"text": str(error)}
        raise InvalidRules(name, "-", "-", "toml_broken", said) from error
    if not isinstance(records, list) or not all(isinstance(record, dict) for record in records):
        raise InvalidRules(name, "-", "-", "toml_broken", {"text": "[[rule]]"})
    rules = _numbered([_checked(record, name) for record in records])
    _refuse_overlaps(rules, name)
    return rules


def checked(record: dict) -> Rule:
    """Make a rule of what was typed. Errors: InvalidRules with rule, field and what is wrong."""
    return _checked(record, "-")


def in_use(rules: Iterable[Rule], day: date) -> tuple[Rule, ...]:
    """Of all versions give those that hold on a day, by code: of each code the last that began."""
    latest: dict[str, Rule] = {}
    for rule in sorted(rules, key=lambda rule: rule.version):
        if rule.holds_on(day):
            latest[rule.code] = rule
    kept = [rule for rule in latest.values() if not rule.is_off]
    return tuple(sorted(kept, key=lambda rule: rule.code))


def clashes(rules: Sequence[Rule]) -> list[tuple[Rule, Rule]]:
    """List the pairs of rules in use on one day that are about the same coverage."""
    return [
        (rule, other)
        for i, rule in enumerate(rules)
        for other in rules[i + 1 :]
        if rule.coverage == other.coverage
    ]


def needs_for(coverage: str) -> list[str]:
    """Name the needs that a rule about this coverage can have."""
    return [need.model_fields["word"].default for need in NEEDS if need.fits(coverage)]


def to_json(rule: Rule) -> str:
    """Write a rule as it is kept in the database."""
    return json.dumps(rule.model_dump(mode="json", exclude_none=True), ensure_ascii=False)


def _checked(record: dict, name: str) -> Rule:
    try:
        return Rule(**record)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"]) or "-"
        said = {key: str(value) for key, value in first.get("ctx", {}).items()}
        said |= {"text": str(first.get("input", ""))[:60]}
        raise InvalidRules(
            name, str(record.get("code", "?")), field, first["type"], said
        ) from error


def _numbered(rules: list[Rule]) -> tuple[Rule, ...]:
    """Give the records of each code their versions, in the order of their days."""
    numbered, seen = [], dict.fromkeys((rule.code for rule in rules), 0)
    for rule in sorted(rules, key=lambda rule: rule.valid_from):
        seen[rule.code] += 1
        numbered.append(rule.model_copy(update={"version": seen[rule.code]}))
    return tuple(numbered)


def _refuse_overlaps(rules: Sequence[Rule], name: str) -> None:
    for i, rule in enumerate(rules):
        for other in rules[i + 1 :]:
            if not _overlap(rule, other):
                continue
            if rule.code == other.code:
                raise InvalidRules(name, rule.code, "valid_from", "rule_twice_on_a_day")
            if rule.coverage == other.coverage:
                said = {"other": rule.code, "text": rule.coverage}
                raise InvalidRules(name, other.code, "coverage", "coverage_twice_on_a_day", said)
    for day in {rule.valid_from for rule in rules}:
        if len(in_use(rules, day)) > MOST_RULES:
            raise InvalidRules(name, "-", "-", "too_many_rules", {"most": str(MOST_RULES)})


def _overlap(rule: Rule, other: Rule) -> bool:
    ends = (rule.valid_to or date.max, other.valid_to or date.max)
    return max(rule.valid_from, other.valid_from) <= min(ends)
