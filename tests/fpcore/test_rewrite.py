"""What was deleted goes from the file's bytes and nothing else does, whatever happens meanwhile."""

import errno
import os
import shutil
import signal
import stat
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import TypeVar

import pytest

from fpcore.config.paths import ROOT
from fpcore.errors import DatabaseBusy, ErasureUnfinished
from fpcore.store import connecting, opening
from fpcore.store.connecting import IN_MEMORY, SqlError
from fpcore.store.database import Database

T = TypeVar("T")
NAME = "지워질사람"
PEOPLE = [*(f"고객{number}" for number in range(500)), NAME]
FILES = {"", ".secret"}  # what lies there while nobody has the database open
ADD_TEAM = (
    "insert into team (id, name, created_at, updated_at) values (uuidv7(), $name, now(), now())"
)
ADD_PEOPLE = f"""
insert into customer (id, owner_id, name, notes, created_at, updated_at)
select uuidv7(), uuidv7(), name, name || ' 메모', now(), now() from unnest({PEOPLE}) as new (name);
insert into policy (id, customer_id, type, status, created_at, updated_at)
select uuidv7(), id, 'life', 'active', now(), now() from customer;
insert into consent (id, customer_id, kind, basis, given_on, channel, recorded_by, created_at)
select uuidv7(), id, 'collection', name || ' 동의서', '2026-11-20', 'paper', owner_id, now()
from customer
"""
ERASE = [
    "delete from consent where customer_id in (select id from customer where name = $name)",
    "delete from policy where customer_id in (select id from customer where name = $name)",
    "delete from customer where name = $name",
]


@pytest.fixture(scope="session")
def book(tmp_path_factory) -> Path:
    """A database with one person to erase, closed."""
    path = tmp_path_factory.mktemp("book") / "fp.duckdb"
    db = opening.open_database(str(path), create=True)
    db.transaction(lambda cursor: cursor.execute(ADD_PEOPLE))
    add_team(db, "강남")
    db.close()
    return path


@pytest.fixture
def file(book, tmp_path) -> Path:
    """The path of a book of one's own."""
    return copy_of(book, tmp_path)


@pytest.fixture
def db(file) -> Iterator[Database]:
    """A book of one's own, open."""
    opened = opening.open_database(str(file))
    yield opened
    opened.close()


def copy_of(book: Path, folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    for suffix in FILES:
        shutil.copy(f"{book}{suffix}", folder)
    return folder / book.name


def erase(db: Database, name: str = NAME) -> None:
    def work(cursor):
        db.rewrite_due()
        for statement in ERASE:
            cursor.execute(statement, {"name": name})

    db.transaction(work)


def add_team(db: Database, name: str) -> None:
    db.transaction(lambda cursor: cursor.execute(ADD_TEAM, {"name": name}))


def teams(db: Database) -> set[str]:
    return {row["name"] for row in db.read("select name from team")}


def has_person(db: Database) -> bool:
    return db.read("select 1 from customer where name = $name", {"name": NAME}) != []


def contents(db: Database) -> dict[str, list]:
    """All rows of all tables, in the order they lie in."""
    tables = [row["name"] for row in db.read("select table_name as name from duckdb_tables()")]
    return {table: db.read(f"from {table}") for table in tables}


def rules(db: Database) -> list[dict]:
    """All tables with their columns, and all constraints."""
    return [
        *db.read("select table_name, sql from duckdb_tables() order by all"),
        *db.read("select table_name, constraint_text from duckdb_constraints() order by all"),
    ]


def beside(file: Path) -> set[str]:
    """What lies beside the database file, itself among them, without the name they share."""
    return {path.name.removeprefix(file.name) for path in file.parent.iterdir()}


def holds(file: Path, text: str) -> bool:
    """Look for a text in the bytes of the file and of all that lies beside it."""
    # Another process looks: one that closes a file gives up its locks on it, DuckDB's among them.
    script = (
        "import sys; text, *files = sys.argv[1:]; "
        "print(any(text.encode() in open(file, 'rb').read() for file in files))"
    )
    files = [path for path in file.parent.rglob("*") if path.is_file()]
    command = [sys.executable, "-I", "-S", "-c", script, text, *files]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout == "True\n"


def in_time(work: Callable[[], T]) -> T:
    """Do it in another thread: a deadlock fails the test and does not hang it."""
    result = Future()

    def settle():
        try:
            result.set_result(work())
        except BaseException as error:
            result.set_exception(error)

    threading.Thread(target=settle, daemon=True).start()
    return result.result(timeout=20)


def test_a_deleted_name_stays_in_the_bytes_until_the_file_is_rewritten(db, file):
    erase(db)
    assert (has_person(db), holds(file, NAME)) == (False, True)
    assert ".rewrite-due" in beside(file)
    db.rewrite()
    assert (has_person(db), holds(file, NAME), beside(file)) == (False, False, FILES)
    assert holds(file, PEOPLE[7])


def test_rewriting_changes_no_row_no_table_and_no_version(db, file):
    before = (contents(db), rules(db), db.version)
    db.rewrite()
    assert (contents(db), rules(db), db.version) == before
    db.close()
    with closing(opening.open_database(str(file))) as again:
        assert (contents(again), rules(again)) == before[:2]


@pytest.mark.parametrize(
    "change",
    [
        "insert into team select * from team",  # PRIMARY KEY
        "update team set name = ''",  # CHECK
        "update team set ver = null",  # NOT NULL
        "insert into team select uuidv7(), * exclude (id) from team",  # UNIQUE
    ],
)
def test_what_a_table_refused_it_refuses_after_a_rewrite(change, db):
    db.rewrite()
    with pytest.raises(SqlError, match="onstraint"):
        db.transaction(lambda cursor: cursor.execute(change))


def test_a_rewritten_file_is_its_owner_s_only_and_in_the_format_of_duckdb_1_5(db, file):
    old = os.umask(0o022)
    db.rewrite()
    os.umask(old)
    [used] = db.read("select tags from duckdb_databases() where not internal")
    db.close()
    head = file.read_bytes()[:64]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert used["tags"] == {"storage_version": "v1.5.0+"}
    assert (head[8:12], int.from_bytes(head[12:20], "little") <= 68) == (b"DUCK", True)


def test_a_file_is_rewritten_as_often_as_one_likes(db, file):
    for name in (NAME, *PEOPLE[:2]):
        erase(db, name)
        db.rewrite()
        add_team(db, f"{name} 없음")
        assert not holds(file, f"{name} 동의서")
    assert len(teams(db)) == 4


def test_no_wal_of_the_old_file_is_there_for_the_new_one(db, file, monkeypatch):
    add_team(db, "부산")
    assert ".wal" in beside(file)
    seen = []
    replace = os.replace
    monkeypatch.setattr(os, "replace", lambda *paths: seen.append(beside(file)) or replace(*paths))
    db.rewrite()
    assert seen == [FILES | {".rewriting"}]


def test_nobody_else_can_read_the_copy_while_it_is_made(db, file, monkeypatch):
    seen = []
    chmod = os.chmod

    def look(path, mode):
        seen.append(stat.S_IMODE(os.stat(os.path.dirname(path)).st_mode))
        chmod(path, mode)

    monkeypatch.setattr(os, "chmod", look)
    db.rewrite()
    assert seen == [0o700]


def test_a_transaction_may_read_on_while_a_rewrite_waits_for_it(db):
    def work(cursor):
        rewrite.start()
        while not db._rewrites:
            pass
        late.start()
        late.join(0.1)
        return len(db.read("select id from customer")), late.is_alive()

    rewrite = threading.Thread(target=db.rewrite, daemon=True)
    late = threading.Thread(target=teams, args=[db], daemon=True)
    assert in_time(lambda: db.transaction(work)) == (len(PEOPLE), True)
    for thread in (rewrite, late):
        thread.join(10)
        assert not thread.is_alive()


def test_a_rewrite_inside_a_transaction_is_refused_and_one_is_due_only_there(db, file):
    with pytest.raises(RuntimeError, match="inside a transaction"):
        in_time(lambda: db.transaction(lambda cursor: db.rewrite()))
    with pytest.raises(RuntimeError, match="into the transaction"):
        db.rewrite_due()
    assert ".rewrite-due" not in beside(file)
    in_time(db.rewrite)


def test_threads_read_and_write_during_rewrites_without_error_or_loss(db, file):
    stop = threading.Event()

    def write(writer: int) -> set[str]:
        done = set()
        while not stop.is_set():
            name = f"{writer}-{len(done)}"
            db.transaction(lambda cursor, name=name: cursor.execute(ADD_TEAM, {"name": name}))
            done.add(name)
            assert name in teams(db)
        return done

    def read() -> set[str]:
        seen = set()
        while not stop.is_set():
            now = teams(db)
            assert seen <= now
            assert len(db.frame("select id from customer")) == len(PEOPLE)
            seen = now
        return seen

    with ThreadPoolExecutor(8) as threads:
        at_work = [threads.submit(write, writer) for writer in range(4)]
        at_work += [threads.submit(read) for _ in range(4)]
        try:
            for _ in range(6):
                stop.wait(0.1)
                db.rewrite()
        finally:
            stop.set()
    done = set().union(*(worker.result() for worker in at_work))
    assert teams(db) == done | {"강남"}
    db.close()
    with closing(opening.open_database(str(file))) as again:
        assert teams(again) == done | {"강남"}
    assert len(done) > 20


def test_the_marker_is_its_owner_s_only_and_may_be_there_already(db, file):
    old = os.umask(0)
    erase(db)
    os.umask(old)
    erase(db, PEOPLE[0])
    assert stat.S_IMODE(os.stat(f"{file}.rewrite-due").st_mode) == 0o600


def test_a_database_in_memory_has_nothing_to_rewrite(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    db = opening.open_database(IN_MEMORY)
    add_team(db, "강남")
    erase(db)
    db.rewrite()
    assert teams(db) == {"강남"}
    assert list(tmp_path.iterdir()) == []
    db.close()


def test_a_new_file_that_cannot_take_the_place_leaves_the_old_one_in_use(db, file, monkeypatch):
    def refuse(*_):
        raise OSError(errno.EBUSY, "in use")

    erase(db)
    add_team(db, "부산")
    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", refuse)
        with pytest.raises(OSError, match="in use"):
            db.rewrite()
    assert beside(file) == FILES | {".rewrite-due"}
    add_team(db, "대구")
    assert teams(db) == {"강남", "부산", "대구"}
    db.rewrite()
    assert teams(db) == {"강남", "부산", "대구"}
    assert (holds(file, NAME), beside(file)) == (False, FILES)


@pytest.mark.parametrize("checkpointed", [True, False])
def test_a_full_disk_leaves_the_old_file_in_use(checkpointed, db, file):
    resource = pytest.importorskip("resource")
    erase(db)
    if checkpointed:
        with db._cursor() as cursor:
            cursor.execute("checkpoint")
    before = contents(db)
    unlimited = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, unlimited[1]))
    try:
        with pytest.raises((OSError, SqlError)):
            db.rewrite()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, unlimited)
    assert ".rewrite-due" in beside(file)
    assert ".rewriting" not in beside(file)
    assert contents(db) == before
    db.rewrite()
    assert contents(db) == before
    assert (holds(file, NAME), beside(file)) == (False, FILES)


def test_a_file_open_twice_in_this_process_is_not_replaced(db, file):
    second = opening.open_database(str(file))
    erase(db)
    with pytest.raises(RuntimeError, match="second time"):
        db.rewrite()
    add_team(second, "부산")
    second.close()
    db.rewrite()
    assert teams(db) == {"강남", "부산"}
    assert not holds(file, NAME)


def test_a_connection_that_goes_late_does_not_keep_the_old_file_in_use(db, file, monkeypatch):
    replace = os.replace
    going = []

    def hold_the_old_file_a_while(*paths):
        going.append(threading.Timer(0.2, connecting.connect(str(file)).close))
        going[0].start()
        replace(*paths)

    monkeypatch.setattr(os, "replace", hold_the_old_file_a_while)
    db.rewrite()
    going[0].join()
    add_team(db, "부산")
    db.close()
    with closing(opening.open_database(str(file))) as again:
        assert teams(again) == {"강남", "부산"}


def test_a_process_that_takes_the_new_file_at_once_loses_nothing(db, file, monkeypatch):
    script = f"""
import sys
from fpcore.store import opening
db = opening.open_database(sys.argv[1])
db.transaction(lambda cursor: cursor.execute({ADD_TEAM!r}, {{"name": "부산"}}))
print("open", flush=True)
input()
"""
    replace = os.replace
    others = []

    def take(*paths):
        replace(*paths)
        command = [sys.executable, "-c", script, file]
        other = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        others.append(other)
        assert other.stdout.readline() == "open\n"

    erase(db)
    before = db.version
    monkeypatch.setattr(os, "replace", take)
    try:
        for attempt in (db.rewrite, lambda: teams(db)):
            with pytest.raises(DatabaseBusy) as busy:
                attempt()
            assert busy.value.particulars["pid"] == str(others[0].pid)
    finally:
        others[0].communicate("\n", timeout=30)
    assert teams(db) == {"강남", "부산"}
    assert db.version > before
    assert not holds(file, NAME)


def test_a_file_behind_a_link_is_replaced_where_it_lies(file, tmp_path):
    (tmp_path / "links").mkdir()
    link = tmp_path / "links" / "book.duckdb"
    link.symlink_to(file)
    with closing(opening.open_database(str(link))) as db:
        erase(db)
        db.rewrite()
    assert link.is_symlink()
    assert (holds(file, NAME), beside(file) - {"links"}) == (False, FILES)


def test_what_a_killed_process_spilled_goes_too(db, file):
    spilled = Path(f"{file}.tmp") / "duckdb_temp_1_0.tmp"
    spilled.parent.mkdir()
    spilled.write_text(NAME)
    erase(db)
    db.rewrite()
    assert (holds(file, NAME), beside(file)) == (False, FILES)


def test_opening_does_the_rewrite_that_is_due(file):
    with closing(opening.open_database(str(file))) as db:
        erase(db)
    half = Path(f"{file}.rewriting") / "copy"
    half.parent.mkdir()
    half.write_text(f"{NAME}, half a copy")
    assert holds(file, NAME)
    opening.open_database(str(file)).close()
    assert (holds(file, NAME), beside(file)) == (False, FILES)


def test_opening_keeps_no_file_that_it_cannot_rewrite(file, monkeypatch):
    def refuse(*_):
        raise OSError(errno.ENOSPC, "no space")

    with closing(opening.open_database(str(file))) as db:
        erase(db)
    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", refuse)
        with pytest.raises(ErasureUnfinished, match="rewrite_due_failed"):
            opening.open_database(str(file))
    other = f"from fpcore.store import opening; opening.open_database({str(file)!r}).close()"
    subprocess.run([sys.executable, "-c", other], cwd=ROOT, check=True)
    assert (holds(file, NAME), beside(file)) == (False, FILES)


def test_what_is_written_after_a_rewrite_survives_a_kill(file):
    script = f"""
import os, signal, sys
from fpcore.store import opening
db = opening.open_database(sys.argv[1])
db.rewrite()
db.transaction(lambda cursor: cursor.execute({ADD_TEAM!r}, {{"name": "부산"}}))
os.kill(os.getpid(), signal.SIGKILL)
"""
    killed = subprocess.run([sys.executable, "-c", script, file], cwd=ROOT)
    assert killed.returncode == -signal.SIGKILL
    with closing(opening.open_database(str(file))) as db:
        assert teams(db) == {"강남", "부산"}


# Children of one process, each with a book of its own, erase the person. The first ones are killed
# at the first, eleventh, 21st … line of Python that runs, the last ones some time into the rewrite.
KILLED_ON_THE_WAY = """
import os, signal, sys, threading
from fpcore.store import database, opening, rewriting
import test_rewrite

def kill_before(line):
    left = line
    def each_line(frame, event, _):
        nonlocal left
        left -= event == "line"
        if left < 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return each_line
    def each_call(frame, event, _):
        if frame.f_code.co_filename in {database.__file__, rewriting.__file__}:
            return each_line
    sys.settrace(each_call)

def kill_after(seconds):
    threading.Timer(seconds, os.kill, [os.getpid(), signal.SIGKILL]).start()

for number, path in enumerate(sys.argv[1:]):
    child = os.fork()
    if not child:
        db = opening.open_database(path)
        if number < test_rewrite.KILLED_BY_LINE:
            kill_before(number * 10)
        test_rewrite.erase(db)
        if number >= test_rewrite.KILLED_BY_LINE:
            kill_after(0.005 * (number - test_rewrite.KILLED_BY_LINE))
        db.rewrite()
        os._exit(0)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
KILLED_BY_LINE, KILLED_BY_TIME = 20, 5


def finished_at_the_next_opening(file: Path, before: dict[str, list]) -> None:
    """Look at a book whose process was killed: either all of the person is there or nothing."""
    with closing(opening.open_database(str(file))) as db:
        erased = not has_person(db)
        after = contents(db)
    for table in ("customer", "policy", "consent"):
        assert len(after[table]) == len(before[table]) - erased
    assert {table: rows[:500] for table, rows in after.items()} == {
        table: rows[:500] for table, rows in before.items()
    }
    assert beside(file) == FILES
    assert holds(file, NAME) is not erased


def test_after_a_kill_the_file_is_whole_and_the_next_opening_ends_the_erasure(book, tmp_path):
    with closing(opening.open_database(str(book))) as db:
        before = contents(db)
    numbers = range(KILLED_BY_LINE + KILLED_BY_TIME)
    files = [copy_of(book, tmp_path / str(number)) for number in numbers]
    command = [sys.executable, "-c", KILLED_ON_THE_WAY, *files]
    paths = {"PYTHONPATH": os.pathsep.join([str(ROOT), str(Path(__file__).parent)])}
    run = subprocess.run(command, env=os.environ | paths, stdout=subprocess.PIPE, check=True)
    ended = [int(line) for line in run.stdout.split()]
    assert ended[:10] == [-signal.SIGKILL] * 10
    assert ended[KILLED_BY_LINE - 1] == 0  # so that no line was left out
    for path in files:
        finished_at_the_next_opening(path, before)
