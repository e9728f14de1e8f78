"""Make a large book, time the program on it, and write down what was found: `make bench`."""

import json
import os
import platform
import sys
import tempfile
import time
from contextlib import closing
from datetime import date
from pathlib import Path

import click

from benchmarks import book
from benchmarks.figures import Measured, figures, measured
from fpcore.database import Database

DEFAULT_SIZE = 1_000_000
HERE = Path(__file__).parent


@click.command()
@click.option("--size", default=DEFAULT_SIZE, show_default=True, help="How many customers.")
@click.option("--write", is_flag=True, help="Write the results of a smaller book down, too.")
@click.option(
    "--results",
    type=click.Path(file_okay=False, path_type=Path),
    default=HERE,
    help="The folder of results.json and RESULTS.md.",
)
def main(size: int, write: bool, results: Path) -> None:
    """Time the program on a book of SIZE customers, five policies each."""
    with tempfile.TemporaryDirectory(prefix="fp-benchmark-") as folder:
        began = time.perf_counter()
        click.echo(f"Making a book of {size:,} customers …")
        with closing(book.make(Path(folder) / "book.duckdb", size)) as db:
            setting = _setting(db, size, time.perf_counter() - began)
            click.echo("\n".join([*setting, "", _line(_HEADINGS)]))
            found = [_told(measured(figure)) for figure in figures(db)]
    missed = [figure.name for figure in found if figure.missed]
    goals = sum(figure.goal is not None for figure in found)
    click.echo(f"\n{goals - len(missed)} of {goals} goals reached.")
    if write or size == DEFAULT_SIZE:
        results.mkdir(parents=True, exist_ok=True)
        (results / "results.json").write_text(_json(found), encoding="utf-8")
        (results / "RESULTS.md").write_text(_document(setting, found), encoding="utf-8")
        click.echo(f"Written: {results / 'results.json'}, {results / 'RESULTS.md'}")
    else:
        click.echo(f"Not written down: {size:,} is not the default size (--write writes it).")


_HEADINGS = ("median", "least", "floor", "ratio", "goal", "", "figure")


def _setting(db: Database, size: int, seconds: float) -> list[str]:
    """Say on what and with what the figures were found."""
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


def _told(figure: Measured) -> Measured:
    click.echo(_line(_cells(figure)))
    sys.stdout.flush()
    return figure


def _line(cells: tuple[str, ...]) -> str:
    *numbers, name = cells
    return "".join(f"{cell:>10}" for cell in numbers) + f"  {name}"


def _cells(figure: Measured) -> tuple[str, ...]:
    verdict = "" if figure.goal is None else "MISSED" if figure.missed else "ok"
    seconds = (_ms(each) for each in (figure.median, figure.least, figure.floor_median))
    return (*seconds, f"{figure.ratio:.1f}", _goal(figure), verdict, figure.name)


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.1f} ms"


def _goal(figure: Measured) -> str:
    return "" if figure.goal is None else f"≤ {figure.goal * 1000:.0f} ms"


def _json(found: list[Measured]) -> str:
    records = [
        {
            "name": figure.name,
            "seconds": figure.median,
            "floor_seconds": figure.floor_median,
            "ratio": figure.ratio,
            "goal": _goal(figure),
            "peers": {},
        }
        for figure in found
    ]
    return json.dumps(records, ensure_ascii=False, indent=2) + "\n"


def _document(setting: list[str], found: list[Measured]) -> str:
    rows = [("figure", *_HEADINGS[:-1]), ("---", *["---:"] * 5, "---")]
    rows += [(cells[-1], *cells[:-1]) for cells in map(_cells, found)]
    table = ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join(["# How long it takes", "", _ABOUT, "", *setting, "", *table, ""])


_ABOUT = """\
Written by `make bench`; not to be changed by hand. Each figure was timed warm, in turns with its
floor: for a list, a bare DuckDB scan over the columns of `customer_row` that it looks at, for the
same customers; for an edit, a bare update of one row with its commit. The ratio is that of the
medians. A figure without a goal is told for information."""


if __name__ == "__main__":
    main()
