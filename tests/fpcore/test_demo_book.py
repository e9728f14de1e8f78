"""The demo book is made by its script, and both its files are the same book."""

import shutil
import subprocess
import sys
from contextlib import closing

import pandas as pd
import pytest
from agency import TODAY

from fpcore.access import accounts
from fpcore.commands import demo
from fpcore.config import paths
from fpcore.gaps import scopes
from fpcore.models import RowKind
from fpcore.portfolio import heatmaps
from fpcore.store import database, opening
from fpcore.store.connecting import IN_MEMORY

DATA = paths.DATA
BOOKS = ["demo_book.csv", "demo_book_cp949.csv"]


def test_the_script_makes_the_shipped_files_byte_for_byte(tmp_path):
    script = shutil.copy(DATA / "make_demo_book.py", tmp_path)
    subprocess.run([sys.executable, script], check=True, capture_output=True, timeout=120)
    for book in BOOKS:
        assert (tmp_path / book).read_bytes() == (DATA / book).read_bytes()


def figures(db: database.Database) -> tuple[pd.DataFrame, list]:
    cells = heatmaps.figures(db, accounts.OPERATOR, RowKind.FP, TODAY)
    return cells, scopes.of_scope(db, accounts.OPERATOR, TODAY).counts


def test_both_files_import_without_rejects_into_the_same_figures(demo_db, monkeypatch):
    monkeypatch.setattr(demo, "BOOK", DATA / "demo_book_cp949.csv")
    with closing(opening.open_database(IN_MEMORY)) as db:
        report = demo.load(db, TODAY)
        assert (report.file.encoding, report.rejected) == ("cp949", 0)
        cells, counts = figures(db)
    expected_cells, expected_counts = figures(demo_db)
    pd.testing.assert_frame_equal(cells, expected_cells)
    assert counts == expected_counts


def test_the_demo_book_is_as_large_as_promised(demo_db):
    counted = {
        table: demo_db.read(f"select count(*) as n from {table}")[0]["n"]
        for table in ("customer", "policy")
    }
    assert counted == {"customer": pytest.approx(2000, rel=0.1),
                       "policy": pytest.approx(7000, rel=0.1)}  # fmt: skip
    owners = demo_db.read("select distinct owner_id from customer")
    assert len(owners) == sum(map(len, demo.TEAMS.values())) == 8
