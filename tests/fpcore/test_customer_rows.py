"""`customer_row`: the kept rows are at every moment what would be computed, also under threads."""

from datetime import timedelta
from itertools import combinations_with_replacement
from uuid import UUID

import pytest
from agency import (
    STATEMENT,
    TODAY,
    add_customer,
    add_policy,
    assert_listed_as_counted,
    at_once,
    csv_bytes,
    log_contact,
    newcomer,
    row_of,
    take,
)
from kept_rows import answers, spoil
from random_book import random_book
from test_rule_book import WHY, own

from fpcore.customers import consents, coverage, policies, profiles
from fpcore.customers.profiles import Removal
from fpcore.errors import EditedMeanwhile, NotFound
from fpcore.gaps import publishing
from fpcore.importing import importer
from fpcore.importing.importer import ImportOptions
from fpcore.kept import comparison, consistency, customer_rows, stated
from fpcore.kept.gap_history import Because, Cause
from fpcore.models import (
    Account,
    ConsentChannel,
    ConsentKind,
    CustomerChanges,
    NewPolicy,
)
from fpcore.portfolio import customer_list
from fpcore.portfolio.filters import CustomerFilter
from fpcore.store.database import Database

DAY = timedelta(days=1)
YESTERDAY, TOMORROW = TODAY - DAY, TODAY + DAY


# --- The day of a row -----------------------------------------------------------------------


@pytest.mark.parametrize("elsewhere", [YESTERDAY, TOMORROW])
@pytest.mark.parametrize("way", ["edit", "import", "rule"])
def test_whoever_sits_where_it_is_another_day_leaves_what_is_kept_of_today(
    way, elsewhere, db, people
):
    """About the day on which the customer comes of age: half of the rules begin."""
    fp, of_age = people["fp1"], max(TODAY, elsewhere)
    customer_rows.roll_forward(db, TODAY)
    born = of_age.replace(year=of_age.year - 19)
    one = add_customer(db, fp, birth_date=born, driving="own_car")
    add_policy(db, fp, one, type="health", end_date=TODAY)
    match way:
        case "edit":
            edited = CustomerChanges(occupation="교사")
            profiles.update(db, fp, one, edited, 1, elsewhere)
        case "import":
            rows = [{"이름": "김하나", "생년월일": str(born), "직업": "교사"}]
            said = ImportOptions(consent_basis=STATEMENT)
            importer.import_book(db, fp, "book.csv", csv_bytes(rows), said, elsewhere)
        case "rule":
            rule = own(valid_from=elsewhere)
            publishing.publish(db, people["manager1"], rule, WHY, elsewhere)
    assert consistency.check(db, TODAY).findings == []
    assert stated.are_kept(db, TODAY)


def test_rows_that_take_until_after_midnight_are_of_the_new_day(db, people):
    fp, one = people["fp1"], add_customer(db, people["fp1"], driving="own_car")
    customer_rows.roll_forward(db, TODAY)
    attempts = []

    def midnight(share: float) -> None:
        attempts.append(share)
        if len(attempts) == 1:
            customer_rows.roll_forward(db, TOMORROW)

    def work(cursor) -> None:
        of_age = {"born": TOMORROW.replace(year=TOMORROW.year - 19)}
        cursor.execute("update customer set birth_date = $born", of_age)
        cursor.execute("create or replace temp table touched as select id from customer")
        because = Because(Cause.EDIT, fp.id)
        customer_rows.refresh_all_of(db, cursor, "touched", TODAY, because, midnight)

    db.transaction(work)
    assert len(attempts) == 2
    assert row_of(db, "customer", one)["birth_date"]
    assert consistency.check(db, TOMORROW).findings == []


# --- What is read from where -----------------------------------------------------------------


def names(db, fp, day) -> list[str]:
    return list(customer_list.find(db, fp, CustomerFilter(), day).rows["name"])


def test_today_is_read_from_the_kept_rows_and_any_other_day_is_computed(db, people):
    """Otherwise every comparison here would hold computed rows against computed ones."""
    fp, one = people["fp1"], add_customer(db, people["fp1"])
    add_policy(db, fp, one, end_date=TOMORROW, coverage_amount=5, currency="USD")
    db.transaction(lambda cursor: cursor.execute("update customer_row set name = '지켜진 이름'"))
    assert names(db, fp, TODAY) == names(db, fp, TOMORROW) == ["지켜진 이름"]
    assert names(db, fp, TOMORROW + DAY) == ["김하나"]
    assert comparison.differences(db, TODAY) == [one]
    spoil(db)
    assert names(db, fp, TODAY) == ["김하나"]
    customer_rows.roll_forward(db, TODAY)
    assert comparison.differences(db, TODAY) == []


BROKEN = {
    "a row is missing": "delete from customer_row where id = $id",
    "a row is one too many": "insert into customer_row from customer_row where id = $id",
    "a row is wrong": "update customer_row set total_unknown = 7 where id = $id",
    "a state is wrong": "update customer_row set states = states + 1 where id = $id",
    "no states are kept": "update customer_row set states = null where id = $id",
    "judged by other rules": "update customer_row set rule_set = rule_set + 1 where id = $id",
}


@pytest.mark.parametrize("way", BROKEN)
def test_differences_tell_a_row_that_is_not_as_it_should_be(way, db, people):
    one, other = (add_customer(db, people["fp1"]) for _ in range(2))
    assert comparison.differences(db, TODAY) == []
    db.transaction(lambda cursor: cursor.execute(BROKEN[way], {"id": one}))
    assert comparison.differences(db, TODAY) == [one]
    profiles.delete(db, people["fp1"], other, profiles.removal(db, people["fp1"], other))
    assert comparison.differences(db, TODAY) == [one]


def test_where_a_row_is_missing_nobody_is_missing_from_the_list(db, people):
    """A database from before there were kept rows, until the first roll_forward."""
    fp = people["fp1"]
    add_policy(db, fp, add_customer(db, fp), coverage_amount=7)
    before = answers(db, fp, TODAY)
    db.transaction(lambda cursor: cursor.execute("delete from customer_row"))
    assert answers(db, fp, TODAY) == before
    customer_rows.roll_forward(db, TODAY)
    assert comparison.differences(db, TODAY) == []
    assert answers(db, fp, TODAY) == before


# --- From one day to the next ----------------------------------------------------------------


def held(db, fp, day) -> dict[str, tuple[int, float]]:
    rows = customer_list.find(db, fp, CustomerFilter(), day).rows
    return {row["name"]: (row["policies"], row["coverage"]) for row in rows.to_dict("records")}


def test_a_policy_ends_and_another_begins_overnight(shared):
    db, fp = shared
    customer_rows.roll_forward(db, TODAY)
    ends, begins = add_customer(db, fp, name="끝"), add_customer(db, fp, name="시작")
    add_policy(db, fp, ends, end_date=TODAY, coverage_amount=5)
    add_policy(db, fp, begins, start_date=TOMORROW, coverage_amount=7)
    expected = {
        YESTERDAY: {"끝": (1, 5), "시작": (0, 0)}, TODAY: {"끝": (1, 5), "시작": (0, 0)},
        TOMORROW: {"끝": (0, 0), "시작": (1, 7)}, TOMORROW + DAY: {"끝": (0, 0), "시작": (1, 7)},
    }  # fmt: skip
    for rolled_to in (TODAY, TOMORROW, TOMORROW + DAY, TODAY):
        customer_rows.roll_forward(db, rolled_to)
        assert comparison.differences(db, rolled_to) == []
        assert {day: held(db, fp, day) for day in expected} == expected


def test_a_day_on_which_nothing_ends_or_begins_rolls_nothing(db, people):
    fp = people["fp1"]
    add_policy(db, fp, add_customer(db, fp), start_date=YESTERDAY, end_date=TODAY + 400 * DAY)
    customer_rows.roll_forward(db, TODAY)
    mark = "update customer_row set occupation = 'as it was' where owner_id = $fp"
    db.transaction(lambda cursor: cursor.execute(mark, {"fp": fp.id}))
    customer_rows.roll_forward(db, TOMORROW)
    (row,) = db.read("select * from customer_row where owner_id = $fp", {"fp": fp.id})
    assert row["occupation"] == "as it was"


@pytest.fixture
def busy_office(db, people) -> tuple[Database, dict[str, Account]]:
    """A random book of 150 rows with ends and beginnings on many days, calls and withdrawals."""
    assert take(db, people["admin"], random_book(5, rows=150)).taken > 100
    admin = people["admin"]
    some = db.read("select id from customer order by id limit 6")
    for row in some[:3]:
        log_contact(db, admin, row["id"])
    for row in some[3:]:
        consents.withdraw(db, admin, row["id"], ConsentKind.COLLECTION, ConsentChannel.PHONE, TODAY)
    return db, people


def test_every_day_and_currency_says_the_same_whether_kept_or_computed(busy_office):
    db, people = busy_office
    for days in (1, 31, 900, 10_000, 0):
        day = TODAY + days * DAY
        before = answers(db, people["admin"], day)
        customer_rows.roll_forward(db, day)
        assert answers(db, people["admin"], day) == before
        assert_listed_as_counted(db, people["admin"], day)
        assert comparison.differences(db, day) == []
    dollars = answers(db, people["admin"], TODAY, "USD")
    spoil(db)
    assert answers(db, people["admin"], TODAY, "USD") == dollars


# --- Two at the same moment ------------------------------------------------------------------


def give(db: Database, fp: Account, one: UUID) -> str:
    consents.give(db, fp, one, ConsentKind.HEALTH, STATEMENT, ConsentChannel.PAPER, TODAY, TODAY)
    return "given"


ADD = {"policy": add_policy, "contact": log_contact, "consent": give}


@pytest.mark.parametrize(("first", "second"), [*combinations_with_replacement(ADD, 2)])
def test_what_two_add_at_once_is_both_there_and_counted(first, second, shared):
    db, fp = shared
    one = add_customer(db, fp)
    adders = ADD[first], ADD[second]
    results = at_once(*(lambda add=add: add(db, fp, one) for add in adders))
    assert not [result for result in results if isinstance(result, Exception) or result is None]
    going = profiles.removal(db, fp, one)
    added = (first, second)
    assert going == Removal(
        "김하나", added.count("policy"), added.count("contact"), 1 + added.count("consent")
    )
    assert comparison.differences(db, TODAY) == []
    assert coverage.summary(db, fp, one, TODAY).total.policies == added.count("policy")


ROUNDS = {"policy": 30, "contact": 10, "consent": 10}


@pytest.fixture(scope="module")
def subjects(office) -> dict[str, list[UUID]]:
    """Customers enough to delete one in each round."""
    db, fp = office.db, newcomer(office.db)
    book = [{"고객번호": f"{n}", "고객명": "지울 사람"} for n in range(sum(ROUNDS.values()))]
    assert take(db, fp, book).taken == len(book)
    ids = [row["id"] for row in db.read("select id from customer where name = '지울 사람'")]
    return {kind: [ids.pop() for _ in range(rounds)] for kind, rounds in ROUNDS.items()}


ORPHANS = " union all ".join(
    f"select count(*) as n from {table} where customer_id not in (select id from customer)"
    for table in ADD
)


@pytest.mark.parametrize("kind", ADD)
def test_whoever_is_deleted_while_something_is_added_leaves_no_orphan(kind, subjects, office):
    db, admin = office.db, office.people["admin"]
    outcomes = []
    for one in subjects[kind]:
        deleted, added = at_once(
            lambda one=one: profiles.delete(db, admin, one, Removal("지울 사람", 0, 0, 1)),
            lambda one=one: ADD[kind](db, admin, one),
        )
        if isinstance(deleted, EditedMeanwhile):  # somebody added first: more would have gone
            assert not isinstance(added, Exception)
            profiles.get(db, admin, one, TODAY)
        else:
            assert (deleted, type(added)) == (None, NotFound)
        outcomes.append(deleted)
        assert db.read(ORPHANS) == [{"n": 0}] * 3
    assert comparison.differences(db, TODAY) == []
    assert len(outcomes) == ROUNDS[kind]


def test_two_who_add_to_a_customer_without_a_kept_row_make_one_row(shared):
    """A database from before there were kept rows, and two people before the first roll_forward."""
    db, fp = shared
    one = add_customer(db, fp)
    db.transaction(
        lambda cursor: cursor.execute("delete from customer_row where id = $id", {"id": one})
    )
    results = at_once(*[lambda: add_policy(db, fp, one)] * 2)
    assert not [result for result in results if isinstance(result, Exception)]
    try:
        assert comparison.differences(db, TODAY) == []
        assert coverage.summary(db, fp, one, TODAY).total.policies == 2
    finally:
        db.transaction(lambda cursor: customer_rows.refresh(db, cursor, fp, [one], TODAY))


def test_a_day_that_is_rolled_forward_while_people_work_stays_true(shared):
    db, fp = shared
    ids = [add_customer(db, fp) for _ in range(3)]
    for one in ids:
        add_policy(db, fp, one, end_date=TODAY)
    results = at_once(
        lambda: customer_rows.roll_forward(db, TOMORROW),
        *(
            lambda one=one: policies.add(
                db, fp, one, NewPolicy(type="car", start_date=TOMORROW), TOMORROW
            )
            for one in ids
        ),
    )
    try:
        assert not [result for result in results if isinstance(result, Exception)]
        assert comparison.differences(db, TOMORROW) == []
    finally:
        customer_rows.roll_forward(db, TODAY)
