"""Check what is kept for speed against what it is made of, and that no record hangs in the air.

DuckDB is asked for no foreign keys: whatever belongs to a customer who is not there is found here.
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from uuid import UUID

from fpcore.access.belongings import BELONGINGS
from fpcore.kept import comparison
from fpcore.store import database
from fpcore.store.database import Cursor, Database


class Fault(StrEnum):
    """What can be wrong.

    A kept row is missing, is of nobody, is there twice, or says something else than is computed; a
    record is of a customer who is not there; a customer's owner is no account; an insurer in a
    policy has no number; a customer never consented to collection and use.
    """

    ROW_MISSING = "row_missing"
    ROW_OF_NOBODY = "row_of_nobody"
    ROW_TWICE = "row_twice"
    ROW_DIFFERS = "row_differs"
    RECORD_OF_NOBODY = "record_of_nobody"
    OWNER_UNKNOWN = "owner_unknown"
    INSURER_UNNUMBERED = "insurer_unnumbered"
    CONSENT_MISSING = "consent_missing"


@dataclass(frozen=True)
class Finding:
    """One fault. `customer_id` is whose it is, None for nobody's in particular; `column` where:
    a column of customer_row, or a table; `kept` and `computed` what stands there and what should,
    as text, None where there is nothing to compare."""

    code: Fault
    customer_id: UUID | None
    column: str | None = None
    kept: str | None = None
    computed: str | None = None


@dataclass(frozen=True)
class Checked:
    """How many customers and policies there are, and all that is wrong with what is kept."""

    customers: int
    policies: int
    findings: list[Finding]


def check(db: Database, today: date) -> Checked:
    """Recompute everything that is kept, as of today, and name every difference."""
    with db.reading() as cursor:
        counted = database.rows(
            cursor,
            "select (select count(*) from customer) as customers,"
            " (select count(*) from policy) as policies",
        )[0]
        records = [*_rows_apart(cursor), *_records_apart(cursor)]
    differing = [
        Finding(Fault.ROW_DIFFERS, one.customer_id, one.column, one.kept, one.computed)
        for one in comparison.compared(db, today)
    ]
    return Checked(**counted, findings=[*records, *differing])


def _rows_apart(cursor: Cursor) -> list[Finding]:
    return [Finding(Fault(code), owner) for code, owner in cursor.execute(_ROWS_APART).fetchall()]


def _records_apart(cursor: Cursor) -> list[Finding]:
    return [
        Finding(Fault(code), owner, column)
        for code, owner, column in cursor.execute(_RECORDS_APART).fetchall()
    ]


_ROWS_APART = f"""
select '{Fault.ROW_MISSING}', c.id from customer c anti join customer_row r on r.id = c.id
union all
select '{Fault.ROW_OF_NOBODY}', r.id from customer_row r anti join customer c on c.id = r.id
union all
select '{Fault.ROW_TWICE}', id from customer_row group by id having count(*) > 1
"""
_OF_CUSTOMERS = [
    b for b in BELONGINGS if b.table not in ("customer", "customer_row") and not b.outlives
]
_RECORDS_APART = "\nunion all\n".join(
    [
        f"select '{Fault.RECORD_OF_NOBODY}', {b.key}, '{b.table}' from {b.table}"
        f" where {b.key} not in (select id from customer)"
        for b in _OF_CUSTOMERS
    ]
    + [
        f"select '{Fault.OWNER_UNKNOWN}', c.id, 'owner_id' from customer c"
        " where c.owner_id not in (select id from account)",
        f"select '{Fault.INSURER_UNNUMBERED}', any_value(customer_id), 'insurer' from policy"
        " where insurer is not null and insurer not in (select name from insurer)"
        " group by insurer",
        f"select '{Fault.CONSENT_MISSING}', c.id, 'consent' from customer c"
        " where c.id not in (select customer_id from consent where kind = 'collection')",
    ]
)
