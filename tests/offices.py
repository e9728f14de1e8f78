"""The fixtures of more than one file: offices, their people, and books that none changes.

One noun is one thing: a file that needs another thing gives it another name.
"""

from collections.abc import Iterator
from uuid import UUID

import pytest
from agency import TODAY, Office, add_customer, hire, newcomer, open_office, take
from random_book import random_book

from fpcore.commands import demo
from fpcore.kept import comparison
from fpcore.models import Account
from fpcore.store import opening
from fpcore.store.connecting import IN_MEMORY
from fpcore.store.database import Database


@pytest.fixture(scope="module")
def office() -> Iterator[Office]:
    """A database in memory with the agency's people, for the tests of one file."""
    yield from open_office()


@pytest.fixture
def shared_office(request) -> Office | None:
    """The office of a file or test that is marked so: it is shared."""
    is_shared = request.node.get_closest_marker("shared_office")
    return request.getfixturevalue("office") if is_shared else None


@pytest.fixture
def shared(office) -> tuple[Database, Account]:
    """The database that tests of a file share, and an FP of it without customers."""
    return office.db, newcomer(office.db)


@pytest.fixture
def db(shared_office) -> Iterator[Database]:
    """An empty database in memory, its tables up to date; or that of the shared office."""
    if shared_office:
        yield shared_office.db
        return
    opened = opening.open_database(IN_MEMORY)
    yield opened
    opened.close()


@pytest.fixture
def people(db: Database, shared_office) -> dict[str, Account]:
    """admin; manager1, fp1 and fp2 of one team; manager2 and fp3 of another.

    In a shared office fp1 is somebody else for each test, without customers.
    """
    return {**shared_office.people, "fp1": newcomer(db)} if shared_office else hire(db)


@pytest.fixture
def fp(people) -> Account:
    return people["fp1"]


@pytest.fixture
def rows_stay_true(db: Database) -> Iterator[None]:
    """After the test, the kept rows are what they are computed to be."""
    yield
    assert comparison.differences(db, TODAY) == []


@pytest.fixture
def customer(db: Database, fp: Account) -> UUID:
    return add_customer(db, fp)


@pytest.fixture
def import_rows(db: Database, people: dict[str, Account]):
    """A way to import rows, dicts of header and cell: `run(rows, owner="fp1", **options)`."""

    def run(rows: list[dict[str, str]], owner: str = "fp1", **options):
        return take(db, people[owner], rows, **options)

    return run


@pytest.fixture(scope="session", params=[1, 2])
def random_agency(request) -> Iterator[Office]:
    """An agency with a random book of 250 rows: unknown amounts, currencies, all statuses."""
    db = opening.open_database(IN_MEMORY)
    people = hire(db)
    report = take(db, people["admin"], random_book(request.param, rows=250))
    assert report.taken > 200
    yield Office(db, people)
    db.close()


@pytest.fixture(scope="session")
def demo_db() -> Iterator[Database]:
    """The demo accounts and the demo book."""
    db = opening.open_database(IN_MEMORY)
    report = demo.load(db, TODAY)
    assert report.rejected == 0
    yield db
    db.close()
