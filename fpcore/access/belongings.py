"""The tables that hang on a customer, and what becomes of each.

Whoever erases a customer, undoes an import, hands out all that is held about somebody, or checks
what is kept, reads this list: no table is forgotten by one of them. DuckDB keeps no foreign keys.
"""

from enum import Enum, auto
from typing import NamedTuple
from uuid import UUID

from fpcore.store.database import Cursor


class Undoing(Enum):
    """What a row means for a customer whom an import created and who goes as it is undone."""

    GOES = auto()
    """The row goes with the customer."""
    KEEPS_UNLESS_IMPORTED = auto()
    """The row goes where it came with the import; any other keeps the customer."""
    KEEPS = auto()
    """The row keeps the customer, since somebody added it by hand."""


class Belonging(NamedTuple):
    """A table with rows of customers: `key` is the column with the customer's id.

    `exported_as` is the part of an export that tells it; None for what repeats other parts.
    `outlives`: the rows stay after the customer, without what their data were.
    """

    table: str
    key: str
    undoing: Undoing
    exported_as: str | None
    outlives: bool = False


BELONGINGS = (
    Belonging("customer", "id", Undoing.GOES, "customer"),
    Belonging("consent", "customer_id", Undoing.KEEPS_UNLESS_IMPORTED, "consents"),
    Belonging("policy", "customer_id", Undoing.KEEPS_UNLESS_IMPORTED, "policies"),
    Belonging("contact", "customer_id", Undoing.KEEPS, "contacts"),
    Belonging("customer_target", "customer_id", Undoing.KEEPS, "targets"),
    Belonging("gap_change", "customer_id", Undoing.GOES, "gap_history"),
    Belonging("customer_before", "id", Undoing.GOES, "before_import"),
    Belonging("policy_before", "customer_id", Undoing.GOES, "before_import"),
    Belonging("customer_row", "id", Undoing.GOES, None),
    Belonging("audit", "customer_id", Undoing.GOES, "log", outlives=True),
)

EXPORTED = tuple(dict.fromkeys(b.exported_as for b in BELONGINGS if b.exported_as))
"""The parts of an export, in the order in which they are told."""


def removals(ids: str) -> list[str]:
    """The SQL statements that take out all rows of the customers in `ids`, an SQL list or a query
    in brackets."""
    return [f"delete from {b.table} where {b.key} in {ids}" for b in BELONGINGS if not b.outlives]


def remove(cursor: Cursor, customer_id: UUID) -> None:
    """Take out all rows of a customer; what outlives them is for `audit.forget`."""
    for statement in removals("($id)"):
        cursor.execute(statement, {"id": customer_id})
