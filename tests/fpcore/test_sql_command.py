"""`python -m fpcore sql`: what is printed can be read, and is what is run."""

import json
import re

import pytest
from agency import TODAY
from click.testing import CliRunner

from fpcore.commands.main import main
from fpcore.commands.readable import WIDTH, readable
from fpcore.facts import relation, rows, words
from fpcore.models import Measure, RowKind
from fpcore.portfolio import heatmaps
from fpcore.store import database


def meaning(db, sql: str) -> dict:
    """How DuckDB understands SQL, wherever in the text its parts stand."""
    tree = db.read("select json_serialize_sql($sql) as tree", {"sql": sql})[0]["tree"]
    return json.loads(re.sub(r',?"query_location(_length)?":\d+', "", tree))


def statements(db, admin) -> list[str]:
    computed = rows.computed_rows(words.of_rows(db), "c.owner_id = $owner")
    with database.noting() as noted:
        for measure in Measure:
            heatmaps.heatmap(
                db, admin, RowKind.AGE_BAND, measure, TODAY, since=TODAY.replace(day=1)
            )
    return [f"with {computed.strip().rstrip(',')} from computed_row", *(sql for sql, _ in noted)]


def test_sql_that_is_laid_out_means_what_it_meant(office):
    db, people = office
    for sql in statements(db, people["admin"]):
        assert meaning(db, readable(sql)) == meaning(db, sql)


def test_lines_are_short_and_indented(office):
    db, people = office
    lines = readable(statements(db, people["admin"])[0]).split("\n")
    assert max(map(len, lines)) < WIDTH * 1.5
    assert {len(line) - len(line.lstrip()) for line in lines} >= {0, 4, 8, 12}


@pytest.fixture
def machine(tmp_path, monkeypatch):
    monkeypatch.setenv("FP_DATABASE", str(tmp_path / "fp.duckdb"))
    assert CliRunner().invoke(main, ["init"]).exit_code == 0


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        (["customer_fact"], {f" as {name}" for name in relation.COLUMNS}),
        (["heatmap", "--measure", "coverage", "--rows", "fp"], {"sum(life_coverage)", "owner_id"}),
        (["gaps"], {"state_0", "judged_fact"}),
    ],
)
def test_a_step_is_printed_with_its_parameters(command, expected, machine):
    printed = CliRunner().invoke(main, ["sql", *command, "--valued-on", "2026-11-22"]).stdout
    assert printed.startswith("-- $")
    assert "-- $valued_on = 2026-11-22\n" in printed
    assert {text for text in expected if text not in printed} == set()
