"""Time the import of a large book: in a process of its own, so that its memory can be told.

Beside it another planner lists their customers, again and again, and somebody watches the progress
bar. The floor is a bare `create table as from read_csv` of the same file.
"""

import json
import resource
import statistics
import subprocess
import sys
import threading
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import duckdb

from benchmarks.book import TODAY
from benchmarks.measured import Measured
from fpcore.access import accounts
from fpcore.importing import importer
from fpcore.importing.importer import ImportOptions
from fpcore.importing.progress import Progress
from fpcore.models import Role
from fpcore.portfolio import customer_list
from fpcore.portfolio.filters import CustomerFilter
from fpcore.store import connecting, database, opening
from fpcore.store.database import Database

EACH_PAGE, EACH_LOOK = 0.2, 0.25  # seconds
NEIGHBOURS = 1000
TO_FLOOR = 3
NEIGHBOUR = "neighbour"


@dataclass(frozen=True)
class Imported:
    """What an import took: seconds, the bare load's seconds, the process's most memory in MB, the
    milliseconds of a neighbour's list page before and meanwhile, and how far the progress bar was
    off at most (as a share of the whole)."""

    rows: int
    megabytes: float
    seconds: float
    floor_seconds: float
    peak_mb: float
    page_before: float
    page_meanwhile: float
    page_meanwhile_p95: float
    progress_off: float


def measured(book: Path, planners: list[str], folder: Path) -> Imported:
    """Load the book barely, import it, and load it barely again."""
    before = _bare_load(book, folder)
    command = [sys.executable, "-m", "benchmarks.importing", str(book), str(folder), *planners]
    told = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    floor = statistics.mean([before, _bare_load(book, folder)])
    return Imported(megabytes=book.stat().st_size / 1e6, floor_seconds=floor, **told)


def figure(imported: Imported) -> Measured:
    """Give the import as a figure."""
    return Measured(
        name=f"import of {imported.rows:,} rows ({imported.megabytes:,.0f} MB of CSV)",
        least=imported.seconds,
        median=imported.seconds,
        floor_least=imported.floor_seconds,
        floor_median=imported.floor_seconds,
        goal=None,
        goal_ratio=TO_FLOOR,
    )


def beside(imported: Imported) -> list[str]:
    """Say what else there is to say of an import."""
    return [
        f"* The import's process had at most {imported.peak_mb:,.0f} MB of memory (goal: 2,048).",
        f"* Meanwhile another planner's list took {imported.page_meanwhile:.0f} ms "
        f"(95 of 100: {imported.page_meanwhile_p95:.0f} ms); before, "
        f"{imported.page_before:.0f} ms.",
        f"* The progress bar was at most {imported.progress_off:.0%} of the whole off.",
    ]


def _bare_load(book: Path, folder: Path) -> float:
    path = folder / "bare.duckdb"
    with closing(duckdb.connect(str(path), config=connecting.SETTINGS)) as connection:
        began = time.perf_counter()
        connection.execute(f"create table book as from read_csv('{book}')")
        took = time.perf_counter() - began
    path.unlink()
    return took


def main(book: Path, folder: Path, planners: list[str]) -> None:
    """Import the book into a new database and print what that took as JSON."""
    with closing(opening.open_database(str(folder / "imported.duckdb"), create=True)) as db:
        _hire(db, planners)
        pages = _Repeated(lambda: _page(db), EACH_PAGE)
        progress = Progress()
        looks: list[tuple[float, float]] = []
        with pages:
            time.sleep(2)
            before = pages.taken[1:]
            began = time.perf_counter()
            with _Repeated(
                lambda: looks.append((time.perf_counter() - began, progress.share)), EACH_LOOK
            ):
                report = importer.import_book(
                    db, accounts.OPERATOR, book.name, book, ImportOptions(), TODAY, progress
                )
            seconds = time.perf_counter() - began
        meanwhile = pages.taken[len(before) + 1 :]
    assert report.held_back == 0, report.rejects[:3]
    print(json.dumps({
        "rows": report.rows,
        "seconds": seconds,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "page_before": statistics.median(before) * 1000,
        "page_meanwhile": statistics.median(meanwhile) * 1000,
        "page_meanwhile_p95": sorted(meanwhile)[int(len(meanwhile) * 0.95)] * 1000,
        "progress_off": max(abs(at / seconds - share) for at, share in looks if at <= seconds),
    }))  # fmt: skip


class _Repeated:
    """Does something again and again in a thread of its own; `taken` is how long each took."""

    def __init__(self, work, pause: float) -> None:
        self.taken: list[float] = []
        self._work, self._pause = work, pause
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> "_Repeated":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._end.wait(self._pause):
            began = time.perf_counter()
            self._work()
            self.taken.append(time.perf_counter() - began)


def _hire(db: Database, planners: list[str]) -> None:
    """Add the planners of the book, and a neighbour with customers of their own."""

    def work(cursor) -> None:
        cursor.execute(
            """
            insert into account (id, username, name, role, created_at, updated_at)
            select uuidv7(), unnest($names), unnest($names), 'fp', $now, $now
            """,
            {"names": planners, "now": database.utc_now()},
        )

    db.transaction(work)
    neighbour = accounts.add(
        db, accounts.OPERATOR, NEIGHBOUR, Role.FP, accounts.new_password(), "team"
    )
    rows = "".join(f"N{n},이웃{n},생명,{n + 1}만원\n" for n in range(NEIGHBOURS))
    said = ImportOptions(consent_basis="서면 동의", owner_id=neighbour.id)
    content = f"고객번호,고객명,보험종류,가입금액\n{rows}".encode()
    importer.import_book(db, accounts.OPERATOR, "neighbour.csv", content, said, TODAY)


def _page(db: Database) -> None:
    found = customer_list.find(db, accounts.act_as(db, NEIGHBOUR), CustomerFilter(), TODAY)
    assert found.in_scope == NEIGHBOURS


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:])
