"""The gap rules once more, slow and obvious: one customer, one rule, plain Python, no SQL.

What fpcore.rules.judging says as SQL is said here a second time, from the words of the rules and of
the facts alone, so that a fault would have to be made twice to be missed. `None` is "not known".
"""

import tomllib
from calendar import monthrange
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

from agency import yearly_premium

from fpcore.models import GapState
from fpcore.rules.records import Rule
from fpcore.store.database import Database

NOT_NEEDED, COVERED, PARTIAL, GAP, UNKNOWN = GapState

Person = dict[str, Any]
"""A row of the table customer, with `policies`, rows of the table policy, and `targets`, the amount
in won by the rule's code."""

_WORDS = tomllib.loads(
    (Path(__file__).parents[2] / "data" / "fact_words.toml").read_text(encoding="utf-8")
)
_TYPES = {
    "death": "life", "diagnosis": "health", "injury": "accident", "vehicle": "car",
}  # fmt: skip


@dataclass(frozen=True)
class Verdict:
    """What one rule says of one customer. Amounts in won; None: not known, or not asked."""

    state: GapState
    recommended: int | None = None
    held: Fraction | None = None
    short: Fraction | None = None


def read_people(db: Database) -> list[Person]:
    """Read everybody whose consent holds, as they stand in the tables."""
    people = {
        one["id"]: {**one, "policies": [], "targets": {}}
        for one in db.read("select * from customer where withdrawn_on is null")
    }
    for policy in db.read("select * from policy"):
        if policy["customer_id"] in people:
            people[policy["customer_id"]]["policies"].append(policy)
    for target in db.read("select * from customer_target"):
        if target["customer_id"] in people:
            people[target["customer_id"]]["targets"][target["code"]] = int(target["amount"])
    return list(people.values())


def judge(rule: Rule, one: Person, day: date) -> Verdict:
    """Say where a customer stands against a rule on a day."""
    target = one["targets"].get(rule.code)
    applies = True if target is not None else _all(_is(c, one, day) for c in rule.when)
    wanted = target if target is not None else _amount(rule.need, one, day)
    if rule.need.word == "at_most_one":
        return _judge_at_most_one(one, day, applies)
    if rule.need.word == "premium_share":
        return _judge_premium(rule.need, one, day, applies, wanted)
    if rule.need.word == "no_replacement":
        return _judge_replacement(rule.need, one, day, applies)
    if rule.need.word == "holds":
        return _judge_holding(rule, one, day, applies)
    return _judge_amount(rule, one, day, applies, wanted)


def score(rules: Sequence[Rule], verdicts: Sequence[Verdict]) -> tuple[float, int, int]:
    """Give a customer's score, number of gaps, and shortfall, over all rules."""
    weight = {GAP: 1, PARTIAL: 0.5}
    pairs = list(zip(rules, verdicts, strict=True))
    return (
        sum(rule.severity * weight.get(one.state, 0) for rule, one in pairs),
        sum(one.state in weight for one in verdicts),
        sum(one.short or 0 for one in verdicts),
    )


# ---- what is wanted ----


def _judge_amount(rule: Rule, one: Person, day: date, applies: bool | None, wanted: int | None):
    amounts = [_won(policy) for policy in _held(one, rule.coverage, day)]
    known = sum(amount for amount in amounts if amount is not None)
    shown = None if amounts and set(amounts) == {None} else known
    if applies is False:
        return Verdict(NOT_NEEDED, wanted, shown)
    if wanted is not None and known >= wanted:
        return Verdict(COVERED, wanted, shown, 0)
    if wanted is None or applies is None or None in amounts:
        return Verdict(UNKNOWN, wanted, shown)
    return Verdict(PARTIAL if known > 0 else GAP, wanted, shown, wanted - known)


def _judge_holding(rule: Rule, one: Person, day: date, applies: bool | None) -> Verdict:
    held = _held(one, rule.coverage, day)
    amounts = [_won(policy) for policy in held]
    known = sum(amount for amount in amounts if amount is not None)
    has_amount = rule.coverage not in ("driver", "vehicle", "indemnity")
    shown = known if has_amount and (not amounts or set(amounts) != {None}) else None
    if applies is False:
        return Verdict(NOT_NEEDED, None, shown)
    if held:
        return Verdict(COVERED, None, shown)
    return Verdict(UNKNOWN if applies is None else GAP, None, shown)


def _judge_at_most_one(one: Person, day: date, applies: bool | None) -> Verdict:
    sure = len(_held(one, "indemnity", day))
    perhaps = len([p for p in _held(one, "health", day) if p["policy_name"] is None])
    if applies is False or sure + perhaps == 0:
        return Verdict(NOT_NEEDED)
    if sure + perhaps == 1:
        return Verdict(COVERED)
    return Verdict(GAP if sure > 1 and applies else UNKNOWN)


def _judge_premium(need, one: Person, day: date, applies: bool | None, wanted: int | None):
    premiums = [
        yearly_premium(policy)
        for policy in one["policies"]
        if _in_force(policy, day) and _product(policy) != "savings"
    ]
    known = sum(premium for premium in premiums if premium is not None)
    shown = None if premiums and set(premiums) == {None} else Fraction(known) / 12
    income = one["monthly_income"]

    def percent_of_income(percent: int) -> Fraction:
        return Fraction(income) * 12 * percent / 100

    if applies is False:
        return Verdict(NOT_NEEDED, wanted, shown)
    if income is None:
        return Verdict(UNKNOWN, wanted, shown)
    if known > 0 and known >= percent_of_income(need.excessive):
        return Verdict(GAP if applies else UNKNOWN, wanted, shown)
    if None in premiums:
        return Verdict(UNKNOWN, wanted, shown)
    if known > percent_of_income(need.high):
        return Verdict(PARTIAL if applies else UNKNOWN, wanted, shown)
    return Verdict(COVERED, wanted, shown)


def _judge_replacement(need, one: Person, day: date, applies: bool | None) -> Verdict:
    if applies is False:
        return Verdict(NOT_NEEDED)
    found, unclear = [], []
    for old in one["policies"]:
        for new in one["policies"]:
            if not _may_replace(new, old):
                continue
            ended = old["end_date"]
            if ended is None or ended > day:
                unclear.append(new["start_date"])
            elif _months_between(new["start_date"], ended):
                found.append(max(new["start_date"], ended))
    since = _months_later(day, -need.months)
    if any(on > since for on in found):
        return Verdict(GAP if applies else UNKNOWN)
    return Verdict(UNKNOWN if any(on > since for on in unclear) else COVERED)


def _may_replace(new: dict, old: dict) -> bool:
    begun, ends = new["start_date"], new["end_date"]
    return (
        old["status"] == "cancelled"
        and new["status"] in ("active", "pending")
        and (new["type"], _product(new)) == (old["type"], _product(old))
        and new["type"] in ("life", "health", "home", "accident")
        and begun is not None
        and (ends is None or ends > _months_later(begun, 12))
    )


def _months_between(begun: date, ended: date) -> bool:
    months = _WORDS["replacement"]["months"]
    return _months_later(begun, -months) <= ended <= _months_later(begun, months)


def _amount(need, one: Person, day: date) -> int | None:
    if need.word == "fixed":
        return need.amount
    if need.word == "by_age":
        return _by_age(need.amounts, one, day)
    if need.word == "by_occupation_class":
        number = _occupation_class(one)
        return None if number is None else need.amounts[number - 1]
    if need.word == "living_cost":
        return _sum(_living_cost(need, one, day), one["debts"])
    if need.word == "income_multiple":
        return _times(one["monthly_income"], 12 * need.times)
    if need.word == "dime":
        return _sum(_times(one["monthly_income"], 12 * need.times), one["debts"])
    if need.word == "premium_share":
        income = one["monthly_income"]
        return None if income is None else int(income) * need.high // 100
    return None


def _living_cost(need, one: Person, day: date) -> int | None:
    if not one["dependants"]:
        return one["dependants"]  # None stays None, nobody costs nothing
    monthly = one["living_cost"]
    if monthly is None:
        monthly = _by_age(need.monthly, one, day)
    return _times(monthly, 12 * need.years)


def _by_age(amounts, one: Person, day: date) -> int | None:
    age = age_on(one, day)
    if age is None:
        return None
    return max(((line.from_age, line.amount) for line in amounts if line.from_age <= age),
               default=(0, 0))[1]  # fmt: skip


def _times(amount, times: int) -> int | None:
    return None if amount is None else int(amount) * times


def _sum(*amounts) -> int | None:
    return None if None in amounts else sum(int(amount) for amount in amounts)


# ---- for whom it is wanted ----


def _is(condition, one: Person, day: date) -> bool | None:
    if condition.word == "dependants_or_debts":
        return _any([_above_zero(one["dependants"]), _above_zero(one["debts"])])
    if condition.word == "age_between":
        age = age_on(one, day)
        last = 1000 if condition.to_age is None else condition.to_age
        return None if age is None else condition.from_age <= age <= last
    if condition.word == "housing_is":
        return _among(one["housing"], condition.housing)
    if condition.word == "drives":
        return _any([_among(one["driving"], ("own_car", "drives")), _has_vehicle(one, day)])
    if condition.word == "owns_car":
        return _any([_among(one["driving"], ("own_car",)), _has_vehicle(one, day)])
    assert condition.word == "occupation_class_is"
    return _among(_occupation_class(one), condition.classes)


def _has_vehicle(one: Person, day: date) -> bool | None:
    return bool(_held(one, "vehicle", day))


def _above_zero(amount) -> bool | None:
    return None if amount is None else amount > 0


def _among(value, accepted) -> bool | None:
    return None if value is None else value in list(accepted)


def _all(answers: Iterable[bool | None]) -> bool | None:
    answers = list(answers)
    return False if False in answers else None if None in answers else True


def _any(answers: Iterable[bool | None]) -> bool | None:
    answers = list(answers)
    return True if True in answers else None if None in answers else False


# ---- the facts ----


def age_on(one: Person, day: date) -> int | None:
    """Full years; whoever was born on 29 February is older on 28 February of a common year."""
    if one["birth_date"] is None:
        return None if one["birth_year"] is None else day.year - one["birth_year"]
    birthday = _months_later(one["birth_date"], 12 * (day.year - one["birth_date"].year))
    return day.year - one["birth_date"].year - (day < birthday)


def _occupation_class(one: Person) -> int | None:
    if one["occupation_class"] is not None:
        return one["occupation_class"]
    for number, names in _WORDS["occupation_class"]["classes"].items():
        if one["occupation"] in names:
            return int(number)
    return None


def _held(one: Person, coverage: str, day: date) -> list[dict]:
    return [p for p in one["policies"] if _in_force(p, day) and _is_about(p, coverage)]


def _in_force(policy: dict, day: date) -> bool:
    begun = policy["start_date"] is None or policy["start_date"] <= day
    ended = policy["end_date"] is not None and policy["end_date"] < day
    return policy["status"] == "active" and begun and not ended


def _is_about(policy: dict, coverage: str) -> bool:
    product = _product(policy)
    if coverage == "total":
        return True
    if coverage in ("driver", "indemnity"):
        return product == coverage
    if coverage in _TYPES:
        return policy["type"] == _TYPES[coverage] and product is None
    return policy["type"] == coverage


def _product(policy: dict) -> str | None:
    name = (policy["policy_name"] or "").lower()
    for product, types in (
        ("indemnity", ["health"]),
        ("savings", ["life", "other"]),
        ("driver", ["accident", "car", "other"]),
    ):
        if policy["type"] in types and any(word in name for word in _WORDS["product"][product]):
            return product
    return None


def _won(policy: dict):
    return policy["coverage_amount"] if policy["currency"] == "KRW" else None


def _months_later(day: date, months: int) -> date:
    """The same day of another month, or the last one where that month is shorter."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))
