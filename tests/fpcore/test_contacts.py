"""The contact log: what counts as the last contact, and when the next one is due."""

from datetime import timedelta

import pytest
from agency import (
    TODAY,
    add_customer,
    log_contact,
    refusal,
    row_of,
    tables,
)

from fpcore.customers import consents, contacts, profiles
from fpcore.errors import ConsentWithdrawn, NotFound
from fpcore.models import ConsentChannel, ConsentKind, ContactChannel, ContactOutcome
from fpcore.portfolio import customer_list
from fpcore.portfolio.filters import CustomerFilter

pytestmark = pytest.mark.shared_office

DAY = timedelta(days=1)
YESTERDAY, TOMORROW = TODAY - DAY, TODAY + DAY
LONG_AGO = TODAY - 100 * DAY


def listed(db, fp, customer):
    rows = customer_list.find(db, fp, CustomerFilter(), TODAY).rows.set_index("id")
    return rows.loc[customer]


def last_contact(db, fp, customer):
    day = listed(db, fp, customer)["last_contact_on"]
    return None if str(day) == "NaT" else day.date()


def test_a_contact_is_kept_as_typed_the_latest_first(db, people, fp, customer):
    log_contact(db, fp, customer, contacted_on=TODAY, channel="visit", notes=" 계약 설명\n둘째 줄 ")
    log_contact(db, people["manager1"], customer, contacted_on=LONG_AGO, outcome="declined")
    log_contact(db, fp, customer, contacted_on=TODAY, channel="email", outcome="no_answer")
    kept = contacts.of_customer(db, fp, customer)
    assert [
        (one.contacted_on, one.channel, one.outcome, one.notes, one.recorded_by) for one in kept
    ] == [
        (TODAY, "email", "no_answer", None, fp.name),
        (TODAY, "visit", "reached", "계약 설명\n둘째 줄", fp.name),
        (LONG_AGO, "phone", "declined", None, "manager1"),
    ]


REACHED = (ContactOutcome.REACHED, ContactOutcome.APPOINTMENT, ContactOutcome.DECLINED)


@pytest.mark.parametrize("outcome", ContactOutcome)
def test_only_a_contact_that_reached_somebody_is_the_last_contact(outcome, db, fp, customer):
    log_contact(db, fp, customer, outcome=outcome)
    assert last_contact(db, fp, customer) == (TODAY if outcome in REACHED else None)


def test_a_contact_by_any_channel_is_one(db, fp, customer):
    for days, channel in enumerate(ContactChannel):
        day = LONG_AGO + days * DAY
        log_contact(db, fp, customer, contacted_on=day, channel=channel)
        assert last_contact(db, fp, customer) == day


def test_the_last_contact_is_the_latest_of_the_log_and_of_what_was_typed(db, fp):
    customer = add_customer(db, fp, last_contact_on=LONG_AGO)
    assert last_contact(db, fp, customer) == LONG_AGO
    log_contact(db, fp, customer, contacted_on=LONG_AGO - DAY)
    assert last_contact(db, fp, customer) == LONG_AGO
    log_contact(db, fp, customer, contacted_on=YESTERDAY)
    log_contact(db, fp, customer, contacted_on=TODAY, outcome="no_answer")
    assert last_contact(db, fp, customer) == YESTERDAY


def test_a_removed_contact_brings_back_the_former_last_contact(db, fp):
    customer = add_customer(db, fp, last_contact_on=LONG_AGO)
    first = log_contact(db, fp, customer, contacted_on=YESTERDAY)
    second = log_contact(db, fp, customer, contacted_on=TODAY)
    contacts.remove(db, fp, second, TODAY)
    assert last_contact(db, fp, customer) == YESTERDAY
    contacts.remove(db, fp, first, TODAY)
    assert (last_contact(db, fp, customer), contacts.of_customer(db, fp, customer)) == (
        LONG_AGO, [],
    )  # fmt: skip


@pytest.mark.parametrize(
    ("due", "typed", "kept"),
    [
        (None, None, None),
        (None, TOMORROW, TOMORROW),
        (None, TODAY, TODAY),
        (TOMORROW, None, TOMORROW),
        (TOMORROW, TODAY + 9 * DAY, TODAY + 9 * DAY),
        (TODAY, None, None),
        (YESTERDAY, None, None),
        (YESTERDAY, TOMORROW, TOMORROW),
    ],
)
def test_a_next_date_is_kept_moved_or_done_with(due, typed, kept, db, fp):
    customer = add_customer(db, fp, next_contact_on=due)
    log_contact(db, fp, customer, next_contact_on=typed)
    stored = row_of(db, "customer", customer)
    assert (stored["next_contact_on"], stored["ver"]) == (kept, 1 if kept == due else 2)
    assert profiles.get(db, fp, customer, TODAY).next_contact_on == kept
    shown = listed(db, fp, customer)["next_contact_on"]
    assert (None if str(shown) == "NaT" else shown.date()) == kept


@pytest.mark.parametrize(
    ("typed", "problem"),
    [
        ({"contacted_on": None}, ("contacted_on", "missing")),
        ({"channel": None}, ("channel", "missing")),
        ({"outcome": ""}, ("outcome", "missing")),
        ({"contacted_on": TOMORROW}, ("contacted_on", "in_future")),
        ({"next_contact_on": YESTERDAY}, ("next_contact_on", "in_past")),
        ({"notes": "가" * 2001}, ("notes", "too_long")),
    ],
)
def test_what_cannot_be_is_not_stored(typed, problem, db, fp, customer):
    with refusal(db) as refused:
        log_contact(db, fp, customer, **typed)
    assert refused == [problem]


def test_what_may_not_be_kept_is_blotted_out_of_the_notes(db, fp, customer):
    log_contact(db, fp, customer, notes="주민번호 900101-1234567 확인")
    assert "1234567" not in str(tables(db))


def test_the_log_of_whoever_withdrew_their_consent_is_closed(db, fp, customer):
    logged = log_contact(db, fp, customer)
    consents.withdraw(db, fp, customer, ConsentKind.COLLECTION, ConsentChannel.PHONE, TODAY)
    before = tables(db)
    for refused in (
        lambda: contacts.of_customer(db, fp, customer),
        lambda: log_contact(db, fp, customer),
        lambda: contacts.remove(db, fp, logged, TODAY),
    ):
        with pytest.raises(ConsentWithdrawn):
            refused()
    assert tables(db) == before


@pytest.mark.parametrize("wrong", ["", "x", "00000000-0000-0000-0000-000000000000"])
def test_an_entry_that_is_not_there_is_not_found(wrong, db, fp, customer):
    with pytest.raises(NotFound) as refused:
        contacts.remove(db, fp, wrong, TODAY)
    assert refused.value.code == "contact_not_found"
    removed = log_contact(db, fp, customer)
    contacts.remove(db, fp, removed, TODAY)
    with pytest.raises(NotFound):
        contacts.remove(db, fp, removed, TODAY)


@pytest.mark.parametrize("typed", [None, LONG_AGO, YESTERDAY])
@pytest.mark.parametrize("outcomes", [[], ["no_answer"], ["reached"], ["reached", "wrong_number"]])
def test_the_last_contact_of_a_customer_is_that_of_the_list(typed, outcomes, db, fp):
    customer = add_customer(db, fp, last_contact_on=typed)
    for days, outcome in enumerate(outcomes):
        log_contact(db, fp, customer, outcome=outcome, contacted_on=TODAY - (3 - days) * DAY)
    shown = profiles.get(db, fp, customer, TODAY)
    found = customer_list.find(db, fp, CustomerFilter(), TODAY).rows["last_contact_on"][0]
    listed = None if found is None or found != found else found.date()
    assert contacts.last_contact_on(shown, contacts.of_customer(db, fp, customer)) == listed
