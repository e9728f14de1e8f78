"""A database of another version: a newer one is refused, an older one copied before it changes."""

import os
import stat
from contextlib import closing
from pathlib import Path

import duckdb
import pytest
from agency import hire
from click.testing import CliRunner

from fpcore import wording
from fpcore.commands.main import main
from fpcore.errors import DatabaseNewer, DatabaseNotCopied, DatabaseUnusable
from fpcore.store import connecting, migrations, opening, rewriting
from fpcore.store.database import Database

ADD_TEAM = (
    "insert into team (id, name, created_at, updated_at) values (uuidv7(), $name, now(), now())"
)
NAME = "지워질사람"
ADD_CUSTOMER = f"""
insert into customer (id, owner_id, name, created_at, updated_at)
values (uuidv7(), uuidv7(), '{NAME}', now(), now())
"""
ERASE = "delete from customer"


def made_by(steps: int, path: Path) -> Path:
    """A database as the program made it when it had so many steps, with a team and a customer."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(migrations, "STEPS", migrations.STEPS[:steps])
        with closing(opening.open_database(str(path), create=True)) as db:
            add_team(db, "강남")
            db.transaction(lambda cursor: cursor.execute(ADD_CUSTOMER))
    return path


def add_team(db: Database, name: str) -> None:
    db.transaction(lambda cursor: cursor.execute(ADD_TEAM, {"name": name}))


def names(path: Path, table: str = "team") -> list[str]:
    """What stands in a file, looked at without changing it."""
    with duckdb.connect(path, read_only=True) as connection:
        return [name for (name,) in connection.execute(f"select name from {table}").fetchall()]


def steps_of(path: Path) -> int:
    with duckdb.connect(path, read_only=True) as connection:
        return connection.execute("select max(number) from migration").fetchone()[0]


def beside(path: Path) -> set[str]:
    return {other.name.removeprefix(path.name) for other in path.parent.iterdir()}


@pytest.fixture
def path(tmp_path) -> Path:
    return tmp_path / "fp.duckdb"


@pytest.fixture
def newer(path) -> Path:
    """A database with a step that this program does not know, and a .wal beside it."""
    made_by(len(migrations.STEPS), path)
    connection = connecting.connect(str(path))
    connection.execute("insert into migration values (999, '0999_later', now())")
    connection.execute("pragma disable_checkpoint_on_shutdown")
    connection.close()
    assert ".wal" in beside(path)
    return path


def contents(path: Path) -> dict[str, bytes]:
    return {other.name: other.read_bytes() for other in path.parent.iterdir()}


@pytest.mark.parametrize("create", [True, False])
def test_a_database_of_a_newer_version_is_refused_and_left_untouched(create, newer):
    before = contents(newer)
    with pytest.raises(DatabaseNewer):
        opening.open_database(str(newer), create=create)
    assert contents(newer) == before


@pytest.mark.parametrize("command", [["customers", "--owner", "fp1"], ["init"], ["check"]])
def test_a_command_says_that_a_newer_version_is_needed(command, newer, monkeypatch):
    monkeypatch.setenv("FP_DATABASE", str(newer))
    result = CliRunner().invoke(main, command)
    sentence = wording.say("en", "error.database_newer", path=newer)
    assert (result.exit_code, result.stderr) == (1, f"Error: {sentence}\n")


def test_a_file_that_only_a_newer_duckdb_reads_is_told_alike(path, monkeypatch):
    def refuse(*_, **__):
        raise duckdb.IOException(
            f'Trying to read a database file "{path}" with version number 999, but we can only read'
            " versions between 64 and 68."
        )

    made_by(1, path)
    monkeypatch.setattr(duckdb, "connect", refuse)
    with pytest.raises(DatabaseNewer):
        opening.open_database(str(path))


def test_tables_of_another_program_are_left_untouched(path):
    with duckdb.connect(path) as connection:
        connection.execute("create table bird as select 'kite' as name")
    before = contents(path)
    with pytest.raises(DatabaseUnusable):
        opening.open_database(str(path))
    assert contents(path) == before


@pytest.mark.parametrize("steps", range(1, len(migrations.STEPS)))
def test_before_older_tables_change_a_copy_is_made(steps, path):
    made_by(steps, path)
    with closing(opening.open_database(str(path))) as db:
        copy = Path(db.copy)
        add_team(db, "부산")
    assert copy.name == f"fp.duckdb.before-{steps + 1:04}"
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert (steps_of(copy), names(copy), names(copy, "customer")) == (steps, ["강남"], [NAME])
    assert (steps_of(path), sorted(names(path))) == (len(migrations.STEPS), ["강남", "부산"])
    assert beside(path) == {"", ".secret", f".before-{steps + 1:04}"}


def test_a_copy_holds_what_stands_in_the_wal_alone(path):
    made_by(3, path)
    connection = connecting.connect(str(path))
    connection.execute(ADD_TEAM, {"name": "부산"})
    connection.execute("pragma disable_checkpoint_on_shutdown")
    connection.close()
    assert ".wal" in beside(path)
    with closing(opening.open_database(str(path))) as db:
        assert sorted(names(Path(db.copy))) == ["강남", "부산"]


def test_nothing_is_copied_where_nothing_changes(path):
    for _ in range(2):
        with closing(opening.open_database(str(path), create=True)) as db:
            assert (db.copy, db.copies()) == (None, [])
    with closing(opening.open_database(connecting.IN_MEMORY)) as db:
        assert (db.copy, db.copies()) == (None, [])


def test_an_older_copy_stays_as_it_is(path):
    made_by(3, path)
    older = [Path(f"{path}.before-0004"), Path(f"{path}.before-0004-2")]
    for number, copy in enumerate(older):
        copy.write_text(f"older {number}")
    with closing(opening.open_database(str(path))) as db:
        assert db.copy == f"{path}.before-0004-3"
        assert db.copies() == [*map(str, older), db.copy]
    assert [copy.read_text() for copy in older] == ["older 0", "older 1"]


def test_without_room_for_a_copy_nothing_changes(path):
    resource = pytest.importorskip("resource")
    made_by(3, path)
    unlimited = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, unlimited[1]))
    try:
        with pytest.raises(DatabaseNotCopied):
            opening.open_database(str(path))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, unlimited)
    assert (steps_of(path), names(path)) == (3, ["강남"])
    assert beside(path) == {"", ".secret"}
    opening.open_database(str(path)).close()
    assert steps_of(path) == len(migrations.STEPS)


def test_a_copy_goes_where_the_first_step_fails(path, tmp_path, monkeypatch):
    made_by(3, path)
    broken = tmp_path / "0004_broken.sql"
    broken.write_text("create table half (id integer); select no_such_column;")
    monkeypatch.setattr(migrations, "STEPS", [*migrations.STEPS[:3], broken])
    with pytest.raises(DatabaseUnusable):
        opening.open_database(str(path))
    assert beside(path) == {"", ".secret", broken.name}
    assert (steps_of(path), names(path)) == (3, ["강남"])


def test_a_command_names_the_copy(path, monkeypatch):
    made_by(3, path)
    monkeypatch.setenv("FP_DATABASE", str(path))
    for told in (wording.say("en", "database.copied", path=f"{path}.before-0004") + "\n", ""):
        result = CliRunner().invoke(main, ["init", "--json"])
        assert (result.exit_code, result.stderr) == (0, told)


def test_a_rewrite_deletes_the_copies_and_the_marker_last(path, monkeypatch):
    made_by(3, path)
    with closing(opening.open_database(str(path))) as db:
        db.transaction(lambda cursor: db.rewrite_due())
        with monkeypatch.context() as patch:
            patch.setattr(os, "unlink", lambda _: (_ for _ in ()).throw(OSError("no")))
            with pytest.raises(OSError, match="no"):
                db.rewrite()
        assert beside(path) >= {".before-0004", ".rewrite-due"}
        db.rewrite()
        assert db.copies() == []
    assert beside(path) == {"", ".secret"}


def test_a_rewrite_that_is_due_comes_before_the_copy(path):
    made_by(3, path)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(migrations, "STEPS", migrations.STEPS[:3])
        with closing(opening.open_database(str(path))) as db:
            db.transaction(
                lambda cursor: db.rewrite_due() or cursor.execute("delete from customer")
            )
    with closing(opening.open_database(str(path))) as db:
        assert db.copies() == [db.copy]
    for file in (path, Path(f"{path}.before-0004")):
        assert NAME.encode() not in file.read_bytes()


def test_an_erasure_says_that_it_deletes_the_copy_and_does(path, monkeypatch):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(migrations, "STEPS", migrations.STEPS[:-1])
        with closing(opening.open_database(str(path), create=True)) as db:
            db.transaction(lambda cursor: cursor.execute(ADD_CUSTOMER))
    with closing(opening.open_database(str(path))) as db:
        owner = hire(db)["fp1"]
        db.transaction(lambda cursor: cursor.execute(
            "update customer set owner_id = $owner", {"owner": owner.id}))  # fmt: skip
        copy = Path(db.copy)
    assert NAME.encode() in copy.read_bytes()
    monkeypatch.setenv("FP_DATABASE", str(path))
    result = CliRunner().invoke(main, ["erase", NAME], input=f"{NAME}\n")
    assert (result.exit_code, str(copy) in result.stderr) == (0, True)
    assert not copy.exists()
    assert rewriting.copies(str(path)) == []
    assert NAME.encode() not in path.read_bytes()
