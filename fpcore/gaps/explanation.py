"""Gaps of one customer: the rules of a day, explained.

Whole scopes are in fpcore.gaps.scopes: the same SQL (judging.judged) without the `where`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any
from uuid import UUID

from fpcore.access import scope
from fpcore.errors import NotFound, certain
from fpcore.facts import words
from fpcore.facts.policies import WHY_NOT_IN_FORCE, product, yearly_premium
from fpcore.facts.relation import customer_fact
from fpcore.facts.replacement import ARE_ALIKE, end_unclear, ended_close
from fpcore.facts.words import FactWords
from fpcore.gaps import targets
from fpcore.gaps.customer_gaps import CustomerGaps, Gap, NotCounted, PremiumBurden, Term, Way
from fpcore.gaps.targets import Target
from fpcore.models import WON, Account, GapState, circumstances
from fpcore.rules import judging, rulebook
from fpcore.rules.coverages import COVERAGES
from fpcore.rules.needs import Need
from fpcore.rules.records import Rule
from fpcore.store import database
from fpcore.store.database import Cursor, Database

ORDER = (
    GapState.GAP, GapState.PARTIAL, GapState.UNKNOWN, GapState.COVERED, GapState.NOT_NEEDED,
)  # fmt: skip
"""In which order states are shown, under the rule's severity."""


def of_customer(
    db: Database, account: Account, customer_id: UUID | str, valued_on: date
) -> CustomerGaps:
    """Hold one customer against every rule of the day, and explain where they stand.

    Errors: NotFound, also for a customer out of scope."""
    customer_id = scope.as_uuid(customer_id, "customer_not_found")
    rules = rulebook.rules_on(db, valued_on)
    with db.reading() as cursor:
        by_hand = db.remembered("targeted rules", lambda: judging.targeted(cursor))
        judged = judged_sql(by_hand, rules, valued_on)
        fact, params = customer_fact(db, account, valued_on, _reads(rules))
        row = judged_row(cursor, f"with {fact} {judged}", {**params, "customer": customer_id})
        is_masked = not scope.of_account(db, account).by_name and row["owner_id"] != account.id
        told = words.of_rows(db)
        return explained(cursor, told, rules, valued_on, customer_id, row, bool(by_hand), is_masked)


def explained(
    cursor: Cursor,
    told: FactWords,
    rules: Sequence[Rule],
    day: date,
    customer_id: UUID,
    row: Mapping[str, Any],
    may_have_targets: bool,
    is_masked: bool,
) -> CustomerGaps:
    """Judge a customer by `row`, which `judged_sql` gave of them."""
    said = {"customer": customer_id, "valued_on": day, "currency": WON}
    held = database.rows(cursor, _policies(told), said)
    held.sort(key=lambda policy: (policy["begun_on"], policy["id"]), reverse=True)
    by_hand = targets.of_customer(cursor, customer_id, is_masked) if may_have_targets else {}
    burden = _burden(row, rules)
    gaps = [
        _gap(rule, number, row, day, held, by_hand.get(rule.code), burden)
        for number, rule in enumerate(rules)
    ]
    gaps = [_with_replaced(cursor, told, gap, said) for gap in gaps]
    gaps.sort(key=lambda gap: (ORDER.index(gap.state), -gap.rule.severity, -(gap.short or 0)))
    return CustomerGaps(day, tuple(gaps), burden)


def _with_replaced(cursor: Cursor, told: FactWords, gap: Gap, said: dict[str, Any]) -> Gap:
    """Name the policies for which a replacement is found, or cannot be told."""
    need = gap.rule.need
    if need.word != "no_replacement" or gap.state not in (GapState.GAP, GapState.UNKNOWN):
        return gap
    which = {"customer": said["customer"], "valued_on": said["valued_on"], "months": need.months}
    found = database.rows(cursor, _replaced(told), which)
    return replace(gap, counted=tuple(dict.fromkeys(row["id"] for row in found)))


def judged_row(cursor: Cursor, sql: str, params: dict[str, Any]) -> Mapping[str, Any]:
    """Read the one row that `judged_sql` gives. Errors: NotFound where there is none."""
    found = database.rows(cursor, sql, params)
    if not found:
        raise NotFound("customer_not_found")
    return found[0]


@lru_cache(maxsize=64)
def judged_sql(by_hand: frozenset[str], rules: tuple[Rule, ...], day: date) -> str:
    """The SQL over customer_fact of the customer `$customer`, judged and with what explains it;
    `by_hand` are the codes of rules for which there are targets."""
    mine = judging.with_targets("(from customer_fact where id = $customer)", by_hand)
    explaining = "".join(_explaining(rule, number, day) for number, rule in enumerate(rules))
    held = {f"{COVERAGES[rule.coverage].prefix}_policies" for rule in rules}
    columns = ", ".join(sorted({*_FACTS, *held}))
    numbers = range(len(rules))
    states = "".join(f", state_{n}, amount_{n}, held_{n}" for n in numbers)
    return f"select {columns}{states}{explaining} from {judging.judged(rules, day, mine, by_hand)}"


_FACTS = (
    "owner_id", "born_on", *circumstances.FACTS, "protection_premium",
    "protection_premium_unknown",
)  # fmt: skip
"""Whose customer it is, and what the words of rules ask for when they say what is missing, and the
premium burden."""


def _reads(rules: Sequence[Rule]) -> set[str]:
    """Name the columns of customer_fact that `judged_sql` reads."""
    coverages = {rule: COVERAGES[rule.coverage] for rule in rules}
    held = {f"{coverage.prefix}_policies" for coverage in coverages.values()}
    held |= {f"{one.prefix}_unknown" for one in coverages.values() if one.has_amount}
    ways = {name for rule in rules for need in _needs(rule) for name in need.reads(coverages[rule])}
    return {*_FACTS, *held, *ways, *judging.reads(rules)}


def _explaining(rule: Rule, number: int, day: date) -> str:
    """The SQL of what explains a rule's amounts: for each way its terms and their parts."""
    columns = [f"{rule.need.unknown(COVERAGES[rule.coverage])} as unknown_{number}"]
    for way, need in enumerate(_needs(rule)):
        for place, term in enumerate(need.terms(day)):
            name = _term_column(number, way, place)
            columns.append(name if way == 0 else f"{term.amount} as {name}")
            columns += [f"{sql} as {_part_column(part, name)}" for part, sql in term.parts.items()]
    return "".join(f", {column}" for column in columns)


def _term_column(number: int, way: int, place: int) -> str:
    """Name the column of a term: of the rule's own need (way 0) as judging.judged names it."""
    return f"term_{number}_{place}" if way == 0 else f"term_{number}_{place}_of_{way}"


def _part_column(part: str, term_column: str) -> str:
    return f"{part}_{term_column}"


def _needs(rule: Rule) -> list[Need]:
    return [rule.need, *(choice.need for choice in rule.choices)]


def _gap(
    rule: Rule,
    number: int,
    row: Mapping[str, Any],
    day: date,
    held: Sequence[Mapping[str, Any]],
    target: Target | None,
    burden: PremiumBurden,
) -> Gap:
    state = judging.STATES[row[f"state_{number}"]]
    unknown = row[f"unknown_{number}"]
    ways = tuple(_way(rule, number, place, row, day) for place in range(1 + len(rule.choices)))
    recommended = _decimal(row[f"amount_{number}"])
    amount_held = _decimal(row[f"held_{number}"])
    lacking = state in (GapState.GAP, GapState.PARTIAL)
    missing: tuple[str, ...] = ()
    if state is GapState.UNKNOWN:
        missing = _missing(rule, row, target, unknown)
    whys = {one["id"]: _why_not_counted(rule, one, bool(ways[0].terms)) for one in held}
    adds = lacking and rule.need.asks_for_more
    return Gap(
        rule=rule,
        state=state,
        recommended=recommended,
        held=amount_held,
        short=_short(state, recommended, amount_held) if rule.need.asks_for_more else None,
        why=rule.need.why(state, missing),
        missing=missing,
        policies=row[f"{COVERAGES[rule.coverage].prefix}_policies"],
        policies_unknown=unknown,
        ways=ways,
        target=target,
        counted=tuple(policy for policy, why in whys.items() if why is None),
        not_counted=tuple(NotCounted(policy, why) for policy, why in whys.items() if why),
        is_costly=adds and burden.is_high,
    )


def _missing(
    rule: Rule, row: Mapping[str, Any], target: Target | None, unknown: int
) -> tuple[str, ...]:
    """Name the facts that nobody knows and without which the state is not known."""
    facts = []
    if target is None:
        facts = [name for part in (*rule.when, rule.need) for name in part.missing(row)]
    if unknown:
        facts.append(rule.need.unknown_field)
    return tuple(dict.fromkeys(facts))


def _short(state: GapState, recommended: Decimal | None, held: Decimal | None) -> Decimal | None:
    if recommended is None:
        return None
    if state is GapState.COVERED:
        return Decimal(0)
    return recommended - certain(held) if state in (GapState.PARTIAL, GapState.GAP) else None


def _way(rule: Rule, number: int, place: int, row: Mapping[str, Any], day: date) -> Way:
    of = rule if place == 0 else rule.choices[place - 1]
    terms = []
    for k, term in enumerate(of.need.terms(day)):
        name = _term_column(number, place, k)
        parts = {part: row[_part_column(part, name)] for part in term.parts}
        terms.append(Term(term.code, _decimal(row[name]), {**parts, **term.values}))
    amounts = [term.amount for term in terms if term.amount is not None]
    is_known = bool(terms) and len(amounts) == len(terms)
    recommended = sum(amounts, Decimal(0)) if is_known else None
    held, unknown = _decimal(row[f"held_{number}"]), row[f"unknown_{number}"]
    short = None
    if recommended is not None and of.need.asks_for_more:
        enough = (held or 0) >= recommended
        short = Decimal(0) if enough else None if unknown else recommended - (held or 0)
    missing = tuple(of.need.missing(row))
    return Way(of.need, of.source, of.grade, recommended, short, tuple(terms), missing)


def _decimal(amount: int | Decimal | None) -> Decimal | None:
    return None if amount is None else Decimal(amount)


def _burden(row: Mapping[str, Any], rules: Sequence[Rule]) -> PremiumBurden:
    yearly, income = row["protection_premium"], row["monthly_income"]
    bands = [rule.need.high for rule in rules if rule.need.word == "premium_share"]
    known = yearly is not None and income
    return PremiumBurden(
        premium=None if yearly is None else Decimal(yearly) / 12,
        unknown=row["protection_premium_unknown"],
        monthly_income=_decimal(income),
        share=Decimal(yearly) / 12 / income if known else None,
        limit=Decimal(bands[0]) / 100 if bands else None,
    )


@lru_cache(maxsize=8)
def _policies(told: FactWords) -> str:
    """The SQL of the policies of `$customer`, each with what may keep it from counting."""
    return f"""
select p.id, p.type, {product(told)} as product, {WHY_NOT_IN_FORCE} as why_not,
    case
        when p.currency <> '{WON}' then 'other_currency'
        when p.coverage_amount is null then 'amount_unknown'
    end as no_amount,
    if({yearly_premium("$currency")} is null, 'premium_unknown', null) as no_premium,
    coalesce(p.start_date, date '0001-01-01') as begun_on
from policy p where p.customer_id = $customer
"""


@lru_cache(maxsize=8)
def _replaced(told: FactWords) -> str:
    """The SQL of the policies that replaced each other, or may have, in the last `$months`."""
    return f"""
with judged as (
    select p.id, p.type, {product(told)} as product, p.status, p.start_date, p.end_date
    from policy p where p.customer_id = $customer
)
select unnest([old.id, new.id]) as id from judged old join judged new on {ARE_ALIKE}
where ({ended_close(told, "$valued_on")})
        and greatest(new.start_date, old.end_date) > $valued_on - to_months($months)
    or ({end_unclear("$valued_on")}) and new.start_date > $valued_on - to_months($months)
order by id
"""


def _why_not_counted(rule: Rule, policy: Mapping[str, Any], has_terms: bool) -> str | None:
    """Give the reason why a policy does not count for a rule.

    None: it counts. An empty text: it is about something else altogether."""
    coverage, product = COVERAGES[rule.coverage], policy["product"]
    if rule.need.word == "premium_share":
        return "savings" if product == "savings" else policy["why_not"] or policy["no_premium"]
    if coverage.counts(policy["type"], product):
        not_known = policy["no_amount"] if coverage.has_amount and has_terms else None
        return policy["why_not"] or not_known
    is_near = coverage.is_held and rule.need.asks_for_more and coverage.type == policy["type"]
    return (product or "other_kind") if is_near else ""
