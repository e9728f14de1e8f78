"""One file, one process, and transactions that happen as a whole or not at all."""

import os
import stat
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from fpcore.config.paths import ROOT
from fpcore.errors import DatabaseBusy, DatabaseMissing, DatabaseUnusable
from fpcore.store import connecting, database, migrations, opening
from fpcore.store.connecting import SqlError

ADD_TEAM = (
    "insert into team (id, name, created_at, updated_at) values (uuidv7(), $name, now(), now())"
)
COUNT = "update team set ver = ver + 1"


def teams(db) -> list[str]:
    return [row["name"] for row in db.read("select name from team order by name")]


@pytest.fixture
def file(tmp_path):
    """The path of a database that is not there yet."""
    return str(tmp_path / "fp.duckdb")


def test_an_error_rolls_everything_back_and_is_raised_again(db):
    def work(cursor):
        cursor.execute(ADD_TEAM, {"name": "강남"})
        raise LookupError("on the way")

    before = db.version
    with pytest.raises(LookupError, match="on the way"):
        db.transaction(work)
    assert (teams(db), db.version) == ([], before)


def test_an_error_of_the_database_rolls_back_what_came_before(db):
    def work(cursor):
        cursor.execute(ADD_TEAM, {"name": "강남"})
        cursor.execute(ADD_TEAM, {"name": ""})

    with pytest.raises(SqlError):
        db.transaction(work)
    assert teams(db) == []


def test_a_transaction_counts_the_version_up_and_a_dry_run_does_not(db):
    before = db.version
    assert db.transaction(lambda cursor: cursor.execute(ADD_TEAM, {"name": "강남"}) and 7) == 7
    assert db.version == before + 1
    db.dry_run(lambda cursor: cursor.execute(ADD_TEAM, {"name": "부산"}))
    assert (teams(db), db.version) == (["강남"], before + 1)


def test_a_quiet_transaction_is_stored_and_leaves_the_version(db):
    before = db.version
    db.transaction(lambda cursor: cursor.execute(ADD_TEAM, {"name": "강남"}), quiet=True)
    assert (teams(db), db.version) == (["강남"], before)


def test_commits_of_many_threads_are_all_counted(db):
    def commit_often(_):
        for _ in range(50):
            db.transaction(lambda cursor: None)

    before = db.version
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(commit_often, range(8)))
    assert db.version == before + 400


def test_a_result_is_remembered_until_the_next_commit(db):
    def names():
        asked.append(1)
        return teams(db)

    asked = []
    assert [db.remembered("teams", names) for _ in range(3)] == [[], [], []]
    assert db.remembered("other", lambda: None) is None
    db.transaction(lambda cursor: cursor.execute(ADD_TEAM, {"name": "강남"}), quiet=True)
    assert (db.remembered("teams", names), len(asked)) == ([], 1)
    db.transaction(lambda cursor: cursor.execute(ADD_TEAM, {"name": "부산"}))
    assert (db.remembered("teams", names), len(asked)) == (["강남", "부산"], 2)


def test_nothing_is_remembered_that_a_commit_overtook(db):
    def names():
        found = teams(db)
        if not found:
            db.transaction(lambda cursor: cursor.execute(ADD_TEAM, {"name": "강남"}))
        return found

    assert db.remembered("teams", names) == []
    assert db.remembered("teams", names) == ["강남"]


def test_a_write_conflict_runs_the_whole_work_again(db):
    db.transaction(lambda cursor: cursor.execute(ADD_TEAM, {"name": "강남"}))
    seen = []

    def work(cursor):
        seen.append(database.value(cursor, "select ver from team"))
        if len(seen) == 1:
            db.transaction(lambda other: other.execute(COUNT))
        cursor.execute(COUNT)

    db.transaction(work)
    assert seen == [1, 2]
    assert db.read("select ver from team") == [{"ver": 3}]


def test_a_conflict_that_never_ends_is_raised(db):
    db.transaction(lambda cursor: cursor.execute(ADD_TEAM, {"name": "강남"}))
    attempts = []

    def work(cursor):
        attempts.append(cursor.execute("select ver from team").fetchone())
        db.transaction(lambda other: other.execute(COUNT))
        cursor.execute(COUNT)

    with pytest.raises(SqlError):
        db.transaction(work)
    assert len(attempts) == database.WRITE_ATTEMPTS


def test_two_threads_changing_one_row_lose_no_change(db):
    db.transaction(lambda cursor: cursor.execute(ADD_TEAM, {"name": "강남"}))
    failures = []

    def count_up():
        try:
            for _ in range(25):
                db.transaction(lambda cursor: cursor.execute(COUNT))
        except SqlError as error:
            failures.append(error)

    threads = [threading.Thread(target=count_up) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert db.read("select ver from team") == [{"ver": 51}]


def test_a_file_that_another_process_holds_is_told_with_its_process(file):
    script = (
        "import sys; from fpcore.store import opening; "
        "db = opening.open_database(sys.argv[1], create=True); print('open', flush=True); input()"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", script, file],
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert holder.stdout.readline().strip() == "open"
        with pytest.raises(DatabaseBusy) as busy:
            opening.open_database(file)
        assert busy.value.particulars == {"path": file, "pid": str(holder.pid)}
    finally:
        holder.communicate("\n", timeout=30)


def test_no_file_is_told_and_none_is_made(file):
    with pytest.raises(DatabaseMissing):
        opening.open_database(file)
    assert os.listdir(os.path.dirname(file)) == []


@pytest.mark.parametrize("content", [b"\x89PNG\r\n\x1a\n" * 1000, "고객명,보종\n".encode()])
@pytest.mark.parametrize("create", [True, False])
def test_a_file_that_is_no_database_is_told_and_left_alone(content, create, file):
    with open(file, "wb") as made:
        made.write(content)
    with pytest.raises(DatabaseUnusable):
        opening.open_database(file, create=create)
    with open(file, "rb") as left:
        assert left.read() == content


def test_a_database_of_another_program_is_told(file):
    with connecting.connect(file) as other:
        other.execute("create table account (colour varchar)")
    with pytest.raises(DatabaseUnusable):
        opening.open_database(file)


def test_migrations_run_once_and_keep_what_is_there(file):
    for name in ("강남", "부산"):
        db = opening.open_database(file, create=True)
        db.transaction(lambda cursor, name=name: cursor.execute(ADD_TEAM, {"name": name}))
        db.close()
    db = opening.open_database(file)
    ledger = db.read("select number, name from migration order by number")
    assert teams(db) == ["강남", "부산"]
    assert [row["name"] for row in ledger] == [step.stem for step in migrations.STEPS]
    with db._cursor() as cursor:
        assert migrations.migrate(cursor) == []
    db.close()


def test_migrations_are_numbered_one_by_one():
    numbers = [migrations._number(step) for step in migrations.STEPS]
    assert numbers == list(range(1, len(numbers) + 1))


def test_a_migration_that_fails_leaves_no_trace(db, tmp_path, monkeypatch):
    broken = tmp_path / "0999_broken.sql"
    broken.write_text("create table half (id integer); select no_such_column;")
    monkeypatch.setattr(migrations, "STEPS", [*migrations.STEPS, broken])
    with pytest.raises(SqlError), db._cursor() as cursor:
        migrations.migrate(cursor)
    assert db.read("select * from duckdb_tables() where table_name = 'half'") == []
    assert db.read("select * from migration where number = 999") == []


def test_the_database_and_its_secret_are_for_their_owner_only(file):
    db = opening.open_database(file, create=True)
    for path in (file, file + ".secret"):
        assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    secret = db.secret
    db.close()
    again = opening.open_database(file)
    assert again.secret == secret
    assert len(secret) == 32
    again.close()


def test_a_secret_of_the_environment_is_used_instead(file, monkeypatch):
    monkeypatch.setenv("FP_SECRET", "ab" * 32)
    db = opening.open_database(file, create=True)
    assert db.secret == b"\xab" * 32
    assert not os.path.exists(file + ".secret")
    db.close()


def test_the_file_is_written_in_the_format_of_duckdb_1_5(file):
    db = opening.open_database(file, create=True)
    db.close()
    with open(file, "rb") as made:
        head = made.read(64)
    assert (head[8:12], int.from_bytes(head[12:20], "little") <= 68) == (b"DUCK", True)
