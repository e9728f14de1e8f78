"""Every figure of every heatmap equals a plain computation over the raw tables, and every count
is that of the customers behind it."""

from contextlib import closing
from datetime import date, timedelta
from random import Random

import portfolio_oracle as oracle
import pytest
from agency import TODAY, hire
from random_book import random_people, store

from fpcore.access import accounts
from fpcore.errors import InvalidInput
from fpcore.facts.groups import ALL_ROWS
from fpcore.facts.types import TOTAL
from fpcore.kept import customer_rows
from fpcore.models import Measure, PolicyType, RowKind
from fpcore.portfolio import customer_list, heatmaps
from fpcore.portfolio.filters import Asker, CustomerFilter
from fpcore.portfolio.measures import COLUMNS, DEFINITIONS
from fpcore.rules import rulebook
from fpcore.store import opening
from fpcore.store.connecting import IN_MEMORY

SINCE = TODAY - timedelta(days=400)
OTHER_DAY = TODAY + timedelta(days=200)
INSURERS = ["한화생명", "삼성화재", "DB손해보험", None, "unusual 'name'"]
FIGURES = ("value", "n", "base", "left_out", "gained", "lost")


@pytest.fixture(scope="module")
def book():
    """Three FPs with random customers: unknown amounts, dollars, all statuses, targets by hand."""
    with closing(opening.open_database(IN_MEMORY)) as db:
        people = hire(db)
        rng = Random(6)
        codes = [rule.code for rule in rulebook.rules_on(db, TODAY) if rule.need.terms(TODAY)]
        for owner in ("fp1", "fp2", "fp3"):
            drawn = random_people(rng, 60, TODAY, codes)
            for one in drawn:
                one["gender"] = rng.choice(["M", "F", None])
                for policy in one["policies"]:
                    policy["insurer"] = rng.choice(INSURERS)
                    if rng.random() < 0.1:
                        policy["currency"] = "USD"
            store(db, people[owner].id, drawn, TODAY)
        withdrawn = db.read("select id from customer order by id limit 5")
        db.transaction(
            lambda cursor: cursor.execute(
                "update customer set withdrawn_on = $day where id in (select unnest($ids))",
                {"day": TODAY, "ids": [row["id"] for row in withdrawn]},
            )
        )
        db.transaction(lambda cursor: cursor.execute("delete from customer_row"))
        customer_rows.roll_forward(db, TODAY)
        yield db, people, oracle.read_people(db)


def expected(book, kind, measure, day=TODAY, scope=lambda one: True, currency="KRW"):
    """All cells of a heatmap, by row and column, as the oracle finds them."""
    db, _, everybody = book
    rules = rulebook.rules_on(db, day)
    in_row: dict[str, list] = {}
    for one in filter(scope, everybody):
        for row in oracle.rows_of(one, kind, day):
            in_row.setdefault(row, []).append(one)
        in_row.setdefault(ALL_ROWS, []).append(one)
    return {
        (row, column): {
            "customers": len(people),
            **oracle.cell(people, column, measure, day, SINCE, rules, currency),
        }
        for row, people in in_row.items()
        for column in oracle.COLUMNS
    }


def assert_equal(cells, wanted) -> None:
    found = {(cell["row"], cell["type"]): cell for cell in cells.to_dict("records")}
    assert found.keys() == wanted.keys()
    for place, figures in wanted.items():
        said = {name: found[place][name] for name in figures}
        assert said == pytest.approx(figures, nan_ok=True, rel=1e-9), place


@pytest.mark.parametrize("measure", Measure)
@pytest.mark.parametrize("kind", RowKind)
def test_every_figure_equals_a_plain_computation(kind, measure, book):
    db, people, _ = book
    found = heatmaps.heatmap(db, people["admin"], kind, measure, TODAY, since=SINCE)
    assert_equal(found.cells, expected(book, kind, measure))


@pytest.mark.parametrize("measure", Measure)
@pytest.mark.parametrize("kind", [RowKind.AGE_BAND, RowKind.INSURER, RowKind.SINCE])
def test_every_figure_of_another_day_is_computed_alike(kind, measure, book):
    db, people, _ = book
    found = heatmaps.heatmap(db, people["admin"], kind, measure, OTHER_DAY, since=SINCE)
    assert_equal(found.cells, expected(book, kind, measure, OTHER_DAY))


@pytest.mark.parametrize("measure", [Measure.COVERAGE, Measure.MEDIAN, Measure.PREMIUM])
def test_amounts_in_another_currency_are_apart(measure, book):
    db, people, _ = book
    found = heatmaps.heatmap(db, people["admin"], RowKind.GENDER, measure, TODAY, "USD")
    assert_equal(found.cells, expected(book, RowKind.GENDER, measure, currency="USD"))


@pytest.mark.parametrize("measure", Measure)
def test_a_manager_sees_the_team_and_an_fp_their_own(measure, book):
    db, people, _ = book
    for who, owners in (("manager1", {"fp1", "fp2"}), ("fp3", {"fp3"})):
        found = heatmaps.heatmap(db, people[who], RowKind.FP, measure, TODAY, since=SINCE)
        of_scope = expected(
            book, RowKind.FP, measure, scope=lambda one, owners=owners: one["owner"] in owners
        )
        assert_equal(found.cells, of_scope)


def test_a_heatmap_of_one_team_is_that_of_its_customers(book):
    db, people, _ = book
    team = people["fp3"].team
    found = heatmaps.heatmap(
        db, people["admin"], RowKind.AGE_BAND, Measure.HOLDING, TODAY, team=team
    )
    of_team = expected(
        book, RowKind.AGE_BAND, Measure.HOLDING, scope=lambda one: one["team"] == team
    )
    assert_equal(found.cells, of_team)


@pytest.mark.parametrize("measure", Measure)
@pytest.mark.parametrize("kind", RowKind)
def test_the_list_behind_a_cell_is_as_long_as_the_cell_says(kind, measure, book):
    db, people, _ = book
    cells = heatmaps.heatmap(db, people["admin"], kind, measure, TODAY, since=SINCE).cells
    drawn = cells.sample(6, random_state=1)
    for cell in [*drawn.to_dict("records"), *cells.tail(1).to_dict("records")]:
        of = cell["type"] if cell["type"] == "total" else PolicyType(cell["type"])
        behind = CustomerFilter(
            row_kind=kind, row=cell["row"], behind=measure, of=of, since=SINCE
        )  # fmt: skip
        page = customer_list.find(db, people["admin"], behind, TODAY, page_size=1)
        assert page.matching == cell["n"], cell


@pytest.mark.parametrize("measure", Measure)
def test_a_cell_and_its_lists_ask_by_the_same_text(measure, book):
    db, people, _ = book
    sql = heatmaps.heatmap(db, people["admin"], RowKind.FP, measure, TODAY, since=SINCE).sql
    listed_by = DEFINITIONS[measure].listed_by
    for column in COLUMNS:
        wanted = [{"behind": measure, "of": column, "since": SINCE}]
        if listed_by != "behind" and column != TOTAL:
            wanted.append({listed_by: column})
        for fields in wanted:
            with db.reading() as cursor:
                asker = Asker(db, cursor, people["admin"], TODAY)
                (condition,) = CustomerFilter(**fields).conditions(asker)
            assert f"count_if({condition.sql}) as {column}_n" in sql


def test_a_change_needs_an_earlier_day(book):
    db, people, _ = book
    for since in (None, TODAY, TODAY + timedelta(days=1)):
        with pytest.raises(InvalidInput):
            heatmaps.heatmap(db, people["admin"], RowKind.FP, Measure.CHANGE, TODAY, since=since)


@pytest.mark.parametrize("since", [date(1950, 1, 1), TODAY - timedelta(days=1), date(2020, 2, 29)])
def test_a_change_looks_back_to_any_day(since, book, monkeypatch):
    db, people, _ = book
    monkeypatch.setitem(globals(), "SINCE", since)
    found = heatmaps.heatmap(
        db, people["admin"], RowKind.GENDER, Measure.CHANGE, TODAY, since=since
    )
    assert_equal(found.cells, expected(book, RowKind.GENDER, Measure.CHANGE))


@pytest.fixture(scope="module")
def demo_people(demo_db) -> list[oracle.Person]:
    return oracle.read_people(demo_db)


@pytest.mark.parametrize("measure", Measure)
def test_the_demo_book_agrees_too(measure, demo_db, demo_people):
    book = (demo_db, None, demo_people)
    found = heatmaps.heatmap(
        demo_db, accounts.OPERATOR, RowKind.AGE_BAND, measure, TODAY, since=SINCE
    )
    assert_equal(found.cells, expected(book, RowKind.AGE_BAND, measure))
