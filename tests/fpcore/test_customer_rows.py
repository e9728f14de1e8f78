"""`customer_row`: the kept rows are at every moment what would be computed, also under threads."""

from collections.abc import Callable
from contextlib import suppress
from datetime import date, timedelta
from decimal import Decimal
from itertools import combinations_with_replacement
from typing import Any
from uuid import UUID

import hypothesis.strategies as st
import pytest
from agency import (
    STATEMENT,
    TODAY,
    add_customer,
    add_policy,
    assert_listed_as_counted,
    at_once,
    hire,
    log_contact,
    newcomer,
    take,
)
from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from random_book import random_book

from fpcore import (
    consents,
    contacts,
    coverage,
    customer_list,
    customer_rows,
    customers,
    database,
    gap_books,
    gaps,
    policies,
    portfolio,
)
from fpcore.customer_list import CustomerFilter, Sort
from fpcore.customers import Removal
from fpcore.database import Database
from fpcore.errors import EditedMeanwhile, FpError, NotFound
from fpcore.models import (
    WHOLE_LIFE,
    Account,
    ConsentChannel,
    ConsentKind,
    ContactOutcome,
    CustomerChanges,
    NewContact,
    NewPolicy,
    PolicyChanges,
    PolicyStatus,
    PolicyType,
    PremiumCycle,
    RowKind,
)

DAY = timedelta(days=1)
YESTERDAY, TOMORROW = TODAY - DAY, TODAY + DAY


def answers(db: Database, account: Account, day: date, currency: str = "KRW") -> dict[str, Any]:
    """What lists, heatmaps and rules say of a day, in a form that can be compared."""
    said = {
        rows.value: portfolio.figures(db, account, rows, day, currency).to_csv()
        for rows in (RowKind.AGE_BAND, RowKind.FP)
    }
    if currency != "KRW":
        return said
    wanted = CustomerFilter(), CustomerFilter(search="ㄱ", status="expired", not_contacted_for=30)
    for number, one in enumerate(wanted):
        page = customer_list.find(db, account, one, day, Sort.NEXT_END, page_size=1000)
        said[f"find {number}"] = (page.rows.to_csv(), page.matching, page.in_scope, page.withdrawn)
    said["gaps"] = str(gap_books.of_scope(db, account, day))
    return said


def spoil(db: Database) -> None:
    """Make the kept rows true of no day that anybody asks for, so that all is computed."""
    db.transaction(
        lambda cursor: cursor.execute("update customer_row set held_until = '0001-01-02'")
    )


def assert_kept_as_computed(db: Database, account: Account, today: date) -> None:
    """Ask for today with the rows as they are kept, and again with rows that cannot be used.

    The rows are not true of any day afterwards.
    """
    assert customer_rows.differences(db, today) == []
    assert_listed_as_counted(db, account, today)
    kept = answers(db, account, today)
    spoil(db)
    assert answers(db, account, today) == kept


# --- What is read from where -----------------------------------------------------------------


@pytest.fixture
def shared(office) -> tuple[Database, Account]:
    """The database that tests of this file share, and an FP of it without customers."""
    return office[0], newcomer(office[0])


def names(db, fp, day) -> list[str]:
    return list(customer_list.find(db, fp, CustomerFilter(), day).rows["name"])


def test_today_is_read_from_the_kept_rows_and_any_other_day_is_computed(db, people):
    """Otherwise every comparison here would hold computed rows against computed ones."""
    fp, one = people["fp1"], add_customer(db, people["fp1"])
    add_policy(db, fp, one, end_date=TOMORROW, coverage_amount=5, currency="USD")
    db.transaction(lambda cursor: cursor.execute("update customer_row set name = '지켜진 이름'"))
    assert names(db, fp, TODAY) == names(db, fp, TOMORROW) == ["지켜진 이름"]
    assert names(db, fp, TOMORROW + DAY) == ["김하나"]
    assert customer_rows.differences(db, TODAY) == [one]
    spoil(db)
    assert names(db, fp, TODAY) == ["김하나"]
    customer_rows.roll_forward(db, TODAY)
    assert customer_rows.differences(db, TODAY) == []


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
    assert customer_rows.differences(db, TODAY) == []
    db.transaction(lambda cursor: cursor.execute(BROKEN[way], {"id": one}))
    assert customer_rows.differences(db, TODAY) == [one]
    customers.delete(db, people["fp1"], other, customers.removal(db, people["fp1"], other))
    assert customer_rows.differences(db, TODAY) == [one]


def test_where_a_row_is_missing_nobody_is_missing_from_the_list(db, people):
    """A database from before there were kept rows, until the first roll_forward."""
    fp = people["fp1"]
    add_policy(db, fp, add_customer(db, fp), coverage_amount=7)
    before = answers(db, fp, TODAY)
    db.transaction(lambda cursor: cursor.execute("delete from customer_row"))
    assert answers(db, fp, TODAY) == before
    customer_rows.roll_forward(db, TODAY)
    assert customer_rows.differences(db, TODAY) == []
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
        assert customer_rows.differences(db, rolled_to) == []
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
        assert customer_rows.differences(db, day) == []
    dollars = answers(db, people["admin"], TODAY, "USD")
    spoil(db)
    assert answers(db, people["admin"], TODAY, "USD") == dollars


# --- Whatever is done ------------------------------------------------------------------------

OFFSETS = st.sampled_from([-4000, -31, -1, 0, 1, 2, 31, 4000])
AMOUNTS = st.none() | st.integers(0, 10**9).map(Decimal)
POLICY = st.fixed_dictionaries(
    {"type": st.sampled_from(PolicyType)},
    optional={
        "coverage_amount": AMOUNTS, "premium_amount": AMOUNTS,
        "premium_cycle": st.none() | st.sampled_from(PremiumCycle),
        "currency": st.sampled_from(["KRW", "USD"]), "status": st.sampled_from(PolicyStatus),
        "insurer": st.sampled_from([None, "삼성생명", "AIA"]),
        "policy_number": st.sampled_from([None, "A-1", "B 2"]),
    },
)  # fmt: skip


class DailyWork(RuleBasedStateMachine):
    """An FP and a manager at work, in any order; the rows are compared after every step."""

    def __init__(self) -> None:
        super().__init__()
        self.db = database.open_database(database.IN_MEMORY)
        people = hire(self.db)
        self.fp, self.manager = people["fp1"], people["manager1"]
        self.today = TODAY
        self.imports = 0
        self.compared = -1  # the version of the database at the last comparison
        for name in ("김하나", "이둘"):
            one = add_customer(self.db, self.fp, name=name)
            add_policy(self.db, self.fp, one, policy_number=name, end_date=TODAY + DAY)
            log_contact(self.db, self.fp, one)

    def teardown(self) -> None:
        assert_kept_as_computed(self.db, self.manager, self.today)
        self.db.close()

    @invariant()
    def rows_are_as_computed(self) -> None:
        if self.compared != self.db.version:
            assert customer_rows.differences(self.db, self.today) == []
        self.compared = self.db.version

    def some(self, table: str, draw: int) -> dict | None:
        found = self.db.read(f"select * from {table} order by id")
        return found[draw % len(found)] if found else None

    def attempt(self, work: Callable[[], Any]) -> None:
        """Do something that may be refused: what is refused must change no row either."""
        with suppress(FpError):
            work()

    @rule(name=st.sampled_from(["박셋", "Kim", "김하나"]), born=st.none() | OFFSETS)
    def add_a_customer(self, name, born):
        born = None if born is None else self.today + born * DAY
        self.attempt(lambda: add_customer(self.db, self.fp, name=name, birth_date=born))

    @rule(who=st.integers(0, 9), field=st.sampled_from(["name", "occupation", "email", "phone"]),
          text=st.sampled_from(["가나", "x@naver.com", "010-1234-5678"]))  # fmt: skip
    def change_a_customer(self, who, field, text):
        if one := self.some("customer", who):
            changes = CustomerChanges(**{field: text})
            self.attempt(
                lambda: customers.update(
                    self.db, self.manager, one["id"], changes, one["ver"], self.today
                )
            )

    @rule(who=st.integers(0, 9), day=st.none() | OFFSETS,
          field=st.sampled_from(["last_contact_on", "next_contact_on", "birth_date"]))  # fmt: skip
    def change_a_day(self, who, field, day):
        if one := self.some("customer", who):
            changes = CustomerChanges(**{field: None if day is None else self.today + day * DAY})
            self.attempt(
                lambda: customers.update(
                    self.db, self.fp, one["id"], changes, one["ver"], self.today
                )
            )

    @rule(who=st.integers(0, 9), typed=POLICY, start=st.none() | OFFSETS, end=st.none() | OFFSETS)
    def add_a_policy(self, who, typed, start, end):
        if one := self.some("customer", who):
            new = NewPolicy(**typed, **self.days(start, end))
            self.attempt(lambda: policies.add(self.db, self.fp, one["id"], new, self.today))

    def days(self, start: int | None, end: int | None) -> dict[str, date | None]:
        last = None if end is None else WHOLE_LIFE if end == 4000 else self.today + end * DAY
        first = None if start is None else self.today + start * DAY
        return {"start_date": first, "end_date": last}

    @rule(which=st.integers(0, 9), typed=POLICY, start=st.none() | OFFSETS, end=OFFSETS)
    def change_a_policy(self, which, typed, start, end):
        if one := self.some("policy", which):
            changes = PolicyChanges(**typed, **self.days(start, end))
            self.attempt(
                lambda: policies.update(
                    self.db, self.fp, one["id"], changes, one["ver"], self.today
                )
            )

    @rule(which=st.integers(0, 9), ago=st.sampled_from([0, 1, 31]))
    def end_a_policy(self, which, ago):
        if one := self.some("policy", which):
            on = self.today - ago * DAY
            self.attempt(
                lambda: policies.end(self.db, self.fp, one["id"], on, one["ver"], self.today)
            )

    @rule(which=st.integers(0, 9))
    def remove_a_policy(self, which):
        if one := self.some("policy", which):
            self.attempt(
                lambda: policies.remove(self.db, self.fp, one["id"], one["ver"], self.today)
            )

    @rule(who=st.integers(0, 9), outcome=st.sampled_from(ContactOutcome),
          ago=st.sampled_from([0, 1, 31]), ahead=st.sampled_from([None, 0, 1]))  # fmt: skip
    def log_a_contact(self, who, outcome, ago, ahead):
        if one := self.some("customer", who):
            new = NewContact(
                contacted_on=self.today - ago * DAY, channel="phone", outcome=outcome,
                next_contact_on=None if ahead is None else self.today + ahead * DAY,
            )  # fmt: skip
            self.attempt(lambda: contacts.add(self.db, self.fp, one["id"], new, self.today))

    @rule(which=st.integers(0, 9))
    def remove_a_contact(self, which):
        if one := self.some("contact", which):
            self.attempt(lambda: contacts.remove(self.db, self.fp, one["id"], self.today))

    @rule(who=st.integers(0, 9), kind=st.sampled_from(ConsentKind))
    def give_a_consent(self, who, kind):
        if one := self.some("customer", who):
            self.attempt(
                lambda: consents.give(
                    self.db, self.fp, one["id"], kind, STATEMENT, ConsentChannel.PAPER,
                    self.today, self.today,
                )
            )  # fmt: skip

    @rule(who=st.integers(0, 9), kind=st.sampled_from(["collection", "marketing"]))
    def withdraw_a_consent(self, who, kind):
        if one := self.some("customer", who):
            self.attempt(
                lambda: consents.withdraw(
                    self.db, self.fp, one["id"], ConsentKind(kind), ConsentChannel.PHONE,
                    self.today,
                )
            )  # fmt: skip

    @rule(who=st.integers(0, 9), amount=AMOUNTS)
    def set_a_target(self, who, amount):
        if one := self.some("customer", who):
            said = (one["id"], "total_low", amount, "합의", self.today)
            self.attempt(lambda: gaps.set_target(self.db, self.fp, *said))

    @precondition(lambda self: self.imports < 1)
    @rule(seed=st.integers(0, 3))
    def import_a_book(self, seed):
        self.imports += 1
        rows = [{**row, "담당FP": "fp1"} for row in random_book(seed, rows=30)]
        known = [{"고객명": "김하나", "보종": "생명", "증권번호": "A-1", "가입금액": "2억"}]
        take(self.db, self.manager, rows + known, owner_id=self.fp.id)

    @rule(who=st.integers(0, 9))
    def delete_a_customer(self, who):
        if one := self.some("customer", who):
            going = customers.removal(self.db, self.fp, one["id"])
            customers.delete(self.db, self.fp, one["id"], going)

    @rule(days=st.sampled_from([1, 2, 31]))
    def sleep(self, days):
        self.today += days * DAY
        customer_rows.roll_forward(self.db, self.today)


TestDailyWork = DailyWork.TestCase
TestDailyWork.settings = settings(
    max_examples=settings.default.max_examples // 5,
    stateful_step_count=12,
    suppress_health_check=list(HealthCheck),
)


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
    going = customers.removal(db, fp, one)
    added = (first, second)
    assert going == Removal(
        "김하나", added.count("policy"), added.count("contact"), 1 + added.count("consent")
    )
    assert customer_rows.differences(db, TODAY) == []
    assert coverage.summary(db, fp, one, TODAY).total.policies == added.count("policy")


ROUNDS = {"policy": 30, "contact": 10, "consent": 10}


@pytest.fixture(scope="module")
def subjects(office) -> dict[str, list[UUID]]:
    """Customers enough to delete one in each round."""
    db, fp = office[0], newcomer(office[0])
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
    db, admin = office[0], office[1]["admin"]
    outcomes = []
    for one in subjects[kind]:
        deleted, added = at_once(
            lambda one=one: customers.delete(db, admin, one, Removal("지울 사람", 0, 0, 1)),
            lambda one=one: ADD[kind](db, admin, one),
        )
        if isinstance(deleted, EditedMeanwhile):  # somebody added first: more would have gone
            assert not isinstance(added, Exception)
            customers.get(db, admin, one, TODAY)
        else:
            assert (deleted, type(added)) == (None, NotFound)
        outcomes.append(deleted)
        assert db.read(ORPHANS) == [{"n": 0}] * 3
    assert customer_rows.differences(db, TODAY) == []
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
        assert customer_rows.differences(db, TODAY) == []
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
        assert customer_rows.differences(db, TOMORROW) == []
    finally:
        customer_rows.roll_forward(db, TODAY)
