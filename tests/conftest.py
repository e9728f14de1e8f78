"""How all tests run: the examples they try, on three workers, with cheap passwords."""

from collections.abc import Iterator

import bcrypt
import duckdb
import pytest
from examples import IN_THE_GATE
from hypothesis import Phase, settings
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from fpcore.store import migrations

pytest_plugins = ["offices"]

# The gate tries the same few examples every time; `make search` looks for new ones and reduces
# what it finds to the smallest book that shows it. That goes into the gate by `@example`.
settings.register_profile(
    "gate",
    max_examples=IN_THE_GATE,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
)
settings.register_profile("search", max_examples=300, deadline=None, database=None)
settings.load_profile("gate")

WORKERS = 3  # on two cores: whoever sits before a browser mostly waits
BROWSER = "tests/browser"


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Share out whole folders; a single file or test is done sooner without workers."""
    are_single = all("::" in argument or argument.endswith(".py") for argument in config.args)
    return 0 if are_single else WORKERS


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadScopeScheduling:
    """Deal out the tests by the file: what its tests share is made once."""
    return ByFile(config, log)


LONGEST = """
    browser/ pages/test_upload.py test_import_batches test_access_matrix test_import_faults
    test_import_answers test_portfolio_figures test_customer_facts test_portfolio.py
    test_customer_rows test_personal_data test_commands pages/test_pages.py test_names
    test_book_properties test_gap_engine test_gap_history test_book_import test_import_properties
""".split()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest, so that no worker is left alone with it at the end."""
    items.sort(key=lambda item: _turn(item.nodeid))


def _turn(test: str) -> int:
    return next((turn for turn, part in enumerate(LONGEST) if part in test), len(LONGEST))


class ByFile(LoadScopeScheduling):
    """One worker does all tests of a file, and all journeys, which share a server and a browser."""

    def _split_scope(self, nodeid: str) -> str:
        return BROWSER if nodeid.startswith(BROWSER) else nodeid.partition("::")[0]


@pytest.fixture(autouse=True, scope="session")
def tables_copied(tmp_path_factory) -> Iterator[None]:
    """Copy the tables of a database in memory, which only tests have, from one that was brought up
    to date: that takes a third of the time of doing it again for each test. So little is in them
    that a second thread only costs time."""
    migrate, path = migrations.migrate, tmp_path_factory.mktemp("tables") / "up_to_date.duckdb"
    with duckdb.connect(path) as up_to_date:
        migrate(up_to_date)

    def copy(connection) -> list[str]:
        name = connection.execute("select current_database()").fetchone()[0]
        if name != "memory" or connection.execute("from duckdb_tables()").fetchone():
            return migrate(connection)
        connection.execute("set threads = 1")
        connection.execute(f"attach '{path}' as up_to_date (read_only)")
        connection.execute("copy from database up_to_date to memory")
        connection.execute("detach up_to_date")
        return [step.stem for step in migrations.STEPS]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(migrations, "migrate", copy)
        yield


@pytest.fixture(autouse=True, scope="session")
def cheap_passwords() -> Iterator[None]:
    """Hash passwords with the fewest rounds that bcrypt allows."""
    gensalt = bcrypt.gensalt
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bcrypt, "gensalt", lambda *_, **__: gensalt(4))
        yield
