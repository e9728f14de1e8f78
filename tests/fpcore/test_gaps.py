"""Gaps of one customer: explained to the last won, targets by hand, what would be if; and scopes.

What every rule says of whom stands in tests/cases and test_gap_engine.
"""

from collections import Counter
from datetime import date
from decimal import Decimal
from math import isnan
from random import Random
from uuid import UUID, uuid4

import pandas as pd
import pytest
from agency import TODAY, add_customer, add_policy, refusal, tables
from random_book import random_people, store

from fpcore.customers import consents
from fpcore.errors import InvalidInput, NotFound
from fpcore.gaps import explanation, scopes, targets, what_if
from fpcore.gaps.customer_gaps import CustomerGaps, Gap, NotCounted
from fpcore.models import ConsentChannel, ConsentKind, GapState, NewPolicy

FATHER = {
    "name": "이민수", "birth_date": date(1983, 1, 1), "dependants": 2, "debts": 50_000_000,
    "monthly_income": 3_000_000, "driving": "none", "housing": "other",
}  # fmt: skip
BEFORE_ANY_RULE = date(2025, 12, 31)


@pytest.fixture
def father(db, fp) -> UUID:
    """43, two dependants, debts of 50,000,000, an income of 3,000,000; no policies yet."""
    return add_customer(db, fp, **FATHER)


def found_of(db, fp, customer, code: str) -> Gap:
    return explanation.of_customer(db, fp, customer, TODAY).of(code)


# ---- explained ----


def test_the_arithmetic_of_a_gap_adds_up(db, fp, father):
    add_policy(db, fp, father, coverage_amount=100_000_000)
    gap = found_of(db, fp, father, "death_benefit")
    own, multiple, dime = gap.ways
    terms = [(term.code, term.amount, term.parts) for term in own.terms]
    assert terms == [
        ("living_cost", 111_240_000, {"monthly": 3_090_000, "months": 36, "from_age": 40}),
        ("debts", 50_000_000, {}),
    ]
    assert (own.recommended, gap.held, own.short) == (161_240_000, 100_000_000, 61_240_000)
    assert (gap.recommended, gap.short) == (own.recommended, own.short)
    assert (multiple.recommended, multiple.short) == (252_000_000, 152_000_000)
    assert (dime.recommended, dime.short) == (410_000_000, 310_000_000)
    assert [term.code for term in dime.terms] == ["income", "debts"]
    assert [way.grade for way in gap.ways] == ["B", "C", "C"]


def test_their_own_living_cost_is_not_of_an_age(db, fp):
    customer = add_customer(db, fp, **{**FATHER, "living_cost": 2_000_000})
    living_cost = found_of(db, fp, customer, "death_benefit").ways[0].terms[0]
    assert living_cost.parts == {"monthly": 2_000_000, "months": 36, "from_age": None}


def test_a_choice_tells_what_it_lacks(db, fp):
    customer = add_customer(db, fp, **{**FATHER, "monthly_income": None})
    own, multiple, dime = found_of(db, fp, customer, "death_benefit").ways
    assert (own.missing, multiple.missing, dime.missing) == (
        (), ("monthly_income",), ("monthly_income",),
    )  # fmt: skip
    assert (multiple.recommended, multiple.short) == (None, None)


def test_each_policy_counts_or_says_why_not(db, fp, father):
    counted = add_policy(db, fp, father, policy_name="종신보험", coverage_amount=100_000_000)
    left = {
        add_policy(db, fp, father, **typed): why
        for why, typed in {
            "savings": {"policy_name": "연금저축", "coverage_amount": 1},
            "cancelled": {"status": "cancelled", "coverage_amount": 1},
            "pending": {"status": "pending", "coverage_amount": 1},
            "not_begun": {"start_date": date(2026, 11, 23), "coverage_amount": 1},
            "amount_unknown": {},
            "other_currency": {"currency": "USD", "coverage_amount": 1},
        }.items()
    }
    of_other_type = add_policy(db, fp, father, type="car", coverage_amount=1)
    gap = found_of(db, fp, father, "death_benefit")
    assert gap.counted == (counted,)
    assert {one.policy_id: one.why for one in gap.not_counted} == left
    assert (gap.policies, gap.policies_unknown) == (3, 2)
    assert of_other_type in found_of(db, fp, father, "total_low").counted
    burden = found_of(db, fp, father, "premium_share").not_counted
    assert NotCounted(next(iter(left)), "savings") in burden


def test_a_replacement_names_the_two_policies(db, fp, father):
    ended, cancelled_long_ago = (
        add_policy(
            db, fp, father, status="cancelled", start_date=date(2010, 1, 1), end_date=last_day
        )
        for last_day in (date(2026, 10, 1), date(2012, 1, 1))
    )
    begun = add_policy(db, fp, father, start_date=date(2026, 11, 1))
    gap = found_of(db, fp, father, "replacement")
    assert (gap.state.value, gap.why) == ("gap", "replaced")
    assert set(gap.counted) == {ended, begun}
    unclear = add_policy(db, fp, father, status="cancelled", start_date=date(2015, 1, 1))
    assert set(found_of(db, fp, father, "replacement").counted) == {ended, begun, unclear}
    assert cancelled_long_ago not in gap.counted


def test_the_worst_gaps_come_first(db, fp, father):
    add_policy(db, fp, father, type="health", policy_name="암보험", coverage_amount=70_000_000)
    found = explanation.of_customer(db, fp, father, TODAY).gaps
    ranks = [
        (explanation.ORDER.index(gap.state), -gap.rule.severity, -(gap.short or 0)) for gap in found
    ]
    assert ranks == sorted(ranks)
    assert found[0].rule.code == "death_benefit"
    assert found[-1].state is GapState.NOT_NEEDED


@pytest.mark.parametrize(("premium", "is_costly"), [(300_000, False), (300_001, True)])
def test_whoever_pays_above_the_limit_is_told_before_more_is_recommended(
    db, fp, father, premium, is_costly
):
    add_policy(db, fp, father, coverage_amount=1, premium_amount=premium, premium_cycle="monthly")
    found = explanation.of_customer(db, fp, father, TODAY)
    assert found.burden.is_high is is_costly
    assert (found.burden.premium, found.burden.limit) == (premium, Decimal("0.1"))
    costly = {gap.rule.code for gap in found.gaps if gap.is_costly}
    wanted = {
        gap.rule.code
        for gap in found.gaps
        if gap.state in (GapState.PARTIAL, GapState.GAP) and gap.rule.code != "premium_share"
    }
    assert "death_benefit" in wanted
    assert costly == (wanted if is_costly else set())


def test_savings_alone_burden_nobody(db, fp, father):
    add_policy(
        db, fp, father, policy_name="연금저축", premium_amount=500_000, premium_cycle="monthly"
    )
    burden = explanation.of_customer(db, fp, father, TODAY).burden
    assert (burden.premium, burden.unknown, burden.share) == (0, 0, 0)


# ---- targets set by hand ----


def test_a_target_is_shown_counts_and_can_be_taken_away(db, people, fp, father):
    def short() -> Decimal | None:
        return found_of(db, fp, father, "death_benefit").short

    targets.set_target(db, fp, father, "death_benefit", Decimal(300_000_000), "두 자녀 학비", TODAY)
    target = found_of(db, fp, father, "death_benefit").target
    assert (target.amount, target.note, target.by, target.ver) == (
        300_000_000, "두 자녀 학비", fp.name, 1,
    )  # fmt: skip
    assert short() == 300_000_000
    targets.set_target(db, fp, father, "death_benefit", Decimal(200_000_000), "다시 정함", TODAY)
    assert found_of(db, fp, father, "death_benefit").target.ver == 2
    assert short() == 200_000_000
    in_book = {count.rule.code: count for count in scopes.of_scope(db, fp, TODAY).counts}
    assert in_book["death_benefit"].shortfall == 200_000_000
    targets.remove_target(db, fp, father, "death_benefit", TODAY)
    assert found_of(db, fp, father, "death_benefit").target is None
    assert short() == 161_240_000
    with pytest.raises(NotFound):
        targets.remove_target(db, fp, father, "death_benefit", TODAY)


def test_a_target_is_of_one_customer_and_one_rule(db, fp, father):
    other = add_customer(db, fp, **{**FATHER, "name": "박하늘"})
    targets.set_target(db, fp, father, "death_benefit", Decimal(300_000_000), "메모", TODAY)
    assert found_of(db, fp, other, "death_benefit").short == 161_240_000
    assert found_of(db, fp, father, "total_low").short == 100_000_000


@pytest.mark.parametrize(
    ("amount", "note", "problem"),
    [
        (None, "메모", ("target_amount", "missing")),
        (Decimal(-1), "메모", ("target_amount", "negative")),
        (Decimal("0.5"), "메모", ("target_amount", "not_whole_won")),
        (Decimal(10**13), "메모", ("target_amount", "too_large")),
        (Decimal(1), " ", ("target_note", "missing")),
        (Decimal(1), "가" * 301, ("target_note", "too_long")),
    ],
)
def test_a_target_that_cannot_be_is_refused(db, fp, father, amount, note, problem):
    with refusal(db) as problems:
        targets.set_target(db, fp, father, "death_benefit", amount, note, TODAY)
    assert problems == [problem]


@pytest.mark.parametrize("code", ["life_missing", "premium_share", "no_such_rule"])
def test_a_rule_without_an_amount_takes_no_target(db, fp, father, code):
    with pytest.raises(NotFound):
        targets.set_target(db, fp, father, code, Decimal(1), "메모", TODAY)


# ---- what would be if ----


def as_said(found: CustomerGaps) -> dict[str, tuple]:
    return {gap.rule.code: (gap.state.value, gap.held, gap.short) for gap in found.gaps}


def test_what_if_says_before_and_after_and_stores_nothing(db, fp, father):
    old = add_policy(
        db, fp, father, coverage_amount=100_000_000, start_date=date(2015, 1, 1),
        premium_amount=100_000, premium_cycle="monthly",
    )  # fmt: skip
    new = NewPolicy(
        type="life", coverage_amount=161_240_000, start_date=TODAY,
        premium_amount=400_000, premium_cycle="monthly",
    )  # fmt: skip
    before = tables(db)
    found = what_if.what_if(db, fp, father, TODAY, add=[new], end=[old])
    assert tables(db) == before
    assert as_said(found.before) == as_said(explanation.of_customer(db, fp, father, TODAY))
    was, would_be = as_said(found.before), as_said(found.after)
    assert was["death_benefit"] == ("partial", 100_000_000, 61_240_000)
    assert would_be["death_benefit"] == ("covered", 161_240_000, 0)
    assert (was["replacement"][0], would_be["replacement"][0]) == ("covered", "gap")
    assert (found.before.burden.premium, found.after.burden.premium) == (100_000, 400_000)
    assert (was["premium_share"][0], would_be["premium_share"][0]) == ("covered", "partial")


def test_what_if_is_what_is_after_it_was_done(db, fp, father):
    new = {"type": "health", "policy_name": "암보험", "coverage_amount": 30_000_000}
    would_be = what_if.what_if(db, fp, father, TODAY, add=[NewPolicy(**new)]).after
    add_policy(db, fp, father, **new)
    assert as_said(would_be) == as_said(explanation.of_customer(db, fp, father, TODAY))


def test_what_if_refuses_what_could_not_be(db, people, fp, father):
    with pytest.raises(InvalidInput):
        what_if.what_if(db, fp, father, TODAY, add=[NewPolicy(type="life", coverage_amount=-1)])
    of_other = add_policy(db, fp, add_customer(db, fp, name="박하늘"))
    for policy in (of_other, uuid4()):
        with pytest.raises(NotFound):
            what_if.what_if(db, fp, father, TODAY, end=[policy])


# ---- scopes ----


def test_strangers_find_nothing(db, people, father):
    for day in (TODAY, BEFORE_ANY_RULE):
        for stranger in (people["fp2"], people["manager2"]):
            with pytest.raises(NotFound):
                explanation.of_customer(db, stranger, father, day)
    with pytest.raises(NotFound):
        explanation.of_customer(db, people["fp1"], uuid4(), TODAY)
    with pytest.raises(NotFound):
        targets.set_target(db, people["fp2"], father, "total_low", Decimal(1), "메모", TODAY)
    with pytest.raises(NotFound):
        what_if.what_if(db, people["fp2"], father, TODAY)


def test_whoever_withdrew_is_in_no_count(db, fp, father):
    add_customer(db, fp, name="박하늘")
    before = scopes.of_scope(db, fp, TODAY)
    consents.withdraw(db, fp, father, ConsentKind.COLLECTION, ConsentChannel.PHONE, TODAY)
    after = scopes.of_scope(db, fp, TODAY)
    assert (before.customers, after.customers) == (2, 1)
    with pytest.raises(NotFound):
        explanation.of_customer(db, fp, father, TODAY)


def test_a_day_without_rules_finds_no_gaps(db, fp, father):
    found = explanation.of_customer(db, fp, father, BEFORE_ANY_RULE)
    assert (found.gaps, found.burden.limit) == ((), None)
    scope = scopes.of_scope(db, fp, BEFORE_ANY_RULE)
    assert (scope.customers, scope.counts) == (1, ())


def test_a_scopes_counts_are_the_sum_of_its_customers(db, people):
    everybody = []
    for username in ("fp1", "fp2", "fp3"):
        drawn = random_people(Random(username), 12, TODAY, ["total_low"])
        store(db, people[username].id, drawn, TODAY)
        everybody += [(username, one["id"]) for one in drawn]
    for asker, owners in {
        "fp1": {"fp1"}, "manager1": {"fp1", "fp2"}, "admin": {"fp1", "fp2", "fp3"},
    }.items():  # fmt: skip
        mine = [one for owner, one in everybody if owner in owners]
        scope = scopes.of_scope(db, people[asker], TODAY)
        one_by_one = [
            gap
            for one in mine
            for gap in explanation.of_customer(db, people[asker], one, TODAY).gaps
        ]
        assert scope.customers == len(mine)
        for count in scope.counts:
            of_rule = [gap for gap in one_by_one if gap.rule == count.rule]
            states = Counter(gap.state for gap in of_rule)
            assert count.states == {state: states[state] for state in GapState}
            assert sum(count.states.values()) == scope.customers
            assert count.shortfall == sum(gap.short or 0 for gap in of_rule)


def test_a_share_is_of_those_whose_state_is_known():
    cells = pd.DataFrame(
        {"customers": [10, 10, 3], "partial": [1, 0, 0], "gap": [2, 0, 0], "unknown": [4, 9, 3]}
    )
    shares = scopes.share_lacking(cells)
    assert shares[:2].tolist() == [0.5, 0.0]
    assert isnan(shares[2])
