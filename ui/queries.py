"""What pages ask of fpcore and may keep: the only user of st.cache_data.

Every key holds the database and its version, so that a change is seen at once, and the account
that asks, so that nobody is shown what somebody else may see.
"""

from collections.abc import Callable
from datetime import date
from typing import Any

import pandas as pd
import streamlit as st

from fpcore import coverage, customer_list, gaps
from fpcore.customer_list import CustomerFilter, CustomerPage, Sort
from fpcore.gaps import RuleCount
from fpcore.models import Account, RowKind
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
    return _kept(account, customer_list.find, wanted, valued_on, sort, descending, page, page_size)


def heatmap(account: Account, rows: RowKind, valued_on: date, currency: str) -> pd.DataFrame:
    """Aggregate the scope into cells: coverage.heatmap."""
    return _kept(account, coverage.heatmap, rows, valued_on, currency)


def gap_counts(account: Account, valued_on: date) -> tuple[int, list[RuleCount]]:
    """Count the scope by rule and state: gaps.of_scope."""
    return _kept(account, gaps.of_scope, valued_on)


def currencies(account: Account) -> list[str]:
    """List the currencies in scope: coverage.currencies."""
    return _kept(account, coverage.currencies)


def _kept(account: Account, operation: Callable, *arguments: Any) -> Any:
    db = session.database()
    asked = (operation.__module__, operation.__name__, *map(repr, arguments))
    return _cached(db.path, db.version, account.id, asked, db, account, operation, arguments)


@st.cache_data(max_entries=100, ttl="15m", show_spinner=False)
def _cached(path, version, asker, asked, _db, _account, _operation, _arguments):
    return _operation(_db, _account, *_arguments)
