"""One customer: added, read, changed by one or by two at once, deleted; their ages."""

from datetime import date, timedelta
from threading import Barrier, Thread
from unicodedata import normalize

import hypothesis.strategies as st
import pytest
from agency import (
    STATEMENT,
    TODAY,
    add_customer,
    add_policy,
    log_contact,
    outcome,
    refusal,
    row_of,
    tables,
    take,
)
from hypothesis import given

from fpcore import privacy
from fpcore.customers import consents, policies, profiles
from fpcore.customers.profiles import Removal
from fpcore.errors import ConsentWithdrawn, EditedMeanwhile, NotFound
from fpcore.models import ConsentChannel, ConsentKind, CustomerChanges, Gender, NewCustomer
from fpcore.portfolio import customer_list
from fpcore.portfolio.filters import CustomerFilter
from fpcore.store import database

pytestmark = pytest.mark.shared_office

DAY = timedelta(days=1)


def update(db, account, customer, seen_ver=1, **changes):
    return profiles.update(db, account, customer, CustomerChanges(**changes), seen_ver, TODAY)


# --- Adding ----------------------------------------------------------------------------------


def test_a_customer_is_kept_as_typed_with_the_phone_masked(db, people):
    added = add_customer(
        db, people["fp1"], birth_date=date(1985, 3, 2), gender=Gender.F, phone="+82 10 1234 5678",
        email="kim@example.com", occupation=" 교사 ", notes="첫 상담",
        next_contact_on=TODAY + DAY, last_contact_on=TODAY,
    )  # fmt: skip
    kept = profiles.get(db, people["fp1"], added, TODAY)
    assert (kept.birth_year, kept.age, kept.gender, kept.phone) == (
        1985, 41, Gender.F, "010-****-5678",
    )  # fmt: skip
    assert (kept.email, kept.occupation, kept.notes) == ("kim@example.com", "교사", "첫 상담")
    assert (kept.last_contact_on, kept.next_contact_on) == (TODAY, TODAY + DAY)
    assert (kept.owner, kept.ver, kept.source_key) == (people["fp1"].username, 1, None)
    assert (kept.withdrawn_on, kept.destroy_by) == (None, None)


def test_the_number_of_a_phone_stands_nowhere(db, people):
    added = add_customer(db, people["fp1"], phone="010-1234-5678")
    update(db, people["fp1"], added, phone="010-8765-4321")
    stored = str(tables(db))
    assert "****-4321" in stored
    assert not any(part in stored for part in ("12345678", "1234-5678", "87654321", "8765-4321"))


@pytest.mark.parametrize(
    ("typed", "field", "code"),
    [
        ({"name": None}, "name", "missing"),
        ({"name": "  "}, "name", "missing"),
        ({"name": "가" * 101}, "name", "too_long"),
        ({"occupation": "가" * 101}, "occupation", "too_long"),
        ({"notes": "가" * 2001}, "notes", "too_long"),
        ({"email": "kim"}, "email", "not_understood"),
        ({"email": "a@" + "b" * 250 + ".kr"}, "email", "too_long"),
        ({"phone": "1234"}, "phone", "not_understood"),
        ({"phone": "전화"}, "phone", "not_understood"),
        ({"birth_date": TODAY + DAY}, "birth_date", "birth_out_of_range"),
        ({"birth_year": TODAY.year + 1}, "birth_date", "birth_out_of_range"),
        ({"birth_year": -5}, "birth_date", "birth_out_of_range"),
        ({"birth_year": 10**12}, "birth_date", "birth_out_of_range"),
        ({"birth_date": date(1899, 12, 31)}, "birth_date", "birth_out_of_range"),
        ({"birth_date": date(1985, 3, 2), "birth_year": 1986}, "birth_year", "birth_disagrees"),
        ({"last_contact_on": TODAY + DAY}, "last_contact_on", "in_future"),
        ({"consent_basis": " "}, "consent_basis", "missing"),
        ({"consent_given_on": TODAY + DAY}, "consent_given_on", "in_future"),
        ({"consent_kinds": ["marketing"]}, "consent_kinds", "collection_missing"),
    ],
)
def test_what_cannot_be_is_not_stored(typed, field, code, db, people):
    with refusal(db) as refused:
        add_customer(db, people["fp1"], **typed)
    assert refused == [(field, code)]


def test_everything_that_is_wrong_is_told_at_once(db, people):
    with refusal(db) as refused:
        add_customer(
            db, people["fp1"], name="", phone="1", email="x", birth_year=1800, consent_basis=None
        )
    assert refused == [
        ("phone", "not_understood"), ("name", "missing"), ("birth_date", "birth_out_of_range"),
        ("email", "not_understood"), ("consent_basis", "missing"),
    ]  # fmt: skip


def test_a_customer_typed_in_decomposed_hangul_is_the_one_that_is_searched_and_imported(db, people):
    """What is pasted from a Mac's file names comes in parts of syllables (NFD)."""
    add_customer(db, people["fp1"], name=normalize("NFD", "홍길동"), birth_year=1980)
    for search in ("홍길동", "ㅎㄱㄷ", normalize("NFD", "홍길동")):
        page = customer_list.find(db, people["fp1"], CustomerFilter(search=search), TODAY)
        assert page.matching == 1, search
    report = take(db, people["fp1"], [{"고객명": "홍길동", "출생연도": "1980"}])
    assert outcome(report) == (0, 0, 1, 0)


# --- Changing --------------------------------------------------------------------------------


def test_a_field_that_is_not_given_stays_and_one_that_is_emptied_goes(db, people):
    added = add_customer(
        db, people["fp1"], phone="010-1234-5678", email="kim@example.com", occupation="교사"
    )
    assert update(db, people["fp1"], added, email="", occupation="의사") == 2
    kept = profiles.get(db, people["fp1"], added, TODAY)
    assert (kept.phone, kept.email, kept.occupation, kept.ver) == (
        "010-****-5678", None, "의사", 2,
    )  # fmt: skip


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"name": "김하나"},
        {"name": " 김하나\n"},
        {"phone": "010-****-5678"},
        {"phone": "010 1234 5678"},
        {"birth_date": date(1985, 3, 2)},
        {"birth_year": 1985, "gender": "F"},
        {"notes": "", "occupation": None},
    ],
)
def test_a_change_that_changes_nothing_leaves_no_trace(changes, db, people):
    added = add_customer(
        db, people["fp1"], phone="010-1234-5678", birth_date=date(1985, 3, 2), gender="F"
    )
    before = tables(db)
    assert update(db, people["fp1"], added, seen_ver=1, **changes) == 1
    assert tables(db) == before


def test_a_phone_that_is_emptied_takes_its_hash_with_it(db, people):
    added = add_customer(db, people["fp1"], phone="010-1234-5678")
    update(db, people["fp1"], added, phone="")
    stored = row_of(db, "customer", added)
    assert (stored["phone"], stored["phone_hash"]) == (None, None)


def test_a_new_number_is_stored_also_where_its_mask_is_the_old_one_s(db, people):
    added = add_customer(db, people["fp1"], phone="010-1234-5678")
    assert update(db, people["fp1"], added, phone="010-9999-5678") == 2
    expected = privacy.phone_hash(db.secret, "01099995678")
    assert row_of(db, "customer", added)["phone_hash"] == expected


def test_the_year_follows_the_date_of_birth(db, people):
    added = add_customer(db, people["fp1"], birth_year=1980)
    update(db, people["fp1"], added, birth_date=date(1985, 3, 2))
    assert profiles.get(db, people["fp1"], added, TODAY).birth_year == 1985
    with refusal(db) as refused:
        update(db, people["fp1"], added, seen_ver=2, birth_year=1986)
    assert refused == [("birth_year", "birth_disagrees")]
    update(db, people["fp1"], added, seen_ver=2, birth_date=None)
    assert profiles.get(db, people["fp1"], added, TODAY).birth_year == 1985


def test_a_change_does_not_complain_about_what_was_wrong_before(db, people):
    added = add_customer(db, people["fp1"])
    db.transaction(
        lambda cursor: cursor.execute(
            "update customer set email = 'of old' where id = $id", {"id": added}
        )
    )
    assert update(db, people["fp1"], added, occupation="교사") == 2
    assert update(db, people["fp1"], added, seen_ver=2, email="of old", notes="x") == 3
    with refusal(db) as refused:
        update(db, people["fp1"], added, seen_ver=3, email="of new")
    assert refused == [("email", "not_understood")]


def test_what_may_not_be_kept_is_blotted_out_of_a_change_too(db, people):
    added = add_customer(db, people["fp1"], occupation="900101-1234567")
    update(db, people["fp1"], added, notes="주민번호 900101-1234567")
    assert "1234567" not in str(tables(db))


# --- Two editors -----------------------------------------------------------------------------


def test_a_change_on_top_of_another_is_refused_and_told(db, people):
    added = add_customer(db, people["fp1"], occupation="교사")
    update(db, people["manager1"], added, occupation="의사")
    before = tables(db)
    with pytest.raises(EditedMeanwhile) as refused:
        update(db, people["fp1"], added, occupation="농부")
    (told,) = refused.value.changes
    assert (told.field, told.old, told.new, told.by) == ("occupation", "교사", "의사", "manager1")
    assert timedelta(0) <= database.utc_now() - told.at < timedelta(minutes=5)
    assert (refused.value.ver, tables(db)) == (2, before)
    assert update(db, people["fp1"], added, seen_ver=refused.value.ver, occupation="농부") == 3
    assert profiles.get(db, people["fp1"], added, TODAY).occupation == "농부"


def test_changes_of_other_fields_are_told_too_merged_by_field(db, people):
    added = add_customer(db, people["fp1"], occupation="교사", notes="처음")
    update(db, people["manager1"], added, 1, occupation="의사", phone="010-1234-5678")
    update(db, people["admin"], added, 2, occupation="농부", notes="")
    update(db, people["admin"], added, 3, email="kim@example.com")
    update(db, people["admin"], added, 4, email=None)
    with pytest.raises(EditedMeanwhile) as refused:
        update(db, people["fp1"], added, 1, name="이둘")
    told = {change.field: (change.old, change.new, change.by) for change in refused.value.changes}
    assert told == {
        "occupation": ("교사", "농부", "admin"),
        "phone": (None, "010-****-5678", "manager1"),
        "notes": ("처음", None, "admin"),
    }
    assert refused.value.ver == 5


def test_an_import_in_between_is_told_as_well(db, people):
    added = add_customer(db, people["fp1"], occupation="교사", birth_year=1980, notes="처음")
    book = [{"고객명": "김하나", "출생연도": "1980", "직업": "의사", "이메일": "kim@example.com"}]
    assert outcome(take(db, people["manager1"], book, owner_id=people["fp1"].id)) == (0, 1, 0, 0)
    with pytest.raises(EditedMeanwhile) as refused:
        update(db, people["fp1"], added, 1, occupation="농부")
    told = {change.field: (change.old, change.new, change.by) for change in refused.value.changes}
    assert told == {
        "occupation": ("교사", "의사", "manager1"),
        "email": (None, "kim@example.com", "manager1"),
    }
    assert update(db, people["fp1"], added, refused.value.ver, occupation="농부") == 3


def test_a_next_date_that_a_contact_set_is_told(db, people):
    added = add_customer(db, people["fp1"])
    log_contact(db, people["manager1"], added, next_contact_on=TODAY + DAY)
    with pytest.raises(EditedMeanwhile) as refused:
        update(db, people["fp1"], added, 1, next_contact_on=TODAY + 2 * DAY)
    told = [(change.field, change.old, change.new) for change in refused.value.changes]
    assert told == [("next_contact_on", None, (TODAY + DAY).isoformat())]


def test_whoever_is_told_of_a_later_version_is_told_what_it_changed(db, people):
    """A consent withdrawn and given again is a later version of the customer, too."""
    fp, added = people["fp1"], add_customer(db, people["fp1"])
    collection = ConsentKind.COLLECTION
    consents.withdraw(db, people["manager1"], added, collection, ConsentChannel.PHONE, TODAY)
    consents.give(
        db, people["manager1"], added, collection, STATEMENT, ConsentChannel.PAPER, TODAY, TODAY
    )
    try:
        update(db, fp, added, 1, occupation="농부")
    except EditedMeanwhile as refused:
        assert [change.by for change in refused.changes] != []


def test_of_two_changes_at_the_same_moment_one_is_told_of_the_other(db, people):
    added = add_customer(db, people["fp1"])
    told = []

    def change(name: str) -> None:
        start.wait()
        try:
            update(db, people["fp1"], added, 1, occupation=name)
        except EditedMeanwhile as refused:
            told.extend(change.new for change in refused.changes)

    start = Barrier(2)
    editors = [Thread(target=change, args=(name,)) for name in ("교사", "의사")]
    for editor in editors:
        editor.start()
    for editor in editors:
        editor.join()
    kept = profiles.get(db, people["fp1"], added, TODAY)
    assert (kept.ver, told) == (2, [kept.occupation])


# --- Deleting --------------------------------------------------------------------------------


def full_customer(db, account) -> object:
    added = add_customer(
        db, account, name="지울 사람", consent_kinds=["collection", "marketing"], notes="비밀"
    )
    add_policy(db, account, added, policy_number="비밀-1")
    add_policy(db, account, added)
    log_contact(db, account, added, notes="비밀 통화")
    return added


def test_a_removal_names_what_goes_and_a_deletion_takes_it(db, people):
    fp = people["fp1"]
    other = full_customer(db, fp)
    gone = add_customer(db, fp, name="지울 사람")
    add_policy(db, fp, gone, policy_number="1")
    log_contact(db, fp, gone)
    going = profiles.removal(db, fp, gone)
    assert going == Removal(name="지울 사람", policies=1, contacts=1, consents=1)
    profiles.delete(db, fp, gone, going)
    with pytest.raises(NotFound):
        profiles.get(db, fp, gone, TODAY)
    assert len(policies.of_customer(db, fp, other, TODAY)) == 2


@pytest.mark.parametrize("meanwhile", ["a policy", "a contact", "a consent", "a name"])
def test_a_deletion_takes_no_more_than_was_confirmed(meanwhile, db, people):
    fp, added = people["fp1"], full_customer(db, people["fp1"])
    confirmed = profiles.removal(db, fp, added)
    if meanwhile == "a policy":
        add_policy(db, fp, added)
    elif meanwhile == "a contact":
        log_contact(db, fp, added)
    elif meanwhile == "a consent":
        consents.give(
            db, fp, added, ConsentKind.HEALTH, STATEMENT, ConsentChannel.PAPER, TODAY, TODAY
        )
    else:
        update(db, fp, added, name="다른 사람")
    before = tables(db)
    with pytest.raises(EditedMeanwhile):
        profiles.delete(db, fp, added, confirmed)
    assert tables(db) == before


def test_whoever_withdrew_their_consent_can_be_deleted_and_not_changed(db, people):
    fp, added = people["fp1"], full_customer(db, people["fp1"])
    consents.withdraw(db, fp, added, ConsentKind.COLLECTION, ConsentChannel.PHONE, TODAY)
    with pytest.raises(ConsentWithdrawn):
        update(db, fp, added, seen_ver=2, occupation="의사")
    profiles.delete(db, fp, added, profiles.removal(db, fp, added))
    for table in ("customer", "customer_row"):
        assert db.read(f"select * from {table} where id = $id", {"id": added}) == []


# --- Finding by words ------------------------------------------------------------------------


def test_words_that_mean_two_customers_mean_none(db, people):
    add_customer(db, people["fp1"])
    assert profiles.identify(db, people["fp1"], "김하나")
    add_customer(db, people["fp2"])
    assert profiles.identify(db, people["fp1"], "김하나")
    with pytest.raises(NotFound) as ambiguous:
        profiles.identify(db, people["manager1"], "김하나")
    assert ambiguous.value.code == "customer_ambiguous"


# --- Ages ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def person(office):
    """A way to read one person of fp1 as born on a day: `born(birth_date, valued_on)`."""
    db, fp = office.db, office.people["fp1"]
    one = add_customer(db, fp)

    def born(birth_date: date | None, valued_on: date, birth_year: int | None = None):
        said = {"id": one, "day": birth_date, "year": birth_year or birth_date.year}
        db.transaction(
            lambda cursor: cursor.execute(
                "update customer set birth_date = $day, birth_year = $year where id = $id", said
            )
        )
        return profiles.get(db, fp, one, valued_on)

    return born


@pytest.mark.parametrize(
    ("birth_date", "valued_on", "age", "insurance_age", "changes_on"),
    [
        ("1985-03-02", "2026-09-01", 41, 41, "2026-09-02"),
        ("1985-03-02", "2026-09-02", 41, 42, "2027-09-02"),
        ("1985-03-02", "2027-03-01", 41, 42, "2027-09-02"),
        ("1985-03-02", "2027-03-02", 42, 42, "2027-09-02"),
        ("1985-03-02", "1985-03-02", 0, 0, "1985-09-02"),
        ("1985-03-02", "1985-09-01", 0, 0, "1985-09-02"),
        ("1985-03-02", "1985-09-02", 0, 1, "1986-09-02"),
        ("2000-02-29", "2026-08-28", 26, 26, "2026-08-29"),
        ("2000-02-29", "2026-08-29", 26, 27, "2027-08-29"),
        ("1985-08-31", "2026-02-27", 40, 40, "2026-02-28"),
        ("1985-08-31", "2026-02-28", 40, 41, "2027-02-28"),
        ("1985-08-31", "2028-02-28", 42, 42, "2028-02-29"),
        ("1985-08-31", "2028-02-29", 42, 43, "2029-02-28"),
        ("1985-12-31", "2026-06-29", 40, 40, "2026-06-30"),
        ("1985-12-31", "2026-06-30", 40, 41, "2027-06-30"),
    ],
)
def test_the_insurance_age_goes_up_half_a_year_before_the_birthday(
    birth_date, valued_on, age, insurance_age, changes_on, person
):
    read = person(date.fromisoformat(birth_date), date.fromisoformat(valued_on))
    assert (read.age, read.insurance_age) == (age, insurance_age)
    assert read.insurance_age_changes_on == date.fromisoformat(changes_on)


def test_without_a_birth_date_there_is_no_insurance_age(person):
    read = person(None, TODAY, birth_year=1985)
    assert (read.age, read.insurance_age, read.insurance_age_changes_on) == (41, None, None)


BIRTHS = st.dates(date(1900, 1, 1), TODAY) | st.sampled_from(
    [date(2000, 2, 29), date(1996, 2, 29), date(1985, 8, 31), date(2001, 2, 28), date(1999, 8, 30)]
)


@given(born=BIRTHS, days=st.integers(0, 40_000))
def test_the_insurance_age_goes_up_by_one_exactly_on_its_day(born, days, person):
    read = person(born, min(born + timedelta(days=days), TODAY))
    changes_on = read.insurance_age_changes_on
    the_day_before, the_day = person(born, changes_on - DAY), person(born, changes_on)
    assert the_day_before.insurance_age == read.insurance_age
    assert the_day.insurance_age == read.insurance_age + 1
    assert timedelta(0) < changes_on - min(born + timedelta(days=days), TODAY) <= 366 * DAY
    assert abs(the_day.insurance_age - the_day.age) <= 1


def test_a_customer_typed_with_every_field_can_be_typed(db, people):
    """The fields of the form and of the table are the same ones."""
    assert set(CustomerChanges.model_fields) <= set(NewCustomer.model_fields)
    columns = {row["column_name"] for row in db.read("describe customer")}
    assert set(CustomerChanges.model_fields) <= columns
