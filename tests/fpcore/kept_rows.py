"""What is said of a day, with the rows that are kept and without them."""

from datetime import date
from typing import Any

from agency import assert_listed_as_counted

from fpcore.gaps import scopes
from fpcore.kept import comparison
from fpcore.models import Account, RowKind
from fpcore.portfolio import customer_list, heatmaps
from fpcore.portfolio.customer_list import Sort
from fpcore.portfolio.filters import CustomerFilter
from fpcore.store.database import Database


def answers(db: Database, account: Account, day: date, currency: str = "KRW") -> dict[str, Any]:
    """What lists, heatmaps and rules say of a day, in a form that can be compared."""
    said = {
        rows.value: heatmaps.figures(db, account, rows, day, currency).to_csv()
        for rows in (RowKind.AGE_BAND, RowKind.FP)
    }
    if currency != "KRW":
        return said
    wanted = CustomerFilter(), CustomerFilter(search="ㄱ", status="expired", not_contacted_for=30)
    for number, one in enumerate(wanted):
        page = customer_list.find(db, account, one, day, Sort.NEXT_END, page_size=1000)
        said[f"find {number}"] = (page.rows.to_csv(), page.matching, page.in_scope, page.withdrawn)
    said["gaps"] = str(scopes.of_scope(db, account, day))
    return said


def spoil(db: Database) -> None:
    """Make the kept rows true of no day that anybody asks for, so that all is computed."""
    db.transaction(
        lambda cursor: cursor.execute("update customer_row set held_until = '0001-01-02'")
    )


def assert_kept_as_computed(db: Database, account: Account, today: date) -> None:
    """Ask for today with the rows as they are kept, and again with rows that cannot be used.

    The rows are not true of any day afterwards.
    """
    assert comparison.differences(db, today) == []
    assert_listed_as_counted(db, account, today)
    kept = answers(db, account, today)
    spoil(db)
    assert answers(db, account, today) == kept
