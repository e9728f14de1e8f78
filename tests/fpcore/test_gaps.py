"""Gap rules as a table of cases, one SQL for one customer and for all, and unknown is no gap."""

from collections import Counter
from datetime import date
from random import Random

import pytest
from agency import TODAY, hire, take

from fpcore import accounts, customer_list, customers, database, gap_rules, gaps
from fpcore.customer_list import CustomerFilter
from fpcore.errors import InvalidRules, NotFound
from fpcore.gap_rules import Need, Rule
from fpcore.models import GapState

LIFE = {"보종": "생명", "상품명": "종신보험"}
HEALTH = {"보종": "건강", "상품명": "암보험"}
NO_LIFE, NO_HEALTH = ("gap", None, "not_held"), ("gap", None, "not_held")
HELD = ("covered", None, "held")
ENOUGH = ("covered", 0, "enough")
UNKNOWN = ("unknown", None, "amount_unknown")


def total(state: str, short: int) -> tuple:
    return state, short, "below"


# policies of a customer -> what each rule of data/gap_rules.toml says: (state, short, why)
CASES = {
    "nothing is held": ([], NO_LIFE, NO_HEALTH, total("gap", 100_000_000)),
    "all is held and enough": (
        [{**LIFE, "가입금액": "7천만"}, {**HEALTH, "가입금액": "3천만"}], HELD, HELD, ENOUGH,
    ),
    "exactly enough": ([{**LIFE, "가입금액": "1억"}], HELD, NO_HEALTH, ENOUGH),
    "one won short": ([{**LIFE, "가입금액": "99999999"}], HELD, NO_HEALTH, total("partial", 1)),
    "part is held": (
        [{**HEALTH, "가입금액": "4천만"}], NO_LIFE, HELD, total("partial", 60_000_000),
    ),
    "the amount is not known": ([{**LIFE, "가입금액": "-"}], HELD, NO_HEALTH, UNKNOWN),
    "a known part is not enough": (
        [{**LIFE, "가입금액": "4천만"}, {**HEALTH, "가입금액": ""}], HELD, HELD, UNKNOWN,
    ),
    "a known part is enough": (
        [{**LIFE, "가입금액": "1억"}, {**HEALTH, "가입금액": ""}], HELD, HELD, ENOUGH,
    ),
    "the amount is in dollars": ([{**LIFE, "가입금액": "$900,000"}], HELD, NO_HEALTH, UNKNOWN),
    "an amount of zero is known": (
        [{**LIFE, "가입금액": "0"}], HELD, NO_HEALTH, total("gap", 100_000_000),
    ),
    "the policy is cancelled": (
        [{**LIFE, "가입금액": "5억", "상태": "해지"}],
        NO_LIFE, NO_HEALTH, total("gap", 100_000_000),
    ),
    "the cancelled policy's amount is not known": (
        [{**LIFE, "가입금액": "", "상태": "해지"}], NO_LIFE, NO_HEALTH, total("gap", 100_000_000),
    ),
    "the policy has ended": (
        [{**LIFE, "가입금액": "5억", "상태": "유지", "만기일": "2026-11-21"}],
        NO_LIFE, NO_HEALTH, total("gap", 100_000_000),
    ),
    "the policy has not begun": (
        [{**LIFE, "가입금액": "5억", "계약일": "2026-11-23"}],
        NO_LIFE, NO_HEALTH, total("gap", 100_000_000),
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def cases():
    """All cases as customers of one FP: case -> rule -> (state, short, why)."""
    db = database.open_database(database.IN_MEMORY)
    fp = hire(db)["fp1"]
    rows = [
        {"고객번호": case, "고객명": "고객", **policy}
        for case, (held, *_) in CASES.items()
        for policy in held or [{}]
    ]
    assert take(db, fp, rows).rejected == 0
    found = {}
    for case in CASES:
        of_case = gaps.of_customer(db, fp, customers.identify(db, fp, case), TODAY)
        found[case] = {gap.rule.code: (gap.state.value, gap.short, gap.why) for gap in of_case}
    db.close()
    return found


@pytest.mark.parametrize("case", CASES)
def test_a_customer_is_held_against_every_rule(case, cases):
    _, life, health, total_low = CASES[case]
    assert cases[case] == {
        "life_missing": life, "health_missing": health, "total_low": total_low,
    }  # fmt: skip


def test_a_gap_shows_what_is_held_and_how_much_of_it_is_unknown(import_rows, db, people):
    import_rows([{"고객명": "김", **LIFE, "가입금액": "3억"}, {"고객명": "김", **HEALTH}])
    customer = customers.identify(db, people["fp1"], "김")
    found = {gap.rule.code: gap for gap in gaps.of_customer(db, people["fp1"], customer, TODAY)}
    low = found["total_low"]
    assert (low.recommended, low.held, low.policies, low.policies_unknown) == (
        100_000_000, 300_000_000, 2, 1,
    )  # fmt: skip
    assert (found["health_missing"].recommended, found["health_missing"].held) == (None, None)


def assert_scope_is_the_sum_of_its_customers(db, asker, ids):
    """Hold the counts of a scope against the customers, one by one."""
    customers_counted, counts = gaps.of_scope(db, asker, TODAY)
    assert customers_counted == len(ids)
    one_by_one = [gap for one in ids for gap in gaps.of_customer(db, asker, one, TODAY)]
    for count in counts:
        of_rule = [gap for gap in one_by_one if gap.rule == count.rule]
        states = Counter(gap.state for gap in of_rule)
        assert count.states == {state: states[state] for state in GapState}
        assert sum(count.states.values()) == customers_counted
        assert count.shortfall == sum(gap.short or 0 for gap in of_rule)


def test_a_scopes_counts_are_the_sum_of_its_customers(random_agency):
    db, people = random_agency
    fp = people["fp1"]
    ids = customer_list.find(db, fp, CustomerFilter(), TODAY, page_size=1000).rows["id"]
    assert_scope_is_the_sum_of_its_customers(db, fp, list(ids))


def test_the_demo_books_states_add_up_and_agree_with_a_sample(demo_db):
    asker = accounts.act_as(demo_db, "fp1")
    page = customer_list.find(demo_db, asker, CustomerFilter(), TODAY, page_size=10_000)
    customers_counted, counts = gaps.of_scope(demo_db, asker, TODAY)
    assert [sum(count.states.values()) for count in counts] == [page.matching] * len(counts)
    assert customers_counted == page.matching
    for one in Random(7).sample(list(page.rows.to_dict("records")), 50):
        total_low = gaps.of_customer(demo_db, asker, one["id"], TODAY)[-1]
        known = 0 if one["policies"] == 0 else one["coverage"]
        expected = (
            GapState.COVERED if known >= 100_000_000
            else GapState.UNKNOWN if one["unknown"]
            else GapState.PARTIAL if known else GapState.GAP
        )  # fmt: skip
        assert total_low.state is expected


def test_a_day_without_rules_finds_no_gaps_but_still_no_strangers(import_rows, db, people):
    import_rows([{"고객명": "김", "보종": "생명"}])
    before_any_rule = date(2025, 12, 31)
    customer = customers.identify(db, people["fp1"], "김")
    assert gaps.of_customer(db, people["fp1"], customer, before_any_rule) == []
    assert gaps.of_scope(db, people["fp1"], before_any_rule) == (1, [])
    with pytest.raises(NotFound):
        gaps.of_customer(db, people["fp2"], customer, before_any_rule)


GOOD_RULE = {
    "code": '"own_rule"', "type": '"life"', "need": '"at_least"', "amount": "1_000",
    "valid_from": "2026-01-01", "source": '"house default"', "grade": '"D"',
}  # fmt: skip


def rule_text(**changed: str | None) -> str:
    said = {**GOOD_RULE, **changed}
    return "[[rule]]\n" + "".join(f"{key} = {text}\n" for key, text in said.items() if text)


@pytest.mark.parametrize(
    ("text", "rule", "field"),
    [
        (rule_text(code='"Drop Table"'), "Drop Table", "code"),
        (rule_text(code=None), "?", "code"),
        (rule_text(type='"boat"'), "own_rule", "type"),
        (rule_text(need='"wants"'), "own_rule", "need"),
        (rule_text(amount="0"), "own_rule", "amount"),
        (rule_text(amount="-5"), "own_rule", "amount"),
        (rule_text(amount='"x; drop table policy"'), "own_rule", "amount"),
        (rule_text(amount=None), "own_rule", "-"),
        (rule_text(need='"holds"'), "own_rule", "-"),
        (rule_text(valid_from='"soon"'), "own_rule", "valid_from"),
        (rule_text(valid_to="2025-01-01"), "own_rule", "-"),
        (rule_text(source='""'), "own_rule", "source"),
        (rule_text(source=None), "own_rule", "source"),
        (rule_text(grade='"E"'), "own_rule", "grade"),
        (rule_text(colour='"red"'), "own_rule", "colour"),
        (rule_text() + rule_text(valid_from="2026-06-01"), "own_rule", "valid_from"),
        ("[[rule]\n", "-", "-"),
        ("rule = 3\n", "-", "-"),
    ],
)
def test_a_fault_in_the_rule_file_names_file_rule_and_field(text, rule, field, tmp_path):
    path = tmp_path / "rules.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InvalidRules) as refused:
        gap_rules.load(path)
    said = refused.value.particulars
    assert (said["file"], said["rule"], said["field"]) == ("rules.toml", rule, field)
    assert said["reason"]


def test_the_record_that_holds_on_the_day_is_used(tmp_path):
    path = tmp_path / "rules.toml"
    first = rule_text(valid_to="2026-06-30")
    path.write_text(first + rule_text(valid_from="2026-07-01", amount="2_000"), encoding="utf-8")
    days = {date(2025, 12, 31): [], date(2026, 6, 30): [1000], date(2026, 7, 1): [2000]}
    assert {day: [rule.amount for rule in gap_rules.rules_on(day, path)] for day in days} == days


def test_every_shipped_rule_names_its_source():
    rules = gap_rules.load()
    assert {rule.code for rule in rules} == {"life_missing", "health_missing", "total_low"}
    assert all(rule.source and rule.grade for rule in rules)


def test_every_need_has_its_sql():
    for need in Need:
        rule = Rule(
            code="r", type="total", need=need, amount=1 if need is Need.AT_LEAST else None,
            valid_from=TODAY, source="s", grade="D",
        )  # fmt: skip
        assert gap_rules.state_sql(rule)
        assert gap_rules.why_sql(rule)
