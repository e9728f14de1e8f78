"""The demo: accounts with a well-known password, and the demo book through the importer."""

from datetime import date

import bcrypt

from fpcore.access import accounts
from fpcore.config.paths import DATA
from fpcore.importing import importer
from fpcore.importing.importer import ImportOptions
from fpcore.importing.report import ImportReport
from fpcore.models import Role
from fpcore.store.database import Database

BOOK = DATA / "demo_book.csv"
PASSWORD = "demo-book-2026"
TEAMS = {"강남": ("fp1", "fp2", "fp3", "fp4"), "부산": ("fp5", "fp6", "fp7", "fp8")}
PEOPLE = [
    ("admin", Role.ADMIN, None, "관리자"),
    ("manager1", Role.MANAGER, "강남", "강남 팀장"),
    ("manager2", Role.MANAGER, "부산", "부산 팀장"),
    *((fp, Role.FP, team, f"{team} {fp.upper()}") for team, fps in TEAMS.items() for fp in fps),
]


def load(db: Database, today: date) -> ImportReport:
    """Add the demo accounts that are missing, and import the demo book."""
    present = {row["username"] for row in db.read("select username from account")}
    for username, role, team, name in PEOPLE:
        if username not in present:
            accounts.add(db, accounts.OPERATOR, username, role, PASSWORD, team, name)
    return importer.import_book(db, accounts.OPERATOR, BOOK.name, BOOK, ImportOptions(), today)


def is_loaded(db: Database) -> bool:
    """Say whether people sign in here as `sign_ins` says: with the demo's names and password.

    Of the password that of the first account stands for all: to check one takes its time.
    """
    credentials = accounts.sign_in_credentials(db)["usernames"]
    if not all(username in credentials for username, *_ in PEOPLE):
        return False
    stored = credentials[PEOPLE[0][0]]["password"]
    return bcrypt.checkpw(PASSWORD.encode(), stored.encode())


def sign_ins() -> list[dict[str, str | None]]:
    """List the demo accounts as people sign in with them."""
    return [
        {"account": username, "password": PASSWORD, "role": role.value, "team": team}
        for username, role, team, _ in PEOPLE
    ]
