"""A small agency to test with: its people, and books given as dicts of header and cell."""

import csv
import io
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any
from uuid import UUID

import pytest

from fpcore import accounts, book_import, contacts, customers, policies
from fpcore.book_import import ImportOptions, ImportReport
from fpcore.database import Database
from fpcore.errors import InvalidInput
from fpcore.models import Account, NewContact, NewCustomer, NewPolicy, Role

TODAY = date(2026, 11, 22)
STATEMENT = "2026-11-20 서면 동의"
PASSWORD = "agency-2026"
STAFF = [
    ("admin", Role.ADMIN, None),
    ("manager1", Role.MANAGER, "강남"),
    ("fp1", Role.FP, "강남"),
    ("fp2", Role.FP, "강남"),
    ("manager2", Role.MANAGER, "부산"),
    ("fp3", Role.FP, "부산"),
]


def hire(db: Database) -> dict[str, Account]:
    """Add everybody of the agency; their accounts by user name."""
    return {
        username: accounts.add(db, accounts.OPERATOR, username, role, PASSWORD, team)
        for username, role, team in STAFF
    }


def csv_bytes(rows: Iterable[dict[str, str]], encoding: str = "utf-8-sig") -> bytes:
    """Write rows as a CSV file with all the headers that any of them has."""
    rows = list(rows)
    headers = dict.fromkeys(header for row in rows for header in row)
    out = io.StringIO()
    writer = csv.DictWriter(out, headers, restval="")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode(encoding)


def take(
    db: Database,
    account: Account,
    rows: list[dict[str, str]],
    dry_run: bool = False,
    consent_basis: str | None = STATEMENT,
    **options,
) -> ImportReport:
    """Import the rows for an account, or only preview them."""
    run = book_import.preview if dry_run else book_import.import_book
    said = ImportOptions(consent_basis=consent_basis, **options)
    return run(db, account, "book.csv", csv_bytes(rows), said, TODAY)


def codes(report: ImportReport) -> list[str]:
    """List the reasons of all rejected rows, in the order of the file."""
    return [problem.code for row in report.rejects for problem in row.problems]


def outcome(report: ImportReport) -> tuple[int, int, int, int]:
    """Give (created, updated, unchanged, rejected)."""
    return report.created, report.updated, report.unchanged, report.rejected


def disable(db: Database, username: str) -> None:
    """Take an account out of use, as an admin would."""
    db.transaction(
        lambda cursor: cursor.execute(
            "update account set disabled = true, ver = ver + 1 where username = $name",
            {"name": username},
        )
    )


def forged(account: Account) -> Account:
    """The same account, claiming to be an admin of the other team."""
    return account.model_copy(update={"role": Role.ADMIN, "team_id": None, "team": "부산"})


def add_customer(db: Database, account: Account, **typed: Any) -> UUID:
    """Add a customer by hand: 김하나, who agreed, unless said otherwise."""
    new = NewCustomer(**{"name": "김하나", "consent_basis": STATEMENT, **typed})
    return customers.create(db, account, new, TODAY)


def add_policy(db: Database, account: Account, customer: UUID, **typed: Any) -> UUID:
    """Add a policy by hand: an active one of life, in won, unless said otherwise."""
    return policies.add(db, account, customer, NewPolicy(**{"type": "life", **typed}), TODAY)


def log_contact(db: Database, account: Account, customer: UUID, **typed: Any) -> UUID:
    """Log a contact: reached by phone today, unless said otherwise."""
    said = {"contacted_on": TODAY, "channel": "phone", "outcome": "reached", **typed}
    return contacts.add(db, account, customer, NewContact(**said), TODAY)


def row_of(db: Database, table: str, record_id: UUID) -> dict[str, Any]:
    """Read a row as it is stored."""
    return db.read(f"select * from {table} where id = $id", {"id": record_id})[0]


def tables(db: Database) -> dict[str, list[dict[str, Any]]]:
    """Read every row of every table, in an order of its own."""
    names = db.read("select table_name as name from duckdb_tables() where not temporary")
    return {
        name: db.read(f"select * from {name} order by all")
        for name in sorted(row["name"] for row in names)
    }


@contextmanager
def refusal(db: Database) -> Iterator[list[tuple[str, str]]]:
    """A block that must be refused with InvalidInput and leave all tables as they were.

    The list that it gives holds afterwards what was refused: (field, code).
    """
    before, problems = tables(db), []
    with pytest.raises(InvalidInput) as refused:
        yield problems
    problems += [(field, code) for field, code, _ in refused.value.problems]
    assert tables(db) == before
