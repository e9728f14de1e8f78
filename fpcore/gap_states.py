"""Rules as SQL: for every customer the state, the recommended amount and what is held.

The one text that serves a customer, a scope, the whole book and what is kept with each customer.
Rules are numbered from 0 in the order in which they are given: `state_0`, `amount_0`, `held_0` …
"""

from collections.abc import Sequence
from datetime import date

from fpcore.database import Cursor
from fpcore.gap_rules import Rule
from fpcore.models import GapState, PolicyType
from fpcore.rule_words import COVERAGES, DIGIT, TOTAL, Asked

STATES = tuple(GapState)
NO_RULE = len(STATES)
"""Stands in `type_states` for a type about which there is no rule that asks for cover."""
TYPE_BITS = 3
_TYPES = (*(kind.value for kind in PolicyType), TOTAL)

KEPT = ("states", "type_states", *(f"{kind}_shortfall" for kind in PolicyType))
"""What is kept with each customer of how they stand against the rules."""


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


def kept(rules: Sequence[Rule], day: date) -> list[str]:
    """The SQL over `judged` of the columns KEPT.

    `states` are those of all rules (`packed`). `type_states` has TYPE_BITS bits for each of the
    six types and, last, all of them together: the worst state of the rules that ask for more cover
    of that type. `<type>_shortfall` is the most that one of them finds short, in won: 0 where
    nothing is, NULL where that is not known or no amount is recommended.
    """
    asking = {
        kind: [n for n, rule in enumerate(rules) if _asks_for(rule, kind)] for kind in PolicyType
    }
    of_types = [*asking.values(), [n for numbers in asking.values() for n in numbers]]
    in_short = " | ".join(
        f"(({_worst(numbers)})::int << {TYPE_BITS * place})"
        for place, numbers in enumerate(of_types)
    )
    amounts = {
        kind: [n for n in numbers if rules[n].terms(day)] for kind, numbers in asking.items()
    }
    return [
        f"({packed(len(rules))})::bigint as states",
        f"({in_short})::int as type_states",
        *(f"{_most_short(numbers)}::bigint as {kind}_shortfall"
          for kind, numbers in amounts.items()),
    ]  # fmt: skip


def type_state(kind: str) -> str:
    """The SQL over customer_row of the state of one type, or of TOTAL: a digit, or NO_RULE."""
    return f"((type_states >> {TYPE_BITS * _TYPES.index(kind)}) & {(1 << TYPE_BITS) - 1})"


def _asks_for(rule: Rule, kind: PolicyType) -> bool:
    return COVERAGES[rule.coverage].type == kind and rule.need.asks_for_more


def _worst(numbers: Sequence[int]) -> str:
    """The SQL of the worst state of these rules: gap, partial, unknown, covered, not needed."""
    states = [f"state_{number}" for number in numbers]
    if len(states) < 2:
        return states[0] if states else str(NO_RULE)
    order = (GapState.GAP, GapState.PARTIAL, GapState.UNKNOWN, GapState.COVERED)
    cases = " ".join(
        f"when {' or '.join(f'{one} = {DIGIT[state]}' for one in states)} then {DIGIT[state]}"
        for state in order
    )
    return f"case {cases} else {DIGIT[GapState.NOT_NEEDED]} end"


def _most_short(numbers: Sequence[int]) -> str:
    if not numbers:
        return "null"
    short = [
        f"case when {lacking(n)} then amount_{n} - held_{n} "
        f"when state_{n} = {DIGIT[GapState.UNKNOWN]} then null else 0 end"
        for n in numbers
    ]
    unknown = " or ".join(f"state_{n} = {DIGIT[GapState.UNKNOWN]}" for n in numbers)
    return f"nullif(greatest({', '.join(short)}), if({unknown}, 0, null))"


def packed(count: int) -> str:
    """The SQL over `judged` of the states of `count` rules in one number: base 5, the first rule's
    digit lowest."""
    digits = [f"state_{number}::bigint * {len(STATES) ** number}" for number in range(count)]
    return " + ".join(digits) or "0::bigint"
