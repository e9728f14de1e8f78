"""Rules as SQL: for every customer the state, the recommended amount and what is held.

The one text that serves a customer, a scope, the whole book and what is kept with each customer.
Rules are numbered from 0 in the order in which they are given: `state_0`, `amount_0`, `held_0` …
"""

from collections.abc import Iterable, Sequence
from datetime import date

from fpcore.facts.types import ALL_TYPES, BIT
from fpcore.models import GapState, PolicyType
from fpcore.rules.coverages import COVERAGES
from fpcore.rules.needs import StateInputs
from fpcore.rules.records import Rule
from fpcore.rules.word import DIGIT
from fpcore.store.database import Cursor

STATES = tuple(GapState)
_LACKING = (GapState.PARTIAL, GapState.GAP)

KEPT = (
    "states", "gaps", "unmet", "undecided", "met", "advised", "short",
    *(f"{kind}_shortfall" for kind in PolicyType),
)  # fmt: skip
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


def reads(rules: Sequence[Rule]) -> set[str]:
    """Name the columns of customer_fact that `judged` reads."""
    of_conditions = {name for rule in rules for word in rule.when for name in word.reads}
    of_needs = {name for rule in rules for name in rule.need.reads(COVERAGES[rule.coverage])}
    return {"id", *of_conditions, *of_needs}


def judged(
    rules: Sequence[Rule],
    day: date,
    relation: str,
    targets: frozenset[str] = frozenset(),
    has_states: bool = False,
) -> str:
    """The SQL of a relation with, besides its own columns, for each rule `state_<n>` (a digit),
    `amount_<n>` (recommended; NULL: not known, or none is wanted) and `held_<n>`, in won.

    `relation` has the columns of customer_fact and, for rules in `targets`, those of with_targets;
    with `has_states` also `states` by these rules, which are not found out again then.
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
        asked = StateInputs(coverage.prefix, day, applies, f"amount_{number}", f"held_{number}")
        third.append(f"({rule.need.state(asked)})::utinyint as state_{number}")
    if has_states:
        third = ["*", *unpacked(len(rules))]
    return f"""
    (select {", ".join(third)} from
    (select {", ".join(second)} from
    (select {", ".join(first)} from {relation})))"""


def kept(rules: Sequence[Rule], day: date) -> list[str]:
    """The SQL over `judged` of the columns KEPT.

    `states` are those of all rules (`packed`), `gaps` has a bit for each rule that finds one
    (`has_gap`). The others are about the rules that ask for more cover of a type.
    `<type>_shortfall` is the most that one of them finds short, in won: 0 where nothing is, NULL
    where that is not known or no amount is recommended.

    The rest are sets of types (facts.BIT): `unmet`, of which a rule finds a gap; of the others,
    `undecided`, where the state under one is not known; of the others, `met`, where one is
    covered; each with ALL_TYPES for all rules together. `advised`, where the shortfall is known,
    and `short`, where it is more than 0.
    """
    asking = {
        kind: [n for n, rule in enumerate(rules) if _asks_for(rule, kind)] for kind in PolicyType
    }
    of_sets = {
        **{BIT[kind]: numbers for kind, numbers in asking.items()},
        ALL_TYPES: sorted({n for numbers in asking.values() for n in numbers}),
    }
    unmet, unknown, covered = (
        _set(of_sets, states) for states in (_LACKING, (GapState.UNKNOWN,), (GapState.COVERED,))
    )
    most_short = {kind: _most_short(numbers) for kind, numbers in _with_amounts(rules, day).items()}
    gaps = " | ".join(f"if({lacking(n)}, {1 << n}::bigint, 0)" for n in range(len(rules)))
    return [
        f"({packed(len(rules))})::bigint as states",
        f"({gaps or 0})::bigint as gaps",
        f"({unmet})::utinyint as unmet",
        f"({unknown} & ~{unmet})::utinyint as undecided",
        f"({covered} & ~({unmet} | {unknown}))::utinyint as met",
        f"{_types(most_short, 'is not null')} as advised",
        f"{_types(most_short, '> 0')} as short",
        *(f"{short}::bigint as {kind}_shortfall" for kind, short in most_short.items()),
    ]


def shortfalls_kept(rules: Sequence[Rule], day: date) -> dict[int, str]:
    """The column of KEPT that is what customers are short of under a rule, by the rule's number.

    In won, NULL where no gap is found. Of rules that alone give an amount for their type.
    """
    return {
        numbers[0]: f"{kind}_shortfall"
        for kind, numbers in _with_amounts(rules, day).items()
        if len(numbers) == 1
    }


def has_gap(numbers: Iterable[int]) -> str:
    """The SQL over the columns KEPT that is true where one of these rules finds a gap."""
    return f"(gaps & {sum(1 << number for number in numbers)}::bigint) <> 0"


def _types(amounts: dict[PolicyType, str], condition: str) -> str:
    """The SQL of the set of the types of whose amount a condition is true."""
    each = (f"if({amount} {condition}, {BIT[kind]}, 0)" for kind, amount in amounts.items())
    return f"({' | '.join(each) or 0})::utinyint"


def _with_amounts(rules: Sequence[Rule], day: date) -> dict[PolicyType, list[int]]:
    """Give, for each type, the numbers of the rules that give an amount for it."""
    return {
        kind: [n for n, rule in enumerate(rules) if _asks_for(rule, kind) and rule.terms(day)]
        for kind in PolicyType
    }


def _asks_for(rule: Rule, kind: PolicyType) -> bool:
    return COVERAGES[rule.coverage].type == kind and rule.need.asks_for_more


def _set(of_sets: dict[int, list[int]], states: Sequence[GapState]) -> str:
    """The SQL of the bits for which one of their rules is in one of these states."""
    digits = ", ".join(str(DIGIT[state]) for state in states)
    each = [
        f"if({' or '.join(f'state_{n} in ({digits})' for n in numbers)}, {bit}, 0)"
        for bit, numbers in of_sets.items()
        if numbers
    ]
    return f"({' | '.join(each) or 0})"


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


def unpacked(count: int) -> list[str]:
    """The SQL over `states` of the columns `state_<n>` that `packed` made it of."""
    base = len(STATES)
    return [f"states // {base**number} % {base} as state_{number}" for number in range(count)]
