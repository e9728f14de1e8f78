"""Find customers: search, filters, sorting and pages, always within the scope of who asks."""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Any, Literal, NamedTuple

import pandas as pd

from fpcore.access import scope
from fpcore.access.scope import VISIBLE_OWNERS
from fpcore.facts import groups
from fpcore.facts.groups import UNKNOWN_ROW
from fpcore.facts.relation import customer_fact
from fpcore.facts.types import TOTAL, agreed_to
from fpcore.kept.stated import stated_fact
from fpcore.models import (
    WON,
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
from fpcore.portfolio import conditions as portfolio_conditions
from fpcore.portfolio import measures
from fpcore.portfolio.conditions import ends_within, held_once, is_unknown, lacks_consent
from fpcore.portfolio.measures import DEFINITIONS
from fpcore.rules import judging, rulebook
from fpcore.store.database import Cursor, Database

PAGE_SIZES = (20, 50, 100)
ANY_GAP = "any"
"""Of a filter's `gap`: a gap in any rule."""

UNKNOWN = (*portfolio_conditions.FIELDS, "last_contact_on", *portfolio_conditions.POLICY_FIELDS)
"""What a filter's `unknown` can be."""


class Sort(StrEnum):
    """What a list of customers can be sorted by."""

    NAME = "name"
    AGE = "age"
    POLICIES = "policies"
    COVERAGE = "coverage"
    PREMIUM = "premium"
    LAST_CONTACT = "last_contact"
    NEXT_END = "next_end"


_SORT_SQL = {
    Sort.NAME: "name_key",
    Sort.AGE: "age",
    Sort.POLICIES: "total_policies",
    Sort.COVERAGE: "total_coverage",
    Sort.PREMIUM: "total_premium",
    Sort.LAST_CONTACT: "last_contact_on",
    Sort.NEXT_END: "next_end_on",
}
_STATUS_SQL = {
    PolicyStatus.ACTIVE: "total_policies > 0",
    PolicyStatus.EXPIRED: "expired_policies > 0",
    PolicyStatus.CANCELLED: "cancelled_policies > 0",
    PolicyStatus.PENDING: "pending_policies > 0",
}


_TAKE_LONG = ("search", "expiring", "formerly", "unknown")


class CustomerFilter(Record):
    """Which customers to list; None everywhere lists all in scope.

    `search` looks in names (also by initial consonants, ㅎㄱㄷ), e-mail addresses, insurers and
    policy numbers; four digits also in the end of the phone number. `holding` and `missing` are
    about policies in force; `status` asks for a policy in that status, an active one whose end
    has passed counting as expired. `not_contacted_for` are days since the last contact, or never.
    `gap` is the code of a gap rule, or ANY_GAP. `row_kind` and `row` are those of a heatmap cell,
    `row` being UNKNOWN_ROW for those of whom it is not known; `gender` knows "unknown" too.
    `behind` and `of` are a heatmap's measure and column: who is behind such a cell, and for CHANGE
    `since` when; such a cell, and the sums of the list, are in `currency` (None: won). `team` is
    the name of one.

    `expiring`: a policy of the type `of` ends within so many days without a successor; `formerly`
    held that type once and does not ("total": something, and now nothing), `gone` for so long;
    `unknown`: this is not known of the customer or of some policy in force; `no_consent` to that
    (all four: portfolio_conditions).

    For an account without the right to names, a search, and what is `unknown` of
    portfolio_conditions.HIDDEN, finds only its own customers.
    """

    search: str | None = None
    gender: Gender | Literal["unknown"] | None = None
    age_from: int | None = None
    age_to: int | None = None
    holding: PolicyType | None = None
    also: PolicyType | None = None
    missing: PolicyType | None = None
    status: PolicyStatus | None = None
    not_contacted_for: int | None = None
    gap: str | None = None
    row_kind: RowKind | None = None
    row: str | None = None
    behind: Measure | None = None
    of: PolicyType | Literal["total"] | None = None
    since: date | None = None
    currency: str | None = None
    team: str | None = None
    expiring: Literal[30, 60, 90] | None = None
    formerly: PolicyType | Literal["total"] | None = None
    gone: Gone | None = None
    unknown: Literal[*UNKNOWN] | None = None
    no_consent: ConsentKind | None = None


@dataclass(frozen=True)
class CustomerPage:
    """One page of a list: the rows, how many fit, and how many there are in scope at all.

    `in_scope` counts everybody, `withdrawn` those of them who are not shown to anybody because
    they withdrew their consent. Columns of `rows`: id, name, gender, age, occupation, phone,
    email, owner, last_contact_on, next_contact_on, next_end_on (the next end of a policy in
    force), marketing (consented to it), policies, coverage (the known sum in the
    filter's currency; NaN where none is known), unknown (policies without a known amount), premium
    (a month's; NaN likewise), premium_unknown.

    `names_masked`: the account has no right to names. Of the customers of others the name is
    masked, phone and email are null, and age is that of the birth year.
    """

    rows: pd.DataFrame
    matching: int
    in_scope: int
    withdrawn: int
    names_masked: bool


def find(
    db: Database,
    account: Account,
    wanted: CustomerFilter,
    valued_on: date,
    sort: Sort = Sort.NAME,
    descending: bool = False,
    page: int = 1,
    page_size: int = PAGE_SIZES[0],
) -> CustomerPage:
    """List a page (counted from 1) of the customers in scope that fit; unknown values last, and
    of those whose names are masked the earliest added first."""
    with db.reading() as cursor:
        where, params = _where(db, cursor, account, wanted, valued_on)
        measure = DEFINITIONS[wanted.behind] if wanted.behind else None
        is_stated = wanted.gap or (measure and measure.needs_rules)
        relation = "stated_fact" if is_stated else "customer_scope"
        if measure and measure.looks_back and wanted.since:
            relation, params["since"] = measures.since_then(relation), wanted.since
        used_in = f"{_PAGE}, {_SORT_SQL[sort]}, name_key, {where}, {relation}"
        if is_stated:
            fact, base = stated_fact(db, cursor, account, valued_on, used_in, "customer_scope")
        else:
            fact, base = customer_fact(db, account, valued_on, wanted.currency or WON, used_in)
    order = f"order by sort_key {'desc' if descending else 'asc'} nulls last, name_key, id"

    def considered(kept: str, columns: str) -> str:
        return f"""
            with {fact},
            considered as {kept} (
                select {columns}, {_SORT_SQL[sort]} as sort_key,
                    withdrawn_on is null and coalesce({where}, false) as fits
                from {relation}
            )"""

    asked = _Asked(
        considered=considered,
        page=f"where fits {order} limit $limit offset $offset",
        order=order,
        params={
            **base, **params, "limit": page_size, "offset": (max(page, 1) - 1) * page_size
        },
    )  # fmt: skip
    seen = scope.of_account(db, account)
    takes_long = any(getattr(wanted, name) for name in _TAKE_LONG)
    find_page = _in_two_steps if takes_long and seen.owners is None else _page_and_counts
    rows, counts = find_page(db, asked)
    return CustomerPage(rows=rows, names_masked=not seen.by_name, **counts)


class _Asked(NamedTuple):
    """The parts of a list's SQL; `considered` gives that of everybody in scope, with these columns
    and `fits`, who is wanted."""

    considered: Callable[..., str]
    page: str
    order: str
    params: dict[str, Any]


_COUNTS = """
    count(*) filter (fits) as matching, count(*) as in_scope, count(withdrawn_on) as withdrawn
"""
_PAGE = f"""
    id, name, gender, age, occupation, phone, email, {groups.OWNER} as owner,
    last_contact_on, next_contact_on, next_end_on,
    {agreed_to(ConsentKind.MARKETING)} as marketing, total_policies as policies,
    total_coverage as coverage, total_unknown as unknown, total_premium / 12 as premium,
    total_premium_unknown as premium_unknown
"""


def _page_and_counts(db: Database, asked: _Asked) -> tuple[pd.DataFrame, dict[str, int]]:
    """Ask for both in one query; who fits is judged twice, which is quicker than keeping it."""
    found = db.frame(
        f"""
        {asked.considered(kept="not materialized", columns="*")},
        page as (from considered {asked.page}),
        counts as (select {_COUNTS} from considered)
        select matching, in_scope, withdrawn, {_PAGE}
        from counts left join page on true {asked.order}
        """,
        asked.params,
    )
    counts = {name: int(found.pop(name)[0]) for name in ("matching", "in_scope", "withdrawn")}
    return found[found["id"].notna()].reset_index(drop=True), counts


def _in_two_steps(db: Database, asked: _Asked) -> tuple[pd.DataFrame, dict[str, int]]:
    """Judge everybody once, then read the page: for what takes long."""
    columns = "id, name_key, withdrawn_on"
    counts = db.read(
        f"""
        {asked.considered(kept="materialized", columns=columns)},
        page as (select id from considered {asked.page})
        select (select list(id) from page) as ids, {_COUNTS} from considered
        """,
        asked.params,
    )[0]
    this_page = {"offset": 0, "ids": counts.pop("ids") or []}
    considered = asked.considered(kept="not materialized", columns="*")
    rows = db.frame(
        f"""
        {considered}
        select {_PAGE} from considered
        where id in (select unnest($ids::uuid[])) {asked.order} limit $limit offset $offset
        """,
        {**asked.params, **this_page},
    )
    return rows, counts


def _where(
    db: Database, cursor: Cursor, account: Account, wanted: CustomerFilter, valued_on: date
) -> tuple[str, dict[str, Any]]:
    """The SQL over customer_fact for a filter, and its parameters."""
    conditions: list[tuple[str, dict[str, Any]]] = [("true", {}), *_search(wanted.search)]

    def add(condition: str, **params: Any) -> None:
        conditions.append((condition, params))

    if wanted.gender:
        add(f"coalesce(gender, '{UNKNOWN_ROW}') = $gender", gender=str(wanted.gender))
    if wanted.age_from is not None:
        add("age >= $age_from", age_from=wanted.age_from)
    if wanted.age_to is not None:
        add("age <= $age_to", age_to=wanted.age_to)
    if wanted.holding:
        add(f"{wanted.holding.value}_policies > 0")
    if wanted.also:
        add(f"{wanted.also.value}_policies > 0")
    if wanted.missing:
        add(f"{wanted.missing.value}_policies = 0")
    if wanted.status:
        add(_STATUS_SQL[wanted.status])
    if wanted.not_contacted_for is not None:
        latest = valued_on - timedelta(days=min(max(wanted.not_contacted_for, 0), 36_500))
        add("coalesce(last_contact_on < $contacted_before, true)", contacted_before=latest)
    if wanted.gap:
        rules = enumerate(rulebook.rules_on(db, valued_on))
        add(judging.has_gap(n for n, rule in rules if wanted.gap in (rule.code, ANY_GAP)))
    if wanted.row_kind and wanted.row is not None:
        conditions.append(groups.has(cursor, wanted.row_kind, wanted.row, valued_on))
    if wanted.team:
        add(groups.OF_TEAM, team=wanted.team)
    if wanted.behind and (wanted.since or not DEFINITIONS[wanted.behind].looks_back):
        add(DEFINITIONS[wanted.behind].behind(wanted.of or TOTAL).text)
    conditions += _figures(account, wanted)
    params = {key: value for _, more in conditions for key, value in more.items()}
    return " and ".join(sql for sql, _ in conditions), params


def _figures(account: Account, wanted: CustomerFilter) -> list[tuple[str, dict[str, Any]]]:
    """The conditions of who is behind a figure of the whole book, with their parameters."""
    found, said = [], {}
    if wanted.expiring:
        found.append(ends_within("customer_scope", wanted.expiring, wanted.of or TOTAL))
    if wanted.formerly:
        found.append(held_once("customer_scope", wanted.formerly, wanted.gone))
    if wanted.unknown:
        found.append(is_unknown(wanted.unknown))
    if wanted.unknown in portfolio_conditions.HIDDEN:
        found.append(f"owner_id in (select id from ({VISIBLE_OWNERS}) where by_name)")
        said["asker"] = account.id
    if wanted.no_consent:
        found.append(lacks_consent(wanted.no_consent))
    return [(" and ".join(["true", *found]), said)]


def _search(text: str | None) -> list[tuple[str, dict[str, Any]]]:
    """The condition of a search, if anything is searched for."""
    typed = _readable(text)
    searched = re.sub(r"[\s-]", "", typed)
    if not searched:
        return [("false", {})] if typed else []
    anywhere, params = ["contains(words, $search)"], {"search": searched}
    if re.fullmatch("[ㄱ-ㅎ]+", searched):
        anywhere.append("contains(initials, $initials)")
        params["initials"] = searched.translate(_APART)
    if re.fullmatch("[0-9]{4}", searched):
        anywhere.append("ends_with(phone, $search)")
    return [(_any_of(anywhere), params)]


def _any_of(conditions: list[str]) -> str:
    """The SQL for "one of these"; what is not known is none of them."""
    return f"({' or '.join(f'coalesce({one}, false)' for one in ['false', *conditions])})"


_APART = str.maketrans(
    {"ㄳ": "ㄱㅅ", "ㄵ": "ㄴㅈ", "ㄶ": "ㄴㅎ", "ㄺ": "ㄹㄱ", "ㄻ": "ㄹㅁ", "ㄼ": "ㄹㅂ",
     "ㄽ": "ㄹㅅ", "ㄾ": "ㄹㅌ", "ㄿ": "ㄹㅍ", "ㅀ": "ㄹㅎ", "ㅄ": "ㅂㅅ"}
)  # fmt: skip
"""Keyboards join two initial consonants into one sign where a final consonant could be meant."""


def _readable(text: str | None) -> str:
    """Reduce what was typed to what can be looked for: no lone surrogates, no NUL, no case."""
    text = (text or "").encode("utf-8", "ignore").decode().replace("\0", "")
    return unicodedata.normalize("NFC", text).strip().lower()
