"""Pages run as the app runs them, from the frame, by somebody who is signed in."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from agency import hire, take
from screen import FOLDS
from streamlit.testing.v1 import AppTest

from fpcore.paths import ROOT
from fpcore.store import opening
from fpcore.store.database import Database

BOOK = [
    {"고객번호": "1", "고객명": "김하늘", "생년월일": "1980-03-04", "성별": "여",
     "보험종류": "생명", "증권번호": "L1", "가입금액": "2억", "월보험료": "90000"},
    {"고객번호": "1", "고객명": "김하늘", "생년월일": "1980-03-04", "성별": "여",
     "보험종류": "건강", "증권번호": "H1", "가입금액": "-", "월보험료": "40000"},
    {"고객번호": "2", "고객명": "이바다 ![x](http://evil.example/a.png)", "생년월일": "1991-07-08"},
    {"고객번호": "3", "고객명": "박구름", "성별": "남", "보험종류": "자동차", "증권번호": "C1"},
]  # fmt: skip


@pytest.fixture(scope="session")
def office_file(tmp_path_factory) -> Path:
    """A database file with an agency, fp1's book in it; closed, to be copied."""
    path = tmp_path_factory.mktemp("office") / "fp.duckdb"
    with closing(opening.open_database(str(path), create=True)) as db:
        take(db, hire(db)["fp1"], BOOK)
    return path


@pytest.fixture
def office(office_file, tmp_path, monkeypatch) -> Iterator[Database]:
    """The agency's database in a file of its own, which the app will open."""
    path = shutil.copy(office_file, tmp_path)
    shutil.copy(f"{office_file}.secret", tmp_path)
    monkeypatch.setenv("FP_DATABASE", path)
    with closing(opening.open_database(path)) as db:
        monkeypatch.setattr("fpcore.starting.open_database", lambda *_, **__: db)
        yield db


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
