"""The benchmark runs and tells every figure; how long anything takes is not tested."""

import json

import pytest
from click.testing import CliRunner

from benchmarks import book, figures, peers, people, report, timing
from benchmarks.__main__ import main
from benchmarks.measured import Measured


def test_a_small_run_tells_every_figure(tmp_path, monkeypatch):
    for turns in ("WARM", "FEWEST_RUNS", "MOST_RUNS"):
        monkeypatch.setattr(timing, turns, 1)
    monkeypatch.setattr(peers, "TIMES", 1)
    monkeypatch.setattr(figures, "SMALL", 200)
    ran = CliRunner().invoke(
        main,
        [
            "--size",
            "200",
            "--write",
            "--results",
            str(tmp_path),
            "--skip",
            "postgresql",
            "--skip",
            "people",
        ],
        catch_exceptions=False,
    )
    found = json.loads((tmp_path / "results.json").read_text(encoding="utf-8"))
    document = (tmp_path / "RESULTS.md").read_text(encoding="utf-8")
    assert ran.exit_code == 0
    assert len(found) > 25
    for figure in found:
        assert figure.keys() == {"name", "seconds", "floor_seconds", "ratio", "goal", "peers"}
        assert figure["seconds"] > 0 and figure["floor_seconds"] > 0 and figure["ratio"] > 0
        assert figure["name"] in document and figure["name"] in ran.output
    beside = [figure["peers"] for figure in found if figure["peers"]]
    assert len(beside) == len(peers.WORKS)
    for seconds in beside:
        assert seconds["polars"] > 0 and seconds["pandas"] > 0 and seconds["postgresql"] is None


def test_a_peer_that_finds_something_else_stops_the_benchmark():
    found, truth = {"0-9": (3, 1)}, {"0-9": (3, 2)}
    with pytest.raises(AssertionError, match="Polars finds something else"):
        peers.compare("polars", peers.HOLDING, found, truth)


def test_peers_are_shown_beside_the_program():
    figure = Measured(
        name="shares",
        least=0.1,
        median=0.1,
        floor_least=0.05,
        floor_median=0.05,
        goal=None,
        goal_ratio=2.5,
        peers={"polars": 0.6, "pandas": 2.0, "postgresql": None},
        peer_goals=peers.GOALS,
    )
    assert figure.faster == {"polars": pytest.approx(6), "pandas": pytest.approx(20)}
    assert sorted(figure.verdicts) == [False, True, True]
    assert report.Results(figures=[figure], verdicts=[True]).reached == "3 of 4 goals reached."


def test_people_click_before_the_app_without_an_error(tmp_path, monkeypatch):
    for name, number in {"TIMES": 1, "FPS": 2, "MANAGERS": 1}.items():
        monkeypatch.setattr(people, name, number)
    for name in set(people.SCREENS) - {"customers", "portfolio"}:
        monkeypatch.delitem(people.SCREENS, name)
    path = tmp_path / "book.duckdb"
    book.make(path, 200).close()
    figures_, crowd = people.measured(path, tmp_path, seconds=2)
    assert len(figures_) == 2 * 2 * 2 + 3
    assert all(figure.median > 0 and figure.floor_median > 0 for figure in figures_)
    assert crowd.clicks.seconds and not crowd.clicks.errors and not crowd.faults


def test_the_fps_of_a_large_book_have_100_to_2000_customers():
    customers = [end - first for first, end in book.planners(1_000_000)]
    assert len(customers) == 2000 and sum(customers) == 1_000_000
    assert min(customers) == 100 and 1990 <= max(customers) <= 2000
