"""What pages ask of fpcore and may keep: the only user of st.cache_data.

Every key holds the database and its version, so that a change is seen at once, and the account
that asks, so that nobody is shown what somebody else may see.
"""

from collections.abc import Sequence
from datetime import date
from types import FunctionType
from typing import Any, NamedTuple
from uuid import UUID

import pandas as pd
import streamlit as st

from fpcore.access import scope
from fpcore.customers import consents, contacts, coverage, policies
from fpcore.customers.coverage import CoverageSummary
from fpcore.facts import groups
from fpcore.gaps import changes, explanation, scopes, trials
from fpcore.gaps.changes import GapChange
from fpcore.gaps.customer_gaps import CustomerGaps
from fpcore.gaps.scopes import ScopeGaps
from fpcore.gaps.trials import Comparison
from fpcore.models import Account, Consent, Contact, Measure, Policy, RowKind
from fpcore.portfolio import customer_list, follow_up, heatmaps, indicators, makeup
from fpcore.portfolio.conditions import NOT_CONTACTED_DAYS
from fpcore.portfolio.customer_list import CustomerPage, Sort
from fpcore.portfolio.filters import CustomerFilter
from fpcore.portfolio.follow_up import Expiring
from fpcore.portfolio.heatmaps import Heatmap
from fpcore.portfolio.indicators import KeyFigures
from fpcore.portfolio.makeup import Insurers
from fpcore.rules import rulebook
from fpcore.rules.records import Rule
from fpcore.store.database import Database
from ui import session


def customer_page(
    account: Account,
    wanted: CustomerFilter,
    valued_on: date,
    sort: Sort,
    descending: bool,
    page: int,
    page_size: int,
) -> CustomerPage:
    """List a page of customers: customer_list.find."""
    return kept(account, customer_list.find, wanted, valued_on, sort, descending, page, page_size)


def heatmap(
    account: Account,
    rows: RowKind,
    measure: Measure,
    valued_on: date,
    currency: str,
    since: date | None,
    team: str | None,
) -> Heatmap:
    """Aggregate the scope into the cells of a measure: heatmaps.heatmap."""
    return kept(account, heatmaps.heatmap, rows, measure, valued_on, currency, since, team)


def gap_counts(account: Account, valued_on: date) -> ScopeGaps:
    """Count the scope by rule and state: scopes.of_scope."""
    return kept(account, scopes.of_scope, valued_on)


def gap_heatmap(
    account: Account, rows: RowKind, valued_on: date, team: str | None = None
) -> pd.DataFrame:
    """Count the scope by row, rule and state: scopes.heatmap."""
    return kept(account, scopes.heatmap, rows, valued_on, None, team)


def worst(account: Account, valued_on: date, limit: int) -> pd.DataFrame:
    """List the customers with the worst gaps: scopes.worst."""
    return kept(account, scopes.worst, valued_on, limit)


def gap_months(
    account: Account, valued_on: date, months: int, team: str | None = None
) -> pd.DataFrame:
    """Count the gaps that opened and closed, by month: changes.per_month."""
    return kept(account, changes.per_month, valued_on, months, team)


def comparison(
    account: Account, rows: RowKind, valued_on: date, tried: Sequence[Rule]
) -> Comparison:
    """Hold the scope against the rules in use and against others: trials.compare."""
    return kept(account, trials.compare, rows, valued_on, tried)


def changed_customers(
    account: Account, valued_on: date, tried: Sequence[Rule], code: str
) -> pd.DataFrame:
    """List who changes under a rule: trials.changed_customers."""
    return kept(account, trials.changed_customers, valued_on, tried, code)


def key_figures(account: Account, valued_on: date, team: str | None = None) -> KeyFigures:
    """Count the scope: indicators.key_figures."""
    return kept(account, indicators.key_figures, valued_on, team)


def held_together(account: Account, valued_on: date, team: str | None = None) -> pd.DataFrame:
    """Count which types are held together: indicators.held_together."""
    return kept(account, indicators.held_together, valued_on, team)


def expiring(account: Account, valued_on: date, team: str | None = None) -> Expiring:
    """Count what ends soon without a successor: follow_up.expiring."""
    return kept(account, follow_up.expiring, valued_on, team)


def formerly_held(account: Account, valued_on: date, team: str | None = None) -> pd.DataFrame:
    """Count what was held once and is not: follow_up.formerly_held."""
    return kept(account, follow_up.formerly_held, valued_on, team)


def not_contacted(account: Account, valued_on: date, team: str | None = None) -> pd.DataFrame:
    """Count by FP who was not contacted for 90 days: follow_up.not_contacted."""
    return kept(account, follow_up.not_contacted, valued_on, NOT_CONTACTED_DAYS, team)


def age_pyramid(account: Account, valued_on: date, team: str | None = None) -> pd.DataFrame:
    """Count by age, gender and type: makeup.age_pyramid."""
    return kept(account, makeup.age_pyramid, valued_on, team)


def insurers(account: Account, valued_on: date, team: str | None = None) -> Insurers:
    """Add up policies by insurer: makeup.insurers."""
    return kept(account, makeup.insurers, valued_on, team)


def owners(account: Account) -> list[Account]:
    """List whose customers the account may see: scope.visible_owners."""
    return scope.visible_owners(session.database(), account)  # which keeps them itself


def teams(account: Account) -> list[str]:
    """List the teams whose customers the account may see, in their natural order."""
    return sorted({owner.team for owner in owners(account) if owner.team}, key=groups.order)


def currencies(account: Account) -> list[str]:
    """List the currencies in scope: coverage.currencies."""
    return kept(account, coverage.currencies)


class CustomerFile(NamedTuple):
    """What is known of a customer besides the record itself."""

    summary: CoverageSummary
    gaps: CustomerGaps
    changes: list[GapChange]
    policies: list[Policy]
    contacts: list[Contact]
    consents: list[Consent]


def customer_file(account: Account, customer_id: UUID, today: date) -> CustomerFile:
    """Read what is known of a customer: `of_customer` of coverage, gaps and so on.

    Kept apart from what is known of the book, which takes longer to ask for.
    """
    db = session.database()
    asked = (db.path, db.version, account.id, rulebook.file_state(), str(customer_id), str(today))
    return _customer_file(asked, db, account, customer_id, today)


@st.cache_data(max_entries=50, ttl="15m", show_spinner=False)
def _customer_file(
    asked: tuple, _db: Database, _account: Account, _customer_id: UUID, _today: date
) -> CustomerFile:
    one = (_db, _account, _customer_id)
    return CustomerFile(
        summary=coverage.summary(*one, _today),
        gaps=explanation.of_customer(*one, _today),
        changes=changes.of_customer(*one),
        policies=policies.of_customer(*one, _today),
        contacts=contacts.of_customer(*one),
        consents=consents.of_customer(*one),
    )


def kept(account: Account, operation: FunctionType, *arguments: Any) -> Any:
    """Give `operation(db, account, *arguments)`, kept by what the arguments read as."""
    db = session.database()
    rule_file = rulebook.file_state()  # what it says changes without a change of the database
    asked = (operation.__module__, operation.__name__, rule_file, *map(repr, arguments))
    return _cached(db.path, db.version, account.id, asked, db, account, operation, arguments)


@st.cache_data(max_entries=100, ttl="15m", show_spinner=False)
def _cached(
    path: str, version: int, asker: UUID, asked: tuple,
    _db: Database, _account: Account, _operation: FunctionType, _arguments: tuple,
) -> Any:  # fmt: skip
    return _operation(_db, _account, *_arguments)
