"""A small agency to test with: its people, and books given as dicts of header and cell."""

import csv
import io
from collections.abc import Iterable
from datetime import date

from fpcore import accounts, book_import
from fpcore.book_import import ImportOptions, ImportReport
from fpcore.database import Database
from fpcore.models import Account, Role

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
