"""A person sees all that is held about them, and once erased nothing of them is left anywhere."""

import copy
import errno
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from agency import TODAY, Office, hire, take

from fpcore import models, privacy, wording
from fpcore.access import accounts
from fpcore.access.audit import Action
from fpcore.customers import consents, contacts, policies, profiles
from fpcore.errors import EditedMeanwhile, ErasureUnfinished, NotFound
from fpcore.gaps import targets
from fpcore.kept import comparison, gap_history
from fpcore.models import (
    WHOLE_LIFE,
    Account,
    ConsentChannel,
    ConsentKind,
    ContactChannel,
    ContactOutcome,
    CustomerChanges,
    Gender,
    NewContact,
    NewCustomer,
    NewPolicy,
    PolicyChanges,
    circumstances,
)
from fpcore.person import disclosure, erasure, in_words
from fpcore.portfolio import customer_list
from fpcore.portfolio.filters import CustomerFilter
from fpcore.store import opening
from fpcore.store.connecting import IN_MEMORY, SqlError
from fpcore.store.database import Database

PHONES = ("010-7391-4826", "010-2658-9173")
NEW = NewCustomer(
    name="사라질이름", birth_date=date(1981, 7, 13), gender=Gender.F, phone=PHONES[0],
    email="old.address@erase.example", occupation="옛직업지움", last_contact_on=date(2026, 10, 3),
    next_contact_on=date(2026, 12, 3), notes="옛메모지움", consent_basis="동의근거지움",
    consent_channel=ConsentChannel.PAPER, consent_given_on=date(2026, 11, 2),
    consent_kinds=frozenset(ConsentKind), monthly_income=Decimal("4123000"), income_basis="gross",
    living_cost=Decimal("2345000"), dependants=3, debts=Decimal("76543000"), housing="rent",
    driving="drives", occupation_class=2,
)  # fmt: skip
CHANGES = CustomerChanges(
    name="바뀐이름지움", phone=PHONES[1], email="new.address@erase.example", notes="새메모지움",
    occupation="새직업지움", debts=Decimal("65432000"),
)  # fmt: skip
POLICY = NewPolicy(
    type="life", policy_name="옛상품지움", insurer="보험사지움", policy_number="ERASE-OLD-77",
    coverage_amount=Decimal("123456789"), premium_amount=Decimal("54321"),
    premium_cycle="monthly", start_date=date(2026, 1, 5), end_date=WHOLE_LIFE,
)  # fmt: skip
CONTACT = NewContact(
    contacted_on=date(2026, 11, 9), channel=ContactChannel.VISIT,
    outcome=ContactOutcome.APPOINTMENT, notes="상담메모지움",
)  # fmt: skip
TARGET = Decimal("345678901")
UPDATE = {
    "고객번호": "지움번호", "고객명": NEW.name, "생년월일": "1981-07-13", "휴대폰": PHONES[0],
    "비고": "파일메모지움", "이메일": "file.address@erase.example", "상품명": "파일상품지움",
    "보종": "건강", "보험사": "보험사지움", "증권번호": "ERASE-FILE-79",
    "가입금액": "98765432", "보험료": "43210", "납입주기": "월납",
    "계약일": "2026-02-01", "만기일": "2036-02-01", "상태": "유지",
}  # fmt: skip
OTHERS = [
    {"고객번호": f"O{number}", "고객명": f"남을사람{number}", "생년월일": "1970-01-01",
     "휴대폰": f"010-3333-44{number:02}", "이메일": f"stay{number}@example.com",
     "비고": f"남을메모{number}", "상품명": "암보험", "증권번호": f"STAY-{number}",
     "가입금액": "3천만", "보험료": "50000"}
    for number in range(30)
]  # fmt: skip
WRITTEN = (
    *(NEW.name, NEW.email, NEW.occupation, NEW.notes, NEW.consent_basis, "010-****-4826"),
    *(CHANGES.name, CHANGES.email, CHANGES.occupation, CHANGES.notes, "010-****-9173"),
    *(POLICY.policy_name, POLICY.insurer, POLICY.policy_number, "ERASE-NEW-78", CONTACT.notes),
    *(UPDATE[header] for header in ("고객번호", "비고", "이메일", "상품명", "증권번호")),
    *("파일메모둘지움", "ㅂㄲㅇㄹㅈㅇ", "목표메모지움"),
)
EVIL = ("<script>alert(1)</script>", "![x](http://evil.example)", "\"' onload=x &amp; {{ 1 }}")
TABLES_OF_A_PERSON = ("customer", "consent", "policy", "contact")


@pytest.fixture
def file(tmp_path) -> Path:
    return tmp_path / "fp.duckdb"


@pytest.fixture(scope="module")
def file_of_others(tmp_path_factory) -> tuple[Path, dict[str, Account]]:
    """A database file with thirty customers of fp1, none of whom is to be erased; closed, to be
    copied."""
    path = tmp_path_factory.mktemp("others") / "fp.duckdb"
    with closing(opening.open_database(str(path), create=True)) as db:
        staff = hire(db)
        assert take(db, staff["fp1"], OTHERS).customers_created == 30
    return path, staff


@pytest.fixture
def office(file_of_others, file) -> Iterator[Office]:
    """A copy of that file, open."""
    made, staff = file_of_others
    for suffix in ("", ".secret"):
        shutil.copy(f"{made}{suffix}", f"{file}{suffix}")
    with closing(opening.open_database(str(file))) as db:
        yield Office(db, staff)


def eventful_life(db: Database, fp: Account) -> UUID:
    """A customer typed by hand, uploaded anew, changed, seen, called and exported."""
    who = profiles.create(db, fp, NEW, TODAY)
    policy = policies.add(db, fp, who, POLICY, TODAY)
    contacts.add(db, fp, who, CONTACT, TODAY)
    removed = contacts.add(db, fp, who, CONTACT, TODAY)
    contacts.remove(db, fp, removed, TODAY)
    report = take(db, fp, [UPDATE])
    assert (report.customers_created, report.policies_created, report.updated) == (0, 1, 0)
    assert take(db, fp, [{**UPDATE, "비고": "파일메모둘지움", "보험료": "55555"}]).updated == 1
    seen = profiles.get(db, fp, who, TODAY)
    profiles.update(db, fp, who, CHANGES, seen.ver, TODAY)
    policies.update(db, fp, policy, PolicyChanges(policy_number="ERASE-NEW-78"), 1, TODAY)
    targets.set_target(db, fp, who, "total_low", TARGET, "목표메모지움", TODAY)
    disclosure.export(db, fp, who, TODAY)
    return who


def withdraw(db: Database, fp: Account, who: UUID, on: date = TODAY) -> None:
    consents.withdraw(db, fp, who, ConsentKind.COLLECTION, ConsentChannel.PHONE, on)


def erase(db: Database, account: Account, who: UUID) -> None:
    erasure.erase(db, account, who, profiles.removal(db, account, who))


def found_in(folder: Path, patterns: list[bytes]) -> list[bytes]:
    """Which of these bytes stand in any file of a folder."""
    # Another process looks: one that closes a file gives up its locks on it, DuckDB's among them.
    script = (
        "import sys; count = int(sys.argv[1]); words = sys.argv[2:2 + count]; "
        "held = [open(file, 'rb').read() for file in sys.argv[2 + count:]]; "
        "print(*(w for w in words if any(bytes.fromhex(w) in bytes_ for bytes_ in held)))"
    )
    files = [path for path in folder.rglob("*") if path.is_file()]
    asked = [str(len(patterns)), *(pattern.hex() for pattern in patterns), *files]
    command = [sys.executable, "-I", "-S", "-c", script, *asked]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return [bytes.fromhex(word) for word in told.split()]


def traces(db: Database, who: UUID) -> list[bytes]:
    """What must be gone: all that was ever written, hashes, sort keys and ids."""
    [row] = db.read("select phone_hash from customer where id = $id", {"id": who})
    hashes = [privacy.phone_hash(db.secret, p.replace("-", "")) for p in PHONES]
    assert row["phone_hash"] == hashes[1]
    [kept] = db.read("select name_key from customer_row where id = $id", {"id": who})
    ids = db.read("select id from policy where customer_id = $id", {"id": who})
    return [
        *(text.encode() for text in (*WRITTEN, *hashes, kept["name_key"])),
        *(stored_uuid(one) for one in (who, *(row["id"] for row in ids))),
    ]


def stored_uuid(one: UUID) -> bytes:
    """A UUID as DuckDB stores it: a 128-bit number, signed so that it sorts."""
    return (one.int ^ (1 << 127)).to_bytes(16, "little")


def contents(db: Database) -> dict[str, list[dict]]:
    """All rows of all tables, sorted."""
    tables = [row["name"] for row in db.read("select table_name as name from duckdb_tables()")]
    return {table: db.read(f"from {table} order by all") for table in tables}


def of_others(before: dict[str, list[dict]], who: UUID) -> dict[str, list[dict]]:
    """The rows that are about nobody or about somebody else."""
    return {
        table: [row for row in rows if who not in (row.get("id"), row.get("customer_id"))]
        for table, rows in before.items()
    }


@pytest.mark.parametrize("withdrawn", [True, False])
@pytest.mark.parametrize("checkpointed", [True, False])
def test_after_an_erasure_no_byte_of_the_person_is_left(withdrawn, checkpointed, office, file):
    db, staff = office
    who = eventful_life(db, staff["fp1"])
    gone = traces(db, who)
    assert set(gone) - set(found_in(file.parent, gone)) == set()
    if withdrawn:
        withdraw(db, staff["fp1"], who)
    if checkpointed:
        db.read("force checkpoint")
    before = of_others(contents(db), who)
    log = len(db.read("select id from audit"))
    erase(db, staff["manager1"], who)

    after = contents(db)
    erased = [row for row in after["audit"] if row["action"] == "erased"]
    about_nobody = [row for row in after["audit"] if row["customer_id"] is None]
    assert found_in(file.parent, gone) == []
    assert found_in(file.parent, ["남을사람7".encode()]) != []
    left = {path.name for path in file.parent.iterdir()}
    assert left - {"fp.duckdb.wal", "fp.duckdb.imports"} == {"fp.duckdb", "fp.duckdb.secret"}
    assert [(row["account_id"], row["customer_id"], row["record_id"]) for row in erased] == [
        (staff["manager1"].id, None, None)
    ]
    assert {row["changes"] for row in about_nobody} == {None}
    assert {row["record_id"] for row in about_nobody} == {None}
    assert len(after["audit"]) == log + 1
    after["audit"] = [row for row in after["audit"] if row["customer_id"]]
    named = [{row["number"]: row["name"] for row in one.pop("insurer")} for one in (before, after)]
    blotted = {number for number, name in named[0].items() if named[1][number] != name}
    assert all(named[1][number] == f"erased {number}" for number in blotted)
    assert named[0].keys() == named[1].keys()
    assert after == before
    assert comparison.differences(db, TODAY) == []


def test_an_erased_person_is_nowhere_after_the_next_opening_either(office, file):
    db, staff = office
    who = eventful_life(db, staff["fp1"])
    gone = traces(db, who)
    erase(db, staff["fp1"], who)
    with pytest.raises(NotFound):
        profiles.get(db, staff["fp1"], who, TODAY)
    assert customer_list.find(db, staff["fp1"], CustomerFilter(), TODAY).in_scope == 30
    db.close()
    opening.open_database(str(file)).close()
    assert found_in(file.parent, gone) == []


def test_a_file_that_cannot_be_rewritten_is_told_and_rewritten_at_the_next_opening(
    office, file, monkeypatch
):
    def refuse(*_):
        raise OSError(errno.ENOSPC, "no space left")

    db, staff = office
    who = eventful_life(db, staff["fp1"])
    gone = traces(db, who)
    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", refuse)
        with pytest.raises(ErasureUnfinished) as told:
            erase(db, staff["fp1"], who)
    assert all("{" not in wording.say_error(language, told.value) for language in wording.LANGUAGES)
    assert db.read("from customer where id = $id", {"id": who}) == []
    assert Path(f"{file}.rewrite-due").exists()
    db.close()
    assert found_in(file.parent, gone) != []
    opening.open_database(str(file)).close()
    assert found_in(file.parent, gone) == []
    assert not Path(f"{file}.rewrite-due").exists()


@pytest.mark.parametrize("error", [RuntimeError("open twice"), SqlError("full")])
def test_whatever_keeps_the_file_from_being_rewritten_is_told(error, db, people, monkeypatch):
    def fail():
        raise error

    who = profiles.create(db, people["fp1"], NEW, TODAY)
    monkeypatch.setattr(db, "rewrite", fail)
    with pytest.raises(ErasureUnfinished):
        erase(db, people["fp1"], who)
    assert db.read("from customer") == []


def test_nobody_is_erased_whose_records_are_not_those_that_were_confirmed(office, file):
    db, staff = office
    who = eventful_life(db, staff["fp1"])
    confirmed = profiles.removal(db, staff["fp1"], who)
    before = contents(db)
    for wrong in ({"policies": 3}, {"contacts": 0}, {"consents": 5}, {"name": "남을사람1"}):
        with pytest.raises(EditedMeanwhile):
            erasure.erase(db, staff["fp1"], who, replace(confirmed, **wrong))
    assert contents(db) == before
    assert not Path(f"{file}.rewrite-due").exists()


def test_somebody_else_s_customer_is_neither_exported_nor_erased(office):
    db, staff = office
    who = eventful_life(db, staff["fp1"])
    confirmed = profiles.removal(db, staff["fp1"], who)
    withdraw(db, staff["fp1"], who)
    before = contents(db)
    for stranger in ("fp2", "fp3", "manager2"):
        with pytest.raises(NotFound):
            disclosure.export(db, staff[stranger], who, TODAY)
        with pytest.raises(NotFound):
            erasure.erase(db, staff[stranger], who, confirmed)
        assert erasure.erase_due(db, staff[stranger], date.max) == 0
    assert contents(db) == before


@pytest.mark.parametrize("who", ["nobody", UUID(int=7)])
def test_an_unknown_customer_is_neither_exported_nor_erased(who, db, people):
    confirmed = profiles.Removal("x", 0, 0, 0)
    with pytest.raises(NotFound):
        disclosure.export(db, people["admin"], who, TODAY)
    with pytest.raises(NotFound):
        erasure.erase(db, people["admin"], who, confirmed)
    assert db.read("from audit") == []


def withdrawn_people(db: Database, staff: dict[str, Account]) -> list[UUID]:
    """Two of fp1 and one of fp3 are due today, one of fp1 is due tomorrow."""
    due = TODAY - timedelta(days=consents.DAYS_TO_DESTROY)
    found = []
    for number, (fp, on) in enumerate(
        [("fp1", due), ("fp1", due - timedelta(days=5)), ("fp3", due), ("fp1", due + timedelta(1))]
    ):
        new = NEW.model_copy(update={"name": f"{NEW.name}{number}", "phone": None})
        found.append(profiles.create(db, staff[fp], new, TODAY))
        withdraw(db, staff[fp], found[-1], on)
    return found


def test_everybody_who_is_due_is_erased_with_one_rewrite(office, file, monkeypatch):
    db, staff = office
    people = withdrawn_people(db, staff)
    rewritten = []
    rewrite = db.rewrite
    monkeypatch.setattr(db, "rewrite", lambda: rewritten.append(1) or rewrite())
    assert erasure.erase_due(db, staff["manager1"], TODAY) == 2
    assert rewritten == [1]
    assert erasure.erase_due(db, staff["manager1"], TODAY) == 0
    assert rewritten == [1]
    left = {row["id"] for row in db.read("select id from customer where withdrawn_on is not null")}
    assert left == set(people[2:])
    names = [f"{NEW.name}{number}".encode() for number in range(4)]
    assert found_in(file.parent, names) == names[2:]
    assert len(db.read("from audit where action = 'erased' and customer_id is null")) == 2
    assert erasure.erase_due(db, staff["admin"], TODAY + timedelta(days=1)) == 2
    assert comparison.differences(db, TODAY) == []


@pytest.mark.parametrize("moment", ["before", "after"])
def test_who_consents_anew_at_the_last_moment_is_not_erased(moment, db, people, monkeypatch):
    fp = people["fp1"]
    _, who, *_ = withdrawn_people(db, people)
    removal = profiles.removal

    def consent() -> None:
        monkeypatch.setattr(profiles, "removal", removal)
        kind, channel = ConsentKind.COLLECTION, ConsentChannel.PAPER
        consents.give(db, fp, who, kind, "다시 받은 서면", channel, TODAY, TODAY)

    def slow_removal(db, account, customer):
        if moment == "before":
            consent()
            return removal(db, account, customer)
        confirmed = removal(db, account, customer)
        consent()
        return confirmed

    monkeypatch.setattr(profiles, "removal", slow_removal)
    if moment == "before":
        with pytest.raises(EditedMeanwhile):
            erasure.erase_due(db, fp, TODAY)
    else:
        assert erasure.erase_due(db, fp, TODAY) == 1
    assert profiles.get(db, fp, who, TODAY).withdrawn_on is None


def leaves(tree: Any) -> list[Any]:
    if isinstance(tree, dict):
        tree = list(tree.values())
    return [leaf for one in tree for leaf in leaves(one)] if isinstance(tree, list) else [tree]


def plain(value: Any) -> Any:
    """A value of the database as the export should give it."""
    if isinstance(value, datetime):
        return value.isoformat() + "Z"
    if isinstance(value, (date, UUID)):
        return str(value)
    return float(value) if isinstance(value, Decimal) else value


@pytest.fixture(scope="module")
def known() -> Iterator[tuple[Database, dict[str, Account], UUID, dict]]:
    """An agency with somebody of whom every column of every table is filled, and the export."""
    db = opening.open_database(IN_MEMORY)
    staff = hire(db)
    fp = staff["fp1"]
    take(db, fp, OTHERS)
    who = eventful_life(db, fp)
    withdraw(db, fp, who)
    upload = "set batch_id = (select max(batch_id) from policy where customer_id = $id)"

    def fill(cursor):
        cursor.execute(f"update customer {upload} where id = $id", {"id": who})
        cursor.execute(f"update consent {upload} where kind = 'health'", {"id": who})

    db.transaction(fill)
    yield db, staff, who, disclosure.export(db, fp, who, TODAY)
    db.close()


@pytest.fixture
def document(known) -> dict:
    """The export, to do with as one likes."""
    return copy.deepcopy(known[3])


@pytest.mark.parametrize("table", TABLES_OF_A_PERSON)
def test_an_export_holds_every_value_that_is_stored(table, document, known):
    db, _, who, _ = known
    key = "id" if table == "customer" else "customer_id"
    stored = db.read(f"from {table} where {key} = $id", {"id": who})
    columns = {column for row in stored for column, value in row.items() if value is not None}
    assert columns == set(stored[0])  # each is filled somewhere, so that none can be forgotten
    accounts_named = {row["id"]: row["name"] for row in db.read("from account")}
    files = {row["id"]: row["file_name"] for row in db.read("from import_batch")}
    held = set(map(str, leaves(document["customer" if table == "customer" else f"{table}s".replace(
        "policys", "policies")])))  # fmt: skip
    for row in stored:
        told = {column: value for column, value in row.items() if value is not None}
        for column in ("owner_id", "customer_id", "phone_hash"):
            told.pop(column, None)
        for column in ("recorded_by", "withdrawn_by"):
            if column in told:
                told[column] = accounts_named[told[column]]
        batch = told.pop("batch_id", None)
        if batch and table != "customer":
            told["batch_id"] = files[batch]
        missing = [
            column for column, value in told.items()
            if not {str(plain(value)), str(plain(value)).removesuffix(".0")} & held
        ]  # fmt: skip
        assert missing == []
    assert document["customer"]["phone_hash"] is True


def test_an_export_says_whose_customer_it_is_and_where_the_data_come_from(document):
    assert document["owner"] == {"account": "fp1", "name": "fp1", "team": "강남"}
    assert [(one["how"], one["file"], one["by"]) for one in document["sources"]] == [
        ("typed", None, "fp1"), ("uploaded", "book.csv", "fp1"), ("uploaded", "book.csv", "fp1"),
    ]  # fmt: skip
    assert [one["at"] for one in document["sources"]] == sorted(
        one["at"] for one in document["sources"]
    )


def test_the_source_of_an_uploaded_customer_is_the_file(db, people):
    take(db, people["manager1"], [OTHERS[0]], owner_id=people["fp1"].id)
    [row] = db.read("select id from customer")
    document = disclosure.export(db, people["fp1"], row["id"], TODAY)
    [source] = document["sources"]
    [consent] = document["consents"]
    assert (source["how"], source["file"], source["by"]) == ("uploaded", "book.csv", "manager1")
    assert (consent["file"], consent["text"]) == ("book.csv", None)
    assert document["policies"][0]["file"] == "book.csv"


def test_an_export_holds_consents_with_their_wording_and_withdrawal(document):
    by_kind = {consent["kind"]: consent for consent in document["consents"]}
    assert set(by_kind) == {kind.value for kind in ConsentKind}
    told = by_kind["collection"]
    assert (told["basis"], told["channel"], told["given_on"]) == (
        NEW.consent_basis, "paper", "2026-11-02",
    )  # fmt: skip
    assert (told["withdrawn_on"], told["withdrawn_channel"]) == ("2026-11-22", "phone")
    assert told["text_version"] == consents.texts()["version"]
    assert told["text"]["ko"] == consents.texts()["ko"]["collection"]
    assert by_kind["health"]["file"] == "book.csv"


def test_an_export_says_why_a_policy_is_not_in_force(document, known):
    db, staff, who, _ = known
    assert [(one["in_force"], one["why_not"]) for one in document["policies"]] == [(True, None)] * 2
    later = disclosure.export(db, staff["fp1"], who, date(2036, 2, 2))
    assert [(one["policy_number"], one["why_not"]) for one in later["policies"]] == [
        ("ERASE-NEW-78", None), ("ERASE-FILE-79", "ended"),
    ]  # fmt: skip


def test_an_export_holds_targets_and_how_the_states_of_gaps_changed(document, known):
    db, _, who, _ = known
    [target] = document["targets"]
    assert date.fromisoformat(target.pop("at")[:10])
    assert target == {
        "code": "total_low", "amount": 345678901, "note": "목표메모지움", "by": "fp1",
    }  # fmt: skip
    kept = db.read("select * from gap_change where customer_id = $id", {"id": who})
    told = [tuple(change.values()) for change in document["gap_history"]]
    assert len(told) == len(kept) > 3
    day = TODAY.isoformat()
    assert (day, "life_missing", "gap", "covered", "edit", "fp1", None) in told
    assert (day, "health_missing", "gap", "covered", "import", "fp1", "book.csv") in told
    assert (day, "total_low", "covered", "partial", "edit", "fp1", None) in told
    assert list(document["gap_history"][0]) == [
        "on", "code", "before", "after", "cause", "by", "file",
    ]  # fmt: skip


def test_an_export_is_logged_and_stands_in_its_own_log(document, known):
    db, staff, who, _ = known
    actions = [entry["action"] for entry in document["log"]]
    assert actions[-1] == "exported"
    assert actions.count("exported") == 2
    assert set(actions) >= {"created", "viewed", "updated", "removed", "consent_withdrawn"}
    changes = [change for entry in document["log"] for change in entry["changes"]]
    assert {"field": "name", "old": NEW.name, "new": CHANGES.name} in changes
    assert all(entry["at"].endswith("Z") and entry["by"] for entry in document["log"])
    version, logged = db.version, len(db.read("from audit"))
    again = disclosure.export(db, staff["manager1"], who, TODAY)
    assert (again["exported_by"], again["log"][-1]["by"]) == ("manager1", "manager1")
    assert again["log"][: len(document["log"])] == document["log"]
    assert (db.version, len(db.read("from audit"))) == (version, logged + 1)


def test_an_export_holds_nothing_of_another_customer(document, known):
    db, _, who, _ = known
    of_person = " union all ".join(
        f"select id from {table} where customer_id = $id" for table in TABLES_OF_A_PERSON[1:]
    )
    exported = [*document["consents"], *document["policies"], *document["contacts"]]
    assert document["customer"]["id"] == str(who)
    assert sorted(record["id"] for record in exported) == sorted(
        str(row["id"]) for row in db.read(of_person, {"id": who})
    )
    text = json.dumps(document, ensure_ascii=False)
    assert [word for word in ("남을", "stay", "STAY", "****-44") if word in text] == []


def test_an_export_tells_of_copies_from_before_an_upload(document, known):
    db, _, who, _ = known
    assert [(one["record"], one["file"], one["by"]) for one in document["before_import"]] == [
        (record, "book.csv", "fp1") for record in ("customer", "customer", "policy")
    ]
    assert len(db.read("from customer_before where id = $id", {"id": who})) == 2
    say = wording.catalogue("ko")
    assert say["person.before_import"] in in_words.page(document, "ko")


def test_an_export_is_json_with_the_keys_that_are_described(document):
    assert json.loads(json.dumps(document)) == document
    described = disclosure.export.__doc__
    assert [key for key in document if key not in described] == []
    assert isinstance(document["policies"][0]["coverage_amount"], int)


def test_of_somebody_with_hardly_anything_an_export_can_be_made(db, people):
    new = NewCustomer(name="김", consent_basis="서면")
    who = profiles.create(db, people["fp1"], new, TODAY)
    document = disclosure.export(db, people["fp1"], who, TODAY)
    assert (document["policies"], document["contacts"]) == ([], [])
    assert document["customer"]["phone_hash"] is False
    assert document["customer"]["email"] is None
    for language in wording.LANGUAGES:
        assert wording.say(language, "person.nothing") in in_words.page(document, language)


class Reading(HTMLParser):
    """What a browser would see of a page: tags, attributes, text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: dict[str, set[str]] = {}
        self.texts: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        for name, value in attrs:
            self.attributes.setdefault(name, set()).add(value)

    def handle_data(self, data):
        self.texts.append(data)


def everywhere(tree: Any, evil: str) -> Any:
    """The document with this text in the place of every text in it, codes among them."""
    if isinstance(tree, list):
        return [everywhere(one, evil) for one in tree]
    if not isinstance(tree, dict):
        return evil
    kept = _NO_TEXT | ({"old", "new"} if tree.get("field") in AMOUNTS else set())
    return {key: value if key in kept else everywhere(value, evil) for key, value in tree.items()}


AMOUNTS = {*models.POLICY_AMOUNTS, *circumstances.AMOUNTS, "amount", "target_amount"}
_NO_TEXT = {"field", "at", "exported_at", "created_at", "updated_at", "in_force", "phone_hash",
            *AMOUNTS}  # fmt: skip


@pytest.mark.parametrize("language", wording.LANGUAGES)
@pytest.mark.parametrize("evil", EVIL)
def test_a_page_shows_what_was_written_as_text_and_loads_nothing(evil, language, document):
    page = in_words.page(everywhere(document, evil), language)
    reading = Reading(page)
    assert reading.tags <= set(
        "html head meta title style body h1 h2 p section table thead tbody tr th td".split()
    )
    assert set(reading.attributes) <= {
        "lang", "charset", "http-equiv", "content", "name", "class", "scope",
    }  # fmt: skip
    assert reading.attributes["lang"] == {language}
    assert not any("url(" in text or "@import" in text for text in reading.texts)
    assert sum(text.count(evil) for text in reading.texts) > 150
    assert "<script" not in page


@pytest.mark.parametrize("language", wording.LANGUAGES)
def test_a_page_holds_all_of_the_export_in_words(language, document):
    say = wording.catalogue(language)
    text = "\n".join(Reading(in_words.page(document, language)).texts)
    shown = [
        *(NEW.name, CHANGES.name, CHANGES.email, UPDATE["이메일"], UPDATE["비고"], CONTACT.notes),
        *("010-****-9173", "ERASE-OLD-77 → ERASE-NEW-78", UPDATE["증권번호"], "book.csv", "강남"),
        *("1981-07-13", "2026-11-22", "2026-12-02", "지움번호", "98,765,432", "123,456,789"),
        *(say["gender.F"], say["type.life"], say["status.active"], say["premium_cycle.monthly"]),
        *(say[f"consent_kind.{kind.value}"] for kind in ConsentKind),
        *(say["consent_channel.paper"], say["consent_channel.phone"], say["contact_channel.visit"]),
        *(say["contact_outcome.appointment"], say["action.viewed"], say["action.exported"]),
        *(say["field.email"], say["field.coverage_amount"], say["person.typed"]),
        *(say["amount.whole_life"], consents.texts()[language]["marketing"]["purpose"]),
        *("4,123,000", "2,345,000", say["housing.rent"], say["driving.drives"]),
        *(say["income_basis.gross"], say["occupation_class.2"]),
        *("목표메모지움", "345,678,901", say["rule.total_low"], say["state.partial"]),
        *(say["cause.import"], say["cause.edit"]),
        f"{say['field.occupation']}: {NEW.occupation} → {CHANGES.occupation}",
        f"{say['consent_kind.collection']}: – → 2026-11-22",
    ]
    assert [one for one in shown if one not in text] == []
    assert "None" not in text.replace(say["person.nothing"], "")


@pytest.mark.parametrize("language", wording.LANGUAGES)
def test_the_words_of_every_code_on_a_page_are_there(language):
    say = wording.catalogue(language)
    enums = {
        "consent_kind": ConsentKind, "consent_channel": ConsentChannel,
        "contact_channel": ContactChannel, "contact_outcome": ContactOutcome, "action": Action,
        "premium_cycle": models.PremiumCycle, "status": models.PolicyStatus,
        "income_basis": models.IncomeBasis, "housing": models.Housing, "driving": models.Driving,
        "state": models.GapState, "cause": gap_history.Cause,
    }  # fmt: skip
    keys = [f"{section}.{code.value}" for section, codes in enums.items() for code in codes]
    assert [key for key in keys if key not in say] == []


def test_a_page_shows_korean_time_amounts_of_other_currencies_and_cents(document):
    document["log"] = [{**document["log"][0], "at": "2026-11-22T15:30:00Z"}]
    document["policies"][0] |= {"coverage_amount": 1234.5, "currency": "USD"}
    document["policies"][1] |= {"coverage_amount": 98765432}
    page = in_words.page(document, "ko")
    assert "<td>2026-11-23 00:30</td>" in page
    assert "<td>1,234.50 USD</td>" in page
    assert "<td>98,765,432원</td>" in page


def test_the_operator_may_export_and_erase_everybody(db, people):
    who = profiles.create(db, people["fp1"], NEW, TODAY)
    document = disclosure.export(db, accounts.OPERATOR, who, TODAY)
    assert (document["exported_by"], document["customer"]["name"]) == ("operator", NEW.name)
    erase(db, accounts.OPERATOR, who)
    assert db.read("from customer") == []
