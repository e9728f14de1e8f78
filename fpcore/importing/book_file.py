"""Read an uploaded book: a file of a gigabyte becomes an SQL relation, with nothing lost.

There are two lanes, and both give the same relation. In the plain one DuckDB reads the file
itself: it is fast, but loses or bends records of a malformed file without a word. So it gets only
files of which a pass over the bytes has shown that every record is one well-formed line. All
others take the careful lane, through Python's csv module into a Parquet file.

What cannot be read is refused with UnreadableFile before anything is stored.
"""

import codecs
import csv
import glob
import hashlib
import os
import re
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from itertools import islice, zip_longest
from pathlib import Path
from typing import BinaryIO, TextIO

import numpy as np
import pyarrow as pa
from pyarrow import parquet

from fpcore.errors import UnreadableFile
from fpcore.importing import workbook
from fpcore.importing.words import book_words, fold
from fpcore.models import Record
from fpcore.store.connecting import quoted
from fpcore.store.database import IN_MEMORY, Database, SqlError

LARGEST_FILE = 2 * 1024**3
LONGEST_CELL = 100_000
MOST_COLUMNS = 500
HEAD = 500
"""The records behind the header that are shown to whoever guesses what a column means."""

DELIMITERS = (",", ";", "\t", "|", "^", "~", ":")
"""The colon only where no other gives a table: it stands in times of day."""

ENCODINGS = ("utf-8", "cp949", "utf-16")
"""The encodings a person may choose from; CP949, not EUC-KR, which lacks 똠 and 펲."""

_CHUNK = 256 * 1024  # bytes: larger ones take twice as long, their memory being mapped anew
_SAMPLE = 100  # records by which the delimiter and the usual width are told
_LAST_HEADER = 30  # records among which the header is looked for
_CELLS_AT_ONCE = 200_000  # of the careful lane: with more, Python's memory is slower
_LONGEST_LINE = MOST_COLUMNS * LONGEST_CELL  # of the careful lane: a longer one fits no limit

_BLANK = "".join(sign for sign in map(chr, range(0x3001)) if sign.isspace())
_LONGEST_BLANK = 1000  # bytes that a line may begin with and still be told from an empty one

_MARKS = {
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
_WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
_BRACKET = re.compile(r"[(\[（][^)\]）]*[)\]）]\s*$")
_WRAPPED = re.compile(r"(?:^|[,;\t|^~:])'[^']*'(?=[,;\t|^~:\r\n]|$)")

Records = Iterator[tuple[int, list[str]]]
"""(line on which the record begins, its cells)"""


class Reading(Record):
    """What a person says of a file; None is found out.

    `header_line` is the line of the file, or the row of the sheet, that holds the headers.
    """

    encoding: str | None = None
    sheet: str | None = None
    header_line: int | None = None


@dataclass(frozen=True)
class BookFile:
    """A file that could be read.

    `encoding` and `delimiter` are None for a workbook, `sheets` empty for a text file. `titles`
    is what stands above the header, `head` the first records behind it: (line, cells, as many as
    the record has).

    `relation` goes behind FROM, for as long as the file is open: columns c1, c2, … (varchar, one
    a header; NULL or '' where a cell is empty), surplus (varchar: the cells beyond the header that
    say something, or NULL) and line (bigint), in the order of the file. Where line is NULL, it is
    `line_of_first` plus the number of the record, from 0. Empty records are left out.
    """

    name: str
    sha256: str
    size: int
    encoding: str | None
    delimiter: str | None
    sheets: tuple[str, ...]
    sheet: str | None
    header: list[str]
    header_line: int
    titles: list[str]
    head: list[tuple[int, list[str]]]
    record_count: int
    relation: str
    line_of_first: int | None


@dataclass(frozen=True)
class Text:
    """A UTF-8 file without a mark, and how it is split; `by_row` where a line is a sheet's row."""

    path: Path
    delimiter: str
    quote: str = '"'
    by_row: bool = False

    def records(self) -> Records:
        """Go through all records that say something. Errors: UnreadableFile with the line."""
        records = _split(self.path, self.delimiter, self.quote)
        for row, (line, cells) in enumerate(records, start=1):
            if any(map(str.strip, cells)):
                yield row if self.by_row else line, cells


@dataclass(frozen=True)
class Layout:
    """What the first records of a text show; `width` is the usual number of cells."""

    header: list[str]
    header_line: int
    titles: list[str]
    head: list[tuple[int, list[str]]]
    width: int


@contextmanager
def opened(
    db: Database, name: str, source: bytes | Path, reading: Reading | None = None
) -> Iterator[BookFile]:
    """Read a CSV file or a workbook, kept in a private folder beside the database meanwhile.

    Errors: UnreadableFile with a code for each cause; OSError (disk full, say).
    """
    reading = reading or Reading()
    with _private_folder(db) as folder:
        if isinstance(source, bytes):
            with _new(folder / "upload") as file:
                file.write(source)
            source = folder / "upload"
        version = _version(source)
        with ThreadPoolExecutor(1) as elsewhere:
            size = _refuse_size(source)
            sha256 = elsewhere.submit(_sha256, source)
            with open(source, "rb") as file:
                start = file.read(_CHUNK)
            if start.startswith(_WORKBOOKS):
                encoding, target = None, folder / "sheet"
                sheets, sheet = workbook.write_csv(source, reading.sheet, target)
                text = Text(target, ",", by_row=True)
            else:
                sheets, sheet = (), None
                path, encoding = _as_utf8(source, start, folder / "text", reading.encoding)
                text = _delimited(path)
        _refuse_change(source, version)
        layout = look(text, reading.header_line)
        count, relation, line_of_first = plain_lane(db, text, layout, folder) or careful_lane(
            text, layout, folder
        )
        _refuse_change(source, version)
        yield BookFile(
            name=name,
            sha256=sha256.result(),
            size=size,
            encoding=encoding,
            delimiter=text.delimiter if encoding else None,
            sheets=sheets,
            sheet=sheet,
            header=layout.header,
            header_line=layout.header_line,
            titles=layout.titles,
            head=layout.head,
            record_count=count,
            relation=relation,
            line_of_first=line_of_first,
        )


def sweep(db: Database) -> None:
    """Remove what a killed process left of the files it was reading; only while none is open."""
    if db.path != IN_MEMORY and _imports(db).exists():
        shutil.rmtree(_imports(db))


def private_place(db: Database) -> Path | None:
    """Give the folder beside the database where files of an import may lie: only this user reads
    it, and `sweep` empties it. None, the system's place for such files, for one in memory."""
    if db.path == IN_MEMORY:
        return None
    place = _imports(db)
    place.mkdir(mode=0o700, exist_ok=True)
    return place


def look(text: Text, header_line: int | None = None) -> Layout:
    """Find the header, in the line given or else by its words, and what stands around it.

    Errors: UnreadableFile (file_empty, file_no_header_line, file_one_column, file_too_wide).
    """
    records = text.records()
    top = list(islice(records, HEAD))
    if not top:
        raise UnreadableFile("file_empty")
    width = _usual_width(cells for _, cells in top[:_SAMPLE])
    place = _header_place(top, width, header_line)
    line, cells = top[place]
    head = top[place + 1 :] + list(islice(records, place + 1))
    filled = max(map(_filled, [cells, *(cells for _, cells in head)]))
    header = [re.sub(r"\s+", " ", cell).strip() for cell in cells[:filled]]
    if len(header) < 2:
        raise UnreadableFile("file_one_column")
    if len(header) > MOST_COLUMNS:
        raise UnreadableFile("file_too_wide", most=MOST_COLUMNS)
    titles = [" ".join(filter(None, map(str.strip, cells))) for _, cells in top[:place]]
    width = _usual_width(cells for _, cells in head[:_SAMPLE])
    return Layout(header, line, titles, head, width)


def plain_lane(
    db: Database, text: Text, layout: Layout, folder: Path
) -> tuple[int, str, int] | None:
    """Let DuckDB read the text: (records, relation, line of the first); None where it might err."""
    columns = len(layout.header)
    if not layout.head or not 2 <= layout.width <= MOST_COLUMNS:
        return None
    first_line = layout.head[0][0]
    path, offset = text.path, _offset(text.path, first_line)
    count = _count_lines(text, offset)
    if count is None:
        return None
    skip = first_line - 1
    if not _may_be_skipped(text, offset):
        path, skip = folder / "records", 1
        with open(text.path, "rb") as file, _new(path) as copy:
            file.seek(offset)
            copy.write(_newline(text.path, offset))  # lest a first cell of U+FEFF go as a mark
            shutil.copyfileobj(file, copy, _CHUNK)
    names = [f"c{number}" for number in range(1, max(columns, layout.width) + 1)]
    types = ", ".join(f"{name}: varchar" for name in names[: layout.width])
    source = f"""read_csv(
        {quoted(glob.escape(str(path.resolve())))}, auto_detect = false, compression = 'none',
        delim = {quoted(text.delimiter)}, quote = {quoted(text.quote)},
        escape = {quoted(text.quote)}, comment = '', header = false, skip = {skip},
        columns = {{{types}}}, max_line_size = {20 * LONGEST_CELL}, strict_mode = true,
        null_padding = false, hive_partitioning = false)"""
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
    with _new(target) as file, parquet.ParquetWriter(file, schema) as writer:
        while chunk := list(islice(records, _CELLS_AT_ONCE // width)):
            lines, rows = zip(*chunk, strict=True)
            columns = list(islice(zip_longest(*rows), width))
            columns += [[None] * len(rows)] * (width - len(columns))
            surplus = [_surplus(cells[width:]) for cells in rows]
            writer.write(pa.table([*columns, surplus, lines], schema=schema))
            count += len(rows)
    path = quoted(glob.escape(str(target.resolve())))
    return count, f"(from read_parquet({path}, hive_partitioning = false))", None


def _imports(db: Database) -> Path:
    return Path(db.path + ".imports").resolve()


@contextmanager
def _private_folder(db: Database) -> Iterator[Path]:
    folder = tempfile.mkdtemp(dir=private_place(db))
    try:
        yield Path(folder)
    finally:
        shutil.rmtree(folder)


def _new(path: Path) -> BinaryIO:
    return open(path, "xb", opener=lambda name, flags: os.open(name, flags, 0o600))


def _version(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_size, status.st_mtime_ns


def _refuse_change(path: Path, version: tuple[int, int]) -> None:
    if _version(path) != version:
        raise UnreadableFile("file_changed")


def _refuse_size(path: Path) -> int:
    size = path.stat().st_size
    if not size:
        raise UnreadableFile("file_empty")
    if size > LARGEST_FILE:
        raise UnreadableFile("file_too_large", megabytes=LARGEST_FILE // 1024 // 1024)
    return size


def _sha256(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _as_utf8(path: Path, start: bytes, target: Path, chosen: str | None) -> tuple[Path, str]:
    """Give the file itself where it is UTF-8 without a mark, or else a copy that is; its encoding.

    `start` is the beginning of the file.
    """
    if start.startswith(b"%PDF"):
        raise UnreadableFile("file_binary")
    for encoding in [chosen] if chosen else _candidates(start):
        try:
            if encoding == "utf-8" and not start.startswith(codecs.BOM_UTF8):
                for chunk, _ in _decoded(path, encoding):
                    _refuse_nul(chunk)
                return path, encoding
            with _new(target) as copy:
                for _, text in _decoded(path, encoding):
                    copy.write(_refuse_nul(text.encode()))
            return target, encoding
        except UnicodeError:
            target.unlink(missing_ok=True)
    if chosen:
        raise UnreadableFile("file_not_in_encoding", encoding=chosen)
    raise UnreadableFile("file_encoding_unknown")


def _decoded(path: Path, encoding: str) -> Iterator[tuple[bytes, str]]:
    """Decode a file piece by piece, without its mark. Errors: UnicodeError."""
    decoder = codecs.getincrementaldecoder(encoding)()
    mark = "\ufeff"
    with open(path, "rb", buffering=0) as file:
        while chunk := file.read(_CHUNK):
            text = decoder.decode(chunk)
            yield chunk, text.removeprefix(mark)
            mark = ""
    decoder.decode(b"", final=True)


def _refuse_nul(data: bytes) -> bytes:
    if b"\0" in data:
        raise UnreadableFile("file_binary")
    return data


def _candidates(start: bytes) -> list[str]:
    for mark, encoding in _MARKS.items():
        if start.startswith(mark):
            return [encoding]
    return [_unmarked_utf16(start[:4096])] if b"\0" in start[:4096] else ["utf-8", "cp949"]


def _unmarked_utf16(start: bytes) -> str:
    """Tell the byte order from where the zero bytes of ASCII signs stand."""
    first, second = start[0::2].count(0), start[1::2].count(0)
    if (first and second) or 20 * max(first, second) < len(start):
        raise UnreadableFile("file_binary")
    return "utf-16-le" if second else "utf-16-be"


def _delimited(path: Path) -> Text:
    """Find out how the records are split: by what gives most records the same number of cells."""
    quote = _quote(path)
    *usual, colon = (Text(path, delimiter, quote) for delimiter in DELIMITERS)
    best = max(usual, key=_fit)
    if _fit(best) == (0, 0):
        sample = _sample(colon)
        if len(sample) > 1 and _fit(colon)[0] == len(sample):
            return colon
    return best


def _quote(path: Path) -> str:
    """Give ' where half the lines or more have a cell wrapped in it and no " is to be seen."""
    with open(path, encoding="utf-8", newline="") as file:
        lines = [line for line in islice(_lines(file), _SAMPLE) if line.strip()]
    wrapped = sum(bool(_WRAPPED.search(line)) for line in lines)
    return "'" if 2 * wrapped >= len(lines) > 0 and '"' not in "".join(lines) else '"'


def _fit(text: Text) -> tuple[int, int]:
    """(records that have the usual number of cells, that number); zeros where none has two."""
    widths = [len(cells) for cells in _sample(text)]
    width = _usual_width(_sample(text))
    return (widths.count(width), width) if width else (0, 0)


def _sample(text: Text) -> list[list[str]]:
    """Take the first records, up to where a quote is out of place."""
    sample = []
    try:
        for _, cells in islice(text.records(), _SAMPLE):
            sample.append(cells)
    except UnreadableFile:
        pass
    return sample


def _usual_width(records: Iterable[list[str]]) -> int:
    """Give the number of cells, two or more, that most records have; 0 where none has two."""
    counts = Counter(len(cells) for cells in records if len(cells) > 1)
    return max(counts, key=lambda width: (counts[width], width), default=0)


def _header_place(top: list[tuple[int, list[str]]], width: int, header_line: int | None) -> int:
    if header_line is not None:
        for place, (line, _) in enumerate(top):
            if line == header_line:
                return place
        raise UnreadableFile("file_no_header_line", line=header_line)
    rows = [cells for _, cells in top[:_LAST_HEADER]]
    known = [sum(map(_is_known, cells)) for cells in rows]
    if max(known) >= 2:
        return known.index(max(known))
    filled = [sum(map(bool, map(str.strip, cells))) for cells in rows]
    for place, cells in enumerate(rows):
        if len(cells) == width and filled[place] >= 2:
            return place
    for place, cells in enumerate(rows):
        if len(cells) >= 2:
            return place
    raise UnreadableFile("file_one_column")


def _is_known(cell: str) -> bool:
    return not {fold(cell), fold(_BRACKET.sub("", cell))}.isdisjoint(_known_headers())


@cache
def _known_headers() -> frozenset[str]:
    kinds = book_words()["columns"], book_words()["dropped_columns"]
    return frozenset(
        fold(alias) for kind in kinds for aliases in kind.values() for alias in aliases
    )


def _filled(cells: list[str]) -> int:
    """Count the cells up to the last that says something."""
    return max((place for place, cell in enumerate(cells, start=1) if cell.strip()), default=0)


def _surplus(cells: list[str]) -> str | None:
    return " ".join(filter(None, map(str.strip, cells))) or None


def _split(path: Path, delimiter: str, quote: str) -> Records:
    """Split a text into (first line, cells), as RFC 4180 has it."""
    csv.field_size_limit(LONGEST_CELL)
    with open(path, encoding="utf-8", newline="") as file:
        reader = csv.reader(_lines(file), delimiter=delimiter, quotechar=quote, strict=True)
        line = 1
        while True:
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                code = "file_cell_too_long" if "limit" in str(error) else "file_quote_broken"
                raise UnreadableFile(code, line=line, longest=LONGEST_CELL) from None
            yield line, cells
            line = reader.line_num + 1


def _lines(file: TextIO) -> Iterator[str]:
    while line := file.readline(_LONGEST_LINE):
        if len(line) == _LONGEST_LINE:
            raise csv.Error("line over the limit")
        yield line


def _offset(path: Path, line: int) -> int:
    """Count the bytes above a line."""
    with open(path, encoding="utf-8", newline="") as file:
        return sum(len(above.encode()) for above in islice(_lines(file), line - 1))


def _may_be_skipped(text: Text, offset: int) -> bool:
    """Say whether DuckDB counts the lines above the records as we do."""
    with open(text.path, "rb") as file:
        above = file.read(offset)
    data = np.frombuffer(above, np.uint8)
    return _ends_alike(above, _newline(text.path, offset)) and _quotes_fit(
        data, np.flatnonzero(data == ord("\n")), text
    )


def _count_lines(text: Text, offset: int) -> int | None:
    """Count the lines from an offset on, if each is a well-formed record; or else None.

    Every line must be one record that says something, end as the others do, be short enough to
    hold no overlong cell, and have quotes only around whole cells.
    """
    newline = _newline(text.path, offset)
    count = 0
    for lines in _blocks(text.path, offset, newline):
        data = np.frombuffer(lines, np.uint8)
        ends = np.flatnonzero(data == ord("\n"))
        if (
            not len(ends)
            or not _ends_alike(lines, newline)
            or np.diff(ends, prepend=-1).max() > LONGEST_CELL
            or _may_be_blank(data, ends, text)
            or not _quotes_fit(data, ends, text)
        ):
            return None
        count += len(ends)
    return count


def _newline(path: Path, offset: int) -> bytes:
    with open(path, "rb") as file:
        file.seek(offset)
        return b"\r\n" if file.readline(LONGEST_CELL).endswith(b"\r\n") else b"\n"


def _blocks(path: Path, offset: int, newline: bytes) -> Iterator[bytes]:
    """Give the file from an offset on in pieces of whole lines, without empty ones at its end.

    A piece without any line end is an overlong line, and the last.
    """
    rest = b""
    with open(path, "rb", buffering=0) as file:
        left = _end(file) - offset
        file.seek(offset)
        while left > 0 and (chunk := file.read(min(_CHUNK, left))):
            left -= len(chunk)
            lines, end, rest = (rest + chunk).rpartition(b"\n")
            if end:
                yield lines + end
            if len(rest) > LONGEST_CELL:
                yield rest
                return
    if rest:
        yield rest + newline


def _end(file: BinaryIO) -> int:
    """Give where the last line of a file ends that is not empty."""
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - _CHUNK))
    tail = file.read()
    return size - len(tail) + len(tail.rstrip(b"\r\n"))


def _ends_alike(lines: bytes, newline: bytes) -> bool:
    if newline == b"\n":
        return b"\r" not in lines
    return lines.count(b"\n") == lines.count(b"\r") == lines.count(b"\r\n")


def _may_be_blank(data: np.ndarray, ends: np.ndarray, text: Text) -> bool:
    """Say whether a line may be an empty record: of delimiters, quotes and (Unicode) blanks only.

    All lines are gone along in step; few get beyond their first byte. `data` ends in a line end.
    """
    blank = _members(_BLANK + text.delimiter + text.quote)
    at = np.concatenate(([0], ends[:-1] + 1))
    for _ in range(_LONGEST_BLANK):
        at = at[blank[data[at]]]
        if not len(at):
            return False
        if (data[at] == ord("\n")).any():
            return True
        at += 1
    return True


def _quotes_fit(data: np.ndarray, ends: np.ndarray, text: Text) -> bool:
    """Say whether quotes stand around whole cells only, and none is open at a line end.

    `data` ends in a line end, so that data[-1] stands well before a quote at its beginning.
    """
    quotes = np.flatnonzero(data == ord(text.quote))
    if not len(quotes):
        return True
    if (np.searchsorted(quotes, ends) % 2).any():
        return False
    before = _members("\n" + text.delimiter + text.quote)
    behind = _members("\r\n" + text.delimiter + text.quote)
    return bool(before[data[quotes[::2] - 1]].all() and behind[data[quotes[1::2] + 1]].all())


def _members(signs: str) -> np.ndarray:
    """Give a table of bytes: true for those that these signs are written with."""
    table = np.zeros(256, bool)
    table[list(signs.encode())] = True
    return table
