"""Imports are listed, and undone as far as nobody touched their records since."""

from collections.abc import Iterator
from uuid import UUID, uuid4

import pytest
from agency import (
    STATEMENT,
    TODAY,
    Office,
    add_customer,
    add_policy,
    log_contact,
    newcomer,
    open_office,
    row_of,
    tables,
    take,
)
from examples import few
from hypothesis import given
from hypothesis import strategies as st

from fpcore import wording
from fpcore.access import accounts, audit
from fpcore.customers import consents, policies, profiles
from fpcore.errors import NotFound, UndoNotPossible
from fpcore.importing import history, undoing
from fpcore.importing.history import BatchState
from fpcore.importing.undoing import WhyLeft
from fpcore.kept import comparison, customer_rows
from fpcore.models import Account, ConsentChannel, ConsentKind, CustomerChanges, PolicyChanges
from fpcore.person import erasure
from fpcore.store import migrations, opening
from fpcore.store.connecting import SqlError
from fpcore.store.database import Database

pytestmark = [pytest.mark.shared_office, pytest.mark.usefixtures("rows_stay_true")]

HANA = {
    "고객번호": "A1", "고객명": "김하나", "생년월일": "1980-01-02", "성별": "여",
    "휴대폰": "010-1234-5678", "이메일": "hana@example.com", "직업": "교사",
    "최근연락일": "2026-10-01", "비고": "처음", "상품명": "종신보험", "보종": "생명",
    "보험사": "한화생명", "증권번호": "N1", "가입금액": "1억", "보험료": "50000", "통화": "KRW",
    "납입주기": "월납", "계약일": "2020-01-01", "만기일": "2040-01-01", "상태": "유지",
}  # fmt: skip
DUL = {"고객번호": "A2", "고객명": "이둘", "생년월일": "1990-05-06", "보종": "건강",
       "증권번호": "N2"}  # fmt: skip
FACTS = ("customer", "policy", "consent", "contact", "customer_row")
BEFORE = ("customer_before", "policy_before")


def facts(db: Database) -> dict[str, list[dict]]:
    """All that is held of customers, without what counts and dates the changes of a row."""
    held = tables(db)
    return {
        table: [
            {name: value for name, value in row.items() if name not in ("ver", "updated_at")}
            for row in held[table]
        ]
        for table in FACTS
    }


def counts(report: undoing.UndoReport) -> tuple[int, int, int, int, int]:
    """(customers removed, policies removed, customers restored, policies restored, left)."""
    return (
        report.customers_removed, report.policies_removed, report.customers_restored,
        report.policies_restored, report.left_count,
    )  # fmt: skip


def undo(db, account, report, **said) -> undoing.UndoReport:
    return undoing.undo(db, account, report.batch, TODAY, **said)


def told(report: undoing.UndoReport) -> list[tuple]:
    return [(one.record, one.name, one.what, one.why, one.by) for one in report.left]


def known(db: Database, fp: Account, name: str = "김하나") -> UUID:
    found = db.read(
        "select id from customer where owner_id = $fp and name = $name",
        {"fp": fp.id, "name": name},
    )
    return found[0]["id"]


def policy_of(db: Database, customer: UUID) -> UUID:
    return db.read("select id from policy where customer_id = $id", {"id": customer})[0]["id"]


def edit(db: Database, fp: Account, customer: UUID, **changes) -> None:
    ver = row_of(db, "customer", customer)["ver"]
    profiles.update(db, fp, customer, CustomerChanges(**changes), ver, TODAY)


def log_of(db: Database, customer: UUID) -> list[dict]:
    with db.reading() as cursor:
        return audit.of_customer(cursor, customer)


# --- What is noted of an import ----------------------------------------------------------------


def test_an_import_notes_its_counts_and_when_it_was(db, fp):
    take(db, fp, [HANA])
    took = take(db, fp, [HANA, {**DUL, "비고": "새"}, {"고객번호": "A3", "고객명": ""}])
    newest, first = history.of_account(db, fp)
    assert (newest.id, newest.state, newest.file_name) == (took.batch, "done", "book.csv")
    assert (newest.imported_by, newest.may_undo, newest.undone_by) == (fp.name, True, None)
    noted = (newest.row_count, newest.created_count, newest.updated_count, newest.unchanged_count)
    assert noted == (3, 1, 0, 1)
    assert newest.rejected_count + newest.question_count == 1
    assert (newest.customers_created, newest.policies_created) == (1, 1)
    assert newest.created_at <= newest.finished_at
    assert newest.undone_at is None
    assert [one.id for one in history.of_account(db, fp, limit=1)] == [newest.id]
    assert first.created_at < newest.created_at


def test_questions_are_not_counted_as_faults_too(db, fp):
    twin = {key: value for key, value in HANA.items() if key != "증권번호"}
    take(db, fp, [twin, twin, {**DUL, "보험료": "많음"}])
    [noted] = history.of_account(db, fp)
    assert (noted.row_count, noted.created_count) == (3, 1)
    assert (noted.rejected_count, noted.question_count) == (1, 1)


def test_a_row_names_the_import_that_created_it_and_the_log_the_one_that_changed_it(db, fp):
    first = take(db, fp, [HANA])
    second = take(db, fp, [{**HANA, "비고": "둘째", "가입금액": "2억"}])
    who = known(db, fp)
    edit(db, fp, who, notes="손으로")
    assert row_of(db, "customer", who)["batch_id"] == first.batch
    assert row_of(db, "policy", policy_of(db, who))["batch_id"] == first.batch
    done = {(entry["record"], entry["batch_id"]) for entry in log_of(db, who)}
    assert done == {("customer", second.batch), ("policy", second.batch), ("customer", None)}


def test_the_copies_have_all_columns_of_what_they_are_copies_of(db):
    def columns(table):
        return [row["column_name"] for row in db.read(f"describe {table}")]

    for table in ("customer", "policy"):
        assert columns(f"{table}_before") == ["import_id", "after_ver", *columns(table)]


def begin(db: Database, fp: Account, batch: UUID) -> None:
    history.begin(
        db, fp, batch, "가" * 300, "0" * 64, encoding=None, delimiter=None, owner_id=fp.id,
        consent_basis=STATEMENT,
    )  # fmt: skip


@pytest.mark.parametrize("state", [BatchState.CANCELLED, BatchState.FAILED])
def test_an_import_that_is_given_up_says_so_and_cannot_be_undone(state, db, fp):
    batch, version = uuid4(), db.version
    begin(db, fp, batch)
    [running] = history.of_account(db, fp)
    assert (running.state, running.row_count, running.finished_at) == ("running", None, None)
    assert len(running.file_name) == history.LONGEST_FILE_NAME
    with pytest.raises(UndoNotPossible) as refused:
        undoing.undo(db, fp, batch, TODAY)
    assert refused.value.code == "undo_not_possible"
    history.give_up(db, batch, state)
    history.give_up(db, batch, BatchState.INTERRUPTED)
    [ended] = history.of_account(db, fp)
    assert (ended.state, ended.may_undo, ended.row_count) == (state, False, None)
    assert ended.finished_at >= ended.created_at
    assert db.version == version


def test_what_ran_when_the_process_ended_is_interrupted_and_all_else_stays(db, fp):
    took = take(db, fp, [HANA])
    batch = uuid4()
    begin(db, fp, batch)
    history.close_interrupted(db)
    states = {one.id: one.state for one in history.of_account(db, fp)}
    assert states == {batch: "interrupted", took.batch: "done"}


def test_an_import_that_is_done_has_counts_that_add_up(db, fp):
    batch = uuid4()
    begin(db, fp, batch)
    said = dict.fromkeys(history.COUNTS, 1) | {"row_count": 5}
    with pytest.raises(SqlError):
        db.transaction(lambda cursor: history.finish(cursor, batch, {**said, "row_count": 6}))
    db.transaction(lambda cursor: history.finish(cursor, batch, said))
    [done] = history.of_account(db, fp)
    assert (done.state, done.row_count, done.question_count) == ("done", 5, 1)


@pytest.mark.parametrize("language", wording.LANGUAGES)
def test_every_state_and_reason_has_its_words(language):
    keys = [f"import_state.{state}" for state in BatchState] + [f"undo.{why}" for why in WhyLeft]
    assert [key for key in keys if key not in wording.catalogue(language)] == []


# --- Undoing -----------------------------------------------------------------------------------


def test_what_an_import_created_is_gone_with_its_consents(db, fp):
    before = facts(db)
    took = take(db, fp, [HANA, {**HANA, "증권번호": "N9"}, DUL])
    would = undo(db, fp, took, dry_run=True)
    assert facts(db) != before
    did = undo(db, fp, took)
    assert did == would
    assert counts(did) == (2, 3, 0, 0, 0)
    assert facts(db) == before
    [batch] = history.of_account(db, fp)
    assert (batch.state, batch.undone_by, batch.may_undo) == ("undone", fp.name, False)
    assert batch.undone_at >= batch.finished_at


def test_every_field_that_an_import_changed_is_what_it_was_and_unknown_again(db, fp):
    who = add_customer(db, fp, name="김하나", birth_year=1980)
    add_policy(db, fp, who, policy_number="N1", insurer="한화생명")
    take(db, fp, [{"고객번호": "A9", "고객명": "다른이", "보종": "건강", "증권번호": "N9"}])
    before, old = facts(db), row_of(db, "customer", who)
    took = take(db, fp, [{**HANA, "고객명": "김 하나", "통화": "USD", "상태": "만기"}])
    assert (took.updated, took.created) == (1, 0)
    differing = {
        name for name, value in row_of(db, "customer", who).items() if value != old[name]
    }  # fmt: skip
    assert differing >= {
        "source_key", "name", "birth_date", "gender", "phone", "phone_hash", "email",
        "occupation", "last_contact_on", "notes",
    }  # fmt: skip
    assert counts(undo(db, fp, took)) == (0, 0, 1, 1, 0)
    assert facts(db) == before
    assert row_of(db, "customer", who)["ver"] == 3
    assert all(db.read(f"from {table} where import_id = $id", {"id": took.batch}) == []
               for table in BEFORE)  # fmt: skip


def test_the_log_tells_what_was_put_back_and_by_which_import(db, fp):
    take(db, fp, [HANA])
    took = take(db, fp, [{**HANA, "비고": "둘째", "휴대폰": "010-9999-5678", "보험료": "7"}])
    who = known(db, fp)
    undo(db, fp, took)
    entries = [one for one in log_of(db, who) if one["action"] == "import_undone"]
    assert {(one["by"], one["batch_id"]) for one in entries} == {(fp.name, took.batch)}
    made = {
        (change["field"], change["old"], change["new"])
        for one in entries for change in one["changes"]
    }  # fmt: skip
    assert made == {
        ("notes", "둘째", "처음"), ("phone", "010-****-5678", "010-****-5678"),
        ("premium_amount", "7.00", "50000.00"),
    }  # fmt: skip
    assert audit_vers(db, who) == [(2, row_of(db, "customer", who)["ver"])]


def audit_vers(db: Database, customer: UUID) -> list[tuple[int, int]]:
    """The versions of the customer's own entries: the import's, the undoing's."""
    found = db.read("select ver from audit where record_id = $id order by ver", {"id": customer})
    return [tuple(row["ver"] for row in found)]


def test_of_a_mixed_import_everything_is_undone(db, fp):
    take(db, fp, [HANA])
    before = facts(db)
    took = take(db, fp, [{**HANA, "비고": "새"}, {**HANA, "증권번호": "N3", "비고": "새"}, DUL])
    assert counts(undo(db, fp, took)) == (1, 2, 1, 0, 0)
    assert facts(db) == before
    removed = [one for one in log_of(db, known(db, fp)) if one["action"] == "import_removed"]
    assert [(one["record"], one["changes"], one["batch_id"]) for one in removed] == [
        ("policy", [], took.batch)
    ]


def test_records_that_a_person_changed_since_are_left_and_told(db, people, fp):
    take(db, fp, [HANA])
    took = take(db, fp, [{**HANA, "비고": "새", "보험료": "7"}, DUL])
    hana, dul = known(db, fp), known(db, fp, "이둘")
    edit(db, people["manager1"], hana, occupation="의사")
    log_contact(db, fp, hana)
    policies.update(db, fp, policy_of(db, dul), PolicyChanges(insurer="삼성"), 1, TODAY)
    edited = row_of(db, "customer", hana), row_of(db, "policy", policy_of(db, dul))
    report = undo(db, fp, took)
    assert counts(report) == (0, 0, 0, 1, 3)
    assert told(report) == [
        ("customer", "김하나", None, WhyLeft.EDITED, "manager1"),
        ("customer", "이둘", None, WhyLeft.IN_USE, fp.name),
        ("policy", "이둘", "N2", WhyLeft.EDITED, fp.name),
    ]
    assert [one.customer_id for one in report.left] == [hana, dul, dul]
    assert all(one.at for one in report.left)
    assert (row_of(db, "customer", hana), row_of(db, "policy", policy_of(db, dul))) == edited


def test_what_a_later_import_changed_is_left_and_undone_after_it(db, fp):
    before = facts(db)
    first = take(db, fp, [HANA, DUL])
    second = take(db, fp, [{**HANA, "비고": "둘째", "보험료": "7"}, {**DUL, "증권번호": "N7"}])
    would = undo(db, fp, first, dry_run=True)
    assert counts(would) == (0, 1, 0, 0, 3)
    assert told(would) == [
        ("customer", "김하나", None, WhyLeft.EDITED, fp.name),
        ("policy", "김하나", "종신보험", WhyLeft.EDITED, fp.name),
        ("customer", "이둘", None, WhyLeft.IN_USE, fp.name),
    ]
    assert all(one.at for one in would.left)
    assert undo(db, fp, second).left_count == 0
    assert counts(undo(db, fp, first)) == (2, 2, 0, 0, 0)
    assert facts(db) == before


def test_an_import_between_two_others_is_undone_where_the_later_one_did_not_write(db, fp):
    take(db, fp, [HANA, DUL])
    middle = take(db, fp, [{**HANA, "비고": "둘"}, {**DUL, "비고": "둘"}])
    last = take(db, fp, [{**HANA, "비고": "셋"}])
    report = undo(db, fp, middle)
    assert counts(report) == (0, 0, 1, 0, 1)
    assert told(report) == [("customer", "김하나", None, WhyLeft.EDITED, fp.name)]
    assert row_of(db, "customer", known(db, fp))["notes"] == "셋"
    undo(db, fp, last)
    assert row_of(db, "customer", known(db, fp))["notes"] == "둘"
    assert row_of(db, "customer", known(db, fp, "이둘"))["notes"] is None


def test_a_policy_that_was_removed_since_is_told_as_gone(db, fp):
    take(db, fp, [HANA])
    took = take(db, fp, [{**HANA, "보험료": "7"}])
    policies.remove(db, fp, policy_of(db, known(db, fp)), 2, TODAY)
    report = undo(db, fp, took)
    assert counts(report) == (0, 0, 0, 0, 1)
    assert told(report) == [("policy", "김하나", "종신보험", WhyLeft.GONE, fp.name)]


def marketing(db, fp, who):
    consents.give(db, fp, who, ConsentKind.MARKETING, STATEMENT, ConsentChannel.PAPER, TODAY, TODAY)


def withdraw(db, fp, who):
    consents.withdraw(db, fp, who, ConsentKind.COLLECTION, ConsentChannel.PHONE, TODAY)


USES = {"contact": log_contact, "policy": add_policy, "consent": marketing, "withdrawn": withdraw}


@pytest.mark.parametrize("use", USES)
def test_a_customer_on_whom_something_hangs_stays_without_the_policies(use, db, fp):
    took = take(db, fp, [HANA, DUL])
    who = known(db, fp)
    USES[use](db, fp, who)
    kept = row_of(db, "customer", who)
    report = undo(db, fp, took)
    assert counts(report) == (1, 2, 0, 0, 1)
    name = None if use == "withdrawn" else "김하나"
    assert told(report) == [("customer", name, None, WhyLeft.IN_USE, fp.name)]
    assert row_of(db, "customer", who) == kept
    left = db.read("select policy_number from policy where customer_id = $id", {"id": who})
    assert [row["policy_number"] for row in left] == ([None] if use == "policy" else [])
    assert db.read("from consent where customer_id = $id and kind = 'collection'", {"id": who})


def test_a_withdrawal_since_an_import_outlives_its_undoing(db, fp):
    take(db, fp, [HANA])
    took = take(db, fp, [{**HANA, "비고": "새"}])
    who = known(db, fp)
    withdraw(db, fp, who)
    days = row_of(db, "customer", who)
    assert counts(undo(db, fp, took)) == (0, 0, 1, 0, 0)
    now = row_of(db, "customer", who)
    assert (now["withdrawn_on"], now["destroy_by"]) == (TODAY, days["destroy_by"])
    assert now["notes"] == "처음"


def test_what_a_removed_customer_was_is_taken_out_of_the_log(db, fp):
    took = take(db, fp, [HANA])
    who = known(db, fp)
    policy = add_policy(db, fp, who, policy_name="비밀상품")
    policies.remove(db, fp, policy, 1, TODAY)
    assert "비밀상품" in str(log_of(db, who))
    assert counts(undo(db, fp, took)) == (1, 1, 0, 0, 0)
    log = log_of(db, who)
    assert [one["action"] for one in log] == ["created", "removed", "import_removed"]
    assert [one["changes"] for one in log] == [[]] * 3


def test_an_import_is_undone_once(db, fp):
    took = take(db, fp, [HANA])
    undo(db, fp, took)
    before = tables(db)
    for dry_run in (True, False):
        with pytest.raises(UndoNotPossible):
            undo(db, fp, took, dry_run=dry_run)
    assert tables(db) == before


def test_what_was_undone_can_be_imported_again(db, fp):
    undo(db, fp, take(db, fp, [HANA, DUL]))
    again = take(db, fp, [HANA, DUL])
    assert (again.created, again.customers_created, again.policies_created) == (2, 2, 2)


def test_the_list_of_what_is_left_is_cut_and_counted(db, fp, monkeypatch):
    monkeypatch.setattr(undoing, "MOST_LEFT", 2)
    book = [
        {**DUL, "고객번호": f"B{n}", "고객명": f"고객{n}", "증권번호": f"B{n}"} for n in range(5)
    ]
    took = take(db, fp, book)
    for n in range(5):
        log_contact(db, fp, known(db, fp, f"고객{n}"))
    report = undo(db, fp, took)
    assert [one.name for one in report.left] == ["고객0", "고객1"]
    assert counts(report) == (0, 5, 0, 0, 5)


def test_after_an_erasure_an_import_is_undone_for_the_others(db, fp):
    take(db, fp, [HANA, DUL])
    took = take(db, fp, [{**HANA, "비고": "새", "보험료": "7"}, {**DUL, "비고": "새"}])
    who = known(db, fp)
    erasure.erase(db, fp, who, profiles.removal(db, fp, who))
    assert db.read("from customer_before where id = $id", {"id": who}) == []
    assert db.read("from policy_before where customer_id = $id", {"id": who}) == []
    assert counts(undo(db, fp, took)) == (0, 0, 1, 0, 0)
    assert row_of(db, "customer", known(db, fp, "이둘"))["notes"] is None


# --- Who may -----------------------------------------------------------------------------------


def test_another_fp_neither_sees_nor_undoes_an_import(db, fp):
    took, other = take(db, fp, [HANA]), newcomer(db)
    before = tables(db)
    for batch in (took.batch, str(took.batch), uuid4(), "no id"):
        with pytest.raises(NotFound) as hidden:
            undoing.undo(db, other, batch, TODAY)
        assert hidden.value.code == "import_not_found"
    assert history.of_account(db, other) == []
    assert tables(db) == before


@pytest.mark.parametrize("who", ["manager1", "admin"])
def test_whoever_sees_all_that_an_import_touched_may_undo_it(who, db, people, fp):
    took = take(db, fp, [HANA, DUL])
    [listed] = [one for one in history.of_account(db, people[who]) if one.id == took.batch]
    assert listed.may_undo
    assert counts(undo(db, people[who], took)) == (2, 2, 0, 0, 0)
    [listed] = history.of_account(db, fp)
    assert listed.undone_by == who


def test_the_manager_of_another_team_may_not(db, people, fp):
    took = take(db, fp, [HANA])
    with pytest.raises(NotFound):
        undo(db, people["manager2"], took)


def set_team(db: Database, account: Account, team_of: Account) -> None:
    db.transaction(
        lambda cursor: cursor.execute(
            "update account set team_id = $team where id = $id",
            {"id": account.id, "team": team_of.team_id},
        )
    )


def test_what_is_out_of_the_importer_s_scope_by_now_stays_and_is_not_shown(db, people, fp):
    other, manager = newcomer(db), people["manager1"]
    book = [{**HANA, "담당FP": fp.username}, {**DUL, "담당FP": other.username}]
    take(db, manager, book)
    took = take(db, manager, [{**row, "비고": "새", "증권번호": f"X{n}"}
                              for n, row in enumerate(book)])  # fmt: skip
    set_team(db, other, people["fp3"])
    kept = row_of(db, "customer", known(db, other, "이둘"))
    for stranger in (fp, other, people["manager2"]):
        with pytest.raises(NotFound):
            undo(db, stranger, took)
    report = undo(db, manager, took)
    assert counts(report) == (0, 1, 1, 0, 2)
    assert {(one.why, one.name, one.what, one.customer_id, one.by) for one in report.left} == {
        (WhyLeft.OUT_OF_SCOPE, None, None, None, None)
    }
    assert row_of(db, "customer", known(db, other, "이둘")) == kept
    assert "이둘" not in str(report)


def test_a_manager_who_does_not_see_all_of_it_sees_it_and_may_not_undo_it(db, people):
    fp, other = newcomer(db), newcomer(db)
    took = take(db, fp, [HANA])
    set_team(db, other, people["fp3"])
    db.transaction(
        lambda cursor: cursor.execute(
            "update customer set owner_id = $other where owner_id = $fp",
            {"fp": fp.id, "other": other.id},
        )
    )
    ids = [row["id"] for row in db.read("select id from customer")]
    db.transaction(lambda cursor: customer_rows.refresh(db, cursor, fp, ids, TODAY))
    seen = {one.id: one.may_undo for one in history.of_account(db, people["manager1"])}
    assert seen[took.batch] is False
    with pytest.raises(NotFound):
        undo(db, people["manager1"], took)


# --- A database of before ----------------------------------------------------------------------


@pytest.fixture
def old_file(tmp_path, monkeypatch) -> str:
    """A database of the first two migrations: an import created three, another changed one."""
    path = str(tmp_path / "old.duckdb")
    with monkeypatch.context() as patch:
        patch.setattr(migrations, "STEPS", migrations.STEPS[:2])
        db = opening.open_database(path, create=True)
    fp, one, two = uuid4(), uuid4(), uuid4()

    def work(cursor):
        cursor.execute(
            "insert into account (id, username, name, role, created_at, updated_at)"
            " values ($fp, 'fp1', 'fp1', 'fp', '2025-01-01', '2025-01-01')",
            {"fp": fp},
        )
        for batch, day in ((one, "2026-01-01"), (two, "2026-02-01")):
            cursor.execute(
                "insert into import_batch values ($id, $fp, null, 'alt.csv', 'f', 'utf-8', ',',"
                " '서면', 5, 3, 2, $day::timestamp)",
                {"id": batch, "fp": fp, "day": day},
            )
        cursor.execute(
            "insert into customer (id, owner_id, name, batch_id, ver, created_at, updated_at)"
            " select uuidv7(), $fp, '고객' || n, if(n = 1, $two, $one), if(n = 1, 2, 1),"
            " '2026-01-01', '2026-02-01' from range(1, 4) r(n) union all"
            " select uuidv7(), $fp, '손으로', $two, 2, '2025-01-01', '2026-02-01'",
            {"fp": fp, "one": one, "two": two},
        )
        cursor.execute(
            "insert into policy (id, customer_id, type, status, batch_id, ver, created_at,"
            " updated_at) select uuidv7(), id, 'life', 'active', batch_id, ver, created_at,"
            " updated_at from customer"
        )
        cursor.execute(
            "insert into consent (id, customer_id, kind, basis, given_on, channel, recorded_by,"
            " batch_id, created_at) select uuidv7(), id, 'collection', '서면', '2026-01-01',"
            " 'import', owner_id, $one, created_at from customer where name <> '손으로'",
            {"one": one},
        )
        cursor.execute(
            "insert into audit (id, done_at, account_id, action, customer_id, record, record_id,"
            " ver) select uuidv7(), updated_at, owner_id, 'updated', id, 'customer', id, 2"
            " from customer where ver = 2"
        )

    db.transaction(work)
    db.close()
    return path


def test_imports_of_before_are_kept_and_undone_as_far_as_is_known(old_file):
    db = opening.open_database(old_file)
    customer_rows.roll_forward(db, TODAY)
    fp = accounts.act_as(db, "fp1")
    assert fp.sees_names
    second, first = history.of_account(db, fp)
    assert (first.state, first.row_count, first.created_count) == ("done", 5, 3)
    assert (first.updated_count, first.unchanged_count, first.customers_created) == (None,) * 3
    assert first.finished_at == first.created_at
    assert db.read("select consent_basis, file_sha256, encoding from import_batch limit 1") == [
        {"consent_basis": "서면", "file_sha256": "f", "encoding": "utf-8"}
    ]
    created = {row["name"]: row["batch_id"] for row in db.read("from customer")}
    assert created == {"손으로": None, **{f"고객{n}": first.id for n in (1, 2, 3)}}
    assert {row["batch_id"] for row in db.read("from audit")} == {second.id}
    assert counts(undoing.undo(db, fp, second.id, TODAY)) == (0, 0, 0, 0, 0)
    report = undoing.undo(db, fp, first.id, TODAY)
    assert counts(report) == (2, 2, 0, 0, 2)
    assert {(one.name, one.why, one.by) for one in report.left if one.record == "customer"} == {
        ("고객1", WhyLeft.EDITED, "fp1")
    }
    assert [row["name"] for row in db.read("select name from customer order by name")] == [
        "고객1", "손으로",
    ]  # fmt: skip
    assert comparison.differences(db, TODAY) == []
    db.close()


# --- Whatever happens --------------------------------------------------------------------------


def book(rows: list[tuple]) -> list[dict[str, str]]:
    return [
        {"고객번호": f"C{who}", "고객명": f"고객{who}", "직업": job, "비고": note, "보종": "생명",
         "보험사": "한화", "증권번호": f"P{who}{number}", "가입금액": amount}
        for who, job, note, number, amount in rows
    ]  # fmt: skip


BOOKS = st.lists(
    st.tuples(
        st.integers(1, 3), st.sampled_from(["", "교사", "의사"]), st.sampled_from(["", "가", "나"]),
        st.integers(1, 2), st.sampled_from(["", "1억", "2억"]),
    ),
    min_size=1, max_size=4, unique_by=lambda row: (row[0], row[3]),
).map(book)  # fmt: skip


@pytest.fixture(scope="module")
def empty() -> Iterator[Office]:
    """An office of its own, which each example empties."""
    yield from open_office()


def cleared(office: Office) -> tuple[Database, Account]:
    def work(cursor):
        for table in (*FACTS, *BEFORE, "audit", "import_batch"):
            cursor.execute(f"delete from {table}")

    office.db.transaction(work)
    fp = office.people["fp1"]
    add_customer(office.db, fp, name="고객1", occupation="농부")
    return office.db, fp


@few(3)
@given(books=st.lists(BOOKS, min_size=1, max_size=4), data=st.data())
def test_undoing_all_imports_from_the_last_on_gives_back_what_was(books, data, empty):
    db, fp = cleared(empty)
    stack: list[tuple[UUID, dict]] = []
    for rows in books:
        before = facts(db)
        stack.append((take(db, fp, rows).batch, before))
        while stack and data.draw(st.booleans(), "undo the last"):
            undo_last(db, fp, stack)
    while stack:
        undo_last(db, fp, stack)
    assert [db.read(f"from {table}") for table in BEFORE] == [[], []]


def undo_last(db: Database, fp: Account, stack: list[tuple[UUID, dict]]) -> None:
    batch, before = stack.pop()
    assert undoing.undo(db, fp, batch, TODAY).left_count == 0
    assert facts(db) == before
    assert comparison.differences(db, TODAY) == []


@few(3)
@given(data=st.data())
def test_whatever_is_undone_when_no_change_of_a_person_is_lost(data, empty):
    db, fp = cleared(empty)
    batches: list[UUID] = []
    steps = st.sampled_from(["import", "import", "edit", "undo"])
    for step in data.draw(st.lists(steps, min_size=3, max_size=8)):
        if step == "import":
            batches.append(take(db, fp, data.draw(BOOKS)).batch)
        elif step == "edit":
            who = data.draw(st.sampled_from(db.read("select id from customer order by name")))
            edit(db, fp, who["id"], notes=data.draw(st.sampled_from(["손1", "손2"])))
        elif batches:
            batch = batches.pop(data.draw(st.integers(0, len(batches) - 1)))
            held, by_hand = {row["id"]: row for row in db.read("from customer")}, last_by_hand(db)
            would = undoing.undo(db, fp, batch, TODAY, dry_run=True)
            assert undoing.undo(db, fp, batch, TODAY) == would
            now = {row["id"]: row for row in db.read("from customer")}
            assert [now.get(one) for one in by_hand] == [held[one] for one in by_hand]
            assert len(held) - len(now) == would.customers_removed
            assert comparison.differences(db, TODAY) == []


def last_by_hand(db: Database) -> list[UUID]:
    """The customers whose last change was a person's."""
    found = db.read(
        "select record_id from audit where ver is not null and record = 'customer'"
        " group by record_id having arg_max(batch_id is null, ver)"
    )
    there = {row["id"] for row in db.read("select id from customer")}
    return [row["record_id"] for row in found if row["record_id"] in there]
