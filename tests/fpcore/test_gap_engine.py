"""The gap engine held against tests/cases, sentence by sentence, and against an oracle that knows
no SQL: on random customers under random rules, on generated books and on the demo book.

The gap table of the demo book stands in tests/golden/demo_gaps.json. Where it has changed for a
reason, write it anew and read the difference:
`PYTHONPATH=. python tests/fpcore/test_gap_engine.py`.
"""

import json
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID

import gap_oracle
import hypothesis.strategies as st
import pytest
from agency import TODAY, hire, unpacked
from examples import few
from gap_oracle import Person, Verdict
from hypothesis import given
from random_book import EDGES, SUMS, random_people, store

from fpcore.access import accounts
from fpcore.commands import demo
from fpcore.facts.groups import UNKNOWN_ROW
from fpcore.facts.relation import customer_fact
from fpcore.gaps import explanation, scopes
from fpcore.models import OCCUPATION_CLASSES, Account, GapState, Housing, RowKind
from fpcore.rules import judging, records, rulebook
from fpcore.rules.coverages import COVERAGES
from fpcore.rules.records import Rule
from fpcore.store import opening
from fpcore.store.connecting import IN_MEMORY
from fpcore.store.database import Database

TESTS = Path(__file__).parents[1]
CASES = TESTS / "cases"
GOLDEN = TESTS / "golden" / "demo_gaps.json"
SHIPPED = records.in_use(rulebook.load(), TODAY)
PEOPLE_AT_ONCE = 500  # times 5 examples of the gate: 2,500
DAYS = [TODAY, date(2027, 2, 28), date(2028, 2, 28), date(2028, 2, 29), date(2028, 8, 31)]


# ---- cases: a sentence each, facts in, verdict out ----


@dataclass(frozen=True)
class Case:
    """A customer of tests/cases, and what the rule named by the file must say of them."""

    code: str
    sentence: str
    person: Person
    expected: Verdict
    missing: tuple[str, ...]


FACTS = {
    "birth_date", "birth_year", "occupation", "occupation_class", "monthly_income", "living_cost",
    "dependants", "debts", "housing", "driving",
}  # fmt: skip
POLICY_FIELDS = {
    "type": "type", "name": "policy_name", "amount": "coverage_amount", "premium": "premium_amount",
    "cycle": "premium_cycle", "start": "start_date", "end": "end_date", "status": "status",
    "currency": "currency",
}  # fmt: skip
ANSWERS = {"state", "recommended", "short", "missing"}


def read_case(code: str, case: dict[str, Any]) -> Case:
    """Read a case. `age` means born on the first of January; policies are active, in won, and
    premiums monthly, unless it says otherwise; "unknown" is not known."""
    unknown_words = case.keys() - FACTS - ANSWERS - {"case", "age", "policies", "target"}
    assert not unknown_words, f"{code}: {unknown_words}"
    facts = {name: case[name] for name in FACTS & case.keys()}
    if "age" in case:
        facts["birth_date"] = date(TODAY.year - case["age"], 1, 1)
    if facts.get("birth_date"):
        facts["birth_year"] = facts["birth_date"].year
    person = {
        **dict.fromkeys(FACTS),
        **facts,
        "policies": [_policy(policy) for policy in case.get("policies", [])],
        "targets": {code: case["target"]} if "target" in case else {},
    }
    expected = Verdict(GapState(case["state"]), case.get("recommended"), short=case.get("short"))
    return Case(code, case["case"], person, expected, tuple(case.get("missing", ())))


def _policy(written: dict[str, Any]) -> dict[str, Any]:
    said = {"status": "active", "currency": "KRW", **written}
    if "premium" in said:
        said = {"cycle": "monthly", **said}
    row = dict.fromkeys(POLICY_FIELDS.values())
    row |= {POLICY_FIELDS[field]: value for field, value in said.items() if value != "unknown"}
    return row


def read_cases() -> list[Case]:
    return [
        read_case(path.stem, case)
        for path in sorted(CASES.glob("*.toml"))
        for case in tomllib.loads(path.read_text(encoding="utf-8"))["case"]
    ]


ALL_CASES = read_cases()
by_sentence = pytest.mark.parametrize(
    "case", ALL_CASES, ids=[f"{case.code}: {case.sentence}" for case in ALL_CASES]
)


@pytest.fixture(scope="module")
def case_book() -> Iterator[tuple[Database, Account]]:
    """One book with the customers of all cases."""
    db = opening.open_database(IN_MEMORY)
    fp = hire(db)["fp1"]
    store(db, fp.id, [case.person for case in ALL_CASES], TODAY)
    yield db, fp
    db.close()


@pytest.fixture(scope="module")
def case_verdicts(case_book) -> dict[UUID, list[Verdict]]:
    return judged_by_book(*case_book, SHIPPED, TODAY)


@by_sentence
def test_a_case_for_one_customer(case, case_book):
    db, fp = case_book
    gap = explanation.of_customer(db, fp, case.person["id"], TODAY).of(case.code)
    found = (gap.state, gap.recommended, gap.short, gap.missing)
    expected = case.expected
    assert found == (expected.state, expected.recommended, expected.short, case.missing)


@by_sentence
def test_a_case_in_the_whole_book(case, case_verdicts):
    found = case_verdicts[case.person["id"]][place_of(case.code)]
    assert replace(found, held=None) == case.expected


@by_sentence
def test_the_oracle_knows_the_cases(case):
    """Whoever checks the engine is checked by the same sentences."""
    rule = SHIPPED[place_of(case.code)]
    assert replace(gap_oracle.judge(rule, case.person, TODAY), held=None) == case.expected


def test_every_shipped_rule_has_a_case_for_each_of_its_states():
    found = {(case.code, case.expected.state) for case in ALL_CASES}
    assert {(rule.code, state) for rule in SHIPPED for state in GapState} - found == NEVER


NEVER = {
    ("life_missing", GapState.NOT_NEEDED), ("life_missing", GapState.PARTIAL),
    ("life_missing", GapState.UNKNOWN),
    ("health_missing", GapState.NOT_NEEDED), ("health_missing", GapState.PARTIAL),
    ("health_missing", GapState.UNKNOWN),
    ("total_low", GapState.NOT_NEEDED),
    ("driver_missing", GapState.PARTIAL),
    ("car_missing", GapState.PARTIAL),
    ("home_missing", GapState.PARTIAL),
    ("indemnity_twice", GapState.PARTIAL),
    ("replacement", GapState.NOT_NEEDED), ("replacement", GapState.PARTIAL),
}  # fmt: skip
"""The states that a rule cannot have: it is for everybody, or there is nothing in between."""


# ---- the oracle ----

AGES = st.one_of(st.sampled_from([0, *EDGES]), st.integers(0, 120))
WON = st.one_of(st.sampled_from(SUMS), st.integers(1, 10**12))


def rising(ages: st.SearchStrategy, most: int) -> st.SearchStrategy:
    return st.lists(ages, min_size=1, max_size=most, unique=True).map(sorted)


def amounts_by_age() -> st.SearchStrategy:
    lines = st.tuples(rising(AGES, 4), st.lists(WON, min_size=4, max_size=4))
    return lines.map(
        lambda both: [{"from_age": age, "amount": won} for age, won in zip(*both, strict=False)]
    )


def some_of(words: Iterable) -> st.SearchStrategy:
    return st.lists(st.sampled_from(list(words)), min_size=1, unique=True)


def word(name: str, **values: st.SearchStrategy) -> st.SearchStrategy:
    return st.fixed_dictionaries({"word": st.just(name), **values})


def age_between(ages: list[int]) -> dict[str, Any]:
    return {"word": "age_between", **dict(zip(("from_age", "to_age"), ages, strict=False))}


def bands(percents: list[int]) -> dict[str, Any]:
    names = ("low", "high", "excessive")
    return {"word": "premium_share", **dict(zip(names, percents, strict=True))}


TIMES = st.integers(1, 50)
CONDITIONS = st.one_of(
    word("dependants_or_debts"),
    rising(AGES, 2).map(age_between),
    word("housing_is", housing=some_of(Housing)),
    word("drives"),
    word("owns_car"),
    word("occupation_class_is", classes=some_of(OCCUPATION_CLASSES)),
)
NEEDS = {
    "holds": word("holds"),
    "at_most_one": word("at_most_one"),
    "fixed": word("fixed", amount=WON),
    "by_age": word("by_age", amounts=amounts_by_age()),
    "by_occupation_class": word(
        "by_occupation_class", amounts=st.lists(WON, min_size=3, max_size=3)
    ),
    "living_cost": word("living_cost", years=TIMES, monthly=amounts_by_age()),
    "income_multiple": word("income_multiple", times=TIMES),
    "dime": word("dime", times=TIMES),
    "premium_share": rising(st.sampled_from([5, 9, 10, 17, 18, 100]), 6)
    .filter(lambda percents: len(percents) > 2)
    .map(lambda percents: bands(percents[:3])),
    "no_replacement": word("no_replacement", months=st.sampled_from([1, 6, 7, 12, 24, 120])),
}


def rules_about(coverage: str) -> st.SearchStrategy[Rule]:
    """Any rule that a manager could publish about a coverage."""
    record = st.fixed_dictionaries(
        {
            "when": st.lists(CONDITIONS, max_size=3),
            "need": st.sampled_from(records.needs_for(coverage)).flatmap(NEEDS.get),
            "severity": st.integers(1, 3),
        }
    )
    said = {"valid_from": TODAY, "source": records.NO_SOURCE, "grade": "D"}
    return record.map(
        lambda drawn: Rule(code=f"any_{coverage}", coverage=coverage, **drawn, **said)
    )


RULE_SETS = st.tuples(*(rules_about(coverage) for coverage in COVERAGES))


def place_of(code: str) -> int:
    return [rule.code for rule in SHIPPED].index(code)


def judged_by_book(
    db: Database, asker: Account, rules: Sequence[Rule], day: date
) -> dict[UUID, list[Verdict]]:
    """Judge everybody in scope by the SQL of the book, in one query."""
    fact, params = customer_fact(db, asker, day, judging.reads(rules))
    with db.reading() as cursor:
        targets = judging.targeted(cursor) & {rule.code for rule in rules}
        relation = judging.with_targets("customer_fact", targets)
        columns = ", ".join(f"state_{n}, amount_{n}, held_{n}" for n in range(len(rules)))
        judged = judging.judged(rules, day, relation, targets)
        found = cursor.execute(f"with {fact} select id, {columns} from {judged}", params).fetchall()
    return {
        row[0]: [_verdict(rule, *row[1 + 3 * n : 4 + 3 * n]) for n, rule in enumerate(rules)]
        for row in found
    }


def _verdict(rule: Rule, digit: int, amount: int | None, held: int | None) -> Verdict:
    state, short = judging.STATES[digit], None
    if amount is not None and rule.need.asks_for_more:
        lacking = state in (GapState.PARTIAL, GapState.GAP)
        short = amount - held if lacking else 0 if state is GapState.COVERED else None
    return Verdict(state, amount, held, short)


def assert_agreed(
    found: dict[UUID, list[Verdict]], people: Sequence[Person], rules: Sequence[Rule], day: date
) -> None:
    """Hold what the book says of everybody against the oracle."""
    assert found.keys() == {one["id"] for one in people}
    for one in people:
        for rule, of_book in zip(rules, found[one["id"]], strict=True):
            expected = gap_oracle.judge(rule, one, day)
            assert agree(of_book, expected), told(rule, one, day, of_book, expected)


def told(rule: Rule, one: Person, day: date, of_book: Verdict, expected: Verdict) -> str:
    facts = {name: value for name, value in one.items() if value is not None}
    return f"on {day}\n{rule!r}\n{facts}\nbook: {of_book}\noracle: {expected}"


def agree(found: Verdict, expected: Verdict) -> bool:
    """Say whether two verdicts are the same; the engine holds a month's premium in whole won."""
    if None in (found.held, expected.held):
        return found == expected
    is_close = abs(Fraction(found.held) - Fraction(expected.held)) <= Fraction(1, 2)
    return is_close and replace(found, held=0) == replace(expected, held=0)


def empty(db: Database) -> None:
    def work(cursor) -> None:
        for table in ("customer", "customer_row", "policy", "customer_target"):
            cursor.execute(f"delete from {table}")

    db.transaction(work)


@few(5)
@given(
    seed=st.integers(0, 2**32),
    rules=RULE_SETS,
    kept_on=st.sampled_from(DAYS),
    day=st.sampled_from(DAYS),
)
def test_the_book_agrees_with_the_oracle(office, seed, rules, kept_on, day):
    """On the day for which rows were kept they are read, on another they are computed."""
    db, fp = office.db, office.people["fp1"]
    empty(db)
    rules = [*SHIPPED, *rules]
    rng = Random(seed)
    with_amount = [rule.code for rule in rules if takes_target(rule)]
    store(db, fp.id, random_people(rng, PEOPLE_AT_ONCE, day, with_amount), kept_on)
    people = gap_oracle.read_people(db)
    assert len(people) == PEOPLE_AT_ONCE
    assert_agreed(judged_by_book(db, fp, rules, day), people, rules, day)
    assert_kept_as_judged(db, people, kept_on)
    for one in rng.sample(people, 3):
        assert_explained_as_judged(db, fp, one, day)


def takes_target(rule: Rule) -> bool:
    return COVERAGES[rule.coverage].has_amount and bool(rule.terms(TODAY))


def assert_kept_as_judged(db: Database, people: Sequence[Person], day: date) -> None:
    """Hold the states that stand in customer_row against the oracle."""
    kept = {
        row["id"]: unpacked(row["states"], len(SHIPPED))
        for row in db.read("select id, states from customer_row")
    }
    for one in people:
        assert kept[one["id"]] == [gap_oracle.judge(rule, one, day).state for rule in SHIPPED]
    sets = db.read(
        "select distinct members from customer_row join gap_rule_set s on s.id = rule_set"
    )
    members = [[tuple(one[:2]) for one in json.loads(kept["members"])] for kept in sets]
    assert members == [[(rule.code, rule.version) for rule in SHIPPED]]


def assert_explained_as_judged(db: Database, asker: Account, one: Person, day: date) -> None:
    """Hold what is said of one customer against the oracle; unknown names what is missing."""
    found = explanation.of_customer(db, asker, one["id"], day)
    assert {gap.rule.code for gap in found.gaps} == {rule.code for rule in SHIPPED}
    for gap in found.gaps:
        verdict = Verdict(gap.state, gap.recommended, gap.held, gap.short)
        assert agree(verdict, gap_oracle.judge(gap.rule, one, day)), (gap, one)
        assert bool(gap.missing) == (gap.state is GapState.UNKNOWN), (gap, one)


# ---- books ----


@dataclass(frozen=True)
class Book:
    """A database of which every customer is judged by the oracle: `verdicts` by customer."""

    db: Database
    people: list[Person]
    verdicts: dict[UUID, list[Verdict]]


def judged_by_oracle(db: Database) -> Book:
    people = gap_oracle.read_people(db)
    verdicts = {
        one["id"]: [gap_oracle.judge(rule, one, TODAY) for rule in SHIPPED] for one in people
    }
    return Book(db, people, verdicts)


@pytest.fixture(scope="module")
def demo_book(demo_db) -> Book:
    return judged_by_oracle(demo_db)


@pytest.fixture(scope="module")
def generated_book() -> Iterator[Book]:
    """The customers of three FPs of two teams."""
    db = opening.open_database(IN_MEMORY)
    people, rng = hire(db), Random(5)
    with_amount = [rule.code for rule in SHIPPED if takes_target(rule)]
    for username in ("fp1", "fp2", "fp3"):
        store(db, people[username].id, random_people(rng, 200, TODAY, with_amount), TODAY)
    yield judged_by_oracle(db)
    db.close()


@pytest.fixture(params=["generated_book", "demo_book"])
def judged(request) -> Book:
    return request.getfixturevalue(request.param)


def test_a_scopes_counts_are_the_oracles(judged):
    found = scopes.of_scope(judged.db, accounts.OPERATOR, TODAY)
    assert (found.valued_on, found.customers) == (TODAY, len(judged.people))
    assert [count.rule for count in found.counts] == list(SHIPPED)
    for number, count in enumerate(found.counts):
        verdicts = [of_one[number] for of_one in judged.verdicts.values()]
        states = Counter(one.state for one in verdicts)
        assert count.states == {state: states[state] for state in GapState}, count.rule.code
        assert count.shortfall == sum(one.short or 0 for one in verdicts), count.rule.code


@pytest.mark.parametrize("kind", [RowKind.FP, RowKind.AGE_BAND, RowKind.GENDER])
def test_a_heatmap_is_the_oracles(judged, kind):
    cells = scopes.heatmap(judged.db, accounts.OPERATOR, kind, TODAY)
    counted, rows = Counter(), Counter()
    accounts_there = judged.db.read("select id, username from account")
    names = {row["id"]: row["username"] for row in accounts_there}
    for one in judged.people:
        row = row_of(one, kind, names)
        rows[row] += 1
        for rule, of_rule in zip(SHIPPED, judged.verdicts[one["id"]], strict=True):
            counted[row, rule.code, of_rule.state.value] += 1
            counted[row, rule.code, "shortfall"] += of_rule.short or 0
    assert len(cells) == len(rows) * len(SHIPPED)
    for cell in cells.to_dict("records"):
        row, code = cell.pop("row"), cell.pop("code")
        assert cell.pop("customers") == rows[row]
        assert cell == {name: counted[row, code, name] for name in (*GapState, "shortfall")}


def row_of(one: Person, kind: RowKind, names: dict[UUID, str]) -> str:
    if kind is RowKind.FP:
        return names[one["owner_id"]]
    if kind is RowKind.GENDER:
        return one["gender"] or UNKNOWN_ROW
    age = gap_oracle.age_on(one, TODAY)
    if age is None:
        return UNKNOWN_ROW
    return "100+" if age >= 100 else f"{age // 10 * 10}-{age // 10 * 10 + 9}"


def test_the_worst_are_the_oracles(judged):
    found = scopes.worst(judged.db, accounts.OPERATOR, TODAY, limit=100_000)
    scores = {one: gap_oracle.score(SHIPPED, of_one) for one, of_one in judged.verdicts.items()}
    expected = {one: score for one, score in scores.items() if score[1] > 0}
    columns = (found["score"], found["gaps"], found["shortfall"])
    assert dict(zip(found["id"], zip(*columns, strict=True), strict=True)) == expected
    ranks = [(-score, -shortfall) for score, _, shortfall in map(expected.get, found["id"])]
    assert ranks == sorted(ranks)
    first = scopes.worst(judged.db, accounts.OPERATOR, TODAY, limit=5)
    assert list(first["id"]) == list(found["id"][:5])


def test_one_customer_is_their_row_of_the_book(judged):
    in_book = judged_by_book(judged.db, accounts.OPERATOR, SHIPPED, TODAY)
    assert_agreed(in_book, judged.people, SHIPPED, TODAY)
    for one in Random(7).sample(judged.people, 60):
        found = explanation.of_customer(judged.db, accounts.OPERATOR, one["id"], TODAY)
        alone = {
            gap.rule: Verdict(gap.state, gap.recommended, gap.held, gap.short) for gap in found.gaps
        }
        assert alone == dict(zip(SHIPPED, in_book[one["id"]], strict=True))


def test_what_is_kept_of_a_book_is_what_the_oracle_says(judged):
    assert_kept_as_judged(judged.db, judged.people, TODAY)


def gap_table(db: Database) -> dict[str, Any]:
    """The gap table as `python -m fpcore gaps --json` prints it."""
    found = scopes.of_scope(db, accounts.OPERATOR, TODAY)
    rules = [
        {
            "code": count.rule.code,
            "type": count.rule.type,
            **count.states,
            "shortfall": int(count.shortfall),
        }
        for count in found.counts
    ]
    return {"valued_on": TODAY.isoformat(), "customers": found.customers, "rules": rules}


def test_the_demo_books_gap_table_is_the_golden_one(demo_db):
    assert gap_table(demo_db) == json.loads(GOLDEN.read_text(encoding="utf-8"))


def write_golden() -> None:
    db = opening.open_database(IN_MEMORY)
    demo.load(db, TODAY)
    GOLDEN.write_text(json.dumps(gap_table(db), indent=2) + "\n", encoding="utf-8")
    db.close()


if __name__ == "__main__":
    write_golden()
