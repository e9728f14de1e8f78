"""Who may do what to whose data: every operation of the domain, tried by everybody.

The operations are found in the source. One that is not in the tables here fails the first tests,
so that none is added without being tried by those who may not do it.
"""

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from agency import PASSWORD, STATEMENT, TODAY, csv_bytes, disable, forged, hire, take

import fpcore
from fpcore.access import accounts, scope
from fpcore.customers import consents, contacts, coverage, policies, profiles
from fpcore.customers.profiles import Removal
from fpcore.errors import NotAllowed, NotFound
from fpcore.facts import relation
from fpcore.facts.groups import ALL_ROWS, OWNER
from fpcore.gaps import changes, explanation, publishing, scopes, targets, trials, what_if
from fpcore.importing import history, mappings, undoing
from fpcore.importing import importer as book_import
from fpcore.importing.importer import ImportOptions
from fpcore.kept import customer_rows
from fpcore.kept.gap_history import Because, Cause
from fpcore.kept.stated import stated_fact
from fpcore.models import (
    Account,
    ConsentChannel,
    ConsentKind,
    ContactChannel,
    ContactOutcome,
    CustomerChanges,
    Measure,
    NewContact,
    NewCustomer,
    NewPolicy,
    PolicyChanges,
    PolicyStatus,
    PolicyType,
    Role,
    RowKind,
)
from fpcore.person import disclosure, erasure
from fpcore.portfolio import (
    conditions,
    customer_list,
    follow_up,
    heatmaps,
    indicators,
    makeup,
    saved_filters,
)
from fpcore.portfolio.filters import CustomerFilter
from fpcore.rules import rulebook
from fpcore.rules.amounts import Fixed
from fpcore.rules.records import Rule
from fpcore.store import database, opening
from fpcore.store.connecting import IN_MEMORY
from fpcore.store.database import Cursor, Database

SEES = {
    "fp1": {"fp1"},
    "fp2": {"fp2"},  # of the same team as fp1
    "fp3": {"fp3"},  # of another team
    "manager1": {"fp1", "fp2", "fired"},
    "manager2": {"fp3"},
    "loose": {"loose"},  # a manager without a team
    "admin": {"fp1", "fp2", "fp3", "loose", "fired"},
    "fired": set(),  # a disabled FP of fp1's team, who has customers
    "fp2 as admin": {"fp2"},  # claims a role that is not theirs
    "fired as admin": set(),
}
"""Whose customers each account may see."""

CURRENCY = {"fp1": "USD", "fp2": "EUR", "fp3": "JPY", "loose": "GBP", "fired": "CHF"}
STAFF = ("fp1", "fp2", "fp3")
PROBES = 80  # customers of each FP, for those who may change one


@dataclass(frozen=True)
class Subject:
    """A customer with a policy, a contact and two consents; `owner` is a user name."""

    id: UUID
    owner: str
    name: str
    source_key: str
    policy: UUID
    contact: UUID


@dataclass
class Agency:
    """The people, and their customers by owner: one to be refused, others to be changed."""

    db: Database
    people: dict[str, Account]
    kept: dict[str, Subject]
    to_change: dict[str, list[Subject]]
    seen: tuple[int, dict[str, tuple]] | None = None

    def owners_tried(self, asker: str) -> list[str]:
        """Own customers, those of the team and foreign ones."""
        own = asker.split()[0]
        return [*STAFF, own] if own in self.kept and own not in STAFF else [*STAFF]

    def before(self) -> dict[str, tuple]:
        """The fingerprint of the tables; the last one where nothing was committed since."""
        if self.seen is None or self.seen[0] != self.db.version:
            self.seen = (self.db.version, fingerprint(self.db))
        return self.seen[1]

    def changed_since(self, before: dict[str, tuple]) -> set[str]:
        """The tables that are no longer what they were, `views` for the log of looks."""
        self.seen = (self.db.version, fingerprint(self.db))
        return changed(before, self.seen[1])


@pytest.fixture(scope="module")
def agency() -> Iterator[Agency]:
    """fp1 and fp2 of one team, fp3 of another, a manager without a team, a disabled FP."""
    db = opening.open_database(IN_MEMORY)
    people = hire(db)
    people["loose"] = accounts.add(db, accounts.OPERATOR, "loose", Role.MANAGER, PASSWORD)
    people["fired"] = accounts.add(db, accounts.OPERATOR, "fired", Role.FP, PASSWORD, "강남")
    people["fp2 as admin"] = forged(people["fp2"])
    people["fired as admin"] = forged(people["fired"])
    book = [
        {"고객번호": f"{owner}-{n}", "고객명": f"{owner}의 고객{n}", "보종": "생명",
         "증권번호": f"{owner}-{n}", "통화": currency, "담당FP": owner}
        for owner, currency in CURRENCY.items()
        for n in range(PROBES if owner in STAFF else 30)
    ]  # fmt: skip
    assert take(db, people["admin"], book).taken == len(book)
    db.transaction(lambda cursor: _add_what_no_book_has(db, cursor))
    subjects = _subjects(db)
    for owner in CURRENCY:
        gone = subjects[owner].pop()
        consents.withdraw(
            db, people["admin"], gone.id, ConsentKind.COLLECTION, ConsentChannel.PHONE, TODAY
        )
    disable(db, "fired")
    kept = {owner: subjects[owner].pop() for owner in CURRENCY}
    customer_rows.roll_forward(db, TODAY)
    yield Agency(db, people, kept, subjects)
    db.close()


def _add_what_no_book_has(db: Database, cursor: Cursor) -> None:
    said = {"asker": accounts.OPERATOR.id, "today": TODAY, "now": database.utc_now()}
    cursor.execute(
        """
        insert into contact (
            id, customer_id, contacted_on, channel, outcome, recorded_by, created_at)
        select uuidv7(), id, $today, 'phone', 'reached', $asker, $now from customer
        """,
        said,
    )
    cursor.execute(
        """
        insert into consent (
            id, customer_id, kind, basis, channel, given_on, recorded_by, created_at)
        select uuidv7(), id, 'marketing', 'x', 'phone', $today, $asker, $now from customer
        """,
        said,
    )
    cursor.execute(
        """
        insert into customer_target (
            id, customer_id, code, amount, note, set_by, created_at, updated_at)
        select uuidv7(), id, 'health_by_age', 5, 'x', $asker, $now, $now from customer
        """,
        {name: said[name] for name in ("asker", "now")},
    )
    cursor.execute(
        """
        insert into gap_change (
            id, customer_id, code, version, state_before, state, on_day, cause, created_at)
        select uuidv7(), c.id, a.username, 1, 'covered', 'gap', $today, 'time', $now
        from customer c join account a on a.id = c.owner_id
        """,  # the owner's name in the place of a rule's code: to tell whose change it is
        {name: said[name] for name in ("today", "now")},
    )
    cursor.execute("create or replace temp table everybody as select id from customer")
    because = Because(Cause.IMPORT)
    customer_rows.refresh_all_of(db, cursor, "everybody", TODAY, because)


def _subjects(db: Database) -> dict[str, list[Subject]]:
    found = db.read(
        """
        select c.id, a.username as owner, c.name, c.source_key, p.id as policy, x.id as contact
        from customer c join account a on a.id = c.owner_id
        join policy p on p.customer_id = c.id join contact x on x.customer_id = c.id
        order by c.source_key
        """
    )
    return {owner: [Subject(**row) for row in found if row["owner"] == owner] for owner in CURRENCY}


# --- What is tried ---------------------------------------------------------------------------


@dataclass(frozen=True)
class OfOne:
    """An operation on one customer: how to call it, and whether it did what it says.

    `hidden` is the code of NotFound for a customer out of scope; `logged`, of what writes, the
    action that the log names.
    """

    call: Callable[[Database, Account, Subject], Any]
    did: Callable[[Database, Subject, Any], bool]
    logged: str | None = None
    hidden: str = "customer_not_found"


def stored(db: Database, table: str, record_id: UUID) -> dict | None:
    found = db.read(f"select * from {table} where id = $id", {"id": record_id})
    return found[0] if found else None


def holds(db: Database, subject: Subject, kind: str) -> int:
    return db.read(
        "select count(*) as n from consent where customer_id = $id and kind = $kind"
        " and withdrawn_on is null",
        {"id": subject.id, "kind": kind},
    )[0]["n"]


def whole(subject: Subject) -> Removal:
    return Removal(name=subject.name, policies=1, contacts=1, consents=2)


def gone(db: Database, subject: Subject, _: Any) -> bool:
    return stored(db, "customer", subject.id) is None


def targets_of(db: Database, subject: Subject) -> list[str]:
    found = db.read(
        "select code from customer_target where customer_id = $id order by code", {"id": subject.id}
    )
    return [row["code"] for row in found]


OF_ONE = {
    "access.scope.customer_in_scope": OfOne(
        lambda db, me, one: db.dry_run(lambda c: scope.customer_in_scope(c, me, one.id)),
        lambda db, one, got: got["id"] == one.id,
    ),
    "customers.profiles.get": OfOne(
        lambda db, me, one: profiles.get(db, me, one.id, TODAY),
        lambda db, one, got: (got.id, got.owner) == (one.id, one.owner),
    ),
    "customers.profiles.identify by id": OfOne(
        lambda db, me, one: profiles.identify(db, me, str(one.id)),
        lambda db, one, got: got == one.id,
    ),
    "customers.profiles.identify by number": OfOne(
        lambda db, me, one: profiles.identify(db, me, one.source_key),
        lambda db, one, got: got == one.id,
    ),
    "customers.profiles.identify by name": OfOne(
        lambda db, me, one: profiles.identify(db, me, one.name),
        lambda db, one, got: got == one.id,
    ),
    "customers.profiles.update": OfOne(
        lambda db, me, one: profiles.update(
            db, me, one.id, CustomerChanges(occupation="교사"), 1, TODAY
        ),
        lambda db, one, got: stored(db, "customer", one.id)["occupation"] == "교사",
        logged="updated",
    ),
    "customers.profiles.removal": OfOne(
        lambda db, me, one: profiles.removal(db, me, one.id),
        lambda db, one, got: got == whole(one),
    ),
    "customers.profiles.delete": OfOne(
        lambda db, me, one: profiles.delete(db, me, one.id, whole(one)), gone, logged="deleted"
    ),
    "customers.profiles.remove_all_of": OfOne(
        lambda db, me, one: db.transaction(
            lambda cursor: profiles.remove_all_of(cursor, me, one.id, whole(one))
        ),
        gone,
        logged="deleted",
    ),
    "customers.policies.of_customer": OfOne(
        lambda db, me, one: policies.of_customer(db, me, one.id, TODAY),
        lambda db, one, got: [policy.id for policy in got] == [one.policy],
    ),
    "customers.policies.add": OfOne(
        lambda db, me, one: policies.add(
            db, me, one.id, NewPolicy(type=PolicyType.CAR, insurer="새"), TODAY
        ),
        lambda db, one, got: stored(db, "policy", got)["customer_id"] == one.id,
        logged="created",
    ),
    "customers.policies.update": OfOne(
        lambda db, me, one: policies.update(
            db, me, one.policy, PolicyChanges(insurer="한화"), 1, TODAY
        ),
        lambda db, one, got: stored(db, "policy", one.policy)["insurer"] == "한화",
        logged="updated",
        hidden="policy_not_found",
    ),
    "customers.policies.end": OfOne(
        lambda db, me, one: policies.end(db, me, one.policy, TODAY, 1, TODAY),
        lambda db, one, got: stored(db, "policy", one.policy)["status"] == PolicyStatus.CANCELLED,
        logged="updated",
        hidden="policy_not_found",
    ),
    "customers.policies.remove": OfOne(
        lambda db, me, one: policies.remove(db, me, one.policy, 1, TODAY),
        lambda db, one, got: stored(db, "policy", one.policy) is None,
        logged="removed",
        hidden="policy_not_found",
    ),
    "customers.contacts.of_customer": OfOne(
        lambda db, me, one: contacts.of_customer(db, me, one.id),
        lambda db, one, got: [contact.id for contact in got] == [one.contact],
    ),
    "customers.contacts.add": OfOne(
        lambda db, me, one: contacts.add(
            db,
            me,
            one.id,
            NewContact(
                contacted_on=TODAY, channel=ContactChannel.VISIT, outcome=ContactOutcome.REACHED
            ),
            TODAY,
        ),
        lambda db, one, got: stored(db, "contact", got)["customer_id"] == one.id,
        logged="created",
    ),
    "customers.contacts.remove": OfOne(
        lambda db, me, one: contacts.remove(db, me, one.contact, TODAY),
        lambda db, one, got: stored(db, "contact", one.contact) is None,
        logged="removed",
        hidden="contact_not_found",
    ),
    "customers.consents.of_customer": OfOne(
        lambda db, me, one: consents.of_customer(db, me, one.id),
        lambda db, one, got: {consent.kind for consent in got} == {"collection", "marketing"},
    ),
    "customers.consents.give": OfOne(
        lambda db, me, one: consents.give(
            db, me, one.id, ConsentKind.HEALTH, STATEMENT, ConsentChannel.PAPER, TODAY, TODAY
        ),
        lambda db, one, got: holds(db, one, "health") == 1,
        logged="consent_given",
    ),
    "customers.consents.withdraw": OfOne(
        lambda db, me, one: consents.withdraw(
            db, me, one.id, ConsentKind.MARKETING, ConsentChannel.PHONE, TODAY
        ),
        lambda db, one, got: (holds(db, one, "marketing"), holds(db, one, "collection")) == (0, 1),
        logged="consent_withdrawn",
    ),
    "customers.coverage.summary": OfOne(
        lambda db, me, one: coverage.summary(db, me, one.id, TODAY),
        lambda db, one, got: (got.customer_id, got.total.policies) == (one.id, 1),
    ),
    "person.disclosure.export": OfOne(
        lambda db, me, one: disclosure.export(db, me, one.id, TODAY),
        lambda db, one, got: (got["customer"]["name"], len(got["policies"])) == (one.name, 1),
        logged="exported",
    ),
    "person.erasure.erase": OfOne(
        lambda db, me, one: erasure.erase(db, me, one.id, whole(one)), gone, logged="erased"
    ),
    "gaps.explanation.of_customer": OfOne(
        lambda db, me, one: explanation.of_customer(db, me, one.id, TODAY),
        lambda db, one, got: got.of("life_missing").policies == 1,
    ),
    "gaps.explanation.of_customer on another day": OfOne(
        lambda db, me, one: explanation.of_customer(db, me, one.id, TODAY + timedelta(days=1)),
        lambda db, one, got: got.of("life_missing").policies == 1,
    ),
    "gaps.what_if.what_if": OfOne(
        lambda db, me, one: what_if.what_if(
            db, me, one.id, TODAY, add=[NewPolicy(type=PolicyType.HEALTH)], end=[one.policy]
        ),
        lambda db, one, got: (
            [side.of("life_missing").policies for side in (got.before, got.after)] == [1, 0]
        ),
    ),
    "gaps.targets.set_target": OfOne(
        lambda db, me, one: targets.set_target(
            db, me, one.id, "total_low", Decimal(5), "가족과 합의", TODAY
        ),
        lambda db, one, got: targets_of(db, one) == ["health_by_age", "total_low"],
        logged="updated",
    ),
    "gaps.targets.remove_target": OfOne(
        lambda db, me, one: targets.remove_target(db, me, one.id, "health_by_age", TODAY),
        lambda db, one, got: targets_of(db, one) == [],
        logged="updated",
    ),
    "gaps.changes.of_customer": OfOne(
        lambda db, me, one: changes.of_customer(db, me, one.id),
        lambda db, one, got: one.owner in {change.code for change in got},
    ),
}


def owners_found(db: Database, me: Account, **wanted: Any) -> set[str]:
    page = customer_list.find(db, me, CustomerFilter(**wanted), TODAY, page_size=1000)
    assert len(page.rows) == page.matching
    return set(page.rows["owner"])


def owners_in_map(db: Database, me: Account, measure: Measure, day: date) -> set[str]:
    rows = set(heatmaps.heatmap(db, me, RowKind.FP, measure, day).cells["row"])
    return rows - {ALL_ROWS}


def owners_in_stated_fact(db: Database, me: Account) -> set[str]:
    with db.reading() as cursor:
        fact, params = stated_fact(db, cursor, me, TODAY, ["owner_id"])
        found = database.rows(
            cursor,
            f"with {fact} select distinct {OWNER} as owner from stated_fact",
            params,
        )
    return {row["owner"] for row in found}


def owners_of_currencies(db: Database, me: Account) -> set[str]:
    found = coverage.currencies(db, me)
    return {owner for owner, currency in CURRENCY.items() if currency in found}


def owners_in_fact(db: Database, me: Account) -> set[str]:
    fact, params = relation.customer_fact(db, me, TODAY, ["owner_id"])
    found = db.read(
        f"with {fact} select distinct a.username from customer_fact f "
        "join account a on a.id = f.owner_id",
        params,
    )
    return {row["username"] for row in found}


def usernames_of_ids(db: Database, me: Account) -> set[str]:
    """None stands for everybody."""
    ids = scope.of_account(db, me).owners
    found = db.read("select id, username from account")
    return {row["username"] for row in found if ids is None or row["id"] in ids} & CURRENCY.keys()


LISTS: dict[str, Callable[[Database, Account], set[str]]] = {
    "facts.relation.customer_fact": owners_in_fact,
    "access.scope.visible_owners": lambda db, me: (
        {owner.username for owner in scope.visible_owners(db, me)} & CURRENCY.keys()
        | ({"fired"} & SEES[me.username])  # nobody is given customers any more, but keeps them
    ),
    "access.scope.of_account": usernames_of_ids,
    "customers.consents.withdrawn": lambda db, me: {
        one.owner for one in consents.withdrawn(db, me)
    },
    "customers.coverage.currencies": owners_of_currencies,
    "portfolio.heatmaps.figures": lambda db, me: set(
        heatmaps.figures(db, me, RowKind.FP, TODAY)["row"]
    ),
    "portfolio.heatmaps.figures of another day": lambda db, me: set(
        heatmaps.figures(db, me, RowKind.FP, TODAY - timedelta(days=9000))["row"]
    ),
    "portfolio.heatmaps.figures of another currency": lambda db, me: set(
        heatmaps.figures(db, me, RowKind.FP, TODAY, "USD")["row"]
    ),
    "portfolio.heatmaps.heatmap": lambda db, me: owners_in_map(db, me, Measure.LACKING, TODAY),
    "portfolio.heatmaps.heatmap by the rules": lambda db, me: owners_in_map(
        db, me, Measure.ADEQUACY, TODAY
    ),
    "portfolio.heatmaps.heatmap by the rules, judged now": lambda db, me: owners_in_map(
        db, me, Measure.ADEQUACY, TODAY - timedelta(days=90)
    ),
    "kept.stated.stated_fact": owners_in_stated_fact,
    "gaps.scopes.heatmap": lambda db, me: set(scopes.heatmap(db, me, RowKind.FP, TODAY)["row"]),
    "gaps.scopes.heatmap of another day": lambda db, me: set(
        scopes.heatmap(db, me, RowKind.FP, TODAY - timedelta(days=90))["row"]
    ),
    "gaps.scopes.worst": lambda db, me: set(scopes.worst(db, me, TODAY, limit=1000)["owner"]),
    "gaps.changes.per_month": lambda db, me: (
        set(changes.per_month(db, me, TODAY)["code"]) & CURRENCY.keys()
    ),
    "portfolio.customer_list.find": owners_found,
    "portfolio.customer_list.find by search": lambda db, me: owners_found(
        db, me, search="의 고객1"
    ),
    "portfolio.customer_list.find by gap": lambda db, me: owners_found(
        db, me, gap="health_missing"
    ),
    "portfolio.customer_list.find by what is not known": lambda db, me: owners_found(
        db, me, unknown="end_date"
    ),
    "portfolio.customer_list.find by consent": lambda db, me: owners_found(
        db, me, no_consent="health"
    ),
}
"""How a list shows whose customers are in it."""


def import_for(run: Callable) -> Callable[[Database, Account, Account], Any]:
    def call(db: Database, me: Account, owner: Account) -> Any:
        said = ImportOptions(consent_basis=STATEMENT, owner_id=owner.id)
        content = csv_bytes([{"고객명": f"새 {me.username}", "직업": "교사"}])
        return run(db, me, "book.csv", content, said, TODAY)

    return call


FOR_OWNER: dict[str, Callable[[Database, Account, Account], Any]] = {
    "access.scope.owner_in_scope": lambda db, me, owner: db.dry_run(
        lambda cursor: scope.owner_in_scope(cursor, me, owner.id)
    ),
    "importing.importer.import_book": import_for(book_import.import_book),
    "importing.importer.preview": import_for(book_import.preview),
    "customers.profiles.create": lambda db, me, owner: profiles.create(
        db, me, NewCustomer(name="새 고객", consent_basis=STATEMENT), TODAY, owner.id
    ),
}
IMPORTS = {
    "importing.importer.import_book",
    "importing.importer.preview",
}  # slow: tried in fewer ways
STORES = {"importing.importer.import_book", "customers.profiles.create"}

BY_THEMSELVES = {
    "access.accounts.add": "test_only_an_admin_adds_accounts",
    "access.accounts.set_names": "test_only_an_admin_gives_and_takes_the_right_to_names",
    "access.accounts.set_language": "test_a_language_is_chosen_for_oneself",
    "importing.history.of_account": "test_imports_are_listed_and_undone_within_the_scope_only",
    "importing.history.visible": "test_imports_are_listed_and_undone_within_the_scope_only",
    "importing.undoing.undo": "test_imports_are_listed_and_undone_within_the_scope_only",
    "importing.mappings.of_account": "test_saved_mappings_are_their_owners_only",
    "importing.mappings.of_header": "test_saved_mappings_are_their_owners_only",
    "importing.mappings.remove": "test_saved_mappings_are_their_owners_only",
    "importing.mappings.save": "test_saved_mappings_are_their_owners_only",
    "access.scope.is_manager": "test_only_managers_try_and_publish_rules",
    "access.scope.require_active": "test_everybody_but_the_disabled_reads_the_rules",
    "portfolio.conditions.of_scope": "test_figures_count_everybody_in_scope_and_nobody_else",
    "portfolio.follow_up.expiring": "test_figures_count_everybody_in_scope_and_nobody_else",
    "portfolio.follow_up.formerly_held": "test_figures_count_everybody_in_scope_and_nobody_else",
    "portfolio.follow_up.not_contacted": "test_figures_count_everybody_in_scope_and_nobody_else",
    "portfolio.indicators.key_figures": "test_figures_count_everybody_in_scope_and_nobody_else",
    "portfolio.indicators.held_together": "test_figures_count_everybody_in_scope_and_nobody_else",
    "portfolio.makeup.age_pyramid": "test_figures_count_everybody_in_scope_and_nobody_else",
    "portfolio.makeup.insurers": "test_figures_count_everybody_in_scope_and_nobody_else",
    "gaps.trials.changed_customers": "test_a_draft_is_tried_on_the_scope_only",
    "gaps.trials.compare": "test_a_draft_is_tried_on_the_scope_only",
    "gaps.scopes.of_scope": "test_gaps_are_counted_of_everybody_in_scope_and_nobody_else",
    "gaps.publishing.fault": "test_everybody_but_the_disabled_reads_the_rules",
    "gaps.publishing.in_use": "test_everybody_but_the_disabled_reads_the_rules",
    "gaps.publishing.publish": "test_only_managers_try_and_publish_rules",
    "gaps.publishing.versions": "test_everybody_but_the_disabled_reads_the_rules",
    "person.erasure.erase_due": "test_whoever_is_due_is_erased_within_the_scope_only",
    "portfolio.saved_filters.of_account": "test_saved_filters_are_their_owners_only",
    "portfolio.saved_filters.remove": "test_saved_filters_are_their_owners_only",
    "portfolio.saved_filters.save": "test_saved_filters_are_their_owners_only",
}
"""Operations of which each has its own test below: for oneself, for admins, a mere number."""

CHECKED_BEFORE = {
    "gaps.scopes.judged_fact": "the SQL of everybody in scope, for those tried here",
    "gaps.scopes.rules_to_judge_by": "the rules of those tried here; refuses who is no manager",
    "access.audit.write": "notes who did what, in the transaction of an operation that checked it",
    "access.audit.write_view": "notes a look that profiles.get allowed",
    "importing.matching.match": "matches a book whose owner book_import checked",
    "importing.persons.find_owners": "part of matching.match",
    "customers.consents.insert": "writes a consent for a customer whom its caller checked or added",
    "kept.customer_rows.refresh": "keeps rows true, in the transaction of who checked",
    "importing.history.begin": "notes that an import runs whose owner book_import checked",
}
"""Operations that are told the account, but whose callers decide whether it may."""

WITHOUT_ACCOUNT = {
    "gaps.explanation.explained": "explains the row that judged_row read",
    "gaps.explanation.judged_row": "runs the SQL over customer_fact that holds the scope",
    "gaps.targets.of_customer": "for who reads the gaps of the customer",
    "access.accounts.where": "who of the accounts meets a condition, for who may ask",
    "access.accounts.act_as": "finds the account that a command runs for",
    "access.accounts.find": "finds the account that signs in",
    "commands.line.acting_account": "finds the account that a command runs for",
    "access.accounts.sign_in_credentials": "what a password is checked against",
    "access.audit.changes_since": "for who may edit the record: the caller read it in scope",
    "access.audit.refuse_unseen": "for who may edit the record: the caller read it in scope",
    "access.audit.forget": "part of profiles.remove_all_of, which checks",
    "access.audit.of_customer": "for the export of a customer who was read in scope",
    "facts.amounts.read": "reads what was typed as an import reads cells; no stored ones",
    "importing.circumstances.read_circumstances": "reads an uploaded file; no stored rows",
    "importing.customers.read_customers": "reads the rows of an uploaded file; no stored ones",
    "importing.policies.read_policies": "reads the rows of an uploaded file; no stored ones",
    "importing.terms.read_terms": "reads the texts of an uploaded file; no stored rows",
    "importing.words.book_words": "words of headers and cells; no stored rows of customers",
    "importing.words.keep_good_file": "at the start of the process: keeps the file of words",
    "importing.book_file.opened": "reads an uploaded file; no stored rows",
    "importing.lanes.plain_lane": "reads an uploaded file; no stored rows",
    "importing.private_files.private_place": "makes a folder; reads no rows",
    "importing.private_files.private_folder": "makes a folder; reads no rows",
    "importing.private_files.sweep": "at the start of the process: removes files; reads no rows",
    "importing.importer.open_book": "reads an uploaded file; no stored rows",
    "importing.answerable.doubts": "part of reporting.report",
    "importing.answerable.unknown_words": "part of reporting.report",
    "importing.changes.changed": "part of reporting.report",
    "importing.changes.gone": "part of reporting.report",
    "importing.changes.kept": "part of reporting.report",
    "importing.rejects.of_import": "part of reporting.report",
    "importing.rejects.samples": "part of reporting.report",
    "importing.reporting.report": "tells what an import found in the scope of who imports",
    "importing.loading.is_grouped": "reads the rows of an uploaded file; no stored ones",
    "importing.loading.load": "reads the rows of an uploaded file; no stored ones",
    "importing.making.prepare": "defines how texts are read; no stored ones",
    "importing.making.make": "reads the tables of one import; no stored ones",
    "importing.making.keep": "makes a table of one import",
    "importing.scrubbing.find_forbidden": "reads the texts of an uploaded file; no stored ones",
    "importing.scrubbing.scrub": "reads the rows of an uploaded file; no stored ones",
    "importing.persons.note_problems": "part of matching.match",
    "importing.persons.find_persons": "part of matching.match",
    "importing.persons.ask_about_persons": "part of matching.match",
    "importing.persons.refuse_nameless": "part of matching.match",
    "importing.persons.choose_persons": "part of matching.match",
    "importing.contracts.find_contracts": "part of matching.match",
    "importing.contracts.ask_about_contracts": "part of matching.match",
    "importing.contracts.choose_contracts": "part of matching.match",
    "importing.edits.find_edits": "part of matching.match",
    "kept.insurers.number_of": "the number of a name that stands in a policy; shows nothing",
    "kept.insurers.number_new": "numbers names of insurers; shows nothing",
    "kept.insurers.of_customer": "part of an erasure, which checked",
    "kept.insurers.forget": "part of an erasure, which checked",
    "facts.relation.are_kept": "says of a day whether rows are kept; shows nobody",
    "kept.gap_history.are_kept": "says of a day whether states are kept; shows nobody",
    "kept.stated.are_kept": "says of a day whether rows and states are kept; shows nobody",
    "facts.words.of_rows": "what names of products tell; of no customer",
    "facts.words.take": "the machine's own; shows nothing",
    "store.good_files.keep": "the machine's own; shows nothing",
    "store.good_files.put": "the machine's own; shows nothing",
    "facts.groups.has": "a condition on customers in scope",
    "facts.groups.labels": "names the keys that a query in scope found",
    "kept.comparison.differences": "the machine's own check of all rows; shows ids only",
    "kept.comparison.compared": "the machine's own check of all rows; for commands",
    "kept.consistency.check": "the machine's own check; for commands",
    "kept.customer_rows.refresh_all_of": "keeps rows true, in the transaction of an import",
    "kept.customer_rows.roll_forward": "keeps everybody's rows true of today; shows nothing",
    "starting.bring_up_to_date": "at the start of the process and of each day; shows nothing",
    "store.database.follow": "SQL itself",
    "store.database.new_id": "SQL itself",
    "store.database.rows": "SQL itself",
    "store.database.value": "SQL itself",
    "access.accounts.take_turns": "orders transactions; shows nothing",
    "access.belongings.remove": "part of profiles.remove_all_of, which checks",
    "kept.gap_history.hold_day": "as note",
    "kept.gap_history.is_settled": "says whether settle would change something; shows nobody",
    "kept.gap_history.judge_again": "part of publishing.publish, which checks",
    "kept.rule_sets.known_number_of": "the number of a set of rules; of no customer",
    "kept.gap_history.note": "keeps the history true, in the transaction of what changed it",
    "kept.gap_history.remember": "as note",
    "kept.rule_sets.members": "the rules of a set; of no customer",
    "kept.rule_sets.number_of": "the number of a set of rules, for who judges by it",
    "kept.gap_history.settled_on": "names the day on which everybody was judged last",
    "kept.gap_history.settle": "keeps everybody's states true of today; shows nothing",
    "rules.rulebook.keep_good_file": "the machine's own; shows nothing",
    "rules.rulebook.rules_on": "rules are no secret: whoever is judged by them is in a scope",
    "rules.rulebook.versions": "rules, for publishing.versions, which asks who wants them",
    "rules.rulebook.versions_now": "rules, for publishing.publish, which checks",
    "rules.judging.targeted": "codes of rules only, for SQL",
    "customers.policies.add_for_now": "in a dry run, for a customer whom what_if read in scope",
    "customers.policies.end_for_now": "in a dry run, for a customer whom what_if read in scope",
    "importing.history.close_interrupted": "the machine's own, at the start of the process",
    "importing.history.finish": "part of an import, in its transaction",
    "importing.history.give_up": "part of an import that stored nothing",
    "importing.history.keep_before": "part of an import, in its transaction; shows nothing",
    "commands.demo.is_loaded": "whether the demo's accounts are there",
    "commands.demo.load": "fills an empty database on the machine itself, as its operator",
}
"""Public functions with a database but no account, each with the reason."""

# --- The operations are all there ------------------------------------------------------------


def operations() -> dict[str, bool]:
    """Every public function of fpcore that is given the database: whether also the account."""
    found = {}
    for module in pkgutil.walk_packages(fpcore.__path__, "fpcore."):
        if module.name == "fpcore.__main__":
            continue
        of_module = vars(importlib.import_module(module.name)).items()
        for name, made in of_module:
            if inspect.isfunction(made) and made.__module__ == module.name and name[0] != "_":
                taken = set(inspect.signature(made).parameters)
                if taken & {"db", "cursor"}:
                    found[f"{module.name.removeprefix('fpcore.')}.{name}"] = "account" in taken
    return found


TRIED = {name.split()[0] for name in (*OF_ONE, *LISTS, *FOR_OWNER)} | set(BY_THEMSELVES)


@pytest.mark.parametrize("name", sorted(name for name, asks in operations().items() if asks))
def test_every_operation_is_tried_by_everybody(name):
    assert name in TRIED | set(CHECKED_BEFORE), (
        f"{name} takes an account and nobody tries it: add it to OF_ONE (one customer), LISTS"
        " (many) or FOR_OWNER (for an owner), with how to call it, or to BY_THEMSELVES, with the"
        " name of its test; to CHECKED_BEFORE with the reason why it need not ask who may"
    )


@pytest.mark.parametrize("name", sorted(name for name, asks in operations().items() if not asks))
def test_a_function_without_an_account_has_its_reason(name):
    assert name in WITHOUT_ACCOUNT, (
        f"{name} reads or writes the database for nobody: give it the account that asks, or add"
        " it to WITHOUT_ACCOUNT with the reason"
    )


def test_no_entry_is_left_of_an_operation_that_is_gone():
    there = set(operations())
    assert there >= {
        "customers.profiles.get",
        "customers.policies.remove",
        "kept.customer_rows.roll_forward",
    }
    assert (TRIED | set(CHECKED_BEFORE) | set(WITHOUT_ACCOUNT)) - there == set()


# --- Everybody tries them --------------------------------------------------------------------


def fingerprint(db: Database, but: Subject | None = None) -> dict[str, tuple]:
    """One number a table over all its rows: the same only where nothing was changed.

    `but`: without the rows of one customer, and without the log. Views are a line of their own.
    """
    names = [row["name"] for row in db.read(TABLES)]
    parts = [
        f"select '{name}' as name, count(*) as rows, sum(hash(t)) as hashes"
        f" from {_rows_of(name)} t" + _where(name, but)
        for name in names
        if name != "audit"
    ]
    if but is None:
        parts += [
            "select 'audit', count(*), sum(hash(a)) from audit a where action <> 'viewed'",
            "select 'views', count(*), sum(hash(a)) from audit a where action = 'viewed'",
        ]
    said = {"but": but.id} if but else {}
    return {row["name"]: tuple(row.values()) for row in db.read(" union all ".join(parts), said)}


TABLES = "select table_name as name from duckdb_tables() where not temporary order by name"
_ID = {
    "customer": "id", "customer_row": "id", "policy": "customer_id", "contact": "customer_id",
    "consent": "customer_id", "gap_change": "customer_id", "customer_target": "customer_id",
}  # fmt: skip


def _rows_of(table: str) -> str:
    """All columns, but not the time at which an account was last held by a change of policies."""
    return "(select * exclude (updated_at) from account)" if table == "account" else table


def _where(table: str, but: Subject | None) -> str:
    return f" where {_ID[table]} <> $but" if but and table in _ID else ""


def changed(before: dict[str, tuple], after: dict[str, tuple]) -> set[str]:
    return {name for name in before if before[name] != after[name]}


@pytest.mark.parametrize("asker", SEES)
@pytest.mark.parametrize("name", OF_ONE)
def test_an_operation_on_a_customer_reaches_as_far_as_the_scope(name, asker, agency):
    operation, me, db = OF_ONE[name], agency.people[asker], agency.db
    before, owners = agency.before(), agency.owners_tried(asker)
    for owner in owners:
        if owner not in SEES[asker]:
            with pytest.raises(NotFound) as hidden:
                operation.call(db, me, agency.kept[owner])
            assert hidden.value.code == operation.hidden
        elif operation.logged is None:
            subject = agency.kept[owner]
            assert operation.did(db, subject, operation.call(db, me, subject))
    assert agency.changed_since(before) <= {"views"}
    if operation.logged:
        agency.seen = None  # an entry of the log alone leaves the version as it is
        for owner in SEES[asker] & set(owners):
            subject = agency.to_change[owner].pop()
            assert operation.did(db, subject, operation.call(db, me, subject))
            assert last_logged(db) == {"account_id": me.id, "action": operation.logged}


@pytest.mark.parametrize("name", [name for name, operation in OF_ONE.items() if operation.logged])
def test_an_operation_on_a_customer_changes_nobody_else(name, agency):
    db, subject = agency.db, agency.to_change["fp1"].pop()
    before = fingerprint(db, but=subject)
    assert OF_ONE[name].did(db, subject, OF_ONE[name].call(db, agency.people["admin"], subject))
    assert changed(before, fingerprint(db, but=subject)) == set()


def last_logged(db: Database) -> dict[str, Any]:
    return db.read("select account_id, action from audit order by id desc limit 1")[0]


@pytest.mark.parametrize("asker", SEES)
def test_lists_hold_what_the_account_may_see(asker, agency):
    before = agency.before()
    found = {name: read(agency.db, agency.people[asker]) for name, read in LISTS.items()}
    assert found == dict.fromkeys(LISTS, SEES[asker])
    assert agency.changed_since(before) == set()


FOR_OWNERS = [
    ("fp1", "fp1"), ("manager1", "fp3"), ("fired", "fired"), ("manager1", "fp2"), ("fp1", "fp2"),
    ("fp2 as admin", "fp1"), ("fp1", "fp3"), ("fp1", "manager1"), ("loose", "loose"),
    ("loose", "fp1"), ("admin", "fp3"), ("fired as admin", "fp1"), ("fp2 as admin", "fp2"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "asker", "owner"),
    [
        *((name, *pair) for name in sorted(FOR_OWNER.keys() - IMPORTS) for pair in FOR_OWNERS),
        *(("importing.importer.import_book", *pair) for pair in FOR_OWNERS[:2]),
        *(("importing.importer.preview", *pair) for pair in FOR_OWNERS[2:4]),
    ],
)
def test_customers_are_kept_for_owners_in_scope_only(name, asker, owner, agency):
    db, me, them, before = agency.db, agency.people[asker], agency.people[owner], agency.before()
    if owner in SEES[asker]:
        assert FOR_OWNER[name](db, me, them)
        assert bool(agency.changed_since(before)) is (name in STORES)
    else:
        with pytest.raises(NotAllowed) as refused:
            FOR_OWNER[name](db, me, them)
        assert refused.value.code == "owner_not_allowed"
        assert agency.changed_since(before) == set()


@pytest.mark.parametrize("asker", SEES)
def test_gaps_are_counted_of_everybody_in_scope_and_nobody_else(asker, agency):
    found = agency.db.read(
        "select a.username as owner, count(*) as n from customer c"
        " join account a on a.id = c.owner_id where c.withdrawn_on is null group by all"
    )
    in_scope = sum(row["n"] for row in found if row["owner"] in SEES[asker])
    for day in (TODAY, TODAY + timedelta(days=1)):
        counted = scopes.of_scope(agency.db, agency.people[asker], day)
        assert counted.customers == in_scope
        assert {sum(count.states.values()) for count in counted.counts} == {in_scope}


@pytest.mark.parametrize("asker", SEES)
def test_figures_count_everybody_in_scope_and_nobody_else(asker, agency):
    db, me = agency.db, agency.people[asker]
    found = [row for row in db.read(FIGURES_BY_OWNER) if row["owner"] in SEES[asker]]
    names = ("customers", "life", "policies", "no_end", "ended", "holds_none")
    in_scope = {name: sum(row[name] for row in found) for name in names}
    figures = indicators.key_figures(db, me, TODAY)
    assert figures.customers == in_scope["customers"]
    assert figures.policies == in_scope["policies"]
    assert indicators.held_together(db, me, TODAY)["holders"][0] == in_scope["life"]
    assert makeup.age_pyramid(db, me, TODAY)["life"].sum() == in_scope["life"]
    assert makeup.insurers(db, me, TODAY).cells["policies"].sum() == in_scope["policies"]
    assert follow_up.expiring(db, me, TODAY).no_end == in_scope["no_end"]
    once = follow_up.formerly_held(db, me, TODAY).groupby("type")["customers"].sum()
    assert once.drop("total").sum() == in_scope["ended"]
    assert once["total"] == in_scope["holds_none"]
    by_fp = follow_up.not_contacted(db, me, TODAY)
    assert by_fp["customers"].sum() == 2 * in_scope["customers"]  # of each FP, and of everybody
    fact, consented, params = conditions.of_scope(db, me, TODAY, None, "consent")
    sql = f"with {fact} select count(distinct customer_id) as n from {consented}"
    assert db.read(sql, params) == [{"n": in_scope["customers"]}]


FIGURES_BY_OWNER = """
with one as (
    select owner_id,
        (select count(*) from policy p where p.customer_id = c.id and status = 'active')
            as policies,
        (select count(*) from policy p where p.customer_id = c.id and status = 'active'
            and end_date is null) as no_end,
        (select count(*) from policy p where p.customer_id = c.id and status = 'active'
            and type = 'life') > 0 as life,
        (select count(*) from policy p where p.customer_id = c.id and status = 'cancelled'
            and type = 'life') > 0 as had_life
    from customer c where withdrawn_on is null
)
select username as owner, count(*) as customers, sum(policies) as policies, sum(no_end) as no_end,
    count_if(life) as life, count_if(had_life and not life) as ended,
    count_if(had_life and policies = 0) as holds_none
from one join account a on a.id = owner_id group by username
"""
"""Plain counts; every policy of the book has begun, and those that are active go on."""


MANAGERS = {"manager1", "manager2", "loose", "admin"}


def other_rules(db: Database) -> tuple[Rule, ...]:
    """The rules in use, without the first: whoever has no health cover changes state."""
    return publishing.draft(rulebook.rules_on(db, TODAY), without="health_missing")


@pytest.mark.parametrize("asker", SEES)
def test_a_draft_is_tried_on_the_scope_only(asker, agency):
    db, me, before = agency.db, agency.people[asker], agency.before()
    draft = other_rules(db)
    tries = (
        lambda: set(trials.compare(db, me, RowKind.FP, TODAY, draft).before["row"]),
        lambda: set(trials.compare(db, me, RowKind.FP, TODAY, draft).after["row"]),
        lambda: set(
            trials.changed_customers(db, me, TODAY, draft, "health_missing", 1000)["owner"]
        ),
        lambda: set(scopes.heatmap(db, me, RowKind.FP, TODAY, draft)["row"]),
    )
    for attempt in tries:
        if asker in MANAGERS:
            assert attempt() == SEES[asker]
            continue
        with pytest.raises(NotAllowed) as refused:
            attempt()
        assert refused.value.code == "manager_only"
    assert agency.changed_since(before) == set()


@pytest.mark.parametrize("asker", SEES)
def test_only_managers_try_and_publish_rules(asker, agency):
    db, me, before = agency.db, agency.people[asker], agency.before()
    assert scope.is_manager(db, me) is (asker in MANAGERS)
    rule = next(rule for rule in rulebook.rules_on(db, TODAY) if rule.code == "total_low")
    changed_rule = rule.model_copy(
        update={"valid_from": TODAY, "need": Fixed(amount=rule.need.amount + 1)}
    )
    if asker in MANAGERS:
        made = publishing.publish(db, me, changed_rule, "왜", TODAY)
        assert publishing.versions(db, me, "total_low")[-1].rule == made
        assert agency.changed_since(before) >= {"gap_rule", "customer_row"}
        return
    for attempt in (
        lambda: publishing.publish(db, me, changed_rule, "왜", TODAY),
        lambda: scopes.of_scope(db, me, TODAY, other_rules(db)),
    ):
        with pytest.raises(NotAllowed) as refused:
            attempt()
        assert refused.value.code == "manager_only"
    assert agency.changed_since(before) == set()


@pytest.mark.parametrize("asker", SEES)
def test_everybody_but_the_disabled_reads_the_rules(asker, agency):
    db, me = agency.db, agency.people[asker]
    reads = {
        lambda: scope.require_active(db, me): None,
        lambda: publishing.in_use(db, me, TODAY): rulebook.rules_on(db, TODAY),
        lambda: publishing.versions(db, me): rulebook.versions(db),
        lambda: publishing.fault(db, me): None,
    }
    for read, expected in reads.items():
        if SEES[asker]:
            assert read() == expected
            continue
        with pytest.raises(NotAllowed) as refused:
            read()
        assert refused.value.code == "not_allowed"


@pytest.mark.parametrize("asker", SEES)
def test_only_an_admin_adds_accounts(asker, agency):
    db, before = agency.db, fingerprint(agency.db)
    if asker == "admin":
        assert accounts.add(db, agency.people[asker], "newcomer", Role.FP, PASSWORD).id
        assert changed(before, fingerprint(db)) == {"account"}
        return
    with pytest.raises(NotAllowed) as refused:
        accounts.add(db, agency.people[asker], "intruder", Role.ADMIN, PASSWORD, team="새 팀")
    assert refused.value.code == "admin_only"
    assert changed(before, fingerprint(db)) == set()


@pytest.mark.parametrize("asker", SEES)
def test_only_an_admin_gives_and_takes_the_right_to_names(asker, agency):
    db, me, before = agency.db, agency.people[asker], fingerprint(agency.db)
    for sees_names in (False, True):
        if asker == "admin":
            changed_one = accounts.set_names(db, me, "manager2", sees_names)
            assert (changed_one.username, changed_one.sees_names) == ("manager2", sees_names)
            assert changed(before, fingerprint(db)) == {"account"}
            continue
        with pytest.raises(NotAllowed) as refused:
            accounts.set_names(db, me, "manager2", sees_names)
        assert refused.value.code == "admin_only"
        assert changed(before, fingerprint(db)) == set()


@pytest.mark.parametrize("asker", SEES)
def test_a_language_is_chosen_for_oneself(asker, agency):
    db, me = agency.db, agency.people[asker]
    chosen = "select id, language from account where language is not null"
    before = db.read(chosen)
    accounts.set_language(db, me, "en")
    if SEES[asker]:
        assert {"id": me.id, "language": "en"} in db.read(chosen)
    else:
        assert db.read(chosen) == before, "a disabled account changed something"
    others = [row for row in before if row["id"] != me.id]
    assert [row for row in db.read(chosen) if row["id"] != me.id] == others


@pytest.mark.parametrize("asker", SEES)
def test_saved_filters_are_their_owners_only(asker, agency):
    db, me = agency.db, agency.people[asker]
    db.transaction(lambda cursor: cursor.execute("delete from saved_filter"))
    saved_filters.save(db, me, "내 필터", CustomerFilter(age_from=30))
    if not SEES[asker]:
        assert db.read("select * from saved_filter") == []
        return
    (mine,) = saved_filters.of_account(db, me)
    for other in (agency.people[name] for name in ("fp1", "admin") if name != me.username):
        assert saved_filters.of_account(db, other) == []
        before = fingerprint(db)
        with pytest.raises(NotFound):
            saved_filters.remove(db, other, mine.id)
        assert changed(before, fingerprint(db)) == set()
    saved_filters.remove(db, me, mine.id)
    assert saved_filters.of_account(db, me) == []


@pytest.mark.parametrize("asker", SEES)
def test_saved_mappings_are_their_owners_only(asker, agency):
    db, me = agency.db, agency.people[asker]
    db.transaction(lambda cursor: cursor.execute("delete from import_mapping"))
    mappings.save(db, me, "내 설정", ["이름"], {"0": "name"})
    if not SEES[asker]:
        assert db.read("select * from import_mapping") == []
        return
    (mine,) = mappings.of_account(db, me)
    assert mappings.of_header(db, me, ["이름"]) == [mine]
    for other in (agency.people[name] for name in ("fp1", "admin") if name != me.username):
        assert mappings.of_account(db, other) == []
        assert mappings.of_header(db, other, ["이름"]) == []
        before = fingerprint(db)
        with pytest.raises(NotFound):
            mappings.remove(db, other, mine.id)
        assert changed(before, fingerprint(db)) == set()
    mappings.remove(db, me, mine.id)
    assert mappings.of_account(db, me) == []


# importer, whose customers -> who may see and undo that import
UNDOES = {
    ("fp1", "fp1"): {"fp1", "manager1", "admin"},
    ("manager1", "fp1"): {"fp1", "manager1", "admin"},
    ("admin", "fp3"): {"fp3", "manager2", "admin"},
    ("admin", None): {"admin"},  # of fp1 and fp3, as the file's owner column says
}


@pytest.mark.parametrize("pair", UNDOES, ids=str)
def test_imports_are_listed_and_undone_within_the_scope_only(pair, agency):
    db, (importer, owner) = agency.db, pair
    owner_id = agency.people[owner].id if owner else None
    owners = [owner] if owner else ["fp1", "fp3"]
    rows = [{"고객명": f"되돌릴 고객 {one}", "직업": "교사", "담당FP": one} for one in owners]
    batch = None
    for asker in SEES:
        batch = batch or take(db, agency.people[importer], rows, owner_id=owner_id).batch
        me, before = agency.people[asker], fingerprint(db)
        may = asker.split()[0] in UNDOES[pair]
        listed = {one.id: one.may_undo for one in history.of_account(db, me)}
        assert (batch in listed, listed.get(batch, False)) == (may, may)
        if may:
            assert undoing.undo(db, me, batch, TODAY).customers_removed == len(rows)
            assert stored(db, "import_batch", batch)["undone_by"] == me.id
            batch = None
            continue
        for dry_run in (True, False):
            with pytest.raises(NotFound):
                undoing.undo(db, me, batch, TODAY, dry_run)
        assert changed(before, fingerprint(db)) == set()
    if batch:
        undoing.undo(db, agency.people[importer], batch, TODAY)


def test_a_disabled_account_neither_reads_nor_loses_its_saved_filters(agency):
    db, me = agency.db, agency.people["fp1"]
    saved_filters.save(db, me, "내 필터", CustomerFilter(age_from=30))
    before = db.read("select * from saved_filter")
    set_disabled(db, me, True)
    try:
        assert saved_filters.of_account(db, me) == []
        saved_filters.save(db, me, "내 필터", CustomerFilter(age_from=40))
        assert db.read("select * from saved_filter") == before
    finally:
        set_disabled(db, me, False)


def set_disabled(db: Database, account: Account, disabled: bool) -> None:
    db.transaction(
        lambda cursor: cursor.execute(
            "update account set disabled = $disabled where id = $id",
            {"disabled": disabled, "id": account.id},
        )
    )


# each in turn -> whose customers are erased: those in scope whom nobody before had in scope
ERASES = {
    "fired": set(), "fired as admin": set(), "fp1": {"fp1"}, "fp2 as admin": {"fp2"},
    "loose": {"loose"}, "manager2": {"fp3"}, "fp3": set(), "manager1": {"fired"}, "admin": set(),
}  # fmt: skip


def test_whoever_is_due_is_erased_within_the_scope_only(agency):
    db, yesterday = agency.db, TODAY - timedelta(days=1)
    due = {}
    for owner, subjects in agency.to_change.items():
        due[owner] = subjects.pop()
        consents.withdraw(
            db, agency.people["admin"], due[owner].id, ConsentKind.COLLECTION,
            ConsentChannel.PHONE, yesterday,
        )  # fmt: skip
    everybody = db.read("select count(*) as n from customer")[0]["n"]
    for asker, erased in ERASES.items():
        on_the_day = yesterday + timedelta(days=consents.DAYS_TO_DESTROY)
        assert erasure.erase_due(db, agency.people[asker], on_the_day) == len(erased)
        assert {owner for owner, one in due.items() if gone(db, one, None)} == erased
        for owner in erased:
            del due[owner]
    left = db.read("select count(*) as n from customer")[0]["n"]
    assert (due, left) == ({}, everybody - len(CURRENCY))
