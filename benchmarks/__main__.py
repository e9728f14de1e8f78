"""Make a large book, time the program on it, and write down what was found: `make bench`."""

import signal
import sys
import tempfile
import time
from collections.abc import Collection
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import click

from benchmarks import book, figures, importing, peers, people, report, timing
from benchmarks.measured import Measured
from benchmarks.report import Results
from fpcore.store.database import Database

DEFAULT_SIZE = 1_000_000
HERE = Path(__file__).parent
PARTS = ("peers", "postgresql", "people", "import")
LARGE = 100_000
"""From how many customers on people click for a whole minute."""


@click.command()
@click.option("--size", default=DEFAULT_SIZE, show_default=True, help="How many customers.")
@click.option("--write", is_flag=True, help="Write the results of a smaller book down, too.")
@click.option(
    "--skip", multiple=True, type=click.Choice(PARTS), help="Leave a part out; can be repeated."
)
@click.option(
    "--results",
    type=click.Path(file_okay=False, path_type=Path),
    default=HERE,
    help="The folder of results.json and RESULTS.md.",
)
def main(size: int, write: bool, skip: tuple[str, ...], results: Path) -> None:
    """Time the program on a book of SIZE customers, five policies each."""
    found = Results()
    with tempfile.TemporaryDirectory(prefix="fp-benchmark-") as name:
        folder = Path(name)
        click.echo(f"Making a book of {size:,} customers …")
        began = time.perf_counter()
        with closing(book.make(folder / "book.duckdb", size)) as db:
            found.setting = report.setting(db, time.perf_counter() - began)
            _domain(db, folder, skip, found)
            fps = [fp["username"] for fp in db.read("select username from account where role='fp'")]
            book.write_csv(db, folder / "book.csv")
        if "people" not in skip:
            _app(folder, people.MINUTE if size >= LARGE else people.SHORT, found)
        if "import" not in skip:
            _import(folder, fps, found)
    click.echo("\n" + "\n".join([*found.beside, "", found.reached]))
    if write or size == DEFAULT_SIZE:
        report.write(results, _ABOUT, found)
    else:
        click.echo(f"Not written down: {size:,} is not the default size (--write writes it).")


def _domain(db: Database, folder: Path, skip: Collection[str], found: Results) -> None:
    """Time what fpcore does, and the peers that do the same."""
    click.echo("\n".join(found.setting))
    report.heading()
    with closing(book.make(folder / "small.duckdb", figures.SMALL)) as small:
        listed = figures.figures(db, small)
        found.figures = [report.tell(timing.measured(figure)) for figure in listed]
    if "peers" in skip:
        return
    click.echo("\nLetting Polars, pandas and PostgreSQL do the same as the heatmaps …")
    beside = figures.beside(db, folder, "postgresql" not in skip)
    found.figures = [_with_peers(figure, beside.get(figure.name, {})) for figure in found.figures]
    report.tell_peers(found.figures)


def _app(folder: Path, seconds: float, found: Results) -> None:
    """Time the app's screens, and 20 people before it."""
    click.echo("\nStarting the app …")
    timed, crowd = people.measured(folder / "book.duckdb", folder, seconds)
    report.heading()
    found.figures += [report.tell(figure) for figure in timed]
    found.beside += people.beside(crowd)
    found.verdicts += crowd.verdicts


def _import(folder: Path, fps: list[str], found: Results) -> None:
    """Time the import of the same book from a CSV."""
    click.echo("\nImporting the same book from a CSV …")
    imported = importing.measured(folder / "book.csv", fps, folder)
    report.heading()
    found.figures.append(report.tell(importing.figure(imported)))
    found.beside += importing.beside(imported)


def _with_peers(figure: Measured, seconds: dict[str, float | None]) -> Measured:
    has_goals = figure.name == figures.HEATMAPS[peers.HOLDING]
    return replace(figure, peers=seconds, peer_goals=peers.GOALS if has_goals else {})


_ABOUT = """\
Written by `make bench`; not to be changed by hand. Each figure was timed warm, in turns with its
floor: for a list, a bare DuckDB scan over the columns of `customer_row` that it looks at, for the
same customers; for a heatmap, just after somebody's edit, a bare sum over the twelve amounts held
of each type; for what is told beside a small book, the same with that book; for an edit, a bare
update of one row with its commit; for an import, which runs once, a bare `create table as from
read_csv` of the same file. The ratio is that of the medians. A figure without a goal is told for
information. Polars and pandas have customers and policies in memory, with whole numbers for their
ids; PostgreSQL has the same tables, primary keys and indexes on `customer.owner_id` and
`policy.customer_id`, a quarter of the memory as shared buffers, and is asked warm. What each finds
is compared with what the program finds.

A screen is one rerun of a page by Streamlit's websocket protocol, from the click to the end of the
run, without a browser: just after somebody's edit, when nothing is kept of it, and once more. Its
floor is the same for the cheapest page, that of a customer when none is named: sign-in, frame and
one sentence. The 20 people and what asks them run on the same machine as the app."""


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that what it started ends, too
    main()
