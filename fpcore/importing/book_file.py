"""Read an uploaded book: a file of a gigabyte becomes an SQL relation, with nothing lost.

What cannot be read is refused with UnreadableFile before anything is stored.
"""

import hashlib
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from fpcore.errors import UnreadableFile
from fpcore.importing import workbook
from fpcore.importing.delimited import Text, delimited
from fpcore.importing.encoding import as_utf8
from fpcore.importing.lanes import careful_lane, plain_lane
from fpcore.importing.layout import look
from fpcore.importing.limits import CHUNK, LARGEST_FILE
from fpcore.importing.private_files import new_file, private_folder
from fpcore.importing.words import BookWords, book_words
from fpcore.models import Record
from fpcore.store.database import Database

_WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")


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

    `words` are what its headers and cells mean, as they were when it was read.
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
    words: BookWords = field(repr=False)


@contextmanager
def opened(
    db: Database, name: str, source: bytes | Path, reading: Reading | None = None
) -> Generator[BookFile]:
    """Read a CSV file or a workbook, kept in a private folder beside the database meanwhile.

    Errors: UnreadableFile with a code for each cause; OSError (disk full, say); InvalidSettings
    where the words of books have a fault and no good ones are known.
    """
    reading, words = reading or Reading(), book_words(db)
    with private_folder(db) as folder:
        path = _on_disk(source, folder)
        version, size = _version(path), _refuse_size(path)
        with ThreadPoolExecutor(1) as elsewhere:
            sha256 = elsewhere.submit(_sha256, path)
            converted = _converted(path, folder, reading)
        _refuse_change(path, version)
        layout = look(converted.text, words, reading.header_line)
        count, relation, line_of_first = plain_lane(
            db, converted.text, layout, folder
        ) or careful_lane(converted.text, layout, folder)
        _refuse_change(path, version)
        yield BookFile(
            name=name,
            sha256=sha256.result(),
            size=size,
            encoding=converted.encoding,
            delimiter=converted.text.delimiter if converted.encoding else None,
            sheets=converted.sheets,
            sheet=converted.sheet,
            header=layout.header,
            header_line=layout.header_line,
            titles=layout.titles,
            head=layout.head,
            record_count=count,
            relation=relation,
            line_of_first=line_of_first,
            words=words,
        )


class _Converted(NamedTuple):
    """A file as text, and what it was before: of an encoding, or a sheet of a workbook."""

    text: Text
    encoding: str | None = None
    sheets: tuple[str, ...] = ()
    sheet: str | None = None


def _converted(path: Path, folder: Path, reading: Reading) -> _Converted:
    """Make a text of a file: of a workbook the sheet that is wanted."""
    with open(path, "rb") as file:
        start = file.read(CHUNK)
    if start.startswith(_WORKBOOKS):
        target = folder / "sheet"
        sheets, sheet = workbook.write_csv(path, reading.sheet, target)
        return _Converted(Text(target, ",", by_row=True), None, sheets, sheet)
    as_text, encoding = as_utf8(path, start, folder / "text", reading.encoding)
    return _Converted(delimited(as_text), encoding)


def _on_disk(source: bytes | Path, folder: Path) -> Path:
    if isinstance(source, Path):
        return source
    with new_file(folder / "upload") as file:
        file.write(source)
    return folder / "upload"


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
