"""Pages run as the app runs them, from the frame, by somebody who is signed in."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import date
from pathlib import Path

import pytest
from agency import TODAY, hire, take
from screen import FOLDS
from streamlit.testing.v1 import AppTest

from fpcore import starting
from fpcore.access import accounts
from fpcore.config import clock
from fpcore.config.paths import ROOT
from fpcore.models import Account
from fpcore.store import opening
from fpcore.store.database import Database
from ui import session

BOOK = [
    {"고객번호": "1", "고객명": "김하늘", "생년월일": "1980-03-04", "성별": "여",
     "보험종류": "생명", "증권번호": "L1", "가입금액": "2억", "월보험료": "90000"},
    {"고객번호": "1", "고객명": "김하늘", "생년월일": "1980-03-04", "성별": "여",
     "보험종류": "건강", "증권번호": "H1", "가입금액": "-", "월보험료": "40000"},
    {"고객번호": "2", "고객명": "이바다 ![x](http://evil.example/a.png)", "생년월일": "1991-07-08"},
    {"고객번호": "3", "고객명": "박구름", "성별": "남", "보험종류": "자동차", "증권번호": "C1"},
]  # fmt: skip


@pytest.fixture(scope="session")
def prepared(tmp_path_factory) -> Path:
    """A database file with an agency, fp1's book in it, up to date for the day; closed."""
    path = tmp_path_factory.mktemp("prepared") / "fp.duckdb"
    with closing(opening.open_database(str(path), create=True)) as db:
        take(db, hire(db)["fp1"], BOOK)
        starting.bring_up_to_date(db, clock.today())
    return path


@pytest.fixture(scope="session")
def opened(prepared, tmp_path_factory) -> Iterator[Database]:
    """A copy of it that stays open, as in the app. A second thread only costs time."""
    folder = tmp_path_factory.mktemp("office")
    shutil.copy(f"{prepared}.secret", folder)
    with closing(opening.open_database(shutil.copy(prepared, folder))) as db:
        db.transaction(lambda cursor: cursor.execute("set threads = 1"))
        yield db


@pytest.fixture
def office(opened, prepared, monkeypatch) -> Iterator[Database]:
    """The agency's database, which the app has open, its tables as they were prepared."""
    monkeypatch.setenv("FP_DATABASE", opened.path)
    monkeypatch.setattr("fpcore.starting.open_database", lambda *_, **__: opened)
    yield opened
    put_back(opened, prepared)


def put_back(db: Database, prepared: Path) -> None:
    """Fill all tables as they were prepared; forget what was computed of others, and uploaded."""
    with db._cursor() as cursor:
        cursor.execute(f"attach '{prepared}' as prepared (read_only)")
        tables = cursor.execute(TABLES).fetchall()
        cursor.begin()
        for (table,) in tables:
            cursor.execute(f"delete from {table}")
            cursor.execute(f"insert into {table} from prepared.{table}")
        cursor.commit()
        cursor.execute("detach prepared")
    db._learned = {}
    db._changed()
    for file in Path(f"{db.path}.imports").glob("*"):
        file.unlink()


TABLES = "select table_name from duckdb_tables() where database_name = 'prepared'"


@pytest.fixture
def fp1(office) -> Account:
    return accounts.find(office, "fp1")


@pytest.fixture
def today() -> date:
    """The day that the pages have: Seoul's."""
    return clock.today()


@pytest.fixture
def stopped_clock(monkeypatch) -> None:
    """The day that the pages have is TODAY."""
    monkeypatch.setattr(session, "today", lambda: TODAY)


@pytest.fixture
def open_page(office) -> Callable[..., AppTest]:
    """Open a page as somebody: `open_page("customer", "fp1", id=…)`, in Korean unless told."""

    def run(page: str, username: str | None, locale="ko-KR", /, **parameters: str) -> AppTest:
        at = AppTest.from_file(str(ROOT / "ui" / "frame.py"), default_timeout=30)
        at.context["locale"] = locale
        for fold in FOLDS:
            at.session_state[f"fold {fold}"] = True
        if username:
            at.session_state["authentication_status"] = True
            at.session_state["username"] = username
        if page != "customers":
            at.switch_page(f"../pages/{page}.py")
        for name, value in parameters.items():
            at.query_params[name] = value
        return at.run()

    return run
