"""Make a large book, time the program on it, and write down what was found: `make bench`."""

import tempfile
import time
from collections.abc import Collection
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import click

from benchmarks import book, figures, importing, peers, report
from benchmarks.measured import Measured
from fpcore.database import Database

DEFAULT_SIZE = 1_000_000
HERE = Path(__file__).parent
PARTS = ("peers", "postgresql", "import")


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
    with tempfile.TemporaryDirectory(prefix="fp-benchmark-") as name:
        folder = Path(name)
        click.echo(f"Making a book of {size:,} customers …")
        began = time.perf_counter()
        with closing(book.make(folder / "book.duckdb", size)) as db:
            said = report.setting(db, time.perf_counter() - began)
            found = _of_domain(db, said, folder, skip)
            fps = [fp["username"] for fp in db.read("select username from account where role='fp'")]
            book.write_csv(db, folder / "book.csv")
        beside = []
        if "import" not in skip:
            click.echo("Importing the same book from a CSV …")
            imported = importing.measured(folder / "book.csv", fps, folder)
            found.append(report.tell(importing.figure(imported)))
            beside += importing.beside(imported)
    click.echo("\n" + "\n".join([*beside, "", report.reached(found)]))
    if write or size == DEFAULT_SIZE:
        report.write(results, _ABOUT, said, found, beside)
    else:
        click.echo(f"Not written down: {size:,} is not the default size (--write writes it).")


def _of_domain(
    db: Database, said: list[str], folder: Path, skip: Collection[str]
) -> list[Measured]:
    """Time what fpcore does, and the peers that do the same."""
    click.echo("\n".join(said))
    report.heading()
    found = [report.tell(figures.measured(figure)) for figure in figures.figures(db)]
    if "peers" in skip:
        return found
    click.echo("\nLetting Polars, pandas and PostgreSQL do the same as the heatmaps …")
    beside = figures.beside(db, folder, "postgresql" not in skip)
    found = [_with_peers(figure, beside.get(figure.name, {})) for figure in found]
    report.tell_peers(found)
    return found


def _with_peers(figure: Measured, seconds: dict[str, float | None]) -> Measured:
    has_goals = figure.name == figures.HEATMAPS[peers.HOLDING]
    return replace(figure, peers=seconds, peer_goals=peers.GOALS if has_goals else {})


_ABOUT = """\
Written by `make bench`; not to be changed by hand. Each figure was timed warm, in turns with its
floor: for a list, a bare DuckDB scan over the columns of `customer_row` that it looks at, for the
same customers; for a heatmap, just after somebody's edit, a bare sum over the twelve amounts held
of each type; for an edit, a bare update of one row with its commit; for an import, which runs once,
a bare `create table as from read_csv` of the same file. The ratio is that of the medians. A figure
without a goal is told for information. Polars and pandas have customers and policies in memory,
with whole numbers for their ids; PostgreSQL has the same tables, primary keys and indexes on
`customer.owner_id` and `policy.customer_id`, a quarter of the memory as shared buffers, and is
asked warm. What each finds is compared with what the program finds."""


if __name__ == "__main__":
    main()
