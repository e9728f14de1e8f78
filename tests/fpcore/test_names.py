"""The right to names: without it an account counts the customers of others and never learns who
they are, whichever operation it calls."""

import dataclasses
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from itertools import product
from typing import Any
from uuid import UUID

import hypothesis.strategies as st
import pandas as pd
import pytest
from agency import (
    PASSWORD,
    STATEMENT,
    TODAY,
    add_customer,
    add_policy,
    csv_bytes,
    forged,
    hire,
    log_contact,
    tables,
    take,
)
from hypothesis import example, given, settings
from pydantic import BaseModel
from test_access_matrix import CHECKED_BEFORE, OF_ONE, Subject, operations, other_rules

from fpcore import privacy
from fpcore.access import accounts, scope
from fpcore.customers import consents, coverage, policies, profiles
from fpcore.errors import ConsentWithdrawn, FpError, NotAllowed, NotFound
from fpcore.facts import relation as facts
from fpcore.gaps import changes, explanation, publishing, scopes, targets, trials, what_if
from fpcore.importing import history, importer, mappings, undoing
from fpcore.importing.importer import ImportOptions
from fpcore.kept import customer_rows
from fpcore.kept.stated import stated_fact
from fpcore.models import (
    Account,
    ConsentChannel,
    ConsentKind,
    CustomerChanges,
    Measure,
    NewPolicy,
    PolicyType,
    Role,
    RowKind,
)
from fpcore.person import erasure
from fpcore.portfolio import (
    conditions,
    customer_list,
    follow_up,
    heatmaps,
    indicators,
    makeup,
    saved_filters,
)
from fpcore.portfolio.customer_list import Sort
from fpcore.portfolio.filters import ANY_GAP, UNKNOWN, CustomerFilter
from fpcore.portfolio.measures import COLUMNS
from fpcore.rules.amounts import Fixed
from fpcore.store import database, opening
from fpcore.store.connecting import IN_MEMORY
from fpcore.store.database import Database

# --- What becomes of a name ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "masked"),
    [
        ("홍길동", "홍*동"), ("김철", "김*"), ("남궁민수", "남**수"), ("김", "*"), ("J", "*"),
        ("王小明", "王*明"), ("홍 길 동", "홍*동"), (" 남궁\u3000민수 ", "남**수"),
        ("Gil Dong Hong", "G** D*** H***"),
        ("Nguyễn Văn A", "N***** V** *"), ("김하늘A", "김***"), ("김하늘 (모친)", "김** (***"),
        ("김*늘", "김**"),
    ],
)  # fmt: skip
def test_a_name_is_masked_as_is_the_custom(name, masked):
    assert privacy.masked_name(name) == masked


ANY_SIGN = st.characters(blacklist_categories=["Cs"], blacklist_characters="\0")


@given(st.text("가김 王\u3000철", max_size=5) | st.text(ANY_SIGN, max_size=9))
@example("김철")
@example("홍길동 Gil-Dong\u00a0")
@settings(max_examples=200)
def test_a_name_is_masked_alike_in_sql(sql_only, name):
    in_sql = sql_only.read(f"select {privacy.MASKED_NAME.format('$name')} as m", {"name": name})
    assert in_sql == [{"m": privacy.masked_name(name)}]


@given(st.text("가나다라마 ABc-", min_size=1, max_size=9))
def test_no_more_of_a_word_is_left_than_its_ends(name):
    shown = re.sub(r"[* ]", "", privacy.masked_name(name))
    assert len(shown) <= max(2, len(name.split()))


@pytest.fixture(scope="module")
def sql_only() -> Iterator[Database]:
    db = opening.open_database(IN_MEMORY)
    yield db
    db.close()


# --- An agency whose manager has no right to names -------------------------------------------

MARKS = {
    "name": "비밀|이름씨",
    "initials": "ㅂㅁㅇㄹㅆ",
    "customer number": "mark-key",
    "birth date": r"1987-03-14|1987, 3, 14|-03-14|, 3, 14\)",
    "insurance age": r"-09-14|, 9, 14\)",
    "phone": r"\*-7391",
    "e-mail": "mark-mail",
    "notes": "mark-notes",
    "contact log": "mark-log",
    "consent": "mark-basis",
    "policy number": "(?i)mark-number|marknumber",
    "policy name": "mark-product",
    "target": "mark-target",
    "file": "mark-file",
}
"""What would tell who somebody is, as it would stand in a result."""

ROW = {
    "고객번호": "mark-key", "고객명": "비밀이름씨", "생년월일": "1987-03-14", "성별": "여",
    "휴대폰": "010-2233-7391", "이메일": "mark-mail@example.com", "직업": "교사",
    "보종": "생명", "상품명": "mark-product 종신", "증권번호": "MARK-NUMBER-1",
    "보험사": "한화생명", "가입금액": "30000000", "보험료": "50000",
}  # fmt: skip


@dataclasses.dataclass
class Office:
    """An agency; `one` is a customer of fp1 with all marks, `gone` one who withdrew."""

    db: Database
    people: dict[str, Account]
    one: Subject
    gone: UUID
    batch: UUID


@pytest.fixture(scope="module")
def office() -> Iterator[Office]:
    db = opening.open_database(IN_MEMORY)
    people = hire(db)
    for name, role, team in (("blind", Role.MANAGER, "강남"), ("blind admin", Role.ADMIN, None)):
        username = name.replace(" ", "-")
        people[name] = accounts.add(
            db, accounts.OPERATOR, username, role, PASSWORD, team, sees_names=False
        )
    said = ImportOptions(consent_basis="mark-basis 서면", units={"coverage_amount": 1})
    report = importer.import_book(db, people["fp1"], "mark-file.csv", csv_bytes([ROW]), said, TODAY)
    one = _marked(db, people["fp1"])
    gone = add_customer(db, people["fp1"], name="감춘비밀", email="mark-mail@example.com")
    channel = ConsentChannel.PHONE
    consents.withdraw(db, people["fp1"], gone, ConsentKind.COLLECTION, channel, TODAY)
    customer_rows.roll_forward(db, TODAY)
    yield Office(db, people, one, gone, report.batch)
    db.close()


def _marked(db: Database, fp: Account) -> Subject:
    """Add to the imported customer what no book has."""
    customer = profiles.identify(db, fp, "mark-key")
    changes = CustomerChanges(notes="mark-notes")
    profiles.update(db, fp, customer, changes, 1, TODAY)
    contact = log_contact(db, fp, customer, notes="mark-log")
    policy = policies.of_customer(db, fp, customer, TODAY)[0].id
    targets.set_target(db, fp, customer, "health_by_age", Decimal(50_000_000), "mark-target", TODAY)
    consents.give(
        db, fp, customer, ConsentKind.MARKETING, "mark-basis", ConsentChannel.PAPER, TODAY, TODAY
    )
    db.transaction(
        lambda cursor: cursor.execute(
            """
            insert into gap_change (
                id, customer_id, code, version, state_before, state, on_day, cause, batch_id,
                created_at)
            select uuidv7(), id, 'health_by_age', 1, 'covered', 'gap', date '2026-03-14',
                'birthday', batch_id, timestamp '2026-03-14 01:00:00'
            from customer where id = $id
            """,
            {"id": customer},
        )
    )
    return Subject(customer, "fp1", ROW["고객명"], ROW["고객번호"], policy, contact)


def found_marks(result: Any) -> set[str]:
    said = "\n".join(_written(result))
    return {what for what, mark in MARKS.items() if re.search(mark, said)}


def _written(value: Any) -> Iterator[str]:
    """All that a result says, however deep: tables whole, fields that have no repr too."""
    if isinstance(value, pd.DataFrame):
        yield value.to_csv()
    elif isinstance(value, BaseModel):
        yield from _written(dict(value))
    elif dataclasses.is_dataclass(value):
        yield from _written(vars(value))
    elif isinstance(value, Mapping):
        for pair in value.items():
            yield from _written(list(pair))
    elif isinstance(value, (list, tuple, set, frozenset)):
        for one in value:
            yield from _written(one)
    elif isinstance(value, FpError):
        yield from _written([value.args, vars(value)])
    else:
        yield f"{value!r} {value}"


# --- Every operation -------------------------------------------------------------------------


def find(db: Database, me: Account, **wanted: Any) -> customer_list.CustomerPage:
    return customer_list.find(db, me, CustomerFilter(**wanted), TODAY, page_size=1000)


def all_lists(db: Database, me: Account) -> list:
    """The list in every order, by every filter of a heatmap, as of today and computed anew."""
    orders = product((TODAY, date(2020, 1, 1)), Sort, (False, True))
    return [
        *(customer_list.find(db, me, CustomerFilter(), *order) for order in orders),
        *(
            find(db, me, row_kind=kind, row=row)
            for kind in RowKind
            for row in set(heatmaps.figures(db, me, kind, TODAY)["row"])
        ),
        find(db, me, gap=ANY_GAP),
        find(db, me, search="비밀", gap=ANY_GAP),
        *(find(db, me, expiring=90, of=kind) for kind in PolicyType),
        *(find(db, me, formerly=kind) for kind in COLUMNS),
        *(find(db, me, unknown=field) for field in UNKNOWN),
        *(find(db, me, no_consent=kind) for kind in ConsentKind),
    ]


def of_scope(db: Database, me: Account) -> list:
    """What is left of the policies of everybody, those of a team too."""
    made = []
    for team in (None, "강남"):
        fact, policies, params = conditions.of_scope(db, me, TODAY, team, "policy")
        made.append(db.frame(f"with {fact} select customer_id, type from {policies}", params))
    return made


def stated(db: Database, me: Account) -> list:
    """The relation of heatmaps by the rules, as kept and as judged now."""
    shown = "name, name_key, initials, birth_date, phone, email, words, unmet, states"
    found = []
    for day in (TODAY, date(2020, 1, 1)):
        with db.reading() as cursor:
            fact, params = stated_fact(db, cursor, me, day, shown.split(", "))
            found += database.rows(cursor, f"with {fact} select {shown} from stated_fact", params)
    return found


def relation(db: Database, me: Account) -> pd.DataFrame:
    """All that lists, heatmaps and rules can read of; rules reckon with the day of birth."""
    made = []
    for day in (TODAY, date(2020, 1, 1)):
        fact, params = facts.customer_fact(db, me, day, facts.COLUMNS)
        made.append(db.frame(f"with {fact} select * exclude (born_on) from customer_scope", params))
    return pd.concat(made)


def changed_by_draft(db: Database, me: Account) -> list:
    """Who changes state under a draft that asks everybody for more."""
    draft = [
        rule.model_copy(update={"need": Fixed(amount=10**12)}) if rule.code == "total_low" else rule
        for rule in other_rules(db)
    ]
    return [
        trials.compare(db, me, RowKind.FP, TODAY, draft),
        trials.changed_customers(db, me, TODAY, draft, "total_low"),
        trials.changed_customers(db, me, TODAY, draft, "health_missing"),
    ]


def import_again(run: Callable) -> Callable[[Office, Account], Any]:
    """The same book with other words, so that the report has to tell what changes."""

    def call(office: Office, me: Account) -> Any:
        said = ImportOptions(
            consent_basis=STATEMENT, owner_id=office.people["fp1"].id, units={"coverage_amount": 1}
        )
        rows = [{**ROW, "이메일": "new@example.com", "증권번호": "N-2", "상품명": "새 상품"}]
        return run(office.db, me, "new.csv", csv_bytes(rows), said, TODAY)

    return call


OF_MANY: dict[str, Callable[[Office, Account], Any]] = {
    "facts.relation.customer_fact": lambda office, me: relation(office.db, me),
    "portfolio.customer_list.find": lambda office, me: all_lists(office.db, me),
    "customers.consents.withdrawn": lambda office, me: consents.withdrawn(office.db, me),
    "customers.coverage.currencies": lambda office, me: coverage.currencies(office.db, me),
    "portfolio.heatmaps.figures": lambda office, me: [
        heatmaps.figures(office.db, me, kind, TODAY) for kind in RowKind
    ],
    "portfolio.heatmaps.heatmap": lambda office, me: (
        [
            heatmaps.heatmap(office.db, me, kind, measure, TODAY, since=date(2020, 1, 1))
            for kind, measure in MAPS
        ]
        + [heatmaps.heatmap(office.db, me, RowKind.FP, Measure.ADEQUACY, date(2026, 1, 1))]
    ),
    "kept.stated.stated_fact": lambda office, me: stated(office.db, me),
    "gaps.scopes.heatmap": lambda office, me: [
        scopes.heatmap(office.db, me, kind, TODAY) for kind in RowKind
    ],
    "portfolio.conditions.of_scope": lambda office, me: of_scope(office.db, me),
    "portfolio.follow_up.expiring": lambda office, me: follow_up.expiring(office.db, me, TODAY),
    "portfolio.follow_up.formerly_held": lambda office, me: follow_up.formerly_held(
        office.db, me, TODAY
    ),
    "portfolio.follow_up.not_contacted": lambda office, me: follow_up.not_contacted(
        office.db, me, TODAY
    ),
    "portfolio.makeup.age_pyramid": lambda office, me: makeup.age_pyramid(office.db, me, TODAY),
    "portfolio.makeup.insurers": lambda office, me: makeup.insurers(office.db, me, TODAY),
    "portfolio.indicators.key_figures": lambda office, me: indicators.key_figures(
        office.db, me, TODAY
    ),
    "portfolio.indicators.held_together": lambda office, me: indicators.held_together(
        office.db, me, TODAY
    ),
    "gaps.scopes.of_scope": lambda office, me: scopes.of_scope(office.db, me, TODAY),
    "gaps.scopes.worst": lambda office, me: scopes.worst(office.db, me, TODAY),
    "gaps.trials.compare": lambda office, me: changed_by_draft(office.db, me),
    "gaps.trials.changed_customers": lambda office, me: changed_by_draft(office.db, me),
    "gaps.changes.per_month": lambda office, me: changes.per_month(office.db, me, TODAY),
    "importing.history.of_account": lambda office, me: history.of_account(office.db, me),
    "importing.history.visible": lambda office, me: office.db.dry_run(
        lambda cursor: history.visible(cursor, me, limit=20)
    ),
    "importing.undoing.undo": lambda office, me: undoing.undo(
        office.db, me, office.batch, TODAY, dry_run=True
    ),
    "importing.importer.preview": import_again(importer.preview),
    "access.scope.visible_owners": lambda office, me: scope.visible_owners(office.db, me),
    "access.scope.of_account": lambda office, me: scope.of_account(office.db, me),
    "access.scope.is_manager": lambda office, me: scope.is_manager(office.db, me),
    "access.scope.require_active": lambda office, me: scope.require_active(office.db, me),
    "gaps.publishing.in_use": lambda office, me: publishing.in_use(office.db, me, TODAY),
    "gaps.publishing.versions": lambda office, me: publishing.versions(office.db, me),
    "gaps.publishing.fault": lambda office, me: publishing.fault(office.db, me),
    "portfolio.saved_filters.of_account": lambda office, me: saved_filters.of_account(
        office.db, me
    ),
    "importing.mappings.of_account": lambda office, me: mappings.of_account(office.db, me),
    "importing.mappings.of_header": lambda office, me: mappings.of_header(office.db, me, list(ROW)),
}
"""What reads of many, with all that it can be asked."""

REFUSED_OF_MANY: dict[str, Callable[[Office, Account], Any]] = {
    "access.scope.owner_in_scope": lambda office, me: office.db.dry_run(
        lambda cursor: scope.owner_in_scope(cursor, me, office.people["fp1"].id)
    ),
    "importing.importer.preview": import_again(importer.preview),
    "importing.importer.import_book": import_again(importer.import_book),
    "importing.undoing.undo": OF_MANY["importing.undoing.undo"],
    "customers.profiles.create": lambda office, me: profiles.create(
        office.db, me, profiles.NewCustomer(name="새 고객", consent_basis=STATEMENT), TODAY,
        office.people["fp1"].id,
    ),
    "person.erasure.erase_due": lambda office, me: erasure.erase_due(
        office.db, me, date(2030, 1, 1)
    ),
}  # fmt: skip
"""What would do something with the customers of others, or tell who they are by doing it."""

OF_ITSELF = {
    "access.accounts.add": "adds an account; test_nobody_gives_a_right_that_they_have_not",
    "access.accounts.set_names": "changes an account; test_nobody_gives_a_right_that_they_have_not",
    "access.accounts.set_language": "changes the account's own row; gives nothing back",
    "importing.mappings.remove": "the account's own settings; gives nothing back",
    "importing.mappings.save": "the account's own settings; gives nothing back",
    "gaps.publishing.publish": "publishes a rule and gives that rule back",
    "portfolio.saved_filters.remove": "the account's own filters; gives nothing back",
    "portfolio.saved_filters.save": "the account's own filters; gives nothing back",
}
"""Operations that are about no customer, each with the reason."""

WRITES = {name for name, operation in OF_ONE.items() if operation.logged}
REFUSED = {
    **dict.fromkeys(
        [*WRITES, "customers.profiles.removal", "access.scope.customer_in_scope"], "names_hidden"
    ),
    **dict.fromkeys(
        ["customers.profiles.identify by name", "customers.profiles.identify by number"],
        "customer_not_found",
    ),
}
"""The operations on one customer that are refused without the right to the name, and the code."""

BLIND = ("blind", "blind admin")
MAPS = {*product(RowKind, [Measure.COVERAGE]), *product([RowKind.FP], Measure)}


def attempt(call: Callable[[], Any]) -> Any:
    try:
        return call()
    except FpError as error:
        return error


def test_every_operation_is_tried_without_the_right_to_names():
    tried = {name.split()[0] for name in OF_ONE} | {*OF_MANY, *REFUSED_OF_MANY, *OF_ITSELF}
    assert {name for name, asks in operations().items() if asks} - {*CHECKED_BEFORE} == tried


@pytest.mark.parametrize("asker", BLIND)
@pytest.mark.parametrize("name", OF_ONE)
def test_an_operation_on_one_customer_tells_nothing_of_who_it_is(name, asker, office):
    db, me, before = office.db, office.people[asker], stored(office.db)
    result = attempt(lambda: OF_ONE[name].call(db, me, office.one))
    assert getattr(result, "code", None) == REFUSED.get(name)
    assert found_marks(result) == set()
    assert stored(db) == before


@pytest.mark.parametrize("asker", BLIND)
@pytest.mark.parametrize("name", OF_MANY)
def test_an_operation_on_many_tells_nothing_of_who_they_are(name, asker, office):
    result = attempt(lambda: OF_MANY[name](office, office.people[asker]))
    assert found_marks(result) == set()
    assert name in REFUSED_OF_MANY or not isinstance(result, FpError)


@pytest.mark.parametrize("asker", BLIND)
@pytest.mark.parametrize("name", REFUSED_OF_MANY)
def test_what_would_change_customers_unseen_is_refused(name, asker, office):
    before = stored(office.db)
    with pytest.raises(NotAllowed) as refused:
        REFUSED_OF_MANY[name](office, office.people[asker])
    assert refused.value.code == "names_hidden"
    assert stored(office.db) == before


def stored(db: Database) -> dict:
    """Every table but the log, where a look is noted."""
    return {name: rows for name, rows in tables(db).items() if name != "audit"}


def test_whoever_has_the_right_is_told_all_of_it(office):
    """The marks are where they are looked for: the test before would find them."""
    me = office.people["manager1"]
    reads = [name for name in OF_ONE if name not in WRITES] + ["person.disclosure.export"]
    told = [OF_ONE[name].call(office.db, me, office.one) for name in reads]
    told += [call(office, me) for call in OF_MANY.values()]
    assert found_marks(told) == MARKS.keys()


# --- What is left to see ---------------------------------------------------------------------


def test_a_customer_is_shown_without_what_is_personal(office):
    shown = profiles.get(office.db, office.people["blind"], office.one.id, TODAY)
    whole = profiles.get(office.db, office.people["manager1"], office.one.id, TODAY)
    assert (shown.name, shown.is_masked) == ("비***씨", True)
    assert (shown.birth_year, shown.age, shown.insurance_age) == (1987, 39, None)
    hidden = {
        "name", "source_key", "birth_date", "insurance_age", "insurance_age_changes_on", "phone",
        "email", "notes", "is_masked",
    }  # fmt: skip
    same = whole.model_dump(exclude=hidden)
    assert shown.model_dump(exclude=hidden) == same
    assert not any(shown.model_dump(include=hidden - {"name", "is_masked"}).values())


def test_counts_are_those_of_everybody(office):
    db, blind, manager = office.db, office.people["blind"], office.people["manager1"]
    for kind in RowKind:
        for read in (heatmaps.figures, scopes.heatmap):
            pd.testing.assert_frame_equal(
                read(db, blind, kind, TODAY), read(db, manager, kind, TODAY)
            )
    assert scopes.of_scope(db, blind, TODAY) == scopes.of_scope(db, manager, TODAY)
    for page in (find(db, blind), find(db, manager)):
        assert (page.matching, page.in_scope, page.withdrawn) == (1, 2, 1)


@pytest.mark.parametrize(("birthday", "age"), [(date(1987, 11, 22), 39), (date(1987, 12, 31), 39)])
def test_the_age_of_a_masked_customer_tells_no_more_than_the_year(birthday, age, db, people):
    add_customer(db, people["fp1"], birth_date=birthday)
    accounts.set_names(db, people["admin"], "manager1", False)
    row = find(db, people["manager1"]).rows.iloc[0]
    shown = profiles.get(db, people["manager1"], row["id"], TODAY)
    assert (row["age"], shown.age) == (age, age)
    assert find(db, people["manager1"], age_from=age, age_to=age).matching == 1


def test_what_if_goes_on_and_tells_no_policy_number(office):
    db, blind = office.db, office.people["blind"]
    taken = NewPolicy(type=PolicyType.LIFE, policy_number="MARK-NUMBER-1", insurer="한화생명")
    tried = what_if.what_if(db, blind, office.one.id, TODAY, add=[taken])
    assert [side.of("life_missing").policies for side in (tried.before, tried.after)] == [1, 2]


def test_a_withdrawn_customer_is_refused_and_masked(office):
    with pytest.raises(ConsentWithdrawn) as withdrawn:
        profiles.get(office.db, office.people["blind"], office.gone, TODAY)
    assert withdrawn.value.is_masked
    with pytest.raises(ConsentWithdrawn) as withdrawn:
        profiles.get(office.db, office.people["manager1"], office.gone, TODAY)
    assert not withdrawn.value.is_masked


# --- Search and order ------------------------------------------------------------------------

WORDS = ["비밀", "비밀이름씨", "ㅂㅁ", "mark-mail", "7391", "mark-number", "한화생명"]


@pytest.mark.parametrize("asker", BLIND)
@pytest.mark.parametrize("words", WORDS)
def test_a_search_finds_nobody_whose_name_is_masked(words, asker, office):
    assert find(office.db, office.people["manager1"], search=words).matching == 1
    page = find(office.db, office.people[asker], search=words)
    assert (page.matching, page.in_scope, page.names_masked) == (0, 2, True)


def test_own_customers_are_found_named_and_changed(db, people):
    accounts.set_names(db, people["admin"], "manager1", False)
    add_customer(db, people["fp1"], name="김하나")
    own = add_customer(db, people["manager1"], name="김하늘", birth_date=date(1990, 12, 31))
    me = people["manager1"]
    assert find(db, me, search="김하").rows["name"].tolist() == ["김하늘"]
    assert find(db, me).rows["name"].tolist() == ["김하늘", "김*나"]
    shown = profiles.get(db, me, own, TODAY)
    assert (shown.name, shown.age, shown.is_masked) == ("김하늘", 35, False)
    assert profiles.update(db, me, own, CustomerChanges(occupation="교사"), 1, TODAY) == 2
    assert take(db, me, [{"고객명": "박셋", "직업": "교사"}]).customers_created == 1


def test_an_fp_needs_no_right_to_the_names_of_their_own(db, people):
    accounts.set_names(db, people["admin"], "fp1", False)
    add_customer(db, people["fp1"], name="김하나")
    page = find(db, people["fp1"], search="김하나")
    assert (page.rows["name"].tolist(), page.names_masked) == (["김하나"], False)
    assert [one.username for one in scope.visible_owners(db, people["fp1"], by_name=True)] == [
        "fp1"
    ]


@pytest.mark.parametrize("sort", Sort)
@pytest.mark.parametrize("descending", [False, True])
def test_no_order_tells_the_order_of_names(sort, descending, db, people):
    accounts.set_names(db, people["admin"], "manager1", False)
    added = [add_customer(db, people["fp1"], name=name) for name in ("하하나", "나나나", "다다다")]
    page = customer_list.find(db, people["manager1"], CustomerFilter(), TODAY, sort, descending)
    assert page.rows["id"].tolist() == added


def test_the_worst_are_in_no_order_of_names(db, people):
    accounts.set_names(db, people["admin"], "manager1", False)
    added = [add_customer(db, people["fp1"], name=name) for name in ("하하나", "나나나", "다다다")]
    assert scopes.worst(db, people["manager1"], TODAY)["id"].tolist() == added


def test_a_file_with_an_owner_column_reaches_own_customers_only(db, people):
    accounts.set_names(db, people["admin"], "manager1", False)
    add_customer(db, people["fp1"], name="김하나")
    rows = [{"고객명": "김하나", "담당FP": name} for name in ("fp1", "manager1")]
    report = take(db, people["manager1"], rows, dry_run=True)
    assert [(row.line, row.problems[0].code) for row in report.rejects] == [(2, "owner_unknown")]
    assert report.created == 1


def test_an_import_of_the_time_before_is_neither_named_nor_undone(db, people):
    """Whoever imported for a team and lost the right since is told no names by an undoing."""
    batch = take(
        db, people["manager1"], [{"고객명": "김하나", "직업": "교사"}], owner_id=people["fp1"].id
    ).batch
    theirs = take(db, people["fp1"], [{"고객명": "이둘", "직업": "교사"}]).batch
    accounts.set_names(db, people["admin"], "manager1", False)
    listed = {one.id: one for one in history.of_account(db, people["manager1"])}
    assert (listed[batch].file_name, listed[theirs].file_name) == ("book.csv", "*.csv")
    assert not any(one.may_undo for one in listed.values())
    with pytest.raises(NotAllowed):
        undoing.undo(db, people["manager1"], batch, TODAY)
    accounts.set_names(db, people["admin"], "manager1", True)
    assert undoing.undo(db, people["manager1"], batch, TODAY).customers_removed == 1


# --- The right itself ------------------------------------------------------------------------


def test_the_right_counts_from_the_next_call_on(db, people):
    customer = add_customer(db, people["fp1"], name="김하나")
    me = people["manager1"]
    for sees_names, name in ((False, "김*나"), (True, "김하나")):
        changed = accounts.set_names(db, people["admin"], "manager1", sees_names)
        assert (changed.sees_names, accounts.find(db, "manager1")) == (sees_names, changed)
        assert find(db, me).rows["name"].tolist() == [name]
        assert profiles.get(db, me, customer, TODAY).name == name


def test_the_right_is_not_what_an_account_says_of_itself(office):
    liar = forged(office.people["blind"]).model_copy(update={"sees_names": True})
    assert find(office.db, liar).rows["name"].tolist() == ["비***씨"]
    assert profiles.get(office.db, liar, office.one.id, TODAY).is_masked


def test_everybody_had_the_right_until_it_was_taken(db, people):
    assert all(account.sees_names for account in people.values())
    assert scope.of_account(db, accounts.OPERATOR).by_name


def test_nobody_gives_a_right_that_they_have_not(db, people):
    accounts.set_names(db, people["admin"], "admin", False)
    for give in (
        lambda: accounts.set_names(db, people["admin"], "admin", True),
        lambda: accounts.set_names(db, people["admin"], "manager1", True),
        lambda: accounts.add(db, people["admin"], "spy", Role.MANAGER, PASSWORD, "강남"),
    ):
        with pytest.raises(NotAllowed) as refused:
            give()
        assert refused.value.code == "names_hidden"
    added = accounts.add(
        db, people["admin"], "helper", Role.MANAGER, PASSWORD, "강남", sees_names=False
    )
    assert not added.sees_names
    assert accounts.set_names(db, accounts.OPERATOR, "admin", True).sees_names


def test_the_operator_of_the_machine_always_sees_names(db, people):
    for username in ("operator", "nobody"):
        with pytest.raises(NotFound) as refused:
            accounts.set_names(db, people["admin"], username, False)
        assert refused.value.code == "account_unknown"


@pytest.mark.parametrize("words", ["비밀이름씨", "mark-key"])
def test_a_name_does_not_lead_to_a_customer(words, office):
    with pytest.raises(NotFound):
        profiles.identify(office.db, office.people["blind"], words)
    by_id = profiles.identify(office.db, office.people["blind"], str(office.one.id))
    assert by_id == office.one.id


def test_an_amount_set_by_hand_is_seen_without_its_reason(office):
    db, blind, fp = office.db, office.people["blind"], office.people["fp1"]
    seen, whole = (
        explanation.of_customer(db, me, office.one.id, TODAY).of("health_by_age").target
        for me in (blind, fp)
    )
    assert (seen.amount, seen.note) == (whole.amount, None)
    add_policy(db, fp, office.one.id, type="health")
    assert changes.of_customer(db, blind, office.one.id)[-1].on == date(2026, 1, 1)


@pytest.mark.parametrize("field", ["birth_date", "phone", "email"])
def test_what_is_not_told_of_others_is_not_listed_as_unknown(field, office):
    listed = {}
    for who in ("fp1", *BLIND):
        listed[who] = find(office.db, office.people[who], unknown=field).matching
    everybody = find(office.db, office.people["fp1"]).matching
    assert listed == {"fp1": 0, "blind": 0, "blind admin": 0}
    assert everybody == 1
