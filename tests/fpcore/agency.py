"""A small agency to test with: its people, and books given as dicts of header and cell."""

import csv
import io
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import date
from itertools import count
from math import isnan
from threading import Barrier, Thread
from typing import Any, NamedTuple
from uuid import UUID

import pytest

from fpcore.access import accounts
from fpcore.customers import contacts, policies, profiles
from fpcore.errors import InvalidInput
from fpcore.importing import importer
from fpcore.importing.importer import ImportOptions
from fpcore.importing.report import ImportReport
from fpcore.models import WHOLE_LIFE, Account, GapState, NewContact, NewCustomer, NewPolicy, Role
from fpcore.portfolio import customer_list
from fpcore.portfolio.filters import CustomerFilter
from fpcore.store import opening
from fpcore.store.connecting import IN_MEMORY
from fpcore.store.database import Database

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


class Office(NamedTuple):
    """A database and the agency's people by user name."""

    db: Database
    people: dict[str, Account]


def open_office() -> Iterator[Office]:
    """A database in memory with the agency's people: for a fixture that many tests share."""
    db = opening.open_database(IN_MEMORY)
    yield Office(db, hire(db))
    db.close()


def newcomer(db: Database) -> Account:
    """Add an FP of the team of fp1, who has no customers yet."""
    username = f"newcomer{next(_newcomers)}"
    return accounts.add(db, accounts.OPERATOR, username, Role.FP, PASSWORD, "강남")


_newcomers = count()


def csv_bytes(rows: Iterable[dict[str, str]], encoding: str = "utf-8-sig") -> bytes:
    """Write rows as a CSV file with all the headers that any of them has."""
    rows = list(rows)
    headers = dict.fromkeys(header for row in rows for header in row)
    out = io.StringIO()
    writer = csv.DictWriter(out, headers, restval="")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode(encoding)


IN_WON = {"coverage_amount": 1, "premium_amount": 1}


def take(
    db: Database,
    account: Account,
    rows: list[dict[str, str]],
    dry_run: bool = False,
    consent_basis: str | None = STATEMENT,
    **options,
) -> ImportReport:
    """Import the rows for an account, or only preview them; plain amounts are won, unless said
    otherwise by `units`."""
    run = importer.preview if dry_run else importer.import_book
    said = ImportOptions(consent_basis=consent_basis, **{"units": IN_WON, **options})
    return run(db, account, "book.csv", csv_bytes(rows), said, TODAY)


def codes(report: ImportReport) -> list[str]:
    """List the reasons of all rejected rows, in the order of the file."""
    return [problem.code for row in report.rejects for problem in row.problems]


def outcome(report: ImportReport) -> tuple[int, int, int, int]:
    """Give (created, updated, unchanged, held back)."""
    return report.created, report.updated, report.unchanged, report.held_back


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
    return profiles.create(db, account, new, TODAY)


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


PAYMENTS = {"monthly": 12, "quarterly": 4, "semiannual": 2, "annual": 1, "single": 0, "paid_up": 0}


def counted_by_hand(db: Database, valued_on: date) -> dict[UUID, dict[str, Any]]:
    """What the list must say of each customer in won, counted from the tables without any SQL."""
    held = db.read("select * from policy")
    log, agreed = db.read("select * from contact"), db.read("select * from consent")
    return {
        one["id"]: _counted(
            one,
            [policy for policy in held if policy["customer_id"] == one["id"]],
            [contact for contact in log if contact["customer_id"] == one["id"]],
            [consent for consent in agreed if consent["customer_id"] == one["id"]],
            valued_on,
        )
        for one in db.read("select * from customer")
        if one["withdrawn_on"] is None
    }


def _counted(one, held, log, agreed, valued_on) -> dict[str, Any]:
    held = [policy for policy in held if _in_force(policy, valued_on)]
    coverages = [
        policy["coverage_amount"] if policy["currency"] == "KRW" else None for policy in held
    ]
    premiums = [yearly_premium(policy) for policy in held]
    ends = [policy["end_date"] for policy in held if policy["end_date"] not in (None, WHOLE_LIFE)]
    reached = [
        contact["contacted_on"]
        for contact in log
        if contact["outcome"] not in ("no_answer", "wrong_number")
    ]
    holding = {consent["kind"] for consent in agreed if consent["withdrawn_on"] is None}
    return {
        "policies": len(held),
        "coverage": _known_sum(coverages),
        "unknown": coverages.count(None),
        "premium": None if _known_sum(premiums) is None else _known_sum(premiums) / 12,
        "premium_unknown": premiums.count(None),
        "next_end_on": min(ends, default=None),
        "last_contact_on": max([*reached, one["last_contact_on"] or date.min], default=date.min),
        "marketing": "marketing" in holding,
    }


def _in_force(policy: dict, valued_on: date) -> bool:
    begun = policy["start_date"] is None or policy["start_date"] <= valued_on
    ended = policy["end_date"] is not None and policy["end_date"] < valued_on
    return policy["status"] == "active" and begun and not ended


def yearly_premium(policy: dict):
    if policy["premium_cycle"] == "paid_up":
        return 0
    known = None not in (policy["premium_amount"], policy["premium_cycle"])
    if not known or policy["currency"] != "KRW":
        return None
    return policy["premium_amount"] * PAYMENTS[policy["premium_cycle"]]


def _known_sum(amounts: list):
    known = [amount for amount in amounts if amount is not None]
    return sum(known) if known or not amounts else None


def listed(db: Database, account: Account, valued_on: date) -> dict[UUID, dict[str, Any]]:
    """What the list says of each customer, in the words of `counted_by_hand`."""
    rows = customer_list.find(db, account, CustomerFilter(), valued_on, page_size=10_000).rows
    found = {}
    for row in rows.to_dict("records"):
        for amount in ("coverage", "premium"):
            row[amount] = None if isnan(row[amount]) else row[amount]
        for day in ("next_end_on", "last_contact_on"):
            row[day] = row[day].date() if str(row[day]) != "NaT" else None
        found[row["id"]] = {**row, "last_contact_on": row["last_contact_on"] or date.min}
    return found


def assert_listed_as_counted(db: Database, account: Account, valued_on: date) -> None:
    """Hold the list of everybody whom the account sees against a count by hand."""
    found, expected = listed(db, account, valued_on), counted_by_hand(db, valued_on)
    assert found.keys() == expected.keys()
    for one, counted in expected.items():
        amounts = {name: counted.pop(name) for name in ("coverage", "premium")}
        assert {name: found[one][name] for name in counted} == counted
        assert {name: found[one][name] for name in amounts} == {
            name: None if amount is None else pytest.approx(float(amount))
            for name, amount in amounts.items()
        }


def at_once(*work: Callable[[], Any]) -> list[Any]:
    """Do all of it at the same moment, each in a thread of its own: results, or what was raised."""
    start, results = Barrier(len(work)), [None] * len(work)

    def run(number: int) -> None:
        start.wait()
        try:
            results[number] = work[number]()
        except Exception as error:
            results[number] = error

    threads = [Thread(target=run, args=(number,)) for number in range(len(work))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return results


def unpacked(states: int, count: int) -> list[GapState]:
    """Read the states of `count` rules out of customer_row.states."""
    return [list(GapState)[states // 5**number % 5] for number in range(count)]
