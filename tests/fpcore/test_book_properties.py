"""Whatever is done to a book, in any order: what is kept is what its records come to.

Edits, imports and their undoing, erasures, targets, rules that are published, days that pass: after
what changes many rows, and at the end, `consistency.check` finds nothing wrong.
"""

from collections.abc import Callable
from contextlib import suppress
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import hypothesis.strategies as st
from agency import IN_WON, STATEMENT, TODAY, csv_bytes, hire
from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule
from kept_rows import assert_kept_as_computed
from random_book import random_book

from fpcore import (
    book_import,
    consents,
    consistency,
    contacts,
    customer_rows,
    customers,
    database,
    gap_rules,
    gaps,
    import_batches,
    personal_data,
    policies,
    rule_book,
)
from fpcore.book_import import ImportOptions
from fpcore.errors import FpError
from fpcore.models import (
    WHOLE_LIFE,
    ConsentChannel,
    ConsentKind,
    ContactOutcome,
    CustomerChanges,
    NewContact,
    NewCustomer,
    NewPolicy,
    PolicyChanges,
    PolicyStatus,
    PolicyType,
    PremiumCycle,
)
from fpcore.rule_words import Fixed

DAY = timedelta(days=1)
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


class Work(RuleBasedStateMachine):
    """An FP and a manager at work."""

    def __init__(self) -> None:
        super().__init__()
        self.db = database.open_database(database.IN_MEMORY)
        people = hire(self.db)
        self.fp, self.manager = people["fp1"], people["manager1"]
        self.today = TODAY
        self.batches: list = []
        self.published = 0
        for name in ("김하나", "이둘"):
            one = self.create(name=name)
            for number, ends in ((name, TODAY + DAY), (f"{name} 2", WHOLE_LIFE)):
                new = NewPolicy(
                    type="life", policy_number=number, end_date=ends, coverage_amount=Decimal(10**8)
                )
                policies.add(self.db, self.fp, one, new, TODAY)

    def check(self) -> None:
        assert consistency.check(self.db, self.today).findings == []

    def teardown(self) -> None:
        self.check()
        assert_kept_as_computed(self.db, self.manager, self.today)
        self.db.close()

    def some(self, table: str, draw: int) -> dict | None:
        found = self.db.read(f"select * from {table} order by id")
        return found[draw % len(found)] if found else None

    def create(self, **typed: Any) -> Any:
        new = NewCustomer(**typed, consent_basis=STATEMENT)
        return customers.create(self.db, self.fp, new, self.today)

    def attempt(self, work: Callable[[], Any]) -> None:
        """Do something that may be refused: what is refused must change no row either."""
        with suppress(FpError):
            work()

    @rule(name=st.sampled_from(["박셋", "Kim", "김하나"]), born=st.none() | OFFSETS)
    def add_a_customer(self, name, born):
        born = None if born is None else self.today + born * DAY
        self.attempt(lambda: self.create(name=name, birth_date=born))

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

    @rule(who=st.integers(0, 9), amount=st.sampled_from([5, 10**8, 10**11]).map(Decimal))
    def set_a_target(self, who, amount):
        if one := self.some("customer", who):
            said = (one["id"], "total_low", amount, "합의", self.today)
            self.attempt(lambda: gaps.set_target(self.db, self.fp, *said))

    @rule(who=st.integers(0, 9))
    def remove_a_target(self, who):
        if one := self.some("customer", who):
            said = (one["id"], "total_low", self.today)
            self.attempt(lambda: gaps.remove_target(self.db, self.fp, *said))

    @precondition(lambda self: len(self.batches) < 3)
    @rule(seed=st.integers(0, 1), amount=st.sampled_from(["", "100000000", "7"]))
    def import_a_book(self, seed, amount):
        """The same two books again and again, with other amounts: the later ones update."""
        rows = [{**row, "담당FP": "fp1"} for row in random_book(seed, rows=12)]
        rows = [{**row, "가입금액": amount} if "증권번호" in row else row for row in rows]
        known = [{"고객명": "김하나", "보험종류": "생명", "증권번호": "A-1", "가입금액": amount}]
        options = ImportOptions(consent_basis=STATEMENT, units=IN_WON, owner_id=self.fp.id)
        book = csv_bytes(rows + known)
        report = book_import.import_book(
            self.db, self.manager, "book.csv", book, options, self.today
        )
        self.batches.append(report.batch)
        self.check()

    @precondition(lambda self: self.batches)
    @rule(which=st.integers(0, 2))
    def undo_an_import(self, which):
        batch = self.batches[which % len(self.batches)]
        self.attempt(lambda: import_batches.undo(self.db, self.manager, batch, self.today))
        self.check()

    @precondition(lambda self: self.published < 3)
    @rule(code=st.sampled_from(["total_low", "life_missing"]), is_off=st.booleans(),
          amount=st.sampled_from([5, 10**8, 10**11]))  # fmt: skip
    def publish_a_rule(self, code, is_off, amount):
        self.published += 1
        rules = {one.code: one for one in gap_rules.rules_on(self.db, self.today)}
        if code not in rules:  # switched off since
            return
        draft = rules[code].model_copy(update={"is_off": is_off, "valid_from": self.today})
        if code == "total_low":
            draft = draft.model_copy(update={"need": Fixed(amount=amount)})
        said = (draft, "본사 지침", self.today)
        self.attempt(lambda: rule_book.publish(self.db, self.manager, *said))
        self.check()

    @rule(who=st.integers(0, 9))
    def erase_a_customer(self, who):
        if one := self.some("customer", who):
            going = customers.removal(self.db, self.fp, one["id"])
            personal_data.erase(self.db, self.fp, one["id"], going)

    @rule(who=st.integers(0, 9))
    def delete_a_customer(self, who):
        if one := self.some("customer", who):
            going = customers.removal(self.db, self.fp, one["id"])
            customers.delete(self.db, self.fp, one["id"], going)

    @rule(days=st.sampled_from([1, 2, 31]))
    def sleep(self, days):
        self.today += days * DAY
        customer_rows.roll_forward(self.db, self.today)


TestWork = Work.TestCase
TestWork.settings = settings(
    max_examples=settings.default.max_examples // 2,
    stateful_step_count=24,
    suppress_health_check=list(HealthCheck),
)
