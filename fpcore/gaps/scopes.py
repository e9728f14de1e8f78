"""Gaps of a whole scope: counts by rule, heatmaps, the worst.

The SQL of one customer (judging.judged) without the `where`. Rules other than those in use are
for managers only: FPs see what is published.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd

from fpcore.access import scope
from fpcore.errors import NotAllowed
from fpcore.facts import groups
from fpcore.facts.relation import customer_fact
from fpcore.kept import stated
from fpcore.models import Account, GapState, RowKind
from fpcore.rules import judging, rulebook
from fpcore.rules.judging import STATES, lacking
from fpcore.rules.records import Rule
from fpcore.rules.word import DIGIT
from fpcore.store import database
from fpcore.store.database import Cursor, Database

Rules = Sequence[Rule] | None
"""Rules to judge by; None: those in use on the day."""


@dataclass(frozen=True)
class RuleCount:
    """How many customers of a scope are in each state of one rule, and the known shortfall in won.

    The five states add up to the customers.
    """

    rule: Rule
    states: dict[GapState, int]
    shortfall: Decimal


@dataclass(frozen=True)
class ScopeGaps:
    """Everybody in scope by rule and state."""

    valued_on: date
    customers: int
    counts: tuple[RuleCount, ...]


def of_scope(db: Database, account: Account, valued_on: date, rules: Rules = None) -> ScopeGaps:
    """Count everybody in scope by rule and state.

    Errors: NotAllowed for `rules` of one who is no manager.
    """
    rules = rules_to_judge_by(db, account, valued_on, rules)
    with db.reading() as cursor:
        judged, params = judged_fact(db, cursor, account, valued_on, rules)
        found = database.rows(
            cursor, f"with {judged} select {_counts(rules, valued_on)} from judged_fact", params
        )[0]
    counts = tuple(_rule_count(rule, number, found) for number, rule in enumerate(rules))
    return ScopeGaps(valued_on, found["customers"], counts)


def heatmap(
    db: Database,
    account: Account,
    rows: RowKind,
    valued_on: date,
    rules: Rules = None,
    team: str | None = None,
) -> pd.DataFrame:
    """Count everybody in scope, or those of one team in it, by a row kind, rule and state.

    Columns: row (groups.UNKNOWN_ROW where not known), code, customers (of the row), the five
    states, and shortfall (known, in won). Rows in their natural order; rules by code. Errors: as
    `of_scope`.
    """
    judged_by = rules_to_judge_by(db, account, valued_on, rules)
    with db.reading() as cursor:
        judged, params = judged_fact(db, cursor, account, valued_on, judged_by, rows, team)
        counts = _counts(judged_by, valued_on)
        wide = cursor.execute(
            f"with {judged} select row, {counts} from judged_fact group by row",
            params,
        ).df()
        wide["row"] = groups.labels(cursor, rows, wide["row"])
    return _tidy(wide, judged_by)


def share_lacking(cells: pd.DataFrame) -> pd.Series:
    """Give the share with a gap, whole or partial, of those whose state is known; NaN where that is
    nobody. `cells` has the states as columns, as those of `heatmap`."""
    known = cells["customers"] - cells["unknown"]
    return (cells["partial"] + cells["gap"]) / known.where(known > 0)


def with_figures(cells: pd.DataFrame) -> pd.DataFrame:
    """Add what a map shows of the cells of a `heatmap`.

    Columns: value (share_lacking), n (the customers with a gap, whom a list of the gap lists),
    base (those whose state is known), left_out (those whose state is not).
    """
    return cells.assign(
        value=share_lacking(cells),
        n=cells["partial"] + cells["gap"],
        base=cells["customers"] - cells["unknown"],
        left_out=cells["unknown"],
    )


NAMED = ("id", "name", "name_key", "owner_id")
"""What lists of customers need."""


def worst(db: Database, account: Account, valued_on: date, limit: int = 20) -> pd.DataFrame:
    """List the customers in scope with the worst gaps, the worst first.

    Columns: id, name, owner (user name), score, gaps (rules with a gap, whole or partial),
    shortfall (known, in won). The score adds each rule's severity for a whole gap and half of it
    for a partial one; the shortfall decides between equals.
    """
    rules = rulebook.rules_on(db, valued_on)
    numbered = list(enumerate(rules))
    points = _sum(f"{_points(n)} * {rule.severity}" for n, rule in numbered)
    gaps = _sum(f"({lacking(n)})::int" for n, _ in numbered)
    shortfall = _sum(_shortfall(n) for n, rule in numbered if _has_amount(rule, valued_on))
    with db.reading() as cursor:
        targets = judging.targeted(cursor)
        rows = judging.with_targets("candidate", targets)
        judged = judging.judged(rules, valued_on, rows, targets)
        columns = {*NAMED, "states", "gaps", *judging.reads(rules)}
        fact, params = stated.stated_fact(db, cursor, account, valued_on, columns)
        return cursor.execute(
            f"""
            with {fact},
            kind as (  -- few, to be scored in the place of all customers
                select states, count(*) as customers from stated_fact where gaps <> 0 group by all
            ),
            scored_kind as (
                select states, customers, {points} as points
                from (select *, {", ".join(judging.unpacked(len(rules)) or ["0"])} from kind)
            ),
            worst_kind as (
                from scored_kind qualify sum(customers) over (
                    order by points desc range between unbounded preceding and current row
                    exclude group) < $limit or points = max(points) over ()
            ),
            candidate as (
                from customer_fact where id in (
                    select id from stated_fact where states in (select states from worst_kind))
            ),
            scored as (
                select id, name, name_key, owner_id, {points} as points, {gaps} as gaps,
                    {shortfall} as shortfall
                from {judged}
            )
            select id, name, {groups.OWNER} as owner, points / 2 as score, gaps, shortfall
            from scored order by points desc, shortfall desc, name_key, id limit $limit
            """,
            {**params, "limit": limit},
        ).df()


def rules_to_judge_by(db: Database, account: Account, day: date, rules: Rules) -> tuple[Rule, ...]:
    """Give these rules by code, or those in use. Errors: NotAllowed for `rules` of one who is no
    manager."""
    if rules is None:
        return rulebook.rules_on(db, day)
    if not scope.is_manager(db, account):
        raise NotAllowed("manager_only")
    return tuple(sorted(rules, key=lambda rule: rule.code))


def judged_fact(
    db: Database,
    cursor: Cursor,
    account: Account,
    day: date,
    rules: Sequence[Rule],
    rows: RowKind | None = None,
    team: str | None = None,
    besides: Sequence[str] = ("owner_id",),
) -> tuple[str, dict[str, Any]]:
    """The common table expressions that end in `judged_fact`: everybody in scope (of a team, where
    one is named), by rules; `shortfall_<n>` for each rule with an amount. `besides` are columns of
    customer_fact that whoever reads it needs."""
    row = f"{groups.key(rows, day)} as row, " if rows else ""
    targets = judging.targeted(cursor) & {rule.code for rule in rules}
    relation = judging.with_targets("customer_fact", targets)
    is_kept = rules == rulebook.rules_on(db, day) and stated.are_kept(db, day)
    judged = judging.judged(rules, day, relation, targets, has_states=is_kept)
    with_amount = [number for number, rule in enumerate(rules) if _has_amount(rule, day)]
    kept = judging.shortfalls_kept(rules, day) if is_kept else {}
    known = {number: f"coalesce({column}, 0)" for number, column in kept.items()}
    shortfalls = ", ".join(
        f"{known.get(number) or _shortfall(number)} as shortfall_{number}" for number in with_amount
    )
    columns = {*besides, *judging.reads(rules), *kept.values(), *(["states"] if is_kept else [])}
    if rows:
        columns.add(groups.READS[rows])
    fact, params = customer_fact(db, account, day, columns)
    if team:
        judged, params = f"{judged} where {groups.OF_TEAM}", {**params, "team": team}
    read = f"{row}*" + (f", {shortfalls}" if shortfalls else "")
    return f"{fact}, judged_fact as not materialized (select {read} from {judged})", params


def _counts(rules: Sequence[Rule], day: date) -> str:
    """The SQL of the aggregates over `judged_fact`: not_needed is what is left."""
    columns = ["count(*) as customers"]
    for number, rule in enumerate(rules):
        for state in STATES:
            if state in rule.need.never:
                columns.append(f"0::bigint as {state}_{number}")
            elif state is not GapState.NOT_NEEDED:
                count = f"count_if(state_{number} = {DIGIT[state]})"
                columns.append(f"coalesce({count}, 0)::bigint as {state}_{number}")
        shortfall = f"coalesce(sum(shortfall_{number}), 0)" if _has_amount(rule, day) else "0"
        columns.append(f"{shortfall} as shortfall_{number}")
    return ", ".join(columns)


def _has_amount(rule: Rule, day: date) -> bool:
    return rule.need.asks_for_more and bool(rule.terms(day))


def _shortfall(number: int) -> str:
    return f"case when {lacking(number)} then amount_{number} - held_{number} else 0 end"


def _points(number: int) -> str:
    """The SQL of half the score of a rule: 2 for a whole gap, 1 for a partial one."""
    whole, partial = DIGIT[GapState.GAP], DIGIT[GapState.PARTIAL]
    return f"case state_{number} when {whole} then 2 when {partial} then 1 else 0 end"


def _rule_count(rule: Rule, number: int, found: dict[str, Any]) -> RuleCount:
    states = {
        state: found[f"{state}_{number}"] for state in STATES if state is not GapState.NOT_NEEDED
    }
    not_needed = found["customers"] - sum(states.values())
    return RuleCount(
        rule=rule,
        states={state: states.get(state, not_needed) for state in STATES},
        shortfall=Decimal(found[f"shortfall_{number}"]),
    )


def _tidy(wide: pd.DataFrame, rules: Sequence[Rule]) -> pd.DataFrame:
    """Turn one line a row into one line a row and rule; `rules` by code."""
    order = sorted(range(len(wide)), key=lambda k: groups.order(wide["row"][k]))
    wide = wide.iloc[order]
    cells = {
        name: wide[[f"{name}_{number}" for number in range(len(rules))]].to_numpy().ravel()
        for name in (*(state for state in STATES if state is not GapState.NOT_NEEDED), "shortfall")
    }
    customers = np.repeat(wide["customers"].to_numpy(), len(rules))
    states = [cells.get(state) for state in STATES]
    not_needed = customers - sum(counts for counts in states if counts is not None)
    return pd.DataFrame(
        {
            "row": np.repeat(wide["row"].to_numpy(dtype=object), len(rules)),
            "code": np.tile(np.array([rule.code for rule in rules], dtype=object), len(wide)),
            "customers": customers,
            **{state.value: cells.get(state, not_needed) for state in STATES},
            "shortfall": cells["shortfall"].astype(float),
        }
    )


def _sum(parts: Iterable[str]) -> str:
    return " + ".join(parts) or "0"
