"""The figures: what is timed of fpcore, and for each the bare DuckDB work that it cannot beat.

A list's floor scans the columns of customer_row that the list looks at, for the same customers;
that of an edit is an update of one row and its commit.
"""

import re
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any
from uuid import UUID

import duckdb
import pandas as pd

from benchmarks import peers
from benchmarks.book import TODAY
from benchmarks.timing import Figure, Work
from fpcore.access import accounts, scope
from fpcore.customers import coverage, policies, profiles
from fpcore.facts.rows import ROW_COLUMNS
from fpcore.gaps import explanation, publishing, scopes, trials
from fpcore.models import (
    Account,
    CustomerChanges,
    Measure,
    NewCustomer,
    PolicyChanges,
    PolicyStatus,
    PolicyType,
    RowKind,
)
from fpcore.portfolio import customer_list, follow_up, heatmaps, indicators, makeup
from fpcore.portfolio.customer_list import Sort
from fpcore.portfolio.filters import ANY_GAP, CustomerFilter
from fpcore.rules import judging, rulebook
from fpcore.rules.amounts import Fixed
from fpcore.rules.records import Rule
from fpcore.store import connecting, database
from fpcore.store.database import Cursor, Database

FP_LIST, BOOK_LIST, POLICY_EDIT, ONE_CUSTOMER = 0.010, 0.150, 0.015, 0.010
GAPS_TO_FLOOR, HEATMAP_TO_FLOOR, ANY_TO_FLOOR = 5, 2.5, 6
SMALL, FLAT = 10_000, 2
"""How many customers the small book has, and how many times as long as with it a page of one FP's
may take with the large one."""
CHANGE_SINCE = TODAY - timedelta(days=90)


def figures(db: Database, small_book: Database) -> Iterator[Figure]:
    """Give the figures in their order: first those that read, then those that change something,
    since after a bare insert rows are missing and all is computed. `small_book` has SMALL
    customers."""
    bare = duckdb.connect(db.path, config=connecting.SETTINGS)
    try:
        fps = db.read(_FPS)
        small, large = (_Reader(db, bare, fp["username"]) for fp in (fps[0], fps[-1]))
        for fp, reader in zip((fps[0], fps[-1]), (small, large), strict=True):
            yield from _of_fp(reader, f"FP of {fp['customers']:,}")
        yield _reader_figure(_Reader(db, bare, "manager0"), "manager, list of the team", {})
        yield from _of_book(_Reader(db, bare, "admin"))
        yield from _of_customer(large)
        yield from _flat(large, _Reader(small_book, bare, _largest(small_book)))
        yield from _edits(large)
    finally:
        bare.close()


class _Reader:
    """An account that reads lists, and a bare cursor that scans the same rows."""

    def __init__(self, db: Database, bare: Cursor, username: str) -> None:
        self.db = db
        self.bare = bare
        self.account: Account = accounts.act_as(db, username)
        owners = {owner.id for owner in scope.visible_owners(db, self.account)}
        everybody = username == "admin"
        self._mine = "true" if everybody else "owner_id in (select unnest($owners::uuid[]))"
        if len(owners) == 1:
            self._mine = "owner_id = $owner"
            self._params = {"owner": next(iter(owners))}
        else:
            self._params = {} if everybody else {"owners": list(owners)}

    def find(self, wanted: CustomerFilter, **options: Any) -> Work:
        return lambda: customer_list.find(self.db, self.account, wanted, TODAY, **options)

    def scan(self, looked_at: str, **params: Any) -> Work:
        """Scan customer_row for this account's rows; `looked_at` are the columns' SQL."""
        sql = f"select count(*), {looked_at} from customer_row where {self._mine}"
        return lambda: self.bare.execute(sql, {**self._params, **params}).fetchall()

    def query(self, sql: str, **params: Any) -> list[tuple]:
        return self.bare.execute(sql, params).fetchall()

    def change(self, sql: str, **params: Any) -> None:
        """Run one statement and commit it."""
        self.bare.begin()
        self.bare.execute(sql, params)
        self.bare.commit()


_PAGE = "count(withdrawn_on), max(name_key), max(id)"


def _reader_figure(
    reader: _Reader,
    name: str,
    wanted: dict[str, Any],
    goal: float | None = BOOK_LIST,
    matches: str = "true",
    column: str | None = None,
    said: dict[str, Any] | None = None,
    **options: Any,
) -> Figure:
    """A list beside a scan with the same condition over the columns that sort it."""
    looked_at = f"{_PAGE}, count(*) filter ({matches})" + (f", max({column})" if column else "")
    return Figure(
        name=name,
        run=reader.find(CustomerFilter(**wanted), **options),
        floor=reader.scan(looked_at, **(said or {})),
        goal=goal,
    )


def _searches(reader: _Reader) -> Iterator[tuple[str, str, str, dict[str, str]]]:
    """Kind, what is typed, and the bare condition with its parameters."""
    everywhere = "contains(words, $word)"
    number = reader.query(
        """
        select p.policy_number from policy p join customer c on c.id = p.customer_id
        where c.owner_id = $owner order by p.id limit 1 offset 100
        """,
        owner=reader.account.id,
    ) or reader.query("select policy_number from policy order by id limit 1 offset 500")
    found = [
        ("part of a name", "민지", everywhere),
        ("initials", "ㅎㄱㄷ", f"{everywhere} or contains(initials, $word)"),
        ("part of an e-mail", "river77", everywhere),
        ("last four of a phone", "1234", f"{everywhere} or ends_with(phone, $word)"),
        ("insurer", "삼성", everywhere),
        ("policy number", number[0][0], everywhere),
    ]
    for kind, typed, condition in found:
        yield kind, typed, condition, {"word": typed.lower().replace("-", "")}


def _of_fp(reader: _Reader, name: str) -> Iterator[Figure]:
    yield _reader_figure(reader, f"{name}: list", {}, FP_LIST)
    after = _reader_figure(reader, f"{name}: list, just after somebody's edit", {}, FP_LIST)
    yield replace(after, before=lambda: reader.db.transaction(lambda cursor: None))
    for kind, typed, condition, said in _searches(reader):
        if kind in ("part of a name", "initials", "policy number"):
            wanted = {"search": typed}
            named = f"{name}: search, {kind}"
            yield _reader_figure(reader, named, wanted, FP_LIST, condition, said=said)


def _of_book(reader: _Reader) -> Iterator[Figure]:
    for kind, typed, condition, said in _searches(reader):
        named = f"whole book: search, {kind}"
        yield _reader_figure(reader, named, {"search": typed}, matches=condition, said=said)
    yield _reader_figure(reader, "whole book: first page", {})
    yield _reader_figure(reader, "whole book: page 100", {}, page=100)
    yield _reader_figure(
        reader, "whole book: by coverage", {},
        column="total_coverage", sort=Sort.COVERAGE, descending=True,
    )  # fmt: skip
    yield _reader_figure(
        reader, "whole book: by next end", {}, column="next_end_on", sort=Sort.NEXT_END
    )
    rules = rulebook.rules_on(reader.db, TODAY)
    for name, wanted, condition in (
        ("missing life", {"missing": PolicyType.LIFE}, "life_policies = 0"),
        ("any gap", {"gap": ANY_GAP}, "total_policies = 0"),
        (
            "not contacted for 90 days", {"not_contacted_for": 90},
            f"coalesce(last_contact_on < date '{TODAY}' - 90, true)",
        ),
        ("cancelled policies", {"status": PolicyStatus.CANCELLED}, "cancelled_policies > 0"),
    ):  # fmt: skip
        yield _reader_figure(reader, f"whole book: {name}", wanted, matches=condition)
    yield from _of_gaps(reader, rules)
    yield from _of_heatmaps(reader)
    yield from _of_views(reader)


HEATMAPS = {
    peers.HOLDING: "whole book: heatmap by age band, holding",
    peers.COVERAGE: "whole book: heatmap by age band, coverage",
}
"""The names of the figures that have peers, by the work that is the same."""


def heatmap(db: Database, account: Account, work: str) -> pd.DataFrame:
    """Give the program's heatmap by age for one of peers.WORKS."""
    measure = Measure.HOLDING if work == peers.HOLDING else Measure.COVERAGE
    return heatmaps.heatmap(db, account, RowKind.AGE_BAND, measure, TODAY).cells


def beside(db: Database, folder: Path, with_postgresql: bool) -> dict[str, dict]:
    """Give the seconds of each peer by the figure's name; `folder` is for files that go again."""
    account = accounts.act_as(db, "admin")
    truth = {work: peers.cells(heatmap(db, account, work), work) for work in peers.WORKS}
    with closing(duckdb.connect(db.path, config=connecting.SETTINGS)) as bare:
        found = peers.measured(bare, truth, folder, with_postgresql)
    return {HEATMAPS[work]: seconds for work, seconds in found.items()}


_AMOUNTS = ", ".join(f"sum({kind}_coverage), sum({kind}_premium)" for kind in PolicyType)


def _of_heatmaps(reader: _Reader) -> Iterator[Figure]:
    """Heatmaps with nothing remembered, beside a bare sum over what is held of each type."""
    for rows, measure in product(RowKind, Measure):
        name = f"whole book: heatmap by {rows.replace('_', ' ')}, {measure}"
        by_peers = {HEATMAPS[work]: work for work in HEATMAPS}
        yield Figure(
            name=name,
            run=partial(
                heatmaps.heatmap, reader.db, reader.account, rows, measure, TODAY,
                since=CHANGE_SINCE,
            ),
            floor=reader.scan(_AMOUNTS),
            before=lambda: reader.db.transaction(lambda cursor: None),
            goal_ratio=HEATMAP_TO_FLOOR if by_peers.get(name) == peers.HOLDING else ANY_TO_FLOOR,
        )  # fmt: skip


def _of_views(reader: _Reader) -> Iterator[Figure]:
    """The other views of the portfolio, beside the floor of the heatmaps."""
    views = {
        "key figures": indicators.key_figures,
        "held together": indicators.held_together,
        "what ends soon": follow_up.expiring,
        "formerly held": follow_up.formerly_held,
        "not contacted, by FP": follow_up.not_contacted,
        "ages by gender and cover": makeup.age_pyramid,
        "insurers": makeup.insurers,
    }
    for name, work in views.items():
        yield Figure(
            f"whole book: {name}",
            partial(work, reader.db, reader.account, TODAY),
            reader.scan(_AMOUNTS),
        )


def _of_gaps(reader: _Reader, rules: Sequence[Rule]) -> Iterator[Figure]:
    """All rules over everybody, beside a bare sum over the columns that they read."""
    who = (reader.db, reader.account)
    floor = reader.scan(_bare_sums(rules))
    total = next(rule for rule in rules if rule.code == "total_low")
    changed = total.model_copy(update={"need": Fixed(amount=200_000_000)})
    draft = publishing.draft(rules, changed)
    yield Figure(
        f"whole book: gaps by all {len(rules)} rules",
        lambda: scopes.of_scope(*who, TODAY), floor, goal_ratio=GAPS_TO_FLOOR,
    )  # fmt: skip
    yield Figure("whole book: the 20 worst", lambda: scopes.worst(*who, TODAY), floor)
    yield Figure(
        "whole book: gaps by age", lambda: scopes.heatmap(*who, RowKind.AGE_BAND, TODAY), floor
    )
    yield Figure(
        "whole book: a changed rule, before and after",
        lambda: trials.compare(*who, RowKind.TEAM, TODAY, draft), floor,
    )  # fmt: skip


def _bare_sums(rules: Sequence[Rule]) -> str:
    """The SQL of a sum over each column of customer_row that the rules read."""
    words = set(re.findall(r"\w+", judging.judged(rules, TODAY, "customer_row")))
    dates = {"born_on", "replaced_on", "replacement_unclear_on"}
    read = [column for column in ROW_COLUMNS if column in words]
    return ", ".join(f"{'max' if column in dates else 'sum'}({column})" for column in read)


def _flat(many: _Reader, few: _Reader) -> Iterator[Figure]:
    """What an FP does, beside the same with a small book."""
    ids, few_ids = (
        [row["id"] for row in one.db.read(_OWN, {"owner": one.account.id})] for one in (many, few)
    )
    beside = f"beside that in a book of {SMALL:,}"
    yield Figure(
        f"FP: list, {beside}",
        many.find(CustomerFilter()),
        few.find(CustomerFilter()),
        goal_ratio=FLAT,
    )
    yield Figure(
        f"FP: one customer's page, {beside}",
        lambda: _page(many, ids[0]),
        lambda: _page(few, few_ids[0]),
        goal_ratio=FLAT,
    )


def _largest(db: Database) -> str:
    return db.read(_FPS)[-1]["username"]


_FPS = """
select a.username, count(*)::int as customers
from account a join customer c on c.owner_id = a.id
group by a.username order by customers, a.username
"""
_OWN = "select id from customer where owner_id = $owner order by id desc"


def _page(reader: _Reader, customer_id: UUID) -> None:
    """Ask for what a customer's page shows."""
    who = (reader.db, reader.account, customer_id, TODAY)
    profiles.get(*who)
    policies.of_customer(*who)
    coverage.summary(*who)
    explanation.of_customer(*who)


def _of_customer(reader: _Reader) -> Iterator[Figure]:
    ids = _taken_in_turn(reader, _OWN)
    same = next(ids)

    def bare() -> None:
        reader.query("select * from customer where id = $id", id=same)
        reader.query("select * from policy where customer_id = $id", id=same)
        reader.query("select * from customer_row where id = $id", id=same)

    yield Figure(
        "one customer: gaps by all rules, explained",
        lambda: explanation.of_customer(reader.db, reader.account, same, TODAY),
        lambda: reader.query("select * from customer_row where id = $id", id=same),
        ONE_CUSTOMER,
    )
    yield Figure("one customer: page, seen before", lambda: _page(reader, same), bare)
    yield Figure("one customer: page, first visit (logged)", lambda: _page(reader, next(ids)), bare)


def _edits(reader: _Reader) -> Iterator[Figure]:
    db, account = reader.db, reader.account
    policy_ids = _taken_in_turn(
        reader,
        """
        select p.id from policy p join customer c on c.id = p.customer_id
        where c.owner_id = $owner order by p.id
        """,
    )
    customer_ids = _taken_in_turn(
        reader, "select id from customer where owner_id = $owner order by id"
    )
    amounts = PolicyChanges(coverage_amount=Decimal(123_456_789))
    planned = CustomerChanges(next_contact_on=TODAY, occupation="목수")
    new = NewCustomer(
        name="홍길동", birth_date="1980-05-05", phone="010-1234-5678", email="hong@example.com",
        consent_basis="서면 동의",
    )  # fmt: skip
    yield Figure(
        "edit of one policy",
        lambda: policies.update(db, account, next(policy_ids), amounts, 1, TODAY),
        lambda: reader.change(
            "update policy set coverage_amount = $amount, ver = ver + 1 where id = $id",
            amount=Decimal(5_000_000), id=next(policy_ids),
        ),
        POLICY_EDIT,
    )  # fmt: skip
    yield Figure(
        "edit of one customer",
        lambda: profiles.update(db, account, next(customer_ids), planned, 1, TODAY),
        lambda: reader.change(
            "update customer set occupation = $work, ver = ver + 1 where id = $id",
            work="목수", id=next(customer_ids),
        ),
    )  # fmt: skip
    yield Figure(
        "new customer",
        lambda: profiles.create(db, account, new, TODAY),
        lambda: reader.change(
            """
            insert into customer (id, owner_id, name, birth_year, created_at, updated_at)
            values (uuidv7(), $owner, '홍길동', 1980, $now, $now)
            """,
            owner=account.id, now=database.utc_now(),
        ),
    )  # fmt: skip


def _taken_in_turn(reader: _Reader, sql: str) -> Iterator[UUID]:
    """Ids of the reader's own records, each once."""
    return iter([row[0] for row in reader.query(sql, owner=reader.account.id)])
