"""What all tests share: an in-memory database, the people of an agency, and a way to import."""

from collections.abc import Iterator

import bcrypt
import pytest
from agency import hire, take
from hypothesis import Phase, settings

from fpcore import database
from fpcore.database import Database
from fpcore.models import Account

# The gate tries the same examples every time; `--hypothesis-profile=search` looks for new ones
# and reduces what it finds to the smallest book that shows it.
settings.register_profile(
    "gate",
    max_examples=20,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
)
settings.register_profile("search", max_examples=300, deadline=None, database=None)
settings.load_profile("gate")


@pytest.fixture(autouse=True, scope="session")
def cheap_passwords() -> Iterator[None]:
    """Hash passwords with the fewest rounds that bcrypt allows."""
    gensalt = bcrypt.gensalt
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bcrypt, "gensalt", lambda *_, **__: gensalt(4))
        yield


@pytest.fixture
def db() -> Iterator[Database]:
    """An empty database in memory, its tables up to date."""
    opened = database.open_database(database.IN_MEMORY)
    yield opened
    opened.close()


@pytest.fixture
def people(db: Database) -> dict[str, Account]:
    """admin; manager1, fp1 and fp2 of one team; manager2 and fp3 of another."""
    return hire(db)


@pytest.fixture
def import_rows(db: Database, people: dict[str, Account]):
    """A way to import rows, dicts of header and cell: `run(rows, owner="fp1", **options)`."""

    def run(rows: list[dict[str, str]], owner: str = "fp1", **options):
        return take(db, people[owner], rows, **options)

    return run
