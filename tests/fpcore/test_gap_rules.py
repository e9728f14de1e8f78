"""Rules as data: what is wrong with a file is said in words, and the last good one goes on."""

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from agency import TODAY, add_customer, hire

from fpcore import wording
from fpcore.customers import profiles
from fpcore.errors import FpError, InvalidRules
from fpcore.gaps import explanation, publishing, scopes
from fpcore.kept import customer_rows
from fpcore.models import CustomerChanges
from fpcore.rules import amounts, records, rulebook, vocabulary
from fpcore.rules.records import Rule
from fpcore.store import opening

DAY = timedelta(days=1)
SPRING, JULY = date(2026, 6, 30), date(2026, 7, 1)
GOOD = {
    "code": '"own_rule"', "coverage": '"life"', "severity": "2", "valid_from": "2026-01-01",
    "need": '{ word = "fixed", amount = 1_000 }', "source": '"house default, no source"',
    "grade": '"D"',
}  # fmt: skip


def record(**changed: str | None) -> str:
    """A rule as it stands in a file; a value of None is left out."""
    said = {**GOOD, **changed}
    return "[[rule]]\n" + "".join(f"{key} = {text}\n" for key, text in said.items() if text)


def need(text: str, **changed: str) -> str:
    return record(need="{ " + text + " }", **changed)


def when(text: str) -> str:
    return record(when="[{ " + text + " }]")


def refused(path: Path) -> InvalidRules:
    with pytest.raises(InvalidRules) as said:
        rulebook.load(path)
    return said.value


SHARE = 'word = "premium_share", '
# the file -> rule and field that are named, and in both languages a part of what is said
FAULTS = {
    "an unknown need": (
        need('word = "wants"'), "own_rule", "need", "‘wants’", "'holds', 'at_most_one', 'fixed'",
    ),
    "a need without its word": (need("amount = 5"), "own_rule", "need", "`word`", "`word`"),
    "an unknown condition": (
        when('word = "is_rich"'), "own_rule", "when.0", "‘is_rich’", "'drives', 'owns_car'",
    ),
    "an unknown coverage": (
        record(coverage='"boat"'), "own_rule", "coverage", "‘boat’", "'life', 'health', 'car'",
    ),
    "an unknown field": (
        record(colour='"red"'), "own_rule", "colour", "이런 항목", "no such field",
    ),
    "an unknown field of a need": (
        need('word = "holds", amount = 5'), "own_rule", "need.holds.amount",
        "이런 항목", "no such field",
    ),
    "a need that is not for the coverage": (
        record(coverage='"driver"'), "own_rule", "-", "‘fixed’", "‘driver’; accepted: holds",
    ),
    "a choice that is not for the coverage": (
        record() + '[[rule.choices]]\nneed = { word = "at_most_one" }\nsource = "x"\ngrade = "D"\n',
        "own_rule", "-", "‘at_most_one’", "accepted: holds, fixed, by_age",
    ),
    "overlapping dates": (
        record(valid_to="2026-06-30") + record(valid_from="2026-06-30"),
        "own_rule", "valid_from", "같은 날", "same day",
    ),
    "no end before the next begins": (
        record() + record(valid_from="2026-07-01"), "own_rule", "valid_from", "두 기록", "Two",
    ),
    "two rules for one coverage and day": (
        record() + record(code='"other_rule"', valid_from="2027-01-01"),
        "other_rule", "coverage", "own_rule", "‘life’ has another rule (own_rule)",
    ),
    "an end before the beginning": (
        record(valid_to="2025-12-31"), "own_rule", "-", "`valid_to`", "`valid_to`",
    ),
    "a negative amount": (
        need('word = "fixed", amount = -5'),
        "own_rule", "need.fixed.amount", "0보다", "more than 0",
    ),
    "a negative amount for an age": (
        need('word = "by_age", amounts = [{ from_age = 0, amount = -5 }]'),
        "own_rule", "need.by_age.amounts.0.amount", "0보다", "more than 0",
    ),
    "an amount of zero": (
        need('word = "fixed", amount = 0'), "own_rule", "need.fixed.amount", "0보다", "more than 0",
    ),
    "a huge amount": (
        need('word = "fixed", amount = 1_000_000_000_001'),
        "own_rule", "need.fixed.amount", "1000000000000 이하", "at most 1000000000000",
    ),
    "a part of a won": (
        need('word = "fixed", amount = 1.5'), "own_rule", "need.fixed.amount", "정수", "whole",
    ),
    "an amount in words": (
        need('word = "fixed", amount = "x; drop table policy"'),
        "own_rule", "need.fixed.amount", "정수", "whole",
    ),
    "no amount": (need('word = "fixed"'), "own_rule", "need.fixed.amount", "없습니다", "missing"),
    "no source": (record(source=None), "own_rule", "source", "없습니다", "missing"),
    "an empty source": (record(source='""'), "own_rule", "source", "없습니다", "missing"),
    "a source that cannot be shown": (
        record(source='"a\\u001bb"'), "own_rule", "-", "표시할 수 없는", "cannot be shown",
    ),
    "a wrong grade": (record(grade='"E"'), "own_rule", "grade", "‘E’", "'A', 'B', 'C' or 'D'"),
    "a wrong severity": (record(severity="4"), "own_rule", "severity", "‘4’", "1, 2 or 3"),
    "a code that is no name": (
        record(code='"Drop Table"'), "Drop Table", "code", "‘Drop Table’", "lower-case",
    ),
    "no code": (record(code=None), "?", "code", "없습니다", "missing"),
    "a code that is a number": (record(code="3"), "3", "code", "글자가", "not a text"),
    "no beginning": (record(valid_from=None), "own_rule", "valid_from", "없습니다", "missing"),
    "a beginning that is no day": (
        record(valid_from='"soon"'), "own_rule", "valid_from", "날짜", "date",
    ),
    "ages that do not rise": (
        need('word = "by_age", amounts = [{ from_age = 40, amount = 5 },'
             ' { from_age = 40, amount = 6 }]'),
        "own_rule", "need.by_age", "작은 것부터", "rise",
    ),
    "no amount for any age": (
        need('word = "by_age", amounts = []'), "own_rule", "need.by_age.amounts", "없습니다",
        "missing",
    ),
    "an age before birth": (
        when('word = "age_between", from_age = -1'),
        "own_rule", "when.0.age_between.from_age", "0 이상", "0 or",
    ),
    "an age that nobody reaches": (
        when('word = "age_between", from_age = 200'),
        "own_rule", "when.0.age_between.from_age", "120 이하", "at most 120",
    ),
    "ages the wrong way round": (
        when('word = "age_between", from_age = 40, to_age = 39'),
        "own_rule", "when.0.age_between", "나이", "Ages",
    ),
    "a housing that is none": (
        when('word = "housing_is", housing = ["boat"]'),
        "own_rule", "when.0.housing_is.housing.0", "'own'", "'own', 'rent'",
    ),
    "no housing": (
        when('word = "housing_is", housing = []'), "own_rule", "when.0.housing_is.housing",
        "없습니다", "missing",
    ),
    "an accident class that is none": (
        when('word = "occupation_class_is", classes = [4]'),
        "own_rule", "when.0.occupation_class_is.classes.0", "‘4’", "1, 2 or 3",
    ),
    "an amount for two of three classes": (
        need('word = "by_occupation_class", amounts = [1, 2]'),
        "own_rule", "need.by_occupation_class.amounts.2", "없습니다", "missing",
    ),
    "bands that do not rise": (
        need(f"{SHARE}low = 5, high = 18, excessive = 18", coverage='"premium"'),
        "own_rule", "need.premium_share", "low < high", "low < high < excessive",
    ),
    "more than all of the income": (
        need(f"{SHARE}low = 5, high = 10, excessive = 101", coverage='"premium"'),
        "own_rule", "need.premium_share.excessive", "100 이하", "at most 100",
    ),
    "too many years": (
        need('word = "income_multiple", times = 51'),
        "own_rule", "need.income_multiple.times", "50 이하", "at most 50",
    ),
    "too many conditions": (
        record(when='[{ word = "drives" }, { word = "drives" }, { word = "drives" },'
                    ' { word = "drives" }, { word = "drives" }, { word = "drives" },'
                    ' { word = "drives" }]'),
        "own_rule", "when", "", "",
    ),
    "not TOML": ("[[rule]\n", "-", "-", "TOML", "TOML"),
    "no list of rules": ("rule = 3\n", "-", "-", "[[rule]]", "[[rule]]"),
    "rules that are no tables": ("rule = [3]\n", "-", "-", "[[rule]]", "[[rule]]"),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_names_file_rule_and_field_and_says_what_is_accepted(fault, tmp_path):
    text, rule, field, in_korean, in_english = FAULTS[fault]
    path = tmp_path / "own_rules.toml"
    path.write_text(text, encoding="utf-8")
    error = refused(path)
    assert error.particulars == {"file": "own_rules.toml", "rule": rule, "field": field}
    assert f"problem.{error.problem}" in wording.catalogue("ko"), "no words of its own"
    for language, part in (("ko", in_korean), ("en", in_english)):
        said = wording.say_error(language, error)
        assert part in said.partition(field)[2]
        assert {"own_rules.toml", rule, field} <= {one for one in error.particulars.values()
                                                   if one in said}  # fmt: skip


def test_the_record_that_all_these_faults_were_made_of_is_good(tmp_path):
    path = tmp_path / "rules.toml"
    path.write_text(record(), encoding="utf-8")
    (rule,) = rulebook.load(path)
    assert (rule.code, rule.need, rule.version) == ("own_rule", amounts.Fixed(amount=1000), 1)


@pytest.mark.parametrize("way", ["missing", "a folder", "not UTF-8"])
def test_a_file_that_cannot_be_read_is_named(way, tmp_path):
    path = tmp_path / "rules.toml"
    if way == "a folder":
        path.mkdir()
    if way == "not UTF-8":
        path.write_bytes(record(source='"출처"').encode("cp949"))
    error = refused(path)
    assert (error.particulars["file"], error.problem) == ("rules.toml", "file_unreadable")
    told = {wording.say_error(language, error) for language in wording.LANGUAGES}
    assert len(told) == 2
    assert all("rules.toml" in said for said in told)


TYPED: list[Any] = [
    None, "x", "", "\0", "\ud800", -1, 0, 10**13, 1.5, float("nan"), float("inf"), True, [], [1],
    {}, {"word": "x"}, [{"word": "x"}], "2026-13-01", "9" * 5000, ["own"] * 9, "a" * 400,
]  # fmt: skip
NEEDS: list[tuple[str, dict]] = [
    ("life", {"word": "holds"}),
    ("indemnity", {"word": "at_most_one"}),
    ("life", {"word": "fixed", "amount": 5}),
    ("life", {"word": "by_age", "amounts": [{"from_age": 0, "amount": 5}]}),
    ("life", {"word": "by_occupation_class", "amounts": [1, 2, 3]}),
    ("life", {"word": "living_cost", "years": 3, "monthly": [{"from_age": 0, "amount": 5}]}),
    ("life", {"word": "income_multiple", "times": 7}),
    ("life", {"word": "dime", "times": 7}),
    ("premium", {"word": "premium_share", "low": 5, "high": 10, "excessive": 18}),
    ("replacement", {"word": "no_replacement", "months": 24}),
]
CONDITIONS: list[dict] = [
    {"word": "dependants_or_debts"},
    {"word": "age_between", "from_age": 19, "to_age": 60},
    {"word": "housing_is", "housing": ["own"]},
    {"word": "drives"},
    {"word": "owns_car"},
    {"word": "occupation_class_is", "classes": [1, 3]},
]


def said(**changed: Any) -> dict[str, Any]:
    good = {
        "code": "own_rule", "coverage": "life", "severity": 2, "valid_from": TODAY,
        "need": {"word": "holds"}, "source": "s", "grade": "D",
    }  # fmt: skip
    return {**good, **changed}


def spoiled() -> list[dict[str, Any]]:
    """Rules of every need and condition in which one value each is something else."""
    made = [said(**{field: typed}) for field in Rule.model_fields for typed in TYPED]
    for coverage, need in NEEDS:
        amounts = need.get("amounts") or need.get("monthly")
        for typed in TYPED:
            for field in (*need, "more"):
                made.append(said(coverage=coverage, need={**need, field: typed}))
            if amounts and isinstance(amounts[0], dict):
                name = "amounts" if "amounts" in need else "monthly"
                for field in amounts[0]:
                    made.append(said(need={**need, name: [{**amounts[0], field: typed}]}))
    for condition in CONDITIONS:
        for typed in TYPED:
            made += [said(when=[{**condition, field: typed}]) for field in (*condition, "more")]
    return made


def test_the_needs_and_conditions_tried_are_all_there_are():
    assert {need["word"] for _, need in NEEDS} == {
        need.model_fields["word"].default for need in vocabulary.NEEDS
    }
    assert {condition["word"] for condition in CONDITIONS} == {
        condition.model_fields["word"].default for condition in vocabulary.CONDITIONS
    }
    for coverage, need in NEEDS:
        assert records.checked(said(coverage=coverage, need=need, when=CONDITIONS))


def test_whatever_is_wrong_with_a_rule_has_words_of_its_own():
    problems = {}
    for typed in spoiled():
        try:
            records.checked(typed)
        except InvalidRules as error:
            problems[error.problem] = error
    for error in problems.values():
        for language in wording.LANGUAGES:
            assert wording.say_error(language, error)
    unsaid = {code for code in problems if f"problem.{code}" not in wording.catalogue("ko")}
    assert unsaid == set()
    assert len(problems) > 15


# --- Records and their days --------------------------------------------------------------------


def test_the_record_that_holds_on_the_day_is_used_and_counted(tmp_path):
    path = tmp_path / "rules.toml"
    later = need('word = "fixed", amount = 2_000', valid_from="2026-07-01", valid_to="2026-12-31")
    path.write_text(later + record(valid_to="2026-06-30"), encoding="utf-8")
    rules = rulebook.load(path)
    found = {
        day: [(rule.version, rule.need.amount) for rule in records.in_use(rules, day)]
        for day in (date(2025, 12, 31), date(2026, 1, 1), SPRING, JULY, date(2027, 1, 1))
    }
    assert list(found.values()) == [[], [(1, 1000)], [(1, 1000)], [(2, 2000)], []]


def test_one_coverage_may_have_one_rule_after_another(tmp_path):
    path = tmp_path / "rules.toml"
    path.write_text(
        record(valid_to="2026-06-30") + record(code='"next"', valid_from="2026-07-01"),
        encoding="utf-8",
    )
    rules = rulebook.load(path)
    used = [rule.code for day in (SPRING, JULY) for rule in records.in_use(rules, day)]
    assert used == ["own_rule", "next"]


def test_more_rules_than_fit_into_one_number_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(records, "MOST_RULES", 2)
    path = tmp_path / "rules.toml"
    three = [
        record(code=f'"rule_{kind}"', coverage=f'"{kind}"') for kind in ("life", "car", "home")
    ]
    path.write_text("".join(three), encoding="utf-8")
    error = refused(path)
    assert error.problem == "too_many_rules"
    assert "2" in wording.say_error("ko", error).partition("항목")[2]


def test_the_most_rules_with_the_highest_states_fit_into_one_number():
    assert 5**records.MOST_RULES - 1 < 2**63


def test_every_shipped_rule_says_its_source_and_has_its_words():
    rules = records.in_use(rulebook.load(), TODAY)
    assert len(rules) == 12
    assert not records.clashes(rules)
    for rule in rules:
        assert rule.source and rule.grade
        assert (rule.grade == "D") >= (rule.source == records.NO_SOURCE)
        assert f"rule.{rule.code}" in wording.catalogue("ko")


@pytest.mark.parametrize("rule", rulebook.load(), ids=lambda rule: rule.code)
def test_a_rule_is_read_back_from_the_database_as_it_was_published(rule):
    assert Rule(**json.loads(records.to_json(rule))) == rule


# --- The program goes on ------------------------------------------------------------------------


@pytest.fixture
def rule_file(tmp_path, monkeypatch) -> Path:
    """The program's rule file: one rule, at least 1,000 won of life cover."""
    path = tmp_path / "gap_rules.toml"
    path.write_text(record(), encoding="utf-8")
    monkeypatch.setattr(rulebook, "RULES", path)
    return path


def used(db) -> list[tuple[str, int]]:
    return [(rule.code, rule.need.amount) for rule in rulebook.rules_on(db, TODAY)]


BROKEN = {
    "a fault": need('word = "fixed", amount = -1'), "not TOML": "[[rule]\n", "gone": None,
    "not UTF-8": b"\xff\xfe\xff",
}  # fmt: skip


def spoil(file: Path, text: str | bytes | None) -> None:
    if text is None:
        file.unlink()
    elif isinstance(text, bytes):
        file.write_bytes(text)
    else:
        file.write_text(text, encoding="utf-8")


@pytest.mark.parametrize("way", BROKEN)
def test_the_running_program_goes_on_with_the_last_good_file(way, rule_file, db, people):
    customer_rows.roll_forward(db, TODAY)
    assert (used(db), rulebook.fault()) == ([("own_rule", 1000)], None)
    spoil(rule_file, BROKEN[way])
    assert used(db) == [("own_rule", 1000)]
    fault = publishing.fault(db, people["fp1"])
    assert fault.particulars["file"] == "gap_rules.toml"
    assert isinstance(fault, FpError)
    one = add_customer(db, people["fp1"], birth_date=date(1980, 1, 1))
    profiles.update(db, people["fp1"], one, CustomerChanges(name="이둘"), 1, TODAY)
    customer_rows.roll_forward(db, TODAY + DAY)
    assert explanation.of_customer(db, people["fp1"], one, TODAY + DAY).of("own_rule").short == 1000
    assert scopes.of_scope(db, people["fp1"], TODAY).counts[0].rule.code == "own_rule"
    rule_file.write_text(need('word = "fixed", amount = 7'), encoding="utf-8")
    assert (used(db), rulebook.fault()) == ([("own_rule", 7)], None)


@pytest.mark.parametrize("way", BROKEN)
def test_a_program_that_starts_with_a_broken_file_goes_on_with_the_last_good_one(
    way, rule_file, tmp_path
):
    path = str(tmp_path / "fp.duckdb")
    db = opening.open_database(path, create=True)
    fp = hire(db)["fp1"]
    customer_rows.roll_forward(db, TODAY)
    one = add_customer(db, fp)
    db.close()
    spoil(rule_file, BROKEN[way])
    records.parsed.cache_clear()  # as in a new process
    db = opening.open_database(path)
    customer_rows.roll_forward(db, TODAY + DAY)
    assert used(db) == [("own_rule", 1000)]
    assert explanation.of_customer(db, fp, one, TODAY + DAY).of("own_rule").recommended == 1000
    db.close()


def test_without_any_good_file_the_fault_is_what_is_said(rule_file, db):
    spoil(rule_file, BROKEN["a fault"])
    with pytest.raises(InvalidRules) as said:
        rulebook.rules_on(db, TODAY)
    assert said.value.particulars["field"] == "need.fixed.amount"


def test_a_better_file_takes_the_place_of_the_one_that_was_kept(rule_file, db):
    customer_rows.roll_forward(db, TODAY)
    spoil(rule_file, need('word = "fixed", amount = 7'))
    customer_rows.roll_forward(db, TODAY)
    spoil(rule_file, BROKEN["a fault"])
    customer_rows.roll_forward(db, TODAY)
    assert used(db) == [("own_rule", 7)]
    assert len(db.read("select * from good_file where name = 'gap_rules.toml'")) == 1


def test_records_of_the_file_and_published_ones_hold_together(rule_file, db, people):
    spoil(rule_file, record(valid_to="2026-12-31") + record(
        code='"car_rule"', coverage='"car"', need='{ word = "holds" }'))  # fmt: skip
    mine = records.checked(said(need={"word": "fixed", "amount": 5}, valid_from=TODAY + DAY))
    assert publishing.publish(db, people["admin"], mine, "왜", TODAY).version == 2
    assert [
        (one.rule.code, one.rule.version, one.published_by, one.note)
        for one in publishing.versions(db, people["fp1"])
    ] == [
        ("car_rule", 1, None, None), ("own_rule", 1, None, None), ("own_rule", 2, "admin", "왜"),
    ]  # fmt: skip
    held = {
        day: [(rule.code, rule.version) for rule in rulebook.rules_on(db, day)]
        for day in (TODAY, TODAY + DAY, date(2027, 1, 1))
    }
    both = [("car_rule", 1), ("own_rule", 2)]
    assert list(held.values()) == [[("car_rule", 1), ("own_rule", 1)], both, both]


def test_what_a_manager_published_stays_whatever_the_file_says_later(rule_file, db, people):
    mine = records.checked(said(need={"word": "fixed", "amount": 5}, valid_from=TODAY))
    publishing.publish(db, people["admin"], mine, "왜", TODAY)
    spoil(rule_file, record(valid_to="2026-12-31") + record(valid_from="2027-01-01"))
    (rule,) = rulebook.rules_on(db, date(2027, 1, 1))
    assert rule.need.amount == 5
