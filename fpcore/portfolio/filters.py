"""Which customers a list shows: a filter, with a record for each of its fields.

Whoever adds a field adds its line to CustomerFilter and its words in the locales: the list asks by
its condition, and pages read, draw and name it by its kind.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Annotated, Any, Literal, NamedTuple, Self

from pydantic import ValidationError

from fpcore.access.scope import VISIBLE_OWNERS
from fpcore.errors import certain
from fpcore.facts import groups
from fpcore.facts.groups import UNKNOWN_ROW
from fpcore.facts.types import TOTAL
from fpcore.models import (
    Account,
    ConsentKind,
    Gender,
    Gone,
    Measure,
    PolicyStatus,
    PolicyType,
    Record,
    RowKind,
)
from fpcore.portfolio import conditions, searching
from fpcore.portfolio.conditions import ends_within, held_once, is_unknown, lacks_consent
from fpcore.portfolio.measures import DEFINITIONS
from fpcore.rules import judging, rulebook
from fpcore.store.database import Cursor, Database

ANY_GAP = "any"
"""Of a filter's `gap`: a gap in any rule."""

UNKNOWN = (*conditions.FIELDS, "last_contact_on", *conditions.POLICY_FIELDS)
"""What a filter's `unknown` can be."""


class Kind(StrEnum):
    """What a field of the filter holds: text, a number, a day, one of some codes, a gap rule, a
    heatmap's row, measure or column, a type once held, or something that is not known."""

    TEXT = "text"
    NUMBER = "number"
    DAY = "day"
    CODE = "code"
    RULE = "rule"
    ROW = "row"
    MEASURE = "measure"
    COLUMN = "column"
    FORMERLY = "formerly"
    UNKNOWN = "unknown"


class Asker(NamedTuple):
    """Who asks for a list as of when, and of which database."""

    db: Database
    cursor: Cursor
    account: Account
    valued_on: date


class Condition(NamedTuple):
    """SQL over customer_fact that is true of those who fit, the columns that stand in it, and its
    parameters.

    `needs_rules`: it reads judging.KEPT. `looks_back`: it reads measures.SINCE_THEN.
    """

    sql: str
    reads: Iterable[str]
    params: Mapping[str, Any] = {}
    needs_rules: bool = False
    looks_back: bool = False


Who = Callable[["CustomerFilter", Asker], Condition]
"""Gives the SQL of those who fit a filter."""


def _always(wanted: "CustomerFilter") -> bool:
    return True


@dataclass(frozen=True)
class FilterField:
    """What is to be known of a field; its name is its parameter in addresses.

    `condition` gives the SQL of those who fit; None for a field that only says more of another.
    Such fields stand in the other's `beside`: they are named and taken off together. A field is
    asked for only where the filter `is_complete`. `codes` are what can be chosen, `words` the
    section of the locales that names them. `is_chosen`: a page offers it among its filters; a
    number to `most`. `takes_long`: worth judging everybody only once.
    """

    kind: Kind
    condition: Who | None = None
    beside: tuple[str, ...] = ()
    is_complete: Callable[["CustomerFilter"], bool] = _always
    codes: tuple[str, ...] = ()
    words: str = ""
    is_chosen: bool = False
    most: int = 150
    takes_long: bool = False


def _search(wanted: "CustomerFilter", asker: Asker) -> Condition:
    return Condition(*searching.found(wanted.search or ""))


def _of_gender(wanted: "CustomerFilter", asker: Asker) -> Condition:
    sql = f"coalesce(gender, '{UNKNOWN_ROW}') = $gender"
    return Condition(sql, ["gender"], {"gender": str(wanted.gender)})


def _from_age(wanted: "CustomerFilter", asker: Asker) -> Condition:
    return Condition("age >= $age_from", ["age"], {"age_from": wanted.age_from})


def _to_age(wanted: "CustomerFilter", asker: Asker) -> Condition:
    return Condition("age <= $age_to", ["age"], {"age_to": wanted.age_to})


def _holding(wanted: "CustomerFilter", asker: Asker) -> Condition:
    return _behind(Measure.HOLDING, wanted.holding)


def _also(wanted: "CustomerFilter", asker: Asker) -> Condition:
    return _behind(Measure.HOLDING, wanted.also)


def _missing(wanted: "CustomerFilter", asker: Asker) -> Condition:
    return _behind(Measure.LACKING, wanted.missing)


def _behind_cell(wanted: "CustomerFilter", asker: Asker) -> Condition:
    return _behind(certain(wanted.behind), wanted.of, wanted.since)


def _behind(measure: Measure, of: str | None, since: date | None = None) -> Condition:
    """Who is behind the cells of a measure and column: by the text that counts them there."""
    definition = DEFINITIONS[measure]
    sql, reads = definition.behind(of or TOTAL)
    params = {"since": since} if definition.looks_back else {}
    return Condition(sql, reads, params, definition.needs_rules, definition.looks_back)


def _is_cell(wanted: "CustomerFilter") -> bool:
    return bool(wanted.since) or not DEFINITIONS[certain(wanted.behind)].looks_back


_WITH_STATUS = {
    PolicyStatus.ACTIVE: "total_policies",
    PolicyStatus.EXPIRED: "expired_policies",
    PolicyStatus.CANCELLED: "cancelled_policies",
    PolicyStatus.PENDING: "pending_policies",
}


def _with_status(wanted: "CustomerFilter", asker: Asker) -> Condition:
    policies = _WITH_STATUS[certain(wanted.status)]
    return Condition(f"{policies} > 0", [policies])


def _not_contacted(wanted: "CustomerFilter", asker: Asker) -> Condition:
    days = min(max(certain(wanted.not_contacted_for), 0), 36_500)
    latest = asker.valued_on - timedelta(days=days)
    sql = "coalesce(last_contact_on < $contacted_before, true)"
    return Condition(sql, ["last_contact_on"], {"contacted_before": latest})


def _with_gap(wanted: "CustomerFilter", asker: Asker) -> Condition:
    rules = enumerate(rulebook.rules_on(asker.db, asker.valued_on))
    numbers = [number for number, rule in rules if wanted.gap in (rule.code, ANY_GAP)]
    return Condition(judging.has_gap(numbers), ["gaps"], needs_rules=True)


def _in_row(wanted: "CustomerFilter", asker: Asker) -> Condition:
    row_kind, row = certain(wanted.row_kind), certain(wanted.row)
    sql, params = groups.has(asker.cursor, row_kind, row, asker.valued_on)
    return Condition(sql, [groups.READS[row_kind]], params)


def _has_row(wanted: "CustomerFilter") -> bool:
    return wanted.row is not None


def _of_team(wanted: "CustomerFilter", asker: Asker) -> Condition:
    sql, params = conditions.of_team(wanted.team)
    return Condition(sql, ["owner_id"], params)


def _expiring(wanted: "CustomerFilter", asker: Asker) -> Condition:
    sql = ends_within("customer_scope", certain(wanted.expiring), wanted.of or TOTAL)
    return Condition(sql, conditions.ENDING_READS)


def _formerly(wanted: "CustomerFilter", asker: Asker) -> Condition:
    sql = held_once("customer_scope", certain(wanted.formerly), wanted.gone)
    return Condition(sql, conditions.ONCE_HELD_READS)


def _unknown(wanted: "CustomerFilter", asker: Asker) -> Condition:
    unknown = certain(wanted.unknown)
    sql, read = is_unknown(unknown), conditions.unknown_reads(unknown)
    if unknown not in conditions.HIDDEN:
        return Condition(sql, [read])
    named = f"owner_id in (select id from ({VISIBLE_OWNERS}) where by_name)"
    return Condition(f"{sql} and {named}", [read, "owner_id"], {"asker": asker.account.id})


def _no_consent(wanted: "CustomerFilter", asker: Asker) -> Condition:
    return Condition(lacks_consent(certain(wanted.no_consent)), ["consents"])


def _in_currency(wanted: "CustomerFilter", asker: Asker) -> Condition:
    return Condition("true", [])


def _has_measure(wanted: "CustomerFilter") -> bool:
    return wanted.behind is not None and _is_cell(wanted)


Column = PolicyType | Literal["total"]


def _code(
    codes: Iterable[str], words: str, condition: Who | None = None, **more: Any
) -> FilterField:
    return FilterField(Kind.CODE, condition, codes=tuple(codes), words=words, **more)


class CustomerFilter(Record):
    """Which customers to list; None everywhere lists all in scope.

    `search` looks in names (also by initial consonants, ㅎㄱㄷ), e-mail addresses, insurers and
    policy numbers; four digits also in the end of the phone number. `holding`, `also` and `missing`
    are about policies in force; `status` asks for a policy in that status, an active one whose end
    has passed counting as expired. `not_contacted_for` are days since the last contact, or never.
    `gap` is the code of a gap rule, or ANY_GAP. `row_kind` and `row` are those of a heatmap cell,
    `row` being UNKNOWN_ROW for those of whom it is not known; `gender` knows "unknown" too.
    `behind` and `of` are a heatmap's measure and column: who is behind such a cell, and `since`
    when, where the measure looks back. Such a cell, and the sums of the list, are in `currency`
    (None: won). `team` is the name of one.

    `expiring`: a policy of the type `of` ends within so many days without a successor; `formerly`
    held that type once and does not ("total": something, and now nothing), `gone` for so long;
    `unknown`: this is not known of the customer or of some policy in force; `no_consent` to that
    (all four: portfolio.conditions).

    For an account without the right to names, a search, and what is `unknown` of
    conditions.HIDDEN, finds only its own customers.
    """

    search: Annotated[str | None, FilterField(Kind.TEXT, _search, takes_long=True)] = None
    row_kind: Annotated[
        RowKind | None, FilterField(Kind.ROW, _in_row, beside=("row",), is_complete=_has_row)
    ] = None
    row: Annotated[str | None, FilterField(Kind.TEXT)] = None
    gender: Annotated[
        Gender | Literal["unknown"] | None,
        _code((*Gender, UNKNOWN_ROW), "gender", _of_gender, is_chosen=True),
    ] = None
    age_from: Annotated[
        int | None, FilterField(Kind.NUMBER, _from_age, beside=("age_to",), is_chosen=True)
    ] = None
    age_to: Annotated[
        int | None, FilterField(Kind.NUMBER, _to_age, beside=("age_from",), is_chosen=True)
    ] = None
    holding: Annotated[PolicyType | None, _code(PolicyType, "type", _holding, is_chosen=True)] = (
        None
    )
    also: Annotated[PolicyType | None, _code(PolicyType, "type", _also)] = None
    missing: Annotated[PolicyType | None, _code(PolicyType, "type", _missing, is_chosen=True)] = (
        None
    )
    behind: Annotated[
        Measure | None,
        FilterField(Kind.MEASURE, _behind_cell, beside=("of", "since"), is_complete=_is_cell),
    ] = None
    of: Annotated[Column | None, FilterField(Kind.COLUMN)] = None
    since: Annotated[date | None, FilterField(Kind.DAY)] = None
    currency: Annotated[
        str | None, FilterField(Kind.TEXT, _in_currency, is_complete=_has_measure)
    ] = None
    team: Annotated[str | None, FilterField(Kind.TEXT, _of_team)] = None
    status: Annotated[
        PolicyStatus | None, _code(PolicyStatus, "status", _with_status, is_chosen=True)
    ] = None
    gap: Annotated[str | None, FilterField(Kind.RULE, _with_gap, is_chosen=True)] = None
    not_contacted_for: Annotated[
        int | None, FilterField(Kind.NUMBER, _not_contacted, is_chosen=True, most=36_500)
    ] = None
    expiring: Annotated[
        Literal[*conditions.DAYS_AHEAD] | None,  # ty: ignore[invalid-type-form]  # pydantic's to read
        FilterField(Kind.NUMBER, _expiring, beside=("of",), takes_long=True),
    ] = None
    formerly: Annotated[
        Column | None, FilterField(Kind.FORMERLY, _formerly, beside=("gone",), takes_long=True)
    ] = None
    gone: Annotated[Gone | None, _code(Gone, "gone")] = None
    unknown: Annotated[
        Literal[*UNKNOWN] | None,  # ty: ignore[invalid-type-form]  # pydantic's to read
        FilterField(Kind.UNKNOWN, _unknown, takes_long=True),
    ] = None
    no_consent: Annotated[ConsentKind | None, _code(ConsentKind, "consent_kind", _no_consent)] = (
        None
    )

    @classmethod
    def fields(cls) -> dict[str, FilterField]:
        """Give the record of each field, by its name."""
        return {name: field.metadata[0] for name, field in cls.model_fields.items()}

    @classmethod
    def of_values(cls, values: Mapping[str, Any]) -> Self:
        """Make a filter of the values that fit their fields, without those that say nothing."""
        fields = cls.fields()
        known = {name: value for name, value in values.items() if value is not None}
        wanted = cls(**{name: value for name, value in known.items() if cls._fits(name, value)})
        asked = wanted.asked()
        told = {*asked, *(beside for name in asked for beside in fields[name].beside)}
        return cls(**{name: getattr(wanted, name) for name in told})

    @classmethod
    def _fits(cls, name: str, value: Any) -> bool:
        try:
            cls(**{name: value})
        except ValidationError:
            return False
        return True

    def asked(self) -> list[str]:
        """Name the fields that narrow the list."""
        return [
            name
            for name, field in self.fields().items()
            if field.condition and getattr(self, name) not in (None, "") and field.is_complete(self)
        ]

    def conditions(self, asker: Asker) -> list[Condition]:
        """Give the conditions that a customer on the list has to meet."""
        fields = self.fields()
        return [certain(fields[name].condition)(self, asker) for name in self.asked()]
