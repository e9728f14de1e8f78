"""Gaps: the rules of a day run over customer_fact, for one customer or for a whole scope.

One SQL text serves both; one customer is the same query with a bound `where`.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from fpcore import accounts
from fpcore.database import Database
from fpcore.errors import NotFound
from fpcore.facts import customer_fact
from fpcore.gap_rules import Rule, rules_on, short_sql, state_sql, why_sql
from fpcore.models import Account, GapState


@dataclass(frozen=True)
class Gap:
    """Where one customer stands against one rule. Amounts in won; None: unknown or not asked.

    `held` is the known cover of the rule's type, `policies` how many are in force, and
    `policies_unknown` how many of those are of unknown amount.
    """

    rule: Rule
    state: GapState
    recommended: int | None
    held: Decimal | None
    short: Decimal | None
    why: str
    policies: int
    policies_unknown: int


@dataclass(frozen=True)
class RuleCount:
    """How many customers of a scope are in each state of one rule, and the shortfall known."""

    rule: Rule
    states: dict[GapState, int]
    shortfall: Decimal


def of_customer(db: Database, account: Account, customer_id: UUID, valued_on: date) -> list[Gap]:
    """Hold one customer against every rule of the day, in the rules' order. Errors: NotFound."""
    customer_id = accounts.as_uuid(customer_id, "customer_not_found")
    rules = rules_on(valued_on)
    fact, params = customer_fact(db, account, valued_on)
    found = db.read(
        f"with {fact}, {_gap_sql(rules)} select * from gap where customer_id = $customer",
        {**params, "customer": customer_id},
    )
    if not found and not _in_scope(db, account, valued_on, customer_id):
        raise NotFound("customer_not_found")
    by_code = {row["code"]: row for row in found}
    return [_gap(rule, by_code[rule.code]) for rule in rules]


def of_scope(db: Database, account: Account, valued_on: date) -> tuple[int, list[RuleCount]]:
    """Count everybody in scope by rule and state: (customers, one RuleCount a rule).

    The five states of a rule add up to customers.
    """
    rules = rules_on(valued_on)
    fact, params = customer_fact(db, account, valued_on)
    found = db.read(
        f"""
        with {fact}, {_gap_sql(rules)}
        select code, state, count(*) as customers, coalesce(sum(short), 0) as shortfall
        from gap group by code, state
        """,
        params,
    )
    counts = [
        _rule_count(rule, [row for row in found if row["code"] == rule.code]) for rule in rules
    ]
    return _in_scope(db, account, valued_on), counts


def _in_scope(
    db: Database, account: Account, valued_on: date, customer_id: UUID | None = None
) -> int:
    """Count the customers in scope, or tell whether this one is."""
    fact, params = customer_fact(db, account, valued_on)
    sql = f"""
        with {fact}
        select count(*) as customers from customer_fact
        where id = coalesce($customer, id)
    """
    return db.read(sql, {**params, "customer": customer_id})[0]["customers"]


def _gap_sql(rules: list[Rule]) -> str:
    """The common table expression `gap`: one row a customer and rule."""
    if not rules:
        return (
            "gap as (select id as customer_id, null as code, null as state, 0 as short "
            "from customer_fact where false)"
        )
    selects = " union all ".join(
        f"""
        select id as customer_id, '{rule.code}' as code, {state_sql(rule)} as state,
            {short_sql(rule)} as short, {rule.type}_coverage as held, {why_sql(rule)} as why,
            {rule.type}_policies as policies, {rule.type}_unknown as policies_unknown
        from customer_fact"""
        for rule in rules
    )
    return f"gap as ({selects})"


def _gap(rule: Rule, row: dict) -> Gap:
    return Gap(
        rule=rule,
        state=GapState(row["state"]),
        recommended=rule.amount,
        held=row["held"],
        short=row["short"],
        why=row["why"],
        policies=row["policies"],
        policies_unknown=row["policies_unknown"],
    )


def _rule_count(rule: Rule, found: list[dict]) -> RuleCount:
    counted = {row["state"]: row["customers"] for row in found}
    return RuleCount(
        rule=rule,
        states={state: counted.get(state.value, 0) for state in GapState},
        shortfall=sum((row["shortfall"] for row in found), Decimal(0)),
    )
