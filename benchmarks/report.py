"""The results as people read them while they come, as RESULTS.md and as JSON."""

import json
import os
import platform
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import click

from benchmarks.measured import Measured
from benchmarks.peers import PEERS, TITLES
from fpcore.store.database import Database

HEADINGS = ("median", "least", "floor", "ratio", "goal", "", "figure")
PEER_HEADINGS = ("program", "peer", "takes", "times", "goal", "", "figure")


@dataclass
class Results:
    """All that was found: on what (lines), the figures, lines beside them, and whether goals that
    stand in no figure are reached."""

    setting: list[str] = field(default_factory=list)
    figures: list[Measured] = field(default_factory=list)
    beside: list[str] = field(default_factory=list)
    verdicts: list[bool] = field(default_factory=list)

    @property
    def reached(self) -> str:
        """How many goals are reached, as a sentence."""
        verdicts = [verdict for figure in self.figures for verdict in figure.verdicts]
        verdicts += self.verdicts
        return f"{sum(verdicts)} of {len(verdicts)} goals reached."


def setting(db: Database, seconds: float) -> list[str]:
    """Say on what and with what the figures were found; `seconds` it took to make the book."""
    counted = db.read(
        """
        select (select count(*) from customer) as customers,
            (select count(*) from policy) as policies,
            (select count(*) from account where role = 'fp') as fps, version() as duckdb
        """
    )[0]
    load = f", load {os.getloadavg()[0]:.1f} at the beginning" if hasattr(os, "getloadavg") else ""
    return [
        f"* Book: {counted['customers']:,} customers, {counted['policies']:,} policies, "
        f"{counted['fps']:,} FPs; the file has {os.path.getsize(db.path) / 1e6:,.0f} MB "
        f"and was made in {seconds:,.0f} s",
        f"* Machine: {_processor()}, {os.cpu_count()} processors, {platform.system()}{load}",
        f"* Versions: DuckDB {counted['duckdb']}, Python {platform.python_version()}",
        f"* Day: {date.today():%Y-%m-%d}",
    ]


def _processor() -> str:
    about = Path("/proc/cpuinfo")
    lines = about.read_text(encoding="utf-8").splitlines() if about.exists() else []
    models = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return models[0] if models else platform.processor() or platform.machine()


def heading(headings: Sequence[str] = HEADINGS) -> None:
    """Print the head of a table."""
    click.echo("\n" + _line(headings))


def tell(figure: Measured) -> Measured:
    """Print a figure's line and give the figure back."""
    click.echo(_line(_cells(figure)))
    sys.stdout.flush()
    return figure


def tell_peers(found: Iterable[Measured]) -> None:
    """Print the table of how the program stands beside its peers."""
    heading(PEER_HEADINGS)
    click.echo("\n".join(map(_line, _peer_rows(found))))


def write(folder: Path, about: str, found: Results) -> None:
    """Write results.json and RESULTS.md into a folder; say where they are."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "results.json").write_text(_json(found.figures), encoding="utf-8")
    (folder / "RESULTS.md").write_text(_document(about, found), encoding="utf-8")
    click.echo(f"Written: {folder / 'results.json'}, {folder / 'RESULTS.md'}")


def _line(cells: Sequence[str]) -> str:
    *numbers, name = cells
    return "".join(f"{cell:>12}" for cell in numbers) + f"  {name}"


def _cells(figure: Measured) -> tuple[str, ...]:
    verdict = _verdict(not figure.missed) if figure.has_goal else ""
    seconds = (_ms(each) for each in (figure.median, figure.least, figure.floor_median))
    return (*seconds, f"{figure.ratio:.1f}", _own_goal(figure), verdict, figure.name)


def _peer_rows(found: Iterable[Measured]) -> Iterator[tuple[str, ...]]:
    for figure in found:
        for peer in PEERS if figure.peers else ():
            yield (_ms(figure.median), TITLES[peer], *_beside_peer(figure, peer), figure.name)


def _beside_peer(figure: Measured, peer: str) -> tuple[str, str, str, str]:
    """What a peer takes, how many times faster the program is, the goal, and the verdict."""
    took, goal = figure.peers.get(peer), figure.peer_goals.get(peer)
    wanted = "" if goal is None else f"≥ {goal:g} ×"
    if took is None:
        return "–", "not run", wanted, ""
    times = figure.faster[peer]
    return _ms(took), f"{times:.1f} ×", wanted, "" if goal is None else _verdict(times >= goal)


def _verdict(is_reached: bool) -> str:
    return "ok" if is_reached else "MISSED"


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:,.1f} ms"


def _own_goal(figure: Measured) -> str:
    if figure.goal_ratio is not None:
        return f"≤ {figure.goal_ratio:g} × floor"
    return "" if figure.goal is None else f"≤ {figure.goal * 1000:,.0f} ms"


def _goals(figure: Measured) -> str:
    """All goals of a figure as one text."""
    peers = (f"≥ {goal:g} × faster than {TITLES[peer]}" for peer, goal in figure.peer_goals.items())
    return ", ".join(filter(None, [_own_goal(figure), *peers]))


def _json(found: list[Measured]) -> str:
    records = [
        {
            "name": figure.name,
            "seconds": figure.median,
            "floor_seconds": figure.floor_median,
            "ratio": figure.ratio,
            "goal": _goals(figure),
            "peers": dict(figure.peers),
        }
        for figure in found
    ]
    return json.dumps(records, ensure_ascii=False, indent=2) + "\n"


def _document(about: str, found: Results) -> str:
    lines = ["# How long it takes", "", about, "", *found.setting, ""]
    lines += _table(HEADINGS, map(_cells, found.figures))
    rows = list(_peer_rows(found.figures))
    if rows:
        lines += ["", *_table(PEER_HEADINGS, rows)]
    return "\n".join([*lines, "", *found.beside, "", found.reached, ""])


def _table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """The lines of a table in Markdown; what comes last in a row comes first in it."""
    turned = [(headings[-1], *headings[:-1]), ("---", *["---:"] * 5, "---")]
    turned += [(cells[-1], *cells[:-1]) for cells in rows]
    return ["| " + " | ".join(row) + " |" for row in turned]
