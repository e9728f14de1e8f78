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

from benchmarks import book, importing
from benchmarks.figures import Measured, figures, measured
from benchmarks.importing import Imported
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
            click.echo("Importing the same book from a CSV …")
            file = Path(folder) / "book.csv"
            book.write_csv(db, file)
            names = [row["username"] for row in db.read("select username from account")]
        imported = importing.measured(file, [n for n in names if n.startswith("fp")], Path(folder))
    found.append(_told(_of_import(imported)))
    beside = _beside(imported)
    click.echo("\n" + "\n".join(beside))
    missed = [figure.name for figure in found if figure.missed]
    goals = sum(figure.has_goal for figure in found)
    click.echo(f"\n{goals - len(missed)} of {goals} goals reached.")
    if write or size == DEFAULT_SIZE:
        results.mkdir(parents=True, exist_ok=True)
        (results / "results.json").write_text(_json(found), encoding="utf-8")
        (results / "RESULTS.md").write_text(_document(setting, found, beside), encoding="utf-8")
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
    return "".join(f"{cell:>11}" for cell in numbers) + f"  {name}"


def _cells(figure: Measured) -> tuple[str, ...]:
    verdict = "" if not figure.has_goal else "MISSED" if figure.missed else "ok"
    seconds = (_ms(each) for each in (figure.median, figure.least, figure.floor_median))
    return (*seconds, f"{figure.ratio:.1f}", _goal(figure), verdict, figure.name)


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.1f} ms"


def _goal(figure: Measured) -> str:
    if figure.goal_ratio is not None:
        return f"≤ {figure.goal_ratio:g} × floor"
    return "" if figure.goal is None else f"≤ {figure.goal * 1000:.0f} ms"


def _of_import(imported: Imported) -> Measured:
    return Measured(
        name=f"import of {imported.rows:,} rows ({imported.megabytes:,.0f} MB of CSV)",
        least=imported.seconds,
        median=imported.seconds,
        floor_least=imported.floor_seconds,
        floor_median=imported.floor_seconds,
        goal=None,
        goal_ratio=3,
    )


def _beside(imported: Imported) -> list[str]:
    return [
        f"* The import's process had at most {imported.peak_mb:,.0f} MB of memory (goal: 2,048).",
        f"* Meanwhile another planner's list took {imported.page_meanwhile:.0f} ms "
        f"(95 of 100: {imported.page_meanwhile_p95:.0f} ms); before, "
        f"{imported.page_before:.0f} ms.",
        f"* The progress bar was at most {imported.progress_off:.0%} of the whole off.",
    ]


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


def _document(setting: list[str], found: list[Measured], beside: list[str]) -> str:
    rows = [("figure", *_HEADINGS[:-1]), ("---", *["---:"] * 5, "---")]
    rows += [(cells[-1], *cells[:-1]) for cells in map(_cells, found)]
    table = ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join(["# How long it takes", "", _ABOUT, "", *setting, "", *table, "", *beside, ""])


_ABOUT = """\
Written by `make bench`; not to be changed by hand. Each figure was timed warm, in turns with its
floor: for a list, a bare DuckDB scan over the columns of `customer_row` that it looks at, for the
same customers; for an edit, a bare update of one row with its commit; for an import, which runs
once, a bare `create table as from read_csv` of the same file. The ratio is that of the medians. A
figure without a goal is told for information."""


if __name__ == "__main__":
    main()
