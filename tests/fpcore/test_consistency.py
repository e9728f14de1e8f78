"""What is kept for speed is checked against what it is made of: every difference is named."""

import shutil
from contextlib import closing
from pathlib import Path

import pytest
from agency import TODAY, hire, take

from fpcore.access import accounts
from fpcore.customers import profiles
from fpcore.kept import comparison, consistency, customer_rows
from fpcore.kept.consistency import Fault
from fpcore.store import opening

ROW = {"고객명": "김하나", "상품명": "든든 종신보험", "보험사": "한화생명", "가입금액": "1억"}


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    """A database file with a customer who has a policy, and another beside them."""
    path = tmp_path_factory.mktemp("made") / "office.duckdb"
    with closing(opening.open_database(str(path), create=True)) as db:
        fp = hire(db)["fp1"]
        take(db, fp, [ROW, {**ROW, "고객명": "이둘", "보험사": "삼성생명"}])
        customer_rows.roll_forward(db, TODAY)
    return path


@pytest.fixture
def db(made, tmp_path):
    """A copy of it, for a test to break."""
    for file in (made, made.with_suffix(".duckdb.secret")):
        shutil.copy(file, tmp_path)
    with closing(opening.open_database(str(tmp_path / made.name))) as opened:
        yield opened


@pytest.fixture
def one(db):
    return profiles.identify(db, accounts.OPERATOR, "김하나")


def change(db, sql: str, **said) -> None:
    db.transaction(lambda cursor: cursor.execute(sql, said))


def test_nothing_is_wrong_with_what_was_imported(db, one):
    checked = consistency.check(db, TODAY)
    assert (checked.customers, checked.policies, checked.findings) == (2, 2, [])


BREAKS = {
    Fault.ROW_MISSING: "delete from customer_row where id = $id",
    Fault.ROW_TWICE: "insert into customer_row from customer_row where id = $id",
    Fault.RECORD_OF_NOBODY: "update contact set customer_id = uuidv7() where customer_id = $id",
    Fault.OWNER_UNKNOWN: "update customer set owner_id = uuidv7() where id = $id",
    Fault.INSURER_UNNUMBERED: "update policy set insurer = '새보험' where customer_id = $id",
    Fault.CONSENT_MISSING: "delete from consent where customer_id = $id",
}


@pytest.mark.parametrize(("fault", "sql"), BREAKS.items())
def test_a_record_that_hangs_in_the_air_is_named(fault, sql, db, one):
    change(
        db,
        """
        insert into contact (
            id, customer_id, contacted_on, channel, outcome, recorded_by, created_at)
        values (uuidv7(), $id, '2026-01-01', 'phone', 'no_answer', $id, now()::timestamp)
        """,
        id=one,
    )
    assert consistency.check(db, TODAY).findings == []
    change(db, sql, id=one)
    found = [finding for finding in consistency.check(db, TODAY).findings if finding.code == fault]
    assert len(found) == 1
    if fault is not Fault.RECORD_OF_NOBODY:
        assert found[0].customer_id == one


def test_a_row_of_somebody_who_is_gone_is_named(db, one):
    change(db, "update customer_row set id = uuidv7() where id = $id", id=one)
    found = {finding.code for finding in consistency.check(db, TODAY).findings}
    assert found == {Fault.ROW_MISSING, Fault.ROW_OF_NOBODY}


WRONG = {
    "life_coverage": "life_coverage = 5",
    "name": "name = '김둘'",
    "held": "held = 0",
    "insurers": "insurers = [99]",
    "spans": "spans = []",
    "states": "states = 0",
    "life_shortfall": "life_shortfall = 7",
    "unmet": "unmet = 0",
    "rule_set": "rule_set = 77",
}


@pytest.mark.parametrize(("column", "wrong"), WRONG.items())
def test_a_column_that_is_not_as_computed_is_named_with_both_values(column, wrong, db, one):
    before = db.read(f"select {column}::varchar as said from customer_row where id = $id",
                     {"id": one})[0]["said"]  # fmt: skip
    change(db, f"update customer_row set {wrong} where id = $id", id=one)
    after = db.read(f"select {column}::varchar as said from customer_row where id = $id",
                    {"id": one})[0]["said"]  # fmt: skip
    (found,) = consistency.check(db, TODAY).findings
    assert (found.code, found.customer_id, found.column) == (Fault.ROW_DIFFERS, one, column)
    assert (found.kept, found.computed) == (after, before)
    assert comparison.differences(db, TODAY) == [one]


def test_a_policy_changed_behind_the_programs_back_is_found(db, one):
    change(db, "update policy set coverage_amount = 1 where customer_id = $id", id=one)
    columns = {finding.column for finding in consistency.check(db, TODAY).findings}
    assert {"life_coverage", "total_coverage", "death_coverage"} <= columns


def test_everybody_is_checked_a_part_at_a_time(db, one, monkeypatch):
    monkeypatch.setattr(comparison, "_PARTS", comparison._PARTS.replace("250000", "1"))
    change(db, "update customer_row set held = 0")
    found = {finding.customer_id for finding in consistency.check(db, TODAY).findings}
    assert len(found) == 2
