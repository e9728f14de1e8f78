"""Rules and gaps in words. What people typed stands in them as it is: escape where they are drawn.

The keys are those of data/locales that the vocabulary (fpcore.rules) names.
"""

from collections.abc import Iterable
from decimal import Decimal

from fpcore.gaps.customer_gaps import Gap, PremiumBurden, Term, Way
from fpcore.models import GapState
from fpcore.rules.coverages import COVERAGES
from fpcore.rules.records import NO_SOURCE, Rule
from fpcore.rules.vocabulary import Condition, Wanted
from fpcore.rules.word import AgeAmount
from ui.text import Text, is_unknown

OPEN = (GapState.GAP, GapState.PARTIAL)
"""The states of a gap that is open."""


def name(rule: Rule, text: Text) -> str:
    """Name a rule: as a manager typed it, else by its code."""
    return rule.title or text(f"rule.{rule.code}")


def state(rule: Rule, state: GapState, text: Text) -> str:
    """Name a state: that of a check reads otherwise than that of a cover."""
    return text(f"{rule.states_section}.{state}")


def for_whom(rule: Rule, text: Text) -> str:
    """Say for whom a rule is."""
    conditions = [_condition(one, text) for one in rule.when]
    return ", ".join(conditions) or text("condition.everybody")


def need(need: Wanted, text: Text) -> str:
    """Say what a need wants, with its numbers."""
    return text(f"need.{need.word}", **need.values())


def source(source: str, grade: str | None, text: Text) -> str:
    """Say where a rule or a number comes from, and how good that is."""
    if source == NO_SOURCE:
        return text("gaps.no_source", grade=grade)
    return text("gaps.source", source=source, grade=grade, words=text(f"grade.{grade}"))


def short_source(source: str, grade: str | None, text: Text) -> str:
    """Say where a number comes from in a few words, for a table."""
    if source == NO_SOURCE:
        return text("gaps.no_source", grade=grade)
    return text("gaps.short_source", source=source, grade=grade)


def missing(facts: Iterable[str], text: Text) -> str:
    """List the facts that nobody knows."""
    return ", ".join(text(f"field.{fact}") for fact in facts)


def percent(share: Decimal | None, text: Text) -> str:
    """Write a share with one decimal where it has one: 12.3 %, 10 %."""
    return text.share(share) if is_unknown(share) else f"{share:.1%}".replace(".0%", "%")


def burden(burden: PremiumBurden, text: Text) -> str:
    """Say which share of the income the premiums take: the least it can be, or that it is not
    known."""
    if burden.share is None:
        return text("amount.unknown")
    share = percent(burden.share, text)
    return text("amount.at_least", amount=share) if burden.unknown else share


def advice(gap: Gap, burden: PremiumBurden, text: Text) -> str | None:
    """Say what to do about a gap; None where nothing is to be done."""
    if gap.state is GapState.UNKNOWN:
        return text("recommend.unknown", missing=missing(gap.missing, text))
    if gap.state not in OPEN:
        return None
    said = gap.rule.need.word
    if gap.rule.need.asks_for_more and gap.recommended is not None:
        said = "amount"
    elif said == "premium_share" and burden.share is None:
        said = "premium_without_income"
    return text(
        f"recommend.{said}",
        coverage=text(f"coverage_kind.{gap.rule.coverage}"),
        recommended=text.amount(gap.recommended),
        short=text.amount(gap.short),
        policies=gap.policies,
        share=percent(burden.share, text),
    )


def caution(burden: PremiumBurden, text: Text) -> str:
    """Say that the premiums are high already, before more is recommended."""
    return text(
        "recommend.costly", share=percent(burden.share, text), limit=percent(burden.limit, text)
    )


def held(gap: Gap, text: Text) -> str:
    """Say what is held under a rule: the known amount, or how many policies where none is asked."""
    if not gap.policies:
        return text("customer.not_held")
    if gap.held is not None:
        return _held_amount(gap, text)
    if COVERAGES[gap.rule.coverage].has_amount:
        return text("customer.held_unknown")
    return text("gaps.policies", count=gap.policies)


def arithmetic(gap: Gap, text: Text) -> str | None:
    """Put the sum behind a recommended amount into words; None where nothing of it is known."""
    own = gap.ways[0]
    terms = [_term(own, term, text) for term in own.terms]
    if gap.target:
        terms = [text("term.target", amount=text.amount(gap.target.amount))]
    known = gap.target or any(term.amount is not None for term in own.terms)
    if not known or gap.state is GapState.NOT_NEEDED:
        return None
    said = {
        "terms": text("arithmetic.plus").join(terms),
        "recommended": text.amount(gap.recommended),
        "held": _held_amount(gap, text),
    }
    if not gap.rule.need.asks_for_more:
        return text("gaps.limit", **said)
    if gap.state is GapState.UNKNOWN:
        return text("arithmetic.unknown", **said, missing=missing(gap.missing, text))
    if gap.state in OPEN:
        return text("arithmetic.short", **said, short=text.amount(gap.short))
    return text("arithmetic.enough", **said)


def statistics(way: Way, text: Text) -> list[str]:
    """Name the source of each line by age that a way used, where it has one of its own."""
    lines = [_line_of(way, term) for term in way.terms if term.amount != 0]
    return [source(line.source, line.grade, text) for line in lines if line and line.source]


def _held_amount(gap: Gap, text: Text) -> str:
    amount = text.amount(gap.held)
    if gap.held is None or not gap.policies_unknown:
        return amount
    return text("amount.at_least", amount=amount)


def _condition(condition: Condition, text: Text) -> str:
    values = condition.values()
    if condition.word == "age_between" and condition.to_age is None:
        return text("condition.age_from", **values)
    if condition.word == "housing_is":
        values["housing"] = ", ".join(text(f"housing.{one}") for one in condition.housing)
    if condition.word == "occupation_class_is":
        values["classes"] = ", ".join(map(str, condition.classes))
    return text(f"condition.{condition.word}", **values)


_AMOUNTS = ("monthly", "yearly", "monthly_income")
"""Which parts of a term are amounts."""


def _term(way: Way, term: Term, text: Text) -> str:
    """Put a part of an amount into words."""
    said = {
        name: text.amount(value) if name in _AMOUNTS else value
        for name, value in term.parts.items()
    } | {"amount": text.amount(term.amount)}
    if term.code == "living_cost" and term.amount == 0:
        return text("term.living_cost_none")
    if term.code == "by_age" and term.amount == 0:
        return text("gaps.no_amount_for_age")
    if below := _end_of_first_line(way, term):
        return text(f"gaps.{term.code}_below", **said, to_age=below)
    if said.get("from_age") is not None and term.code == "living_cost":
        return text("term.living_cost_statistics", **said)
    return text(f"term.{term.code}", **said)


def _lines(way: Way) -> tuple[AgeAmount, ...]:
    return getattr(way.need, "monthly", None) or getattr(way.need, "amounts", ())


def _line_of(way: Way, term: Term) -> AgeAmount | None:
    """Find the line by age from which a term comes."""
    age = term.parts.get("from_age")
    return next((one for one in _lines(way) if age is not None and one.from_age == age), None)


def _end_of_first_line(way: Way, term: Term) -> int | None:
    """Give the age at which the line from 0 on ends: "below 40" says it better than "from 0"."""
    if term.parts.get("from_age") != 0 or len(_lines(way)) < 2:
        return None
    return _lines(way)[1].from_age
