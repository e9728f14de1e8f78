"""Rules as SQL: for every customer the state, the recommended amount and what is held.

The one text that serves a customer, a scope, the whole book and what is kept with each customer.
Rules are numbered from 0 in the order in which they are given: `state_0`, `amount_0`, `held_0` …
"""

from collections.abc import Sequence
from datetime import date

from fpcore.database import Cursor
from fpcore.gap_rules import Rule
from fpcore.models import GapState
from fpcore.rule_words import COVERAGES, DIGIT, Asked

STATES = tuple(GapState)


def lacking(number: int) -> str:
    """The SQL that is true where a rule finds a gap, whole or partial."""
    return f"state_{number} between {DIGIT[GapState.PARTIAL]} and {DIGIT[GapState.GAP]}"


def targeted(cursor: Cursor) -> frozenset[str]:
    """Give the codes of rules for which some customer has a target set by hand."""
    found = cursor.execute("select distinct code from customer_target").fetchall()
    return frozenset(code for (code,) in found)


def with_targets(relation: str, codes: frozenset[str]) -> str:
    """The SQL of a relation of customers with a column `target_<code>` for each of these rules."""
    if not codes:
        return relation
    columns = ", ".join(
        f"max(amount) filter (code = '{code}') as target_{code}" for code in sorted(codes)
    )
    return f"""
    (from {relation} left join (
        select customer_id as target_of, {columns} from customer_target group by customer_id
    ) on target_of = id)"""


def judged(
    rules: Sequence[Rule], day: date, relation: str, targets: frozenset[str] = frozenset()
) -> str:
    """The SQL of a relation with, besides its own columns, for each rule `state_<n>` (a digit),
    `amount_<n>` (recommended; NULL: not known, or none is wanted) and `held_<n>`, in won.

    `relation` has the columns of customer_fact and, for rules in `targets`, those of with_targets.
    In steps, since DuckDB would compute again whatever is mentioned again: first each condition
    and term (`term_<n>_<k>`), then for whom each rule is and its amount, then the states.
    """
    conditions = list(dict.fromkeys(one.sql(day) for rule in rules for one in rule.when))
    first = ["*", *(f"{sql} as condition_{k}" for k, sql in enumerate(conditions))]
    second, third = ["*"], ["*"]
    for number, rule in enumerate(rules):
        coverage = COVERAGES[rule.coverage]
        terms = [f"term_{number}_{k}" for k in range(len(rule.terms(day)))]
        first += [
            f"({term.amount})::bigint as {name}"
            for name, term in zip(terms, rule.terms(day), strict=True)
        ]
        first.append(f"({rule.need.held(coverage)})::bigint as held_{number}")
        by_hand = [f"target_{rule.code}::bigint"] if rule.code in targets and terms else []
        amount = ", ".join([*by_hand, " + ".join(terms) or "null::bigint"])
        second.append(f"coalesce({amount}) as amount_{number}")
        applies = None
        if rule.when:
            all_of = (f"condition_{conditions.index(one.sql(day))}" for one in rule.when)
            whoever = f"target_{rule.code} is not null or " if by_hand else ""
            second.append(f"({whoever}{' and '.join(all_of)}) as applies_{number}")
            applies = f"applies_{number}"
        asked = Asked(coverage.prefix, day, applies, f"amount_{number}", f"held_{number}")
        third.append(f"({rule.need.state(asked)})::utinyint as state_{number}")
    return f"""
    (select {", ".join(third)} from
    (select {", ".join(second)} from
    (select {", ".join(first)} from {relation})))"""


def packed(count: int) -> str:
    """The SQL over `judged` of the states of `count` rules in one number: base 5, the first rule's
    digit lowest."""
    digits = [f"state_{number}::bigint * {len(STATES) ** number}" for number in range(count)]
    return " + ".join(digits) or "0::bigint"
