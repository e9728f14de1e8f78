"""What changed rules would change, before they are published.

For managers only: FPs see what is published.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd

from fpcore.facts import groups
from fpcore.gaps.scopes import NAMED, heatmap, judged_fact, rules_to_judge_by
from fpcore.models import Account, GapState, RowKind
from fpcore.rules import rulebook
from fpcore.rules.judging import STATES
from fpcore.rules.records import Rule
from fpcore.rules.word import DIGIT
from fpcore.store import database
from fpcore.store.database import Cursor, Database


@dataclass(frozen=True)
class Comparison:
    """A scope under the rules in use and under others.

    `before` and `after` are heatmaps (see `heatmap`) of all codes in either; a rule that one side
    has not is not_needed there for everybody. `changes` has the columns code, before, after
    (states) and customers: how many change from the one to the other. `customers` is how many
    change at all.
    """

    before: pd.DataFrame
    after: pd.DataFrame
    changes: pd.DataFrame
    customers: int


def compare(
    db: Database, account: Account, rows: RowKind, valued_on: date, draft: Sequence[Rule]
) -> Comparison:
    """Hold everybody in scope against the rules in use and against `draft`.

    Errors: NotAllowed for whoever is no manager.
    """
    before = rulebook.rules_on(db, valued_on)
    draft = rules_to_judge_by(db, account, valued_on, draft)
    codes = sorted({rule.code for rule in (*before, *draft)})
    with db.reading() as cursor:
        both, params = _both(db, cursor, account, valued_on, before, draft)
        changes = [
            cursor.execute(
                f"""
                with {both} select '{code}' as code, {_state_name(f"before_{n}")} as before,
                    {_state_name(f"after_{n}")} as after, count(*) as customers
                from both_judged where before_{n} <> after_{n} group by all
                """,
                params,
            ).df()
            for n, code in enumerate(codes)
            if _of(before, code) != _of(draft, code)
        ]
        differ = " or ".join(f"before_{n} <> after_{n}" for n in range(len(codes))) or "false"
        changed = database.value(
            cursor, f"with {both} select count(*) from both_judged where {differ}", params
        )
    return Comparison(
        before=_with_all(heatmap(db, account, rows, valued_on), codes),
        after=_with_all(heatmap(db, account, rows, valued_on, draft), codes),
        changes=_joined(changes, ["code", "before", "after", "customers"]),
        customers=changed,
    )


def changed_customers(
    db: Database,
    account: Account,
    valued_on: date,
    draft: Sequence[Rule],
    code: str,
    limit: int = 100,
) -> pd.DataFrame:
    """List customers in scope whose state under one rule would change with `draft`.

    Columns: id, name, owner (user name), before, after (states); by these, then by name.
    Errors: NotAllowed for whoever is no manager.
    """
    before = rulebook.rules_on(db, valued_on)
    draft = rules_to_judge_by(db, account, valued_on, draft)
    one_before, one_after = (
        [rule for rule in rules if rule.code == code] for rules in (before, draft)
    )
    if not one_before and not one_after:
        return _joined([], ["id", "name", "owner", "before", "after"])
    with db.reading() as cursor:
        both, params = _both(db, cursor, account, valued_on, one_before, one_after)
        return cursor.execute(
            f"""
            with {both}
            select id, name, {groups.OWNER} as owner, {_state_name("before_0")} as before,
                {_state_name("after_0")} as after
            from both_judged where before_0 <> after_0
            order by before_0 desc, after_0 desc, name_key, id limit $limit
            """,
            {**params, "limit": limit},
        ).df()


def _both(
    db: Database,
    cursor: Cursor,
    account: Account,
    day: date,
    before: Sequence[Rule],
    after: Sequence[Rule],
) -> tuple[str, dict[str, Any]]:
    """The common table expressions that end in `both_judged`: `before_<n>` and `after_<n>`, the
    digits of the states of the n-th of all codes."""
    codes = sorted({rule.code for rule in (*before, *after)})
    rules = [*before, *after]
    judged, params = judged_fact(db, cursor, account, day, rules, besides=NAMED)
    columns = []
    for n, code in enumerate(codes):
        for side, offset, of_side in (("before", 0, before), ("after", len(before), after)):
            place = [k for k, rule in enumerate(of_side) if rule.code == code]
            state = f"state_{offset + place[0]}" if place else str(DIGIT[GapState.NOT_NEEDED])
            columns.append(f"{state} as {side}_{n}")
    names = ", ".join([*NAMED, *columns])
    return f"{judged}, both_judged as not materialized (select {names} from judged_fact)", params


def _with_all(cells: pd.DataFrame, codes: Sequence[str]) -> pd.DataFrame:
    """Add the codes that a heatmap has not: nobody needs what no rule asks for."""
    rows = cells.drop_duplicates("row")
    absent = [code for code in codes if code not in set(cells["code"])]
    added = [
        rows.assign(code=code, not_needed=rows["customers"], covered=0, partial=0, gap=0,
                    unknown=0, shortfall=0.0)
        for code in absent
    ]  # fmt: skip
    order = {row: place for place, row in enumerate(rows["row"])}
    whole = pd.concat([cells, *added], ignore_index=True)
    places = whole["row"].map(order)
    return (
        whole.assign(place=places)
        .sort_values(["place", "code"], ignore_index=True)
        .drop(columns="place")
    )


def _joined(frames: list[pd.DataFrame], columns: list[str]) -> pd.DataFrame:
    return (
        pd.concat(frames, ignore_index=True)[columns] if frames else pd.DataFrame(columns=columns)
    )


def _state_name(digit: str) -> str:
    cases = " ".join(f"when {DIGIT[state]} then '{state}'" for state in STATES)
    return f"case {digit} {cases} end"


def _of(rules: Sequence[Rule], code: str) -> Rule | None:
    return next((rule for rule in rules if rule.code == code), None)
