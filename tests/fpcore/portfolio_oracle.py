"""The figures of heatmaps once more, slow and obvious: Python over the raw tables.

Nothing of fpcore's SQL is used. `people` are customers as gap_oracle.read_people gives them, with
`owner` and `team`; amounts in one currency.
"""

import math
from collections.abc import Callable, Iterable
from datetime import date, timedelta
from statistics import median
from typing import Any

import gap_oracle
from agency import yearly_premium

from fpcore.models import GapState, Measure, PolicyType, RowKind
from fpcore.rules.coverages import COVERAGES
from fpcore.rules.records import Rule
from fpcore.store.database import Database

TYPES = [kind.value for kind in PolicyType]
COLUMNS = [*TYPES, "total"]
LACKING = (GapState.PARTIAL, GapState.GAP)
Person = dict[str, Any]


def read_people(db: Database) -> list[Person]:
    """Read everybody whose consent holds, with their FP and team."""
    owners = {
        row["id"]: row
        for row in db.read(
            "select a.id, a.username, t.name as team from account a left join team t"
            " on t.id = a.team_id"
        )
    }
    people = gap_oracle.read_people(db)
    for one in people:
        owner = owners[one["owner_id"]]
        one |= {"owner": owner["username"], "team": owner["team"]}
    return people


def rows_of(one: Person, kind: RowKind, day: date) -> list[str]:
    """Name the rows that a customer is in."""
    if kind is RowKind.INSURER:
        names = {p["insurer"] for p in in_force(one, "total", day) if p["insurer"]}
        return sorted(names) or ["unknown"]
    found = {
        RowKind.AGE_BAND: lambda: _band(gap_oracle.age_on(one, day)),
        RowKind.FP: lambda: one["owner"],
        RowKind.TEAM: lambda: one["team"],
        RowKind.GENDER: lambda: one["gender"],
        RowKind.OCCUPATION: lambda: one["occupation"],
        RowKind.OCCUPATION_CLASS: lambda: _text(gap_oracle._occupation_class(one)),
        RowKind.SINCE: lambda: _years(one, day),
    }[kind]()
    return ["unknown" if found is None else found]


def cell(
    people: list[Person],
    column: str,
    measure: Measure,
    day: date,
    since: date,
    rules: Iterable[Rule],
    currency: str,
) -> dict[str, float]:
    """Give value, n, base, left_out of one group of customers."""
    return {
        Measure.HOLDING: _holding,
        Measure.LACKING: _lacking,
        Measure.MEDIAN: _median,
        Measure.COVERAGE: _coverage,
        Measure.ADEQUACY: _adequacy,
        Measure.SHORTFALL: _shortfall,
        Measure.PREMIUM: _premium,
        Measure.UNKNOWN: _unknown,
        Measure.CHANGE: _change,
    }[measure](_Group(people, column, day, since, list(rules), currency))


class _Group:
    def __init__(self, people, column, day, since, rules, currency) -> None:
        self.people, self.column, self.day, self.since = people, column, day, since
        self.rules = [
            rule
            for rule in rules
            if rule.need.asks_for_more
            and COVERAGES[rule.coverage].type in (TYPES if column == "total" else [column])
        ]
        self.currency = currency

    def held(self, one: Person) -> list[dict]:
        return in_force(one, self.column, self.day)

    def holders(self) -> list[Person]:
        return [one for one in self.people if self.held(one)]

    def amounts(self, of: Callable[[dict], Any]) -> list[list[float | None]]:
        """The amounts of each holder; None: not known."""
        return [
            [None if of(policy) is None else float(of(policy)) for policy in self.held(one)]
            for one in self.holders()
        ]

    def coverage(self, policy: dict) -> Any:
        return policy["coverage_amount"] if policy["currency"] == self.currency else None

    def premium(self, policy: dict) -> Any:
        if policy["premium_cycle"] == "paid_up":
            return 0
        in_won = {**policy, "currency": "KRW"}
        return yearly_premium(in_won) if policy["currency"] == self.currency else None


def _share(part: int, whole: int) -> float:
    return part / whole if whole else math.nan


def _holding(group: _Group) -> dict:
    n, base = len(group.holders()), len(group.people)
    return {"value": _share(n, base), "n": n, "base": base, "left_out": 0}


def _lacking(group: _Group) -> dict:
    n, base = len(group.people) - len(group.holders()), len(group.people)
    return {"value": n, "n": n, "base": base, "left_out": 0}


def _median(group: _Group) -> dict:
    amounts = group.amounts(group.coverage)
    whole = [sum(one) for one in amounts if None not in one]
    return {
        "value": median(whole) if whole else math.nan,
        "n": len(whole),
        "base": len(amounts),
        "left_out": len(amounts) - len(whole),
    }


def _known_sum(group: _Group, of: Callable) -> dict:
    amounts = group.amounts(of)
    known = [[amount for amount in one if amount is not None] for one in amounts]
    known = [sum(one) for one in known if one]
    return {
        "value": sum(known) if known or not amounts else math.nan,
        "n": len(known),
        "base": len(amounts),
        "left_out": sum(None in one for one in amounts),
    }


def _coverage(group: _Group) -> dict:
    return _known_sum(group, group.coverage)


def _premium(group: _Group) -> dict:
    found = _known_sum(group, group.premium)
    return {**found, "value": found["value"] / 12}


def _unknown(group: _Group) -> dict:
    amounts = group.amounts(group.coverage)
    n = sum(None in one for one in amounts)
    return {"value": _share(n, len(amounts)), "n": n, "base": len(amounts), "left_out": 0}


def _state(group: _Group, one: Person) -> GapState | None:
    """The worst state of the rules of a type; None where there is no rule."""
    states = {gap_oracle.judge(rule, one, group.day).state for rule in group.rules}
    order = (GapState.GAP, GapState.PARTIAL, GapState.UNKNOWN, GapState.COVERED)
    worst = next((state for state in order if state in states), GapState.NOT_NEEDED)
    return worst if states else None


def _adequacy(group: _Group) -> dict:
    states = [_state(group, one) for one in group.people]
    short = sum(state in LACKING for state in states)
    base = short + states.count(GapState.COVERED)
    return {
        "value": _share(base - short, base),
        "n": short,
        "base": base,
        "left_out": states.count(GapState.UNKNOWN),
    }


def _shortfall(group: _Group) -> dict:
    by_type: dict[str, list[Rule]] = {}
    for rule in group.rules:
        if rule.need.terms(group.day):
            by_type.setdefault(COVERAGES[rule.coverage].type, []).append(rule)
    short = []
    for one in group.people:
        each = []
        for rules in by_type.values():
            verdicts = [gap_oracle.judge(rule, one, group.day) for rule in rules]
            lacking = [float(v.short) for v in verdicts if v.state in LACKING]
            unknown = any(v.state is GapState.UNKNOWN for v in verdicts)
            each.append(max(lacking) if lacking else None if unknown else 0.0)
        short.append(each)
    known = [[s for s in each if s is not None] for each in short]
    base = sum(bool(each) for each in known)
    total = sum(sum(each) for each in known)
    is_asked = bool(by_type)
    return {
        "value": total if base else math.nan,
        "n": sum(any(s > 0 for s in each) for each in known),
        "base": base,
        "left_out": sum(_state(group, one) is GapState.UNKNOWN for one in group.people)
        if is_asked
        else 0,
    }


def _change(group: _Group) -> dict:
    gained = lost = unclear = 0
    for one in group.people:
        now = bool(group.held(one))
        then = _held_then(one, group.column, group.day, group.since)
        gained += now and not then
        lost += then and not now
        unclear += any(_ends_unclear(p, group.day) for p in one["policies"])
    base = len(group.people)
    return {
        "value": _share(gained - lost, base), "n": gained + lost, "base": base,
        "left_out": unclear, "gained": gained, "lost": lost,
    }  # fmt: skip


def in_force(one: Person, column: str, day: date) -> list[dict]:
    """The policies of a type, or of all, that count on a day."""
    return [
        p
        for p in one["policies"]
        if p["status"] == "active"
        and column in (p["type"], "total")
        and (p["start_date"] is None or p["start_date"] <= day)
        and (p["end_date"] is None or p["end_date"] >= day)
    ]


def _ends_unclear(policy: dict, day: date) -> bool:
    if policy["status"] not in ("cancelled", "expired"):
        return False
    end = policy["end_date"]
    return end is None or end > day or (policy["status"] == "expired" and end == day)


def _held_then(one: Person, column: str, day: date, since: date) -> bool:
    """Whether a policy of the type was in force on an earlier day: one that is over since counts,
    up to its last day, if that is known."""
    for policy in one["policies"]:
        if policy["status"] == "pending" or column not in (policy["type"], "total"):
            continue
        last = policy["end_date"] or date.max
        if policy["status"] != "active":
            if _ends_unclear(policy, day):
                continue
            last = policy["end_date"]
            if policy["status"] == "cancelled":
                last -= timedelta(days=1)
        if (policy["start_date"] or date.min) <= since <= last:
            return True
    return False


def _band(age: int | None) -> str | None:
    if age is None or age < 0:
        return None
    return "100+" if age >= 100 else f"{age // 10 * 10}-{age // 10 * 10 + 9}"


def _years(one: Person, day: date) -> str | None:
    begun = [
        p["start_date"]
        for p in one["policies"]
        if p["status"] != "pending" and p["start_date"] and p["start_date"] <= day
    ]
    if not begun:
        return None
    first = min(begun)
    years = day.year - first.year - ((day.month, day.day) < (first.month, first.day))
    if (first.month, first.day) == (2, 29) and (day.month, day.day) == (2, 28):
        years = day.year - first.year
    for lowest, label in ((15, "15+"), (10, "10-14"), (5, "5-9"), (3, "3-4"), (1, "1-2")):
        if years >= lowest:
            return label
    return "0"


def _text(number: int | None) -> str | None:
    return None if number is None else str(number)
