"""Whatever is done to a book, in any order: what is kept is what its records come to.

Edits, imports and their undoing, erasures, targets, rules that are published, changed in their file
and taken back, days that pass and people who sit where it is another day: after what changes many
rows, every few steps, and at the end, `consistency.check` finds nothing wrong. `DONE` tells how
much was done and not refused.
"""

from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch
from uuid import UUID

import hypothesis.strategies as st
import pytest
from agency import IN_WON, STATEMENT, TODAY, csv_bytes, hire
from examples import few
from hypothesis import HealthCheck
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from kept_rows import assert_kept_as_computed
from random_book import random_book

from fpcore import sheets
from fpcore.customers import consents, contacts, policies, profiles
from fpcore.errors import FpError
from fpcore.gaps import publishing, targets
from fpcore.importing import importer, undoing
from fpcore.importing.importer import ImportOptions
from fpcore.kept import consistency, customer_rows
from fpcore.models import (
    WHOLE_LIFE,
    Account,
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
from fpcore.person import erasure
from fpcore.rules import records, rulebook
from fpcore.rules.amounts import Fixed
from fpcore.sheets import Sheet
from fpcore.store import opening
from fpcore.store.connecting import IN_MEMORY

DAY = timedelta(days=1)
WHO = st.integers(0, 99)
CODES = st.sampled_from(["total_low", "life_missing"])
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
FILED = rulebook.RULES.read_text("utf-8")
HELD_BY_DRIVERS = 'when = [{ word = "drives" }]\nneed = { word = "holds" }'
RULE_FILES = (FILED, FILED.replace('need = { word = "holds" }', HELD_BY_DRIVERS, 1), "broken [")
"""What the rule file says: as it is, with a rule for fewer people, or with a fault."""
COMES_OF_AGE = TODAY.replace(year=TODAY.year - 19) + DAY
SEEDS = st.integers(0, 1)
AMOUNTS_READ = st.sampled_from(["", "100000000", "7"])
STEPS_TO_CHECK, MOST_IMPORTS, FEW = 10, 5, 4
DONE: Counter[str] = Counter()


def workbook(rows: list[dict[str, str]]) -> bytes:
    """Write rows as a workbook, as `csv_bytes` does as CSV."""
    header = list(dict.fromkeys(name for row in rows for name in row))
    cells = [[row.get(name, "") for name in header] for row in rows]
    return sheets.xlsx_bytes(Sheet("명부", (), header, cells, [""] * len(header)))


class Work(RuleBasedStateMachine):
    """An FP, their manager and an admin at work; `WHO` draws who does it, and whose it is."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = TemporaryDirectory()
        self.rule_file = Path(self.folder.name) / rulebook.RULES.name
        self.rule_file.write_text(FILED, "utf-8")
        self.patch = patch.object(rulebook, "RULES", self.rule_file)
        self.patch.start()
        self.db = opening.open_database(IN_MEMORY)
        people = hire(self.db)
        self.fp, self.manager = people["fp1"], people["manager1"]
        self.staff = [self.fp, self.manager, people["admin"]]
        self.today = TODAY
        self.steps = 0
        self.batches: list = []
        self.published = 0
        customer_rows.roll_forward(self.db, TODAY)  # which keeps the rule file, too
        one = self.create(name="김하나", birth_date=COMES_OF_AGE)
        for number, ends in (("A-1", TODAY + DAY), ("A-2", WHOLE_LIFE)):
            new = NewPolicy(
                type="life", policy_number=number, end_date=ends, coverage_amount=Decimal(10**8)
            )
            policies.add(self.db, self.fp, one, new, TODAY)
        for amount in ("", "7"):  # the second one changes what the first one made
            self.take(0, amount, self.manager, "fp1")

    @property
    def here(self) -> date:
        """The day where they sit, which is another time zone at each step."""
        return self.today + (self.steps % 3 - 1) * DAY

    def check(self) -> None:
        assert consistency.check(self.db, self.today).findings == []

    @invariant()
    def check_now_and_then(self) -> None:
        self.steps += 1
        if self.steps % STEPS_TO_CHECK == 0:
            self.check()

    def teardown(self) -> None:
        try:
            self.check()
            for batch in reversed(self.batches):
                self.undo(batch, self.staff[-1])
            self.check()
            assert_kept_as_computed(self.db, self.staff[-1], self.today)
        finally:
            self.db.close()
            self.patch.stop()
            self.folder.cleanup()

    def by(self, draw: int) -> Account:
        return self.staff[draw // 10 % len(self.staff)]

    def some(self, table: str, draw: int, order: str = "id") -> dict | None:
        found = self.db.read(f"select * from {table} order by {order}")
        return found[draw % len(found)] if found else None

    def create(self, **typed: Any) -> Any:
        new = NewCustomer(**typed, consent_basis=STATEMENT)
        return profiles.create(self.db, self.fp, new, self.here)

    def attempt(self, work: Callable[[], Any]) -> None:
        """Do something that may be refused: what is refused must change no row either."""
        with suppress(FpError):
            work()
            DONE["of what may be refused"] += 1

    @rule(name=st.sampled_from(["박셋", "Kim", "김하나"]), born=st.none() | OFFSETS)
    def add_a_customer(self, name, born):
        born = None if born is None else COMES_OF_AGE + born * DAY
        self.attempt(lambda: self.create(name=name, birth_date=born))

    @rule(who=WHO, field=st.sampled_from(["name", "occupation", "email", "phone"]),
          text=st.sampled_from(["가나", "x@naver.com", "010-1234-5678"]))  # fmt: skip
    def change_a_customer(self, who, field, text):
        if one := self.some("customer", who):
            changes = CustomerChanges(**{field: text})
            self.attempt(
                lambda: profiles.update(
                    self.db, self.by(who), one["id"], changes, one["ver"], self.here
                )
            )

    @rule(who=WHO, day=st.none() | OFFSETS,
          field=st.sampled_from(["last_contact_on", "next_contact_on", "birth_date"]))  # fmt: skip
    def change_a_day(self, who, field, day):
        if one := self.some("customer", who):
            changes = CustomerChanges(**{field: None if day is None else self.here + day * DAY})
            self.attempt(
                lambda: profiles.update(
                    self.db, self.by(who), one["id"], changes, one["ver"], self.here
                )
            )

    @rule(who=WHO, typed=POLICY, start=st.none() | OFFSETS, end=st.none() | OFFSETS)
    def add_a_policy(self, who, typed, start, end):
        if one := self.some("customer", who):
            new = NewPolicy(**typed, **self.days(start, end))
            self.attempt(lambda: policies.add(self.db, self.by(who), one["id"], new, self.here))

    def days(self, start: int | None, end: int | None) -> dict[str, date | None]:
        last = None if end is None else WHOLE_LIFE if end == 4000 else self.here + end * DAY
        first = None if start is None else self.here + start * DAY
        return {"start_date": first, "end_date": last}

    @rule(which=WHO, typed=POLICY, start=st.none() | OFFSETS, end=OFFSETS)
    def change_a_policy(self, which, typed, start, end):
        if one := self.some("policy", which):
            changes = PolicyChanges(**typed, **self.days(start, end))
            self.attempt(
                lambda: policies.update(
                    self.db, self.by(which), one["id"], changes, one["ver"], self.here
                )
            )

    @rule(which=WHO, ago=st.sampled_from([0, 1, 31]))
    def end_a_policy(self, which, ago):
        if one := self.some("policy", which):
            on = self.here - ago * DAY
            self.attempt(
                lambda: policies.end(self.db, self.by(which), one["id"], on, one["ver"], self.here)
            )

    @rule(which=WHO)
    def remove_a_policy(self, which):
        if one := self.some("policy", which):
            self.attempt(
                lambda: policies.remove(self.db, self.by(which), one["id"], one["ver"], self.here)
            )

    @rule(who=WHO, outcome=st.sampled_from(ContactOutcome),
          ago=st.sampled_from([0, 1, 31]), ahead=st.sampled_from([None, 0, 1]))  # fmt: skip
    def log_a_contact(self, who, outcome, ago, ahead):
        if one := self.some("customer", who):
            new = NewContact(
                contacted_on=self.here - ago * DAY, channel="phone", outcome=outcome,
                next_contact_on=None if ahead is None else self.here + ahead * DAY,
            )  # fmt: skip
            self.attempt(lambda: contacts.add(self.db, self.by(who), one["id"], new, self.here))

    @rule(which=WHO)
    def remove_a_contact(self, which):
        if one := self.some("contact", which):
            self.attempt(lambda: contacts.remove(self.db, self.by(which), one["id"], self.here))

    @rule(who=WHO, kind=st.sampled_from(ConsentKind))
    def give_a_consent(self, who, kind):
        if one := self.some("customer", who):
            self.attempt(
                lambda: consents.give(
                    self.db, self.by(who), one["id"], kind, STATEMENT, ConsentChannel.PAPER,
                    self.here, self.here,
                )
            )  # fmt: skip

    @rule(who=WHO, kind=st.sampled_from(["collection", "marketing"]))
    def withdraw_a_consent(self, who, kind):
        if one := self.some("customer", who):
            self.attempt(
                lambda: consents.withdraw(
                    self.db, self.by(who), one["id"], ConsentKind(kind), ConsentChannel.PHONE,
                    self.here,
                )
            )  # fmt: skip

    @rule(who=WHO, code=CODES, amount=st.sampled_from([5, 10**8, 10**11]).map(Decimal))
    def set_a_target(self, who, code, amount):
        if one := self.some("customer", who):
            said = (one["id"], code, amount, "합의", self.here)
            self.attempt(lambda: targets.set_target(self.db, self.by(who), *said))

    @rule(who=WHO)
    def remove_a_target(self, who):
        if one := self.some("customer_target", who, "customer_id, code"):
            said = (one["customer_id"], one["code"], self.here)
            self.attempt(lambda: targets.remove_target(self.db, self.by(who), *said))

    @precondition(lambda self: len(self.batches) < MOST_IMPORTS)
    @rule(seed=SEEDS, amount=AMOUNTS_READ, owner=st.sampled_from([None, "fp1", "fp2"]))
    def import_a_workbook(self, seed, amount, owner):
        """Of another FP, or of those whom the file names."""
        self.attempt(lambda: self.take(seed, amount, self.staff[-1], owner, is_workbook=True))
        self.check()

    @precondition(lambda self: len(self.batches) < MOST_IMPORTS)
    @rule(seed=SEEDS, amount=AMOUNTS_READ, who=WHO)
    def import_a_book(self, seed, amount, who):
        """Again and again, with other amounts: the later ones update."""
        self.attempt(lambda: self.take(seed, amount, self.by(who), "fp1"))
        self.check()

    def take(
        self, seed: int, amount: str, account: Account, owner: str | None, is_workbook: bool = False
    ) -> None:
        rows = [{**row, "담당FP": owner or row["담당FP"]} for row in random_book(seed, rows=12)]
        rows = [{**row, "가입금액": amount} if "증권번호" in row else row for row in rows]
        known = {"고객명": "김하나", "보험종류": "생명", "담당FP": owner or "fp1"}
        for number in ("A-1", f"N-{len(self.batches)}"):  # a new one of somebody who stays as is
            rows.append({**known, "증권번호": number, "가입금액": amount})
        named = ("book.xlsx", workbook(rows)) if is_workbook else ("book.csv", csv_bytes(rows))
        options = ImportOptions(consent_basis=STATEMENT, units=IN_WON)
        report = importer.import_book(self.db, account, *named, options, self.here)
        self.batches.append(report.batch)
        DONE["rows created"] += report.created
        DONE["rows updated"] += report.updated

    @rule(back=st.integers(1, 3), who=WHO)
    def undo_an_import(self, back, who):
        """One of the last three."""
        self.undo(self.batches[-back:][0], self.by(who))
        self.check()

    def undo(self, batch: UUID, account: Account) -> None:
        with suppress(FpError):
            report = undoing.undo(self.db, account, batch, self.here)
            DONE["customers taken out"] += report.customers_removed
            DONE["policies taken out"] += report.policies_removed
            DONE["policies put back"] += report.policies_restored
            DONE["left"] += report.left_count

    @precondition(lambda self: self.published < 4)
    @rule(code=CODES, is_off=st.booleans(), amount=st.sampled_from([5, 10**8, 10**11]),
          ahead=st.sampled_from([0, 0, 2]))  # fmt: skip
    def publish_a_rule(self, code, is_off, amount, ahead):
        changes: dict[str, Any] = {"is_off": is_off}
        if code == "total_low":
            changes["need"] = Fixed(amount=amount)
        self.attempt(lambda: self.publish(code, ahead, **changes))
        self.check()

    @precondition(lambda self: self.published)
    @rule(code=CODES)
    def take_a_rule_back(self, code):
        """What the file says holds again: nothing that was published is taken away."""
        self.attempt(lambda: self.publish(code, 0))
        self.check()

    def publish(self, code: str, ahead: int, **changes: Any) -> None:
        self.published += 1
        filed = next(one for one in records.parsed("rules", FILED) if one.code == code)
        draft = filed.model_copy(update={**changes, "valid_from": self.here + ahead * DAY})
        publishing.publish(self.db, self.manager, draft, "본사 지침", self.here)

    @rule(content=st.sampled_from(RULE_FILES))
    def change_the_rule_file(self, content):
        """The app sees it at its next run, and brings everybody up to it."""
        self.rule_file.write_text(content, "utf-8")
        customer_rows.roll_forward(self.db, self.today)
        self.check()

    @precondition(lambda self: self.has_many())
    @rule(who=WHO)
    def erase_a_customer(self, who):
        if one := self.some("customer", who):
            self.attempt(lambda: self.remove(erasure.erase, self.by(who), one["id"]))

    @precondition(lambda self: self.has_many())
    @rule(who=WHO)
    def delete_a_customer(self, who):
        if one := self.some("customer", who):
            self.attempt(lambda: self.remove(profiles.delete, self.by(who), one["id"]))

    def has_many(self) -> bool:
        return self.db.read("select count(*) as n from customer")[0]["n"] > FEW

    def remove(self, how: Callable, account: Account, customer_id: UUID) -> None:
        how(self.db, account, customer_id, profiles.removal(self.db, account, customer_id))

    @rule()
    def erase_who_is_due(self):
        self.sleep(consents.DAYS_TO_DESTROY)
        self.attempt(lambda: erasure.erase_due(self.db, self.staff[-1], self.here))

    @rule(days=st.sampled_from([1, 2, 31]))
    def sleep(self, days):
        self.today += days * DAY
        customer_rows.roll_forward(self.db, self.today)


TestWork = Work.TestCase
TestWork.settings = few(3, stateful_step_count=30, suppress_health_check=list(HealthCheck))


@pytest.mark.search
def test_nothing_was_tried_in_vain():
    """What changes many rows was done in the sequences above, and not always refused."""
    if not DONE:
        pytest.skip("the sequences did not run")
    assert len(DONE) == 7 and min(DONE.values()) > 0
