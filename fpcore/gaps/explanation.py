"""Gaps: the rules of a day for one customer, explained; targets by hand; what would be if.

Whole scopes are in fpcore.gaps.scopes: the same SQL (judging.judged) without the `where`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any
from uuid import UUID

from fpcore import privacy
from fpcore.access import audit, scope
from fpcore.access.audit import Action
from fpcore.customers import policies
from fpcore.errors import InvalidInput, NotFound
from fpcore.facts.policies import PRODUCT, WHY_NOT_IN_FORCE, YEARLY_PREMIUM
from fpcore.facts.relation import customer_fact
from fpcore.facts.replacement import ARE_ALIKE, END_UNCLEAR, ENDED_CLOSE
from fpcore.facts.rows import computed_rows
from fpcore.kept import customer_rows
from fpcore.models import LARGEST_AMOUNT, WON, Account, GapState, NewPolicy
from fpcore.rules import judging, rulebook
from fpcore.rules.rulebook import Rule
from fpcore.rules.vocabulary import COVERAGES, Need
from fpcore.store import database
from fpcore.store.database import Cursor, Database

LONGEST_NOTE = 300
ORDER = (
    GapState.GAP, GapState.PARTIAL, GapState.UNKNOWN, GapState.COVERED, GapState.NOT_NEEDED,
)  # fmt: skip
"""In which order states are shown, under the rule's severity."""


@dataclass(frozen=True)
class Term:
    """A part of a recommended amount: `term.<code>` has its words. `amount` in won, None: not
    known; `parts` are the values from which it comes."""

    code: str
    amount: Decimal | None
    parts: dict[str, Any]


@dataclass(frozen=True)
class Way:
    """A way to find the amount: the rule's own need, or one of its choices."""

    need: Need
    source: str
    grade: str
    recommended: Decimal | None
    short: Decimal | None
    terms: tuple[Term, ...]
    missing: tuple[str, ...]


@dataclass(frozen=True)
class Target:
    """An amount in won that somebody set for one customer in the place of a rule's; `note` is None
    for an account without the right to the customer's name."""

    amount: Decimal
    note: str | None
    by: str
    on: datetime
    ver: int


@dataclass(frozen=True)
class NotCounted:
    """A policy that does not count for a gap, and why: the codes of `status` or `not_counted`."""

    policy_id: UUID
    why: str


@dataclass(frozen=True)
class Gap:
    """Where one customer stands against one rule. Amounts in won; None: not known or not asked.

    `held` is the known cover, `policies` how many count, `policies_unknown` how many of them (or
    of those that may count) are not known well enough. `why` is a code of `why`; `missing` names
    the facts that keep the state unknown, as `field.<name>`. `ways` are the rule's own need and
    its choices, side by side. `is_costly`: more is recommended although the premium share of
    income is above the limit already.
    """

    rule: Rule
    state: GapState
    recommended: Decimal | None
    held: Decimal | None
    short: Decimal | None
    why: str
    missing: tuple[str, ...]
    policies: int
    policies_unknown: int
    ways: tuple[Way, ...]
    target: Target | None
    counted: tuple[UUID, ...]
    not_counted: tuple[NotCounted, ...]
    is_costly: bool


@dataclass(frozen=True)
class PremiumBurden:
    """What protection costs a month, in won, and its share of the income (0.1 is 10 %).

    `premium` is the known sum without savings; `unknown` policies are not in it, so that `share`
    is the least it can be. `share` is None where the income is not known or zero. `limit` is the
    share above which more premium is too much (the rule's band `high`), None without such a rule.
    """

    premium: Decimal | None
    unknown: int
    monthly_income: Decimal | None
    share: Decimal | None
    limit: Decimal | None

    @property
    def is_high(self) -> bool:
        """Whether the share is above the limit for sure."""
        return self.share is not None and self.limit is not None and self.share > self.limit


@dataclass(frozen=True)
class CustomerGaps:
    """A customer against all rules of a day: the worst gaps first."""

    valued_on: date
    gaps: tuple[Gap, ...]
    burden: PremiumBurden

    def of(self, code: str) -> Gap:
        """Give the gap of one rule. Errors: KeyError."""
        for gap in self.gaps:
            if gap.rule.code == code:
                return gap
        raise KeyError(code)


@dataclass(frozen=True)
class WhatIf:
    """A customer as they are and as they would be: nothing is stored."""

    before: CustomerGaps
    after: CustomerGaps


def of_customer(
    db: Database, account: Account, customer_id: UUID | str, valued_on: date
) -> CustomerGaps:
    """Hold one customer against every rule of the day, explained. Errors: NotFound, also for a
    customer out of scope."""
    customer_id = scope.as_uuid(customer_id, "customer_not_found")
    rules = rulebook.rules_on(db, valued_on)
    with db.reading() as cursor:
        targets = db.remembered("targeted rules", lambda: judging.targeted(cursor))
        judged = _judged_sql(targets, rules, valued_on)
        fact, params = customer_fact(db, account, valued_on, used_in=judged)
        row = _row(cursor, f"with {fact} {judged}", {**params, "customer": customer_id})
        is_masked = not scope.of_account(db, account).by_name and row["owner_id"] != account.id
        return _judged(cursor, rules, valued_on, customer_id, row, bool(targets), is_masked)


def what_if(
    db: Database,
    account: Account,
    customer_id: UUID | str,
    today: date,
    add: Sequence[NewPolicy] = (),
    end: Sequence[UUID] = (),
) -> WhatIf:
    """Say how the gaps would be with policies added and others ended today; nothing is stored.

    Without the right to the customer's name a policy number is passed over: whether it is taken
    would tell whose it is.
    Errors: NotFound, ConsentWithdrawn; InvalidInput for a policy that could not be added.
    """
    rules = rulebook.rules_on(db, today)

    def work(cursor: Cursor) -> WhatIf:
        row = scope.customer_in_scope(cursor, account, customer_id, masked_too=True)
        said = {"customer": row["id"], "valued_on": today, "currency": WON}
        unnumbered = {"policy_number": None} if row["is_masked"] else {}
        rows = computed_rows("c.id = $customer", "{} = $customer")
        judged = _judged_sql(judging.targeted(cursor), rules, today)
        sql = f"with {rows}, customer_fact as (from computed_row) {judged}"

        def as_it_is() -> CustomerGaps:
            found = _row(cursor, sql, said)
            return _judged(cursor, rules, today, row["id"], found, True, row["is_masked"])

        before = as_it_is()
        for policy_id in end:
            policies.end_for_now(cursor, row["id"], policy_id, today)
        for new in add:
            policies.add_for_now(cursor, row["id"], new.model_copy(update=unnumbered), today)
        return WhatIf(before, as_it_is())

    return db.dry_run(work)


def set_target(
    db: Database,
    account: Account,
    customer_id: UUID | str,
    code: str,
    amount: Decimal,
    note: str,
    today: date,
) -> None:
    """Set what is recommended to one customer under a rule, in won, in the place of its amount.

    Errors: NotFound, also for a rule without an amount; NotAllowed, ConsentWithdrawn; InvalidInput.
    """
    note = privacy.scrubbed(note or "").strip()
    wanted = {rule.code: rule for rule in rulebook.rules_on(db, today)}.get(code)
    if wanted is None or not COVERAGES[wanted.coverage].has_amount or not wanted.terms(today):
        raise NotFound("rule_not_found")
    problems = _problems_of_target(amount, note)
    if problems:
        raise InvalidInput(problems)

    def work(cursor: Cursor) -> None:
        row = scope.customer_in_scope(cursor, account, customer_id)
        old = _target_row(cursor, row["id"], code)
        cursor.execute("delete from customer_target where id = $id", {"id": old.get("id")})
        cursor.execute(
            _SET_TARGET,
            {
                "customer": row["id"], "code": code, "amount": amount, "note": note,
                "asker": account.id, "ver": old.get("ver", 0) + 1, "now": database.utc_now(),
            },
        )  # fmt: skip
        _target_changed(db, cursor, account, row["id"], old.get("amount"), amount, today)

    db.transaction(work)


def remove_target(
    db: Database, account: Account, customer_id: UUID | str, code: str, today: date
) -> None:
    """Take a target away: the rule's own amount counts again. Errors: NotFound, NotAllowed,
    ConsentWithdrawn."""

    def work(cursor: Cursor) -> None:
        row = scope.customer_in_scope(cursor, account, customer_id)
        old = _target_row(cursor, row["id"], code)
        if not old:
            raise NotFound("target_not_found")
        cursor.execute("delete from customer_target where id = $id", {"id": old["id"]})
        _target_changed(db, cursor, account, row["id"], old["amount"], None, today)

    db.transaction(work)


def _judged(
    cursor: Cursor,
    rules: Sequence[Rule],
    day: date,
    customer_id: UUID,
    row: Mapping[str, Any],
    may_have_targets: bool,
    is_masked: bool,
) -> CustomerGaps:
    """Judge a customer by `row`, which `_judged_sql` gave of them."""
    said = {"customer": customer_id, "valued_on": day, "currency": WON}
    held = database.rows(cursor, _POLICIES, said)
    held.sort(key=lambda policy: (policy["begun_on"], policy["id"]), reverse=True)
    which = {"customer": customer_id, "is_masked": is_masked}
    by_hand = database.rows(cursor, _TARGETS, which) if may_have_targets else []
    set_by_hand = {one.pop("code"): Target(**one) for one in by_hand}
    burden = _burden(row, rules)
    gaps = [
        _gap(rule, number, row, day, held, set_by_hand.get(rule.code), burden)
        for number, rule in enumerate(rules)
    ]
    gaps = [_with_replaced(cursor, gap, said) for gap in gaps]
    gaps.sort(key=lambda gap: (ORDER.index(gap.state), -gap.rule.severity, -(gap.short or 0)))
    return CustomerGaps(day, tuple(gaps), burden)


def _with_replaced(cursor: Cursor, gap: Gap, said: dict[str, Any]) -> Gap:
    """Name the policies for which a replacement is found, or cannot be told."""
    need = gap.rule.need
    if need.word != "no_replacement" or gap.state not in (GapState.GAP, GapState.UNKNOWN):
        return gap
    which = {"customer": said["customer"], "valued_on": said["valued_on"], "months": need.months}
    found = database.rows(cursor, _REPLACED, which)
    return replace(gap, counted=tuple(dict.fromkeys(row["id"] for row in found)))


def _row(cursor: Cursor, sql: str, params: dict[str, Any]) -> Mapping[str, Any]:
    found = database.rows(cursor, sql, params)
    if not found:
        raise NotFound("customer_not_found")
    return found[0]


@lru_cache(maxsize=64)
def _judged_sql(targets: frozenset[str], rules: tuple[Rule, ...], day: date) -> str:
    """The SQL over customer_fact of the customer `$customer`, judged and with what explains it."""
    mine = judging.with_targets("(from customer_fact where id = $customer)", targets)
    explained = "".join(_explained(rule, number, day) for number, rule in enumerate(rules))
    held = {f"{COVERAGES[rule.coverage].prefix}_policies" for rule in rules}
    columns = ", ".join(sorted({*_FACTS, *held}))
    numbers = range(len(rules))
    states = "".join(f", state_{n}, amount_{n}, held_{n}" for n in numbers)
    return f"select {columns}{states}{explained} from {judging.judged(rules, day, mine, targets)}"


_FACTS = (
    "owner_id", "born_on", "occupation_class", "monthly_income", "living_cost", "dependants",
    "debts", "housing", "driving", "protection_premium", "protection_premium_unknown",
)  # fmt: skip
"""Whose customer it is, and what the words of rules ask for when they say what is missing, and the
premium burden."""


def _explained(rule: Rule, number: int, day: date) -> str:
    """The SQL of what explains a rule's amounts: for each way its terms and their parts."""
    columns = [f"{rule.need.unknown(COVERAGES[rule.coverage])} as unknown_{number}"]
    for way, need in enumerate(_needs(rule)):
        for place, term in enumerate(need.terms(day)):
            name = f"term_{number}_{place}" if way == 0 else f"term_{number}_{place}_of_{way}"
            columns.append(name if way == 0 else f"{term.amount} as {name}")
            columns += [f"{sql} as {part}_{name}" for part, sql in term.parts.items()]
    return "".join(f", {column}" for column in columns)


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
    return recommended - held if state in (GapState.PARTIAL, GapState.GAP) else None


def _way(rule: Rule, number: int, place: int, row: Mapping[str, Any], day: date) -> Way:
    of = rule if place == 0 else rule.choices[place - 1]
    terms = []
    for k, term in enumerate(of.need.terms(day)):
        name = f"term_{number}_{k}" if place == 0 else f"term_{number}_{k}_of_{place}"
        parts = {part: row[f"{part}_{name}"] for part in term.parts}
        terms.append(Term(term.code, _decimal(row[name]), {**parts, **term.values}))
    amounts = [term.amount for term in terms]
    known = bool(amounts) and None not in amounts
    recommended = sum(amounts, Decimal(0)) if known else None
    held, unknown = _decimal(row[f"held_{number}"]), row[f"unknown_{number}"]
    short = None
    if recommended is not None and of.need.asks_for_more:
        enough = (held or 0) >= recommended
        short = Decimal(0) if enough else None if unknown else recommended - held
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


_POLICIES = f"""
select p.id, p.type, {PRODUCT} as product, {WHY_NOT_IN_FORCE} as why_not,
    case
        when p.currency <> '{WON}' then 'other_currency'
        when p.coverage_amount is null then 'amount_unknown'
    end as no_amount,
    if({YEARLY_PREMIUM} is null, 'premium_unknown', null) as no_premium,
    coalesce(p.start_date, date '0001-01-01') as begun_on
from policy p where p.customer_id = $customer
"""

_REPLACED = f"""
with judged as (
    select p.id, p.type, {PRODUCT} as product, p.status, p.start_date, p.end_date
    from policy p where p.customer_id = $customer
)
select unnest([old.id, new.id]) as id from judged old join judged new on {ARE_ALIKE}
where ({ENDED_CLOSE}) and greatest(new.start_date, old.end_date) > $valued_on - to_months($months)
    or ({END_UNCLEAR}) and new.start_date > $valued_on - to_months($months)
order by id
"""
"""The policies that replaced each other, or may have, in the last months."""


def _why_not_counted(rule: Rule, policy: Mapping[str, Any], has_terms: bool) -> str | None:
    """The reason why a policy does not count for a rule: None where it counts, "" where it is
    about something else altogether."""
    coverage, product = COVERAGES[rule.coverage], policy["product"]
    if rule.need.word == "premium_share":
        return "savings" if product == "savings" else policy["why_not"] or policy["no_premium"]
    if coverage.counts(policy["type"], product):
        not_known = policy["no_amount"] if coverage.has_amount and has_terms else None
        return policy["why_not"] or not_known
    is_near = coverage.is_held and rule.need.asks_for_more and coverage.type == policy["type"]
    return (product or "other_kind") if is_near else ""


_TARGETS = """
select t.code, t.amount, if($is_masked, null, t.note) as note, a.name as "by",
    t.updated_at as "on", t.ver
from customer_target t join account a on a.id = t.set_by where t.customer_id = $customer
"""

_SET_TARGET = """
insert into customer_target (
    id, customer_id, code, amount, note, set_by, ver, created_at, updated_at)
values (uuidv7(), $customer, $code, $amount, $note, $asker, $ver, $now, $now)
"""


def _target_row(cursor: Cursor, customer_id: UUID, code: str) -> dict[str, Any]:
    found = database.rows(
        cursor,
        "select id, amount, ver from customer_target where customer_id = $id and code = $code",
        {"id": customer_id, "code": code},
    )
    return found[0] if found else {}


def _target_changed(
    db: Database,
    cursor: Cursor,
    account: Account,
    customer_id: UUID,
    old: Decimal | None,
    new: Decimal | None,
    today: date,
) -> None:
    made = audit.changed({"target_amount": old}, {"target_amount": new})
    audit.write(cursor, account, Action.UPDATED, customer_id, customer_id, None, made)
    customer_rows.refresh(db, cursor, account, [customer_id], today)


def _problems_of_target(amount: Decimal | None, note: str) -> list[tuple[str, str, dict]]:
    problems = []
    if amount is None:
        problems.append(("target_amount", "missing", {}))
    elif amount < 0:
        problems.append(("target_amount", "negative", {"text": amount}))
    elif amount > LARGEST_AMOUNT:
        problems.append(("target_amount", "too_large", {"text": amount}))
    elif amount != amount.to_integral_value():
        problems.append(("target_amount", "not_whole_won", {"text": amount}))
    if not note:
        problems.append(("target_note", "missing", {}))
    elif len(note) > LONGEST_NOTE:
        problems.append(("target_note", "too_long", {"text": note[:60]}))
    return problems
