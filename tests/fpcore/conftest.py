"""Books that many tests of the domain read and none changes."""

from collections.abc import Iterator

import pytest
from agency import TODAY, hire, take
from random_book import random_book

from fpcore import database, demo
from fpcore.database import Database
from fpcore.models import Account


@pytest.fixture(scope="session", params=[1, 2])
def random_agency(request) -> Iterator[tuple[Database, dict[str, Account]]]:
    """An agency with a random book of 250 rows: unknown amounts, currencies, all statuses."""
    db = database.open_database(database.IN_MEMORY)
    people = hire(db)
    report = take(db, people["admin"], random_book(request.param, rows=250))
    assert report.taken > 200
    yield db, people
    db.close()


@pytest.fixture(scope="session")
def demo_db() -> Iterator[Database]:
    """The demo accounts and the demo book."""
    db = database.open_database(database.IN_MEMORY)
    report = demo.load(db, TODAY)
    assert report.rejected == 0
    yield db
    db.close()
