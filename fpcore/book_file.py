"""Read an uploaded book: bytes -> text -> numbered records, with nothing lost on the way.

What cannot be read is refused with UnreadableFile before anything is stored; a record that does
not fit the header is kept and given back as such.
"""

import codecs
import csv
import hashlib
import io
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from fpcore.errors import UnreadableFile

LARGEST_FILE = 100 * 1024 * 1024
LONGEST_CELL = 100_000
MOST_COLUMNS = 500
DELIMITERS = (",", ";", "\t", "|")
ENCODINGS = ("utf-8", "cp949", "utf-16")
"""The encodings a person may choose from; CP949, not EUC-KR, which lacks 똠 and 펲."""

_BYTE_ORDER_MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
_SIGNATURES = {
    b"PK\x03\x04": "file_is_xlsx",
    b"\xd0\xcf\x11\xe0": "file_is_xlsx",
    b"%PDF": "file_binary",
}


@dataclass(frozen=True)
class BookFile:
    """A file that could be read: its header and, on demand, its records."""

    name: str
    sha256: str
    encoding: str
    delimiter: str
    header: list[str]
    header_line: int
    text: str

    def records(self) -> Iterator[tuple[int, list[str]]]:
        """Go through the records behind the header: (line in the file, cells).

        Empty lines are passed over. A cell with a line break spans several lines: the line given
        is the one on which the record begins. Errors: UnreadableFile where a quote never closes.
        """
        for line, cells in _records(self.text, self.delimiter):
            if line > self.header_line and any(cell.strip() for cell in cells):
                yield line, cells


def read(name: str, content: bytes, encoding: str | None = None) -> BookFile:
    """Read a CSV file's bytes, in the encoding given or else the one that fits.

    Errors: UnreadableFile with a code for each cause (empty, too large, xlsx, binary, encoding,
    one column, the same header twice, a quote that never closes, overlong cells).
    """
    _refuse_what_is_no_text(content)
    text, encoding = _decode(content, encoding)
    if "\0" in text:
        raise UnreadableFile("file_binary")
    delimiter, header_line, header = _header(text)
    return BookFile(
        name=name,
        sha256=hashlib.sha256(content).hexdigest(),
        encoding=encoding,
        delimiter=delimiter,
        header=header,
        header_line=header_line,
        text=text,
    )


def fold(text: str) -> str:
    """Reduce a header or a word to what is compared: no case, blanks, punctuation or width."""
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", text).casefold())


def _refuse_what_is_no_text(content: bytes) -> None:
    if not content.strip():
        raise UnreadableFile("file_empty")
    if len(content) > LARGEST_FILE:
        raise UnreadableFile("file_too_large", megabytes=LARGEST_FILE // 1024 // 1024)
    for signature, code in _SIGNATURES.items():
        if content.startswith(signature):
            raise UnreadableFile(code)


def _decode(content: bytes, encoding: str | None) -> tuple[str, str]:
    if encoding:
        try:
            return _without_mark(content.decode(encoding)), encoding
        except UnicodeDecodeError:
            raise UnreadableFile("file_not_in_encoding", encoding=encoding) from None
    for mark, marked in _BYTE_ORDER_MARKS.items():
        if content.startswith(mark):
            encodings = [marked]
            break
    else:
        encodings = [_unmarked_utf16(content)] if b"\0" in content[:4096] else ["utf-8", "cp949"]
    for candidate in encodings:
        try:
            text = content.decode(candidate)
            return _without_mark(text), candidate.removesuffix("-sig")
        except UnicodeDecodeError:
            continue
    raise UnreadableFile("file_encoding_unknown")


def _unmarked_utf16(content: bytes) -> str:
    """Tell the byte order from where the zero bytes of ASCII signs stand."""
    head = content[:4096]
    first, second = head[0::2].count(0), head[1::2].count(0)
    if (first and second) or 20 * max(first, second) < len(head):
        raise UnreadableFile("file_binary")
    return "utf-16-le" if second else "utf-16-be"


def _without_mark(text: str) -> str:
    return text.removeprefix("\ufeff")


def _header(text: str) -> tuple[str, int, list[str]]:
    """Find the delimiter, and with it the header: the first record that is not empty."""
    if not text.strip():
        raise UnreadableFile("file_empty")
    delimiter = max(DELIMITERS, key=lambda candidate: _width(text, candidate))
    line, cells = next(
        (line, cells) for line, cells in _records(text, delimiter) if any(c.strip() for c in cells)
    )
    header = [re.sub(r"\s+", " ", cell).strip() for cell in cells]
    while header and not header[-1]:
        header.pop()
    if len(header) < 2:
        raise UnreadableFile("file_one_column")
    if len(header) > MOST_COLUMNS:
        raise UnreadableFile("file_too_wide", most=MOST_COLUMNS)
    twice = [name for name, count in Counter(filter(None, map(fold, header))).items() if count > 1]
    if twice:
        shown = next(name for name in header if fold(name) == twice[0])
        raise UnreadableFile("file_header_twice", header=shown)
    return delimiter, line, header


def _width(text: str, delimiter: str) -> int:
    try:
        return next(
            len(cells) for _, cells in _records(text, delimiter) if any(c.strip() for c in cells)
        )
    except (UnreadableFile, StopIteration):
        return 0


def _records(text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Split text into (first line, cells), as RFC 4180 has it."""
    csv.field_size_limit(LONGEST_CELL)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
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
