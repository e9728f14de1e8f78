"""Find customers: search, filters, sorting and pages, always within the scope of who asks."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any, NamedTuple

import pandas as pd

from fpcore.access import scope
from fpcore.facts import groups
from fpcore.facts.relation import customer_fact
from fpcore.facts.types import agreed_to
from fpcore.kept.stated import stated_fact
from fpcore.models import WON, Account, ConsentKind
from fpcore.portfolio import measures
from fpcore.portfolio.filters import Asker, CustomerFilter
from fpcore.store.database import Database

PAGE_SIZES = (20, 50, 100)


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
        conditions = wanted.conditions(Asker(db, cursor, account, valued_on))
        where = " and ".join(["true", *(condition.sql for condition in conditions)])
        params = {name: v for condition in conditions for name, v in condition.params.items()}
        needs_rules = any(condition.needs_rules for condition in conditions)
        relation = "stated_fact" if needs_rules else "customer_scope"
        if any(condition.looks_back for condition in conditions):
            relation = measures.since_then(relation)
        reads = {name for condition in conditions for name in condition.reads}
        columns = {*_PAGE_READS, _SORT_SQL[sort], *measures.columns_for(reads)}
        if needs_rules:
            fact, base = stated_fact(db, cursor, account, valued_on, columns, "customer_scope")
        else:
            fact, base = customer_fact(db, account, valued_on, columns, wanted.currency or WON)
    order = f"order by sort_key {'desc' if descending else 'asc'} nulls last, name_key, id"

    def considered(kept: str, columns: str) -> str:
        return f"""
            with {fact},
            considered as {kept} (
                select {columns}, {_SORT_SQL[sort]} as sort_key,
                    withdrawn_on is null and coalesce({where}, false) as fits
                from {relation}
            )"""

    query = _Query(
        considered=considered,
        page=f"where fits {order} limit $limit offset $offset",
        order=order,
        params={
            **base, **params, "limit": page_size, "offset": (max(page, 1) - 1) * page_size
        },
    )  # fmt: skip
    seen = scope.of_account(db, account)
    fields = wanted.fields()
    takes_long = any(fields[name].takes_long for name in wanted.asked())
    find_page = _in_two_steps if takes_long and seen.owners is None else _page_and_counts
    rows, counts = find_page(db, query)
    return CustomerPage(rows=rows, names_masked=not seen.by_name, **counts)


class _Query(NamedTuple):
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
_PAGE_READS = (
    "id", "name", "name_key", "gender", "age", "occupation", "phone", "email", "owner_id",
    "last_contact_on", "next_contact_on", "next_end_on", "consents", "total_policies",
    "total_coverage", "total_unknown", "total_premium", "total_premium_unknown",
)  # fmt: skip
"""The columns of customer_fact that a page shows and is sorted by."""


def _page_and_counts(db: Database, query: _Query) -> tuple[pd.DataFrame, dict[str, int]]:
    """Ask for both in one query; who fits is judged twice, which is quicker than keeping it."""
    found = db.frame(
        f"""
        {query.considered(kept="not materialized", columns="*")},
        page as (from considered {query.page}),
        counts as (select {_COUNTS} from considered)
        select matching, in_scope, withdrawn, {_PAGE}
        from counts left join page on true {query.order}
        """,
        query.params,
    )
    counts = {name: int(found.pop(name)[0]) for name in ("matching", "in_scope", "withdrawn")}
    return found[found["id"].notna()].reset_index(drop=True), counts


def _in_two_steps(db: Database, query: _Query) -> tuple[pd.DataFrame, dict[str, int]]:
    """Judge everybody once, then read the page: for what takes long."""
    columns = "id, name_key, withdrawn_on"
    counts = db.read(
        f"""
        {query.considered(kept="materialized", columns=columns)},
        page as (select id from considered {query.page})
        select (select list(id) from page) as ids, {_COUNTS} from considered
        """,
        query.params,
    )[0]
    this_page = {"offset": 0, "ids": counts.pop("ids") or []}
    considered = query.considered(kept="not materialized", columns="*")
    rows = db.frame(
        f"""
        {considered}
        select {_PAGE} from considered
        where id in (select unnest($ids::uuid[])) {query.order} limit $limit offset $offset
        """,
        {**query.params, **this_page},
    )
    return rows, counts
