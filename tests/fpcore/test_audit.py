"""Who did what to whose data: every change is logged, a look once a visit, no secrets in it."""

from datetime import timedelta

import pytest
from agency import (
    STATEMENT,
    TODAY,
    add_customer,
    add_policy,
    log_contact,
    take,
)

from fpcore.access import audit
from fpcore.customers import consents, contacts, policies, profiles
from fpcore.errors import ConsentWithdrawn, InvalidInput, NotFound
from fpcore.models import ConsentChannel, ConsentKind, CustomerChanges, PolicyChanges, RowKind
from fpcore.portfolio import customer_list, heatmaps
from fpcore.portfolio.filters import CustomerFilter
from fpcore.store import database

pytestmark = pytest.mark.shared_office


def log(db, customer) -> list[dict]:
    with db.reading() as cursor:
        return audit.of_customer(cursor, customer)


def done(db, customer) -> list[tuple[str, str]]:
    return [(entry["by"], entry["action"]) for entry in log(db, customer)]


def entries(db) -> int:
    return db.read("select count(*) as n from audit")[0]["n"]


# --- Looks -----------------------------------------------------------------------------------


def test_a_look_is_logged_once_a_visit_and_once_a_person(db, people, fp, customer):
    for _ in range(3):
        profiles.get(db, fp, customer, TODAY)
    profiles.get(db, people["manager1"], customer, TODAY)
    assert done(db, customer)[1:] == [(fp.name, "viewed"), ("manager1", "viewed")]


def test_a_look_at_another_customer_is_another_look(db, fp, customer):
    other = add_customer(db, fp)
    for one in (customer, other, customer):
        profiles.get(db, fp, one, TODAY)
    assert [len(done(db, one)) for one in (customer, other)] == [2, 2]


@pytest.mark.parametrize(("ago", "views"), [(timedelta(minutes=9), 1), (audit.ONE_VISIT, 2)])
def test_a_look_after_the_visit_is_a_new_one(ago, views, db, fp, customer):
    profiles.get(db, fp, customer, TODAY)
    db.transaction(
        lambda cursor: cursor.execute(
            "update audit set done_at = $then where customer_id = $id and action = 'viewed'",
            {"then": database.utc_now() - ago, "id": customer},
        )
    )
    profiles.get(db, fp, customer, TODAY)
    assert done(db, customer).count((fp.name, "viewed")) == views


def test_a_look_makes_no_cached_result_stale(db, fp, customer):
    before = db.version
    profiles.get(db, fp, customer, TODAY)
    assert (db.version, len(done(db, customer))) == (before, 2)


def test_a_look_that_is_refused_and_a_list_are_no_look(db, people, fp, customer):
    before = entries(db)
    with pytest.raises(NotFound):
        profiles.get(db, people["fp3"], customer, TODAY)
    customer_list.find(db, fp, CustomerFilter(), TODAY)
    heatmaps.figures(db, fp, RowKind.FP, TODAY)
    profiles.removal(db, fp, customer)
    assert entries(db) == before
    consents.withdraw(db, fp, customer, ConsentKind.COLLECTION, ConsentChannel.PHONE, TODAY)
    before = entries(db)
    with pytest.raises(ConsentWithdrawn):
        profiles.get(db, fp, customer, TODAY)
    assert entries(db) == before


# --- Changes ---------------------------------------------------------------------------------


def test_the_log_tells_a_customers_story(db, people, fp, customer):
    manager = people["manager1"]
    policy = add_policy(db, fp, customer, insurer="삼성생명")
    profiles.update(db, manager, customer, CustomerChanges(occupation="의사"), 1, TODAY)
    policies.update(db, fp, policy, PolicyChanges(insurer="한화생명"), 1, TODAY)
    policies.end(db, manager, policy, TODAY, 2, TODAY)
    policies.remove(db, fp, policy, 3, TODAY)
    contact = log_contact(db, fp, customer, next_contact_on=TODAY)
    contacts.remove(db, manager, contact, TODAY)
    consents.give(
        db, fp, customer, ConsentKind.MARKETING, STATEMENT, ConsentChannel.PAPER, TODAY, TODAY
    )
    consents.withdraw(db, fp, customer, ConsentKind.MARKETING, ConsentChannel.PHONE, TODAY)
    assert done(db, customer) == [
        (fp.name, "created"), (fp.name, "created"), ("manager1", "updated"), (fp.name, "updated"),
        ("manager1", "updated"), (fp.name, "removed"), (fp.name, "created"), (fp.name, "updated"),
        ("manager1", "removed"), (fp.name, "consent_given"), (fp.name, "consent_withdrawn"),
    ]  # fmt: skip
    told = [
        {change["field"]: (change["old"], change["new"]) for change in entry["changes"]}
        for entry in log(db, customer)
    ]
    assert told[1].items() >= {"insurer": (None, "삼성생명"), "type": (None, "life")}.items()
    assert told[2:5] == [
        {"occupation": (None, "의사")},
        {"insurer": ("삼성생명", "한화생명")},
        {"status": ("active", "cancelled"), "end_date": (None, TODAY.isoformat())},
    ]
    assert told[5]["insurer"] == ("한화생명", None)
    assert told[7] == {"next_contact_on": (None, TODAY.isoformat())}
    at = [entry["done_at"] for entry in log(db, customer)]
    assert at == sorted(at)
    assert database.utc_now() - at[0] < timedelta(minutes=5)


def test_an_import_logs_what_it_changed_and_only_that(db, people, fp, customer):
    row = {"고객명": "김하나", "직업": "의사", "휴대폰": "010-1234-5678"}
    for _ in range(2):
        take(db, people["manager1"], [row], owner_id=fp.id)
    (entry,) = [entry for entry in log(db, customer) if entry["action"] == "updated"]
    assert entry["by"] == "manager1"
    assert sorted(entry["changes"], key=lambda change: change["field"]) == [
        {"field": "occupation", "old": None, "new": "의사"},
        {"field": "phone", "old": None, "new": "010-****-5678"},
    ]


def test_the_log_holds_masked_numbers_only(db, fp):
    customer = add_customer(db, fp, phone="010-1234-5678", notes="900101-1234567")
    changes = CustomerChanges(phone="010-8765-4321", notes="4111-1111-1111-1111")
    profiles.update(db, fp, customer, changes, 1, TODAY)
    changes = log(db, customer)[-1]["changes"]
    assert {"field": "phone", "old": "010-****-5678", "new": "010-****-4321"} in changes
    assert {change["field"] for change in changes} <= {"phone", "notes"}
    stored = str(db.read("select changes from audit where customer_id = $id", {"id": customer}))
    assert not any(part in stored for part in ("1234567", "87654321", "8765-4321", "1111-1111"))


def test_what_is_refused_is_not_logged(db, fp, customer):
    before = entries(db)
    with pytest.raises(InvalidInput):
        profiles.update(db, fp, customer, CustomerChanges(email="x"), 1, TODAY)
    assert entries(db) == before


def test_a_deletion_leaves_that_it_was_done_and_not_what_the_data_were(db, people, fp, customer):
    policy = add_policy(db, fp, customer, insurer="비밀생명", policy_number="비밀-1")
    policies.update(db, fp, policy, PolicyChanges(insurer="비밀화재"), 1, TODAY)
    profiles.update(db, fp, customer, CustomerChanges(notes="비밀"), 1, TODAY)
    other = add_customer(db, fp)
    profiles.update(db, fp, other, CustomerChanges(notes="남을 메모"), 1, TODAY)
    manager = people["manager1"]
    profiles.delete(db, manager, customer, profiles.removal(db, manager, customer))
    story = log(db, customer)
    assert (story[-1]["by"], story[-1]["action"]) == ("manager1", "deleted")
    assert [entry["changes"] for entry in story] == [[]] * 5
    assert "비밀" not in str(db.read("select * from audit"))
    assert log(db, other)[-1]["changes"] == [{"field": "notes", "old": None, "new": "남을 메모"}]


# --- What changed, in Python and in SQL ----------------------------------------------------------

BEFORE = {"name": "김하나", "phone": "010-****-5678", "phone_hash": "a", "notes": None, "ver": 1}


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({}, []),
        ({"name": "김둘"}, ["name"]),
        ({"notes": "메모", "name": "김둘"}, ["name", "notes"]),
        ({"phone": "010-****-1111", "phone_hash": "b"}, ["phone"]),
        ({"phone_hash": "b"}, ["phone"]),
        ({"phone": None, "phone_hash": None}, ["phone"]),
        ({"ver": 2}, ["ver"]),
    ],
)
def test_what_changed_is_the_same_in_python_and_in_sql(changes, told, db):
    new = BEFORE | changes
    records = {"old": BEFORE, "new": new}
    with db.reading() as cursor:
        relations = ", ".join(
            f"(select {', '.join(f'${side}_{name} as {name}' for name in record)}) {side}"
            for side, record in records.items()
        )
        params = {f"{side}_{k}": v for side, record in records.items() for k, v in record.items()}
        in_sql = database.value(
            cursor, f"select {audit.changed_in_sql(BEFORE, 'old', 'new')} from {relations}", params
        )
    assert sorted(change["field"] for change in in_sql) == sorted(told)
    assert in_sql == audit.changed(BEFORE, new)


def test_an_import_logs_another_number_that_looks_alike_once_it_is_masked(db, fp):
    row = {"고객번호": "K-1", "고객명": "김번호", "생년월일": "1980-01-01"}
    for phone in ("010-1234-5678", "010-4321-5678"):
        take(db, fp, [{**row, "휴대폰": phone}])
    (entry,) = [entry for entry in log(db, named(db, "김번호")) if entry["action"] == "updated"]
    masked = "010-****-5678"
    assert entry["changes"] == [{"field": "phone", "old": masked, "new": masked}]


def named(db, name):
    return db.read("select id from customer where name = $name", {"name": name})[0]["id"]
