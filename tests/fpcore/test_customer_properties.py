"""What holds for any customer and any policy that can be typed, whatever stands in the texts."""

from datetime import date, timedelta
from decimal import Decimal
from unicodedata import normalize

import hypothesis.strategies as st
import pytest
from agency import (
    PAYMENTS,
    STATEMENT,
    TODAY,
    add_customer,
    add_policy,
    assert_listed_as_counted,
    log_contact,
    newcomer,
    refusal,
    row_of,
    tables,
)
from examples import few
from hypothesis import given

from fpcore.customers import consents, contacts, policies, profiles
from fpcore.models import (
    MOST_DEPENDANTS,
    OCCUPATION_CLASSES,
    WHOLE_LIFE,
    ConsentChannel,
    ConsentKind,
    CustomerChanges,
    Driving,
    Gender,
    Housing,
    IncomeBasis,
    NewCustomer,
    PolicyChanges,
    PolicyType,
)
from fpcore.portfolio import customer_list
from fpcore.portfolio.filters import CustomerFilter

HOSTILE = [
    "<script>alert('x')</script>", "**bold** [a](javascript:alert(1)) `code`", "👩‍👩‍👧‍👦 🇰🇷 🤦🏽‍♂️",
    "שלום \u202eabc\u202c مرحبا", "O'Brien \"Bob\" \\ `; drop table customer; --", "$name {0} %s",
    "줄\n바꿈\t탭\n\n끝", "ﬁ ﾊﾝｶｸ ＦＵＬＬ Ⅳ", "= HYPERLINK('x')", "null", "NaN", "a\u200db",
]  # fmt: skip
LETTERS = st.text(st.characters(exclude_categories=["Cs", "Cc", "Nd"]), max_size=60)
TEXT = st.one_of(st.sampled_from(HOSTILE), LETTERS).map(lambda text: normalize("NFC", text))
"""No digits: what may not be kept is told by its numbers, and that is tested elsewhere."""
OUTER = st.sampled_from(["", " ", "\n", "\u3000 \t"])
PAST = st.dates(date(1900, 1, 1), TODAY)
PHONES = {
    "010-1234-5678": "010-****-5678", "02 345 6789": "02-***-6789",
    "+82 10 2345 6789": "010-****-6789", "031-123-4567": "031-***-4567",
}  # fmt: skip

FIELDS = {
    "name": TEXT.map(lambda text: "김" + text),
    "birth_date": st.none() | PAST,
    "gender": st.none() | st.sampled_from(Gender),
    "phone": st.none() | st.sampled_from(list(PHONES)),
    "email": st.none() | st.sampled_from(["kim@naver.com", "a.b+c@sub.samsung.co.kr", "X@Y.io"]),
    "occupation": st.none() | TEXT,
    "last_contact_on": st.none() | PAST,
    "next_contact_on": st.none() | st.dates(),
    "notes": st.none() | TEXT,
    **dict.fromkeys(
        ("monthly_income", "living_cost", "debts"), st.none() | st.integers(0, 10**12).map(Decimal)
    ),
    "income_basis": st.none() | st.sampled_from(IncomeBasis),
    "dependants": st.none() | st.integers(0, MOST_DEPENDANTS),
    "housing": st.none() | st.sampled_from(Housing),
    "driving": st.none() | st.sampled_from(Driving),
    "occupation_class": st.none() | st.sampled_from(OCCUPATION_CLASSES),
}
CUSTOMER = st.fixed_dictionaries(FIELDS)
SOME_FIELDS = st.fixed_dictionaries({}, optional=FIELDS)
KINDS = st.sets(st.sampled_from(ConsentKind)).map(lambda kinds: {*kinds, ConsentKind.COLLECTION})

WON = st.integers(0, 10**12).map(Decimal)
CENTS = st.decimals(0, 10**9, places=2, allow_nan=False)
DATES = st.lists(st.dates(date(1950, 1, 1), date(2100, 1, 1)), min_size=2, max_size=2).map(sorted)


@st.composite
def policy(draw) -> dict:
    """Draw the fields of a policy that can be."""
    currency = draw(st.sampled_from(["KRW", "USD"]))
    amount = st.none() | (WON if currency == "KRW" else CENTS)
    start, end = draw(DATES)
    end = draw(st.sampled_from([None, WHOLE_LIFE, end, end]))
    status = "active" if end is None or end >= TODAY else "expired"
    return {
        "type": draw(st.sampled_from(PolicyType)), "currency": currency,
        "policy_name": draw(st.none() | TEXT), "insurer": draw(st.none() | TEXT),
        "coverage_amount": draw(amount), "premium_amount": draw(amount),
        "premium_cycle": draw(st.none() | st.sampled_from(list(PAYMENTS))),
        "start_date": draw(st.sampled_from([None, start])), "end_date": end,
        "status": draw(st.sampled_from([status, "cancelled", "pending"])),
    }  # fmt: skip


def as_stored(typed: dict) -> dict:
    """What must be found again: texts without their outer blanks, the phone masked."""
    texts = {
        field: (value.strip() or None) if isinstance(value, str) else value
        for field, value in typed.items()
    }
    return {field: PHONES.get(value, value) for field, value in texts.items()}


def read(db, fp, customer) -> dict:
    return profiles.get(db, fp, customer, TODAY).model_dump()


# --- Customers -------------------------------------------------------------------------------


@few()
@given(typed=CUSTOMER, kinds=KINDS, outer=OUTER)
def test_what_is_added_is_read_back_as_typed_and_saving_that_leaves_no_trace(
    typed, kinds, outer, office
):
    db, fp = office.db, newcomer(office.db)
    written = {
        field: f"{outer}{value}{outer}" if field in ("name", "occupation", "notes") and value
        else value
        for field, value in typed.items()
    }  # fmt: skip
    added = add_customer(db, fp, **written, consent_kinds=kinds)
    expected, found = as_stored(typed), read(db, fp, added)
    assert {field: found[field] for field in expected} == expected
    assert found["birth_year"] == (typed["birth_date"] and typed["birth_date"].year)
    assert {one.kind for one in consents.of_customer(db, fp, added)} == kinds
    (row,) = customer_list.find(db, fp, CustomerFilter(), TODAY).rows.to_dict("records")
    assert (row["name"], row["phone"], row["occupation"] or None) == (
        expected["name"], expected["phone"], expected["occupation"],
    )  # fmt: skip
    untouched = CustomerChanges(**{field: found[field] for field in CustomerChanges.model_fields})
    before = tables(db)
    assert profiles.update(db, fp, added, untouched, 1, TODAY) == 1
    assert tables(db) == before


@few()
@given(before=CUSTOMER, typed=SOME_FIELDS)
def test_a_change_changes_what_was_given_and_nothing_else(before, typed, office):
    db, fp = office.db, newcomer(office.db)
    added = add_customer(db, fp, **before)
    stored, old = row_of(db, "customer", added), read(db, fp, added)
    ver = profiles.update(db, fp, added, CustomerChanges(**typed), 1, TODAY)
    expected = as_stored(typed)
    differs = {field for field in expected if expected[field] != old[field]}
    follows = {"birth_date": {"birth_year"}, "phone": {"phone_hash"}}
    may_change = {"ver", "updated_at"}.union(differs, *(follows.get(f, set()) for f in differs))
    after = row_of(db, "customer", added)
    changed = {field for field in after if after[field] != stored[field]}
    assert {field: read(db, fp, added)[field] for field in expected} == expected
    if differs:
        assert differs | {"ver", "updated_at"} <= changed <= may_change
        assert ver == after["ver"] == 2
    else:
        assert (changed, ver) == (set(), 1)


WRONG = {
    "name": st.sampled_from(["", " ", "\u3000\n", "가" * 101]),
    "birth_date": st.dates(TODAY + timedelta(days=1)) | st.dates(max_value=date(1899, 12, 31)),
    "phone": st.sampled_from(["1", "전화", "010-123", "+99 1", "010-1234-"]),
    "email": st.sampled_from(["x", "a@b", "@", "a b@c.kr", "a@@naver.com"]),
    "occupation": st.just("가" * 101),
    "last_contact_on": st.dates(TODAY + timedelta(days=1)),
    "notes": st.just("가" * 2001),
}


@few()
@given(typed=CUSTOMER, wrong=st.sets(st.sampled_from(list(WRONG)), min_size=1), draw=st.data())
def test_whatever_is_wrong_is_told_field_by_field_and_nothing_is_stored(typed, wrong, draw, office):
    db, fp = office.db, newcomer(office.db)
    faulty = {field: draw.draw(WRONG[field], field) for field in sorted(wrong)}
    with refusal(db) as refused:
        add_customer(db, fp, **{**typed, **faulty})
    assert {field for field, _ in refused} == wrong
    added = add_customer(db, fp, **typed)
    with refusal(db) as refused:
        profiles.update(db, fp, added, CustomerChanges(**faulty), 1, TODAY)
    assert {field for field, _ in refused} == wrong


@few()
@given(
    held=st.lists(policy(), max_size=3),
    calls=st.integers(0, 2),
    kinds=KINDS,
    changed=st.booleans(),
    withdrawn=st.booleans(),
)
def test_a_deletion_leaves_nothing_of_a_customer(held, calls, kinds, changed, withdrawn, office):
    db, fp = office.db, newcomer(office.db)
    gone = add_customer(db, fp, consent_kinds=kinds, notes="비밀")
    records = [add_policy(db, fp, gone, **one) for one in held]
    records += [log_contact(db, fp, gone, notes="비밀") for _ in range(calls)]
    if changed:
        profiles.update(db, fp, gone, CustomerChanges(name="다른 이름"), 1, TODAY)
    if withdrawn:
        channel = ConsentChannel.PHONE
        consents.withdraw(db, fp, gone, ConsentKind.COLLECTION, channel, TODAY)
    going = profiles.removal(db, fp, gone)
    assert (going.policies, going.contacts, going.consents) == (len(held), calls, len(kinds))
    profiles.delete(db, fp, gone, going)
    for name, rows in tables(db).items():
        ids = {row.get("id") for row in rows} | {row.get("customer_id") for row in rows}
        assert not ids & {gone, *records} or name == "audit", name
    told = db.read("select changes from audit where customer_id = $id", {"id": gone})
    assert told
    assert {row["changes"] for row in told} == {None}


# --- Policies --------------------------------------------------------------------------------


@few()
@given(typed=policy(), outer=OUTER)
def test_a_policy_is_read_back_as_typed_and_saving_that_leaves_no_trace(typed, outer, office):
    db, fp = office.db, newcomer(office.db)
    customer = add_customer(db, fp)
    written = {
        field: f"{outer}{value}{outer}" if field in ("policy_name", "insurer") and value else value
        for field, value in typed.items()
    }
    added = add_policy(db, fp, customer, **written)
    (found,) = policies.of_customer(db, fp, customer, TODAY)
    expected = as_stored(typed)
    assert {field: getattr(found, field) for field in expected} == expected
    untouched = {field: getattr(found, field) for field in PolicyChanges.model_fields}
    before = tables(db)
    assert policies.update(db, fp, added, PolicyChanges(**untouched), 1, TODAY) == 1
    assert tables(db) == before


@few()
@given(before=policy(), after=policy(), given_fields=st.sets(st.sampled_from(
    ["policy_name", "insurer", "type", "premium_cycle"])))  # fmt: skip
def test_a_change_of_a_policy_changes_what_was_given_and_nothing_else(
    before, after, given_fields, office
):
    db, fp = office.db, newcomer(office.db)
    added = add_policy(db, fp, add_customer(db, fp), **before)
    stored, expected = row_of(db, "policy", added), as_stored(after)
    changes = PolicyChanges(**{field: after[field] for field in given_fields})
    ver = policies.update(db, fp, added, changes, 1, TODAY)
    now = row_of(db, "policy", added)
    differs = {field for field in given_fields if stored[field] != expected[field]}
    changed = {field for field in now if now[field] != stored[field]}
    assert changed == (differs | {"ver", "updated_at"} if differs else set())
    assert {field: now[field] for field in given_fields} == {
        field: expected[field] for field in given_fields
    }
    assert ver == now["ver"] == (2 if differs else 1)


@few()
@given(notes=TEXT)
def test_notes_of_a_contact_and_a_basis_of_a_consent_are_kept_as_typed(notes, office):
    db, fp = office.db, newcomer(office.db)
    customer = add_customer(db, fp)
    log_contact(db, fp, customer, notes=notes)
    (kept,) = contacts.of_customer(db, fp, customer)
    assert kept.notes == (notes.strip() or None)
    basis = STATEMENT + notes.strip()
    consents.give(db, fp, customer, ConsentKind.HEALTH, basis, ConsentChannel.PAPER, TODAY, TODAY)
    assert basis in [consent.basis for consent in consents.of_customer(db, fp, customer)]


# --- Sums ------------------------------------------------------------------------------------


@pytest.mark.parametrize("days", [0, 1, 120, -1, -1500, 20_000])
def test_the_list_says_what_a_count_of_the_tables_by_hand_says(days, random_agency):
    db, people = random_agency
    assert_listed_as_counted(db, people["admin"], TODAY + timedelta(days=days))


def test_every_field_that_can_be_typed_is_tried_here():
    assert set(FIELDS) == set(CustomerChanges.model_fields) - {"birth_year"}
    assert set(FIELDS) < set(NewCustomer.model_fields)
