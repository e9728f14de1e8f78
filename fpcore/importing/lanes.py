"""Make one SQL relation of the records of a text, by one of two lanes.

In the plain lane DuckDB reads the file itself: it is fast, but loses or bends records of a
malformed file without a word. So it gets only files of which `well_formed` has shown that every
record is one well-formed line. All others take the careful lane, through Python's csv module into
a Parquet file.
"""

import glob
import shutil
from collections.abc import Sequence
from itertools import islice, zip_longest
from pathlib import Path

import pyarrow as pa
from pyarrow import parquet

from fpcore.importing.delimited import Text
from fpcore.importing.layout import Layout
from fpcore.importing.limits import CHUNK, LONGEST_CELL, MOST_COLUMNS
from fpcore.importing.private_files import new_file
from fpcore.importing.well_formed import count_lines, may_be_skipped, newline_at, offset_of
from fpcore.store.connecting import SqlError, quoted
from fpcore.store.database import Database

_CELLS_AT_ONCE = 200_000  # of the careful lane: with more, Python's memory is slower


def plain_lane(
    db: Database, text: Text, layout: Layout, folder: Path
) -> tuple[int, str, int] | None:
    """Let DuckDB read the text: (records, relation, line of the first); None where it might err."""
    if not layout.head or not 2 <= layout.width <= MOST_COLUMNS:
        return None
    first_line = layout.head[0][0]
    path, offset, skip = text.path, offset_of(text.path, first_line), first_line - 1
    count = count_lines(text, offset)
    if count is None:
        return None
    if not may_be_skipped(text, offset):
        path, skip = folder / "records", 1
        _copy_records(text.path, offset, path)
    columns = len(layout.header)
    names = [f"c{number}" for number in range(1, max(columns, layout.width) + 1)]
    source = _read_csv(path, skip, text, names[: layout.width])
    surplus = "".join(f" || coalesce({name}, '')" for name in names[columns : layout.width])
    try:
        counts = db.read(f"select count(*) as n, count(nullif(''{surplus}, '')) as m from {source}")
    except SqlError:
        return None
    if counts != [{"n": count, "m": 0}]:
        return None
    cells = [
        name if number < layout.width else f"null::varchar as {name}"
        for number, name in enumerate(names[:columns])
    ]
    picks = ", ".join([*cells, "null::varchar as surplus", "null::bigint as line"])
    return count, f"(select {picks} from {source})", first_line


def careful_lane(text: Text, layout: Layout, folder: Path) -> tuple[int, str, None]:
    """Split the text in Python and store it as Parquet: (records, relation, None).

    Errors: UnreadableFile with the line (file_quote_broken, file_cell_too_long).
    """
    width, target, count = len(layout.header), folder / "records.parquet", 0
    names = [f"c{number}" for number in range(1, width + 1)]
    schema = pa.schema([(name, pa.string()) for name in [*names, "surplus"]] + [("line", "int64")])
    records = (record for record in text.records() if record[0] > layout.header_line)
    with new_file(target) as file, parquet.ParquetWriter(file, schema) as writer:
        while chunk := list(islice(records, _CELLS_AT_ONCE // width)):
            lines, rows = zip(*chunk, strict=True)
            columns: list[Sequence[str | None]] = list(islice(zip_longest(*rows), width))
            columns += [[None] * len(rows)] * (width - len(columns))
            surplus = [_surplus(cells[width:]) for cells in rows]
            writer.write(pa.table([*columns, surplus, lines], schema=schema))
            count += len(rows)
    path = quoted(glob.escape(str(target.resolve())))
    return count, f"(from read_parquet({path}, hive_partitioning = false))", None


def _copy_records(path: Path, offset: int, target: Path) -> None:
    """Copy a text from an offset on, behind an empty line: a first cell of U+FEFF is no mark."""
    with open(path, "rb") as file, new_file(target) as copy:
        file.seek(offset)
        copy.write(newline_at(path, offset))
        shutil.copyfileobj(file, copy, CHUNK)


def _read_csv(path: Path, skip: int, text: Text, names: list[str]) -> str:
    """The SQL by which DuckDB reads a file, told everything that it would guess."""
    types = ", ".join(f"{name}: varchar" for name in names)
    return f"""read_csv(
        {quoted(glob.escape(str(path.resolve())))}, auto_detect = false, compression = 'none',
        delim = {quoted(text.delimiter)}, quote = {quoted(text.quote)},
        escape = {quoted(text.quote)}, comment = '', header = false, skip = {skip},
        columns = {{{types}}}, max_line_size = {20 * LONGEST_CELL}, strict_mode = true,
        null_padding = false, hive_partitioning = false)"""


def _surplus(cells: list[str]) -> str | None:
    return " ".join(filter(None, map(str.strip, cells))) or None
