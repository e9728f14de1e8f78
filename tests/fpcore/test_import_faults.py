"""Whatever happens while an import runs, it is there as a whole or not at all."""

import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from agency import IN_WON, STATEMENT, TODAY, csv_bytes, hire, outcome, tables
from examples import are_many, times
from test_rewrite import copy_of

from fpcore.access import accounts
from fpcore.config.paths import ROOT
from fpcore.errors import ImportCancelled, UnreadableFile
from fpcore.importing import book_file, history, importer, private_files
from fpcore.importing.importer import ImportOptions
from fpcore.importing.progress import Progress
from fpcore.importing.report import ImportReport
from fpcore.kept import comparison
from fpcore.store import opening
from fpcore.store.connecting import SqlError
from fpcore.store.database import Database

MANY = 24_000
ROWS = MANY if are_many() else 9_000
KILLS, KILLED_ROWS = times(3), 6_000
SAID = ImportOptions(consent_basis=STATEMENT, units=IN_WON)
FACTS = ("customer", "policy", "consent", "customer_row", "customer_before", "policy_before")


def book(rows: int, premium: int, first: int = 0) -> bytes:
    """A book of three policies a customer."""
    return csv_bytes(
        {"고객번호": f"C{n // 3}", "고객명": f"고객{n // 3}", "비고": f"보험료 {premium}",
         "증권번호": f"P{n}", "보종": "생명", "가입금액": "1억", "보험료": str(premium + n % 7)}
        for n in range(first, first + rows)
    )  # fmt: skip


def run(db: Database, content: bytes | Path, progress: Progress | None = None) -> ImportReport:
    fp = accounts.act_as(db, "fp1")
    return importer.import_book(db, fp, "book.csv", content, SAID, TODAY, progress)


def digest(db: Database) -> dict:
    """All that is held of customers but ids and times: as much of it as two runs have alike."""
    different = "id|customer_id|batch_id|import_id|owner_id|created_at|updated_at|recorded_by|words"
    return {
        table: db.read(
            f"select count(*) as n, bit_xor(hash(x)) as h, sum(hash(x)) as s"
            f" from (select columns(lambda name: not regexp_full_match(name, '{different}'))"
            f" from {table}) x"
        )[0]
        for table in FACTS
    }


def states(db: Database) -> list[str]:
    return [row["state"] for row in db.read("select state from import_batch order by created_at")]


def make_old_book(folder: Path, rows: int) -> Path:
    """A database that holds half of a new book already, with other premiums; closed."""
    path = folder / "fp.duckdb"
    db = opening.open_database(str(path), create=True)
    hire(db)
    run(db, book(rows // 2, premium=10_000))
    db.close()
    return path


def make_new_book(folder: Path, rows: int) -> Path:
    """The book that is imported: half of it updates, the other half is new."""
    path = folder / "book.csv"
    path.write_bytes(book(rows, premium=20_000))
    return path


@pytest.fixture(scope="module")
def old_book(tmp_path_factory) -> Path:
    return make_old_book(tmp_path_factory.mktemp("office"), ROWS)


@pytest.fixture(scope="module")
def new_book(tmp_path_factory) -> Path:
    return make_new_book(tmp_path_factory.mktemp("books"), ROWS)


@pytest.fixture(scope="module")
def large_books(tmp_path_factory) -> tuple[Path, Path]:
    """The old book and the new one, large enough to need room."""
    folder = tmp_path_factory.mktemp("large")
    return make_old_book(folder, MANY), make_new_book(folder, MANY)


@pytest.fixture
def db(old_book, tmp_path) -> Iterator[Database]:
    """The old book, open in a file of its own."""
    opened = opening.open_database(str(copy_of(old_book, tmp_path / "own")))
    yield opened
    opened.close()


# --- Killed ------------------------------------------------------------------------------------

CHILD = f"""
import sys
sys.path[:0] = [{str(ROOT)!r}, {str(Path(__file__).parent)!r}]
import test_import_faults as own
db = own.opening.open_database(sys.argv[1])
print("begins", flush=True)
own.run(db, own.Path(sys.argv[2]))
print("done", flush=True)
"""


def child(path: Path, book: Path) -> subprocess.Popen:
    """A process that imports a book; given as soon as it begins."""
    process = subprocess.Popen(
        [sys.executable, "-c", CHILD, path, book], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "begins\n"
    return process


def reopened(path: Path) -> Database:
    """Open a database as the start of the program does."""
    db = opening.open_database(str(path))
    private_files.sweep(db)
    history.close_interrupted(db)
    return db


@pytest.mark.search
def test_a_killed_import_is_there_as_a_whole_or_not_at_all(tmp_path):
    old_book, new_book = make_old_book(tmp_path, KILLED_ROWS), make_new_book(tmp_path, KILLED_ROWS)
    path = copy_of(old_book, tmp_path / "whole")
    process = child(path, new_book)
    begun = time.monotonic()
    process.stdout.readline()
    duration = time.monotonic() - begun
    process.communicate()
    db = reopened(path)
    after = digest(db)
    assert states(db) == ["done", "done"]
    db.close()
    db = opening.open_database(str(copy_of(old_book, tmp_path / "nothing")))
    before = tables(db)
    db.close()

    rng, seen = random.Random(1), set()
    for kill in range(KILLS):
        path = copy_of(old_book, tmp_path / str(kill))
        process = child(path, new_book)
        time.sleep(duration * (kill + rng.random()) / KILLS)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        db = reopened(path)
        assert not Path(f"{path}.imports").exists()
        state = states(db)[1:]
        if state == ["done"]:
            assert digest(db) == after
        else:
            assert state in ([], ["interrupted"])
            now = tables(db)
            assert {name: now[name] for name in now if name != "import_batch"} == {
                name: before[name] for name in before if name != "import_batch"
            }
        assert comparison.differences(db, TODAY) == []
        seen |= {*state}
        if kill % 2 == 0:
            again = run(db, new_book)
            assert outcome(again) == ((0, 0, KILLED_ROWS, 0) if state == ["done"] else
                                      (KILLED_ROWS // 2, KILLED_ROWS // 2, 0, 0))  # fmt: skip
            assert digest(db) == after
            assert comparison.differences(db, TODAY) == []
        db.close()
    assert "interrupted" in seen


# --- No room -----------------------------------------------------------------------------------

CRAMPED = (
    CHILD.partition('print("begins"')[0]
    + """
import os, resource
room = int(os.path.getsize(sys.argv[1]) * float(sys.argv[3]))
resource.setrlimit(resource.RLIMIT_FSIZE, (room, resource.RLIM_INFINITY))
before = own.digest(db)
try:
    own.run(db, own.Path(sys.argv[2]))
except (OSError, own.SqlError) as error:
    print(own.states(db)[1:], own.digest(db) == before)
"""
)


@pytest.mark.search
@pytest.mark.skipif(sys.platform == "win32", reason="no limit of a file's size")
@pytest.mark.parametrize("room, state", [(0.01, []), (1, ["failed"]), (1.1, ["failed"])])
def test_where_there_is_no_room_nothing_is_stored_and_the_program_goes_on(
    large_books, tmp_path, room, state
):
    old_book, new_book = large_books
    path = copy_of(old_book, tmp_path / "full")
    command = [sys.executable, "-c", CRAMPED, path, new_book, str(room)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.stdout == f"{state} True\n", done.stderr
    db = opening.open_database(str(path))
    assert states(db)[1:] == state
    assert comparison.differences(db, TODAY) == []
    assert outcome(run(db, new_book)) == (MANY // 2, MANY // 2, 0, 0)
    db.close()


# --- Other faults ------------------------------------------------------------------------------


def test_a_file_that_changes_while_it_is_read_is_not_imported(db, new_book, tmp_path, monkeypatch):
    path, look = tmp_path / "changing.csv", book_file.look
    path.write_bytes(new_book.read_bytes())

    def look_while_it_grows(*given):
        with open(path, "ab") as file:
            file.write(b"x,y\n")
        return look(*given)

    monkeypatch.setattr(book_file, "look", look_while_it_grows)
    before = tables(db)
    with pytest.raises(UnreadableFile) as refused:
        run(db, path)
    assert refused.value.code == "file_changed"
    assert tables(db) == before
    assert list(Path(f"{db.path}.imports").iterdir()) == []


def test_an_error_while_storing_is_noted_and_leaves_nothing(db, new_book, monkeypatch):
    before = tables(db)
    with monkeypatch.context() as broken:
        broken.setattr(importer, "_CHANGED_POLICIES", "select no_such_column")
        with pytest.raises(SqlError):
            run(db, new_book)
    assert states(db) == ["done", "failed"]
    now = tables(db)
    assert now.pop("import_batch")[:1] == before.pop("import_batch")
    assert now == before
    assert list(Path(f"{db.path}.imports").iterdir()) == []
    assert outcome(run(db, new_book)) == (ROWS // 2, ROWS // 2, 0, 0)


def test_of_two_uploads_of_one_book_the_second_changes_nothing(db):
    content = book(6_000, premium=20_000, first=ROWS)  # nobody known: no update comes in between
    with ThreadPoolExecutor(2) as uploads:
        reports = list(uploads.map(lambda _: run(db, content), range(2)))
    assert sorted(map(outcome, reports)) == [(0, 0, 6_000, 0), (6_000, 0, 0, 0)]
    assert states(db) == ["done"] * 3
    assert db.read("select count(*) as n from policy") == [{"n": ROWS // 2 + 6_000}]
    assert comparison.differences(db, TODAY) == []


# --- Cancelled ---------------------------------------------------------------------------------

STEPS = [*importer._STEPS_OF_PLAN, *importer._STEPS_OF_STORE][1:]


class CancelledIn(Progress):
    """Cancelled by another thread a while after a step begins."""

    def __init__(self, wanted: str, seconds: float) -> None:
        super().__init__()
        self.wanted, self.seconds = wanted, seconds
        self.steps: list[str] = []

    def step(self, name: str) -> None:
        super().step(name)
        self.steps.append(name)
        if name == self.wanted:
            threading.Timer(self.seconds, self.cancel).start()
            time.sleep(0.005 if self.seconds == 0 else 0)


@pytest.mark.search
@pytest.mark.parametrize(
    "step, seconds", [*((step, 0.01) for step in STEPS), ("summing", 0), ("committing", 0)]
)
def test_a_cancelled_import_leaves_nothing(db, new_book, step, seconds):
    before, progress = digest(db), CancelledIn(step, seconds)
    begun = threading.active_count()
    try:
        report = run(db, new_book, progress)
    except ImportCancelled:
        assert states(db) == ["done", "cancelled"]
        assert digest(db) == before
    else:  # too late
        assert (progress.steps[-1] == "committing" and step == "committing") or seconds
        assert states(db) == ["done", "done"]
        assert report.created == ROWS // 2
    assert step in progress.steps
    assert list(Path(f"{db.path}.imports").iterdir()) == []
    assert comparison.differences(db, TODAY) == []
    while threading.active_count() > begun:
        time.sleep(0.001)
    assert run(db, new_book).taken == ROWS


def test_a_statement_that_runs_long_is_interrupted(db):
    progress = Progress()
    with pytest.raises(ImportCancelled), progress.cancellable(), db.reading() as cursor:
        progress.watch(cursor)
        threading.Timer(0.05, progress.cancel).start()
        cursor.execute("select count(a.range + b.range) from range(40_000) a, range(1_000_000) b")


def test_a_preview_is_cancelled_too(db, new_book):
    fp, before = accounts.act_as(db, "fp1"), tables(db)
    with pytest.raises(ImportCancelled):
        importer.preview(db, fp, "book.csv", new_book, SAID, TODAY, CancelledIn("matching", 0))
    assert tables(db) == before


# --- Read meanwhile ----------------------------------------------------------------------------


def test_readers_see_the_old_book_until_the_new_one_is_there_as_a_whole(db, new_book):
    seen, stop = [], threading.Event()
    count = (
        "select (select count(*) from customer) as customers, (select count(*) from policy) as"
        " policies, (select sum(premium_amount) from policy) as premiums,"
        " (select count(*) from customer_row) as rows"
    )

    def read() -> None:
        while not stop.is_set():
            begun = time.monotonic()
            found = tuple(db.read(count)[0].values())
            seen.append((progress.step_name, found, time.monotonic() - begun))

    progress = Progress()
    before = tuple(db.read(count)[0].values())
    with ThreadPoolExecutor(1) as reader:
        reading = reader.submit(read)
        run(db, new_book, progress)
        stop.set()
        reading.result()
    after = tuple(db.read(count)[0].values())
    assert after != before
    told = [found for _, found, _ in seen]
    assert set(told) <= {before, after}
    assert told == sorted(told)
    assert len({step for step, _, _ in seen}) >= 6, "it was read in all steps"
    assert all(found == before for step, found, _ in seen if step not in ("committing", ""))
    assert max(seconds for *_, seconds in seen) < 2
