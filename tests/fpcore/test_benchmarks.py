"""The benchmark runs and tells every figure; how long anything takes is not tested."""

import json

from click.testing import CliRunner

from benchmarks import book, figures
from benchmarks.__main__ import main


def test_a_small_run_tells_every_figure(tmp_path, monkeypatch):
    for turns in ("WARM", "FEWEST_RUNS", "MOST_RUNS"):
        monkeypatch.setattr(figures, turns, 1)
    ran = CliRunner().invoke(
        main, ["--size", "200", "--write", "--results", str(tmp_path)], catch_exceptions=False
    )
    found = json.loads((tmp_path / "results.json").read_text(encoding="utf-8"))
    document = (tmp_path / "RESULTS.md").read_text(encoding="utf-8")
    assert ran.exit_code == 0
    assert len(found) > 25
    for figure in found:
        assert figure.keys() == {"name", "seconds", "floor_seconds", "ratio", "goal", "peers"}
        assert figure["seconds"] > 0 and figure["floor_seconds"] > 0 and figure["ratio"] > 0
        assert figure["name"] in document and figure["name"] in ran.output


def test_the_fps_of_a_large_book_have_100_to_2000_customers():
    customers = [end - first for first, end in book.planners(1_000_000)]
    assert len(customers) == 2000 and sum(customers) == 1_000_000
    assert min(customers) == 100 and 1990 <= max(customers) <= 2000
