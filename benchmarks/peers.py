"""The heatmap by age as pandas, Polars and PostgreSQL do it, from policies and customers.

pandas and Polars have both tables in memory as typed frames, whose ids are whole numbers: neither
has a type for UUIDs, and with texts both would be slower. PostgreSQL has the tables and indexes of
the schema. Each result is compared with the program's before its time counts.
"""

import statistics
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl

from benchmarks import postgresql
from benchmarks.book import TODAY
from fpcore.facts.groups import ALL_ROWS, OLDEST_BAND, UNKNOWN_ROW
from fpcore.models import WON, PolicyType
from fpcore.store.database import Cursor

POLARS, PANDAS, POSTGRESQL = "polars", "pandas", "postgresql"
PEERS = (POLARS, PANDAS, POSTGRESQL)
TITLES = {POLARS: "Polars", PANDAS: "pandas", POSTGRESQL: "PostgreSQL"}

GOALS = {POLARS: 5, PANDAS: 30, POSTGRESQL: 50}
"""How many times faster than each the program has to tell the shares of HOLDING."""

HOLDING, COVERAGE = "holding", "coverage"
WORKS = (HOLDING, COVERAGE)
"""What is asked by age band: of HOLDING the customers and the holders of each type, of COVERAGE the
known sum of each type in won."""

TYPES = [kind.value for kind in PolicyType]
TIMES = 5
OLDEST = OLDEST_BAND // 10

Cells = dict[str, tuple[int, ...]]
"""By age band the numbers of its customers and their holders of each type, or the six sums."""

Ask = Callable[[], Cells]


def measured(
    bare: Cursor, truth: Mapping[str, Cells], folder: Path, with_postgresql: bool = True
) -> dict[str, dict[str, float | None]]:
    """Give the median seconds of each peer by work; None for a peer that is not installed.

    `bare` reads the book, `truth` is what the program found for each work, `folder` for files
    that go again. Errors: AssertionError where a peer finds something else.
    """
    found: dict[str, dict[str, float | None]] = {work: dict.fromkeys(PEERS) for work in WORKS}
    for peer, work, ask in _in_memory(bare):
        compare(peer, work, ask(), truth[work])
        found[work][peer] = _seconds(ask)
    if with_postgresql:
        for work, seconds in _of_postgresql(bare, truth, folder):
            found[work][POSTGRESQL] = seconds
    return found


def cells(frame: pd.DataFrame, work: str) -> Cells:
    """Give the cells of a work from what fpcore's heatmap found; nothing known adds 0."""
    frame = frame[frame["row"] != ALL_ROWS]
    wide = frame.pivot(index="row", columns="type", values=_VALUES[work])[TYPES].fillna(0)
    if work == HOLDING:
        wide.insert(0, "customers", frame.groupby("row")["customers"].first())
    return {row[0]: tuple(map(int, row[1:])) for row in wide.itertuples()}


_VALUES = {HOLDING: "n", COVERAGE: "value"}


def compare(peer: str, work: str, found: Cells, truth: Cells) -> None:
    """Errors: AssertionError where a peer finds something else than the program."""
    assert found == truth, f"{TITLES[peer]} finds something else ({work}): {found} not {truth}"


def _seconds(ask: Ask) -> float:
    took = []
    for _ in range(TIMES):
        began = time.perf_counter()
        ask()
        took.append(time.perf_counter() - began)
    return statistics.median(took)


def _in_memory(bare: Cursor) -> Iterator[tuple[str, str, Ask]]:
    """The peers whose data lie in memory: the peer, the work, and how it is asked."""
    customers, policies = _frames(bare)
    yield from ((POLARS, work, ask) for work, ask in in_polars(customers, policies).items())
    frames = customers.to_pandas(), policies.to_pandas()
    del customers, policies
    yield from ((PANDAS, work, ask) for work, ask in in_pandas(*frames).items())


def _frames(bare: Cursor) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Read customers and policies, with numbers for their ids and categories for their words."""
    customers = bare.sql(
        f"""
        {_NUMBERED} select number as id, birth_date, birth_year, withdrawn_on
        from customer join numbered using (id)
        """
    )
    policies = bare.sql(
        f"""
        {_NUMBERED} select number as customer_id, type, status, start_date, end_date,
            coverage_amount::double as coverage_amount, premium_amount::double as premium_amount,
            currency, premium_cycle
        from policy p join numbered on numbered.id = p.customer_id
        """
    )
    words = pl.col("type", "status", "currency", "premium_cycle").cast(pl.Categorical)
    typed = pl.DataFrame(policies.to_arrow_table()).with_columns(words)
    return pl.DataFrame(customers.to_arrow_table()), typed


_NUMBERED = "with numbered as (select id, row_number() over (order by id) as number from customer)"


def in_polars(customers: pl.DataFrame, policies: pl.DataFrame) -> dict[str, Ask]:
    """Give the works as lazy queries of Polars."""
    banded = (
        customers.lazy()
        .filter(pl.col("withdrawn_on").is_null())
        .select("id", band=(_age_in_polars() // 10).clip(upper_bound=OLDEST))
    )
    held = policies.lazy().filter(
        pl.col("status") == "active",
        pl.col("start_date").is_null() | (pl.col("start_date") <= TODAY),
        pl.col("end_date").is_null() | (pl.col("end_date") >= TODAY),
    )
    holders = held.group_by("customer_id").agg(
        (pl.col("type") == kind).any().alias(kind) for kind in TYPES
    )
    shares = (
        banded.join(holders, left_on="id", right_on="customer_id", how="left")
        .group_by("band")
        .agg(pl.len(), pl.col(TYPES).sum())
    )
    known = held.filter(pl.col("currency") == WON)
    sums = (
        known.join(banded, left_on="customer_id", right_on="id")
        .group_by("band", "type")
        .agg(pl.col("coverage_amount").sum())
    )
    return {
        HOLDING: lambda: _of_rows(shares.collect().iter_rows()),
        COVERAGE: lambda: _of_sums(sums.collect().iter_rows()),
    }


def _age_in_polars() -> pl.Expr:
    born = pl.col("birth_date").dt
    in_year = born.month().cast(pl.Int16) * 100 + born.day()
    to_come = in_year > TODAY.month * 100 + TODAY.day
    from_date = TODAY.year - born.year() - to_come
    return pl.coalesce(from_date, TODAY.year - pl.col("birth_year"))


def in_pandas(customers: pd.DataFrame, policies: pd.DataFrame) -> dict[str, Ask]:
    """Give the works as pandas does them: masks, one merge, groups of categories."""
    day = pd.Timestamp(TODAY)

    def bands() -> pd.Series:
        here = customers[customers["withdrawn_on"].isna()]
        decade = (_age_in_pandas(here) // 10).clip(upper=OLDEST)
        return pd.Series(decade.to_numpy(), index=here["id"], name="band")

    def held() -> pd.DataFrame:
        begun = ~(policies["start_date"] > day)  # a day that is not known compares as false
        return policies[(policies["status"] == "active") & begun & ~(policies["end_date"] < day)]

    def shares() -> Cells:
        now, of_customer = held(), bands()
        holders = pd.get_dummies(now["type"]).groupby(now["customer_id"]).any()[TYPES]
        by_band = holders.join(of_customer, how="inner").groupby("band", dropna=False).sum()
        by_band.insert(0, "customers", of_customer.value_counts(dropna=False))
        return _of_rows(by_band.itertuples())

    def sums() -> Cells:
        now = held()
        known = now.loc[now["currency"] == WON, ["customer_id", "type", "coverage_amount"]]
        known = known.merge(bands(), left_on="customer_id", right_index=True)
        by_cell = known.groupby(["band", "type"], observed=True, dropna=False)["coverage_amount"]
        return _of_sums(by_cell.sum().reset_index().itertuples(index=False))

    return {HOLDING: shares, COVERAGE: sums}


def _age_in_pandas(customers: pd.DataFrame) -> pd.Series:
    born = customers["birth_date"].dt
    to_come = born.month * 100 + born.day > TODAY.month * 100 + TODAY.day
    return (TODAY.year - born.year - to_come).fillna(TODAY.year - customers["birth_year"])


def _of_postgresql(
    bare: Cursor, truth: Mapping[str, Cells], folder: Path
) -> Iterator[tuple[str, float]]:
    """The works as PostgreSQL does them, and the seconds that psql tells."""
    with postgresql.running() as server:
        if server is None:
            return
        server.load(bare, folder)
        for work, sql, read in ((HOLDING, _SHARES, _of_rows), (COVERAGE, _SUMS, _of_sums)):
            compare(POSTGRESQL, work, read(iter(server.rows(sql))), truth[work])
            yield work, server.seconds(sql, TIMES)


_IN_FORCE = f"""
    p.status = 'active' and (p.start_date is null or p.start_date <= date '{TODAY}')
    and (p.end_date is null or p.end_date >= date '{TODAY}')
"""
_AGE = f"""
    coalesce(extract(year from age(date '{TODAY}', c.birth_date))::int, {TODAY.year} - c.birth_year)
"""
_DECADE = f"case when {_AGE} >= {OLDEST_BAND} then {OLDEST} else {_AGE} / 10 end"
_BITS = " ".join(f"when '{kind}' then {1 << place}" for place, kind in enumerate(TYPES))
_HOLDERS = ", ".join(
    f"count(*) filter (where types & {1 << place} > 0)" for place in range(len(TYPES))
)
# One bit a type: quicker here than six bool_or, count(distinct …) or select distinct.
_SHARES = f"""
with holding as (
    select p.customer_id, bit_or(case p.type {_BITS} end) as types
    from policy p where {_IN_FORCE} group by p.customer_id
)
select {_DECADE}, count(*), {_HOLDERS}
from customer c left join holding h on h.customer_id = c.id
where c.withdrawn_on is null group by 1
"""
_SUMS = f"""
select {_DECADE}, p.type, sum(p.coverage_amount)
from policy p join customer c on c.id = p.customer_id
where {_IN_FORCE} and p.currency = '{WON}' and c.withdrawn_on is null group by 1, 2
"""


def _of_rows(rows: Iterable[Sequence[Any]]) -> Cells:
    """Read rows of a band and its seven numbers."""
    return {_band(row[0]): tuple(map(int, row[1:])) for row in rows}


def _of_sums(rows: Iterable[Sequence[Any]]) -> Cells:
    """Read rows of a band, a type and its sum; nothing known adds 0."""
    found: dict[str, dict[str, int]] = {}
    for number, kind, amount in rows:
        found.setdefault(_band(number), {})[kind] = int(float(amount or 0))
    return {band: tuple(sums.get(kind, 0) for kind in TYPES) for band, sums in found.items()}


def _band(number: float | str | None) -> str:
    """Name a band by its decade; where that is not known it is None, NaN or ''."""
    if number is None or number == "" or number != number:
        return UNKNOWN_ROW
    decade = int(number)
    return f"{OLDEST_BAND}+" if decade == OLDEST else f"{decade * 10}-{decade * 10 + 9}"
