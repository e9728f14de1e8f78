"""Prove by one pass over its bytes that each line of a text is one well-formed record."""

import os
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import BinaryIO

import numpy as np

from fpcore.importing.delimited import Text, lines_of
from fpcore.importing.limits import CHUNK, LONGEST_CELL

_BLANK = "".join(sign for sign in map(chr, range(0x3001)) if sign.isspace())
_LONGEST_BLANK = 1000  # bytes that a line may begin with and still be told from an empty one


def offset_of(path: Path, line: int) -> int:
    """Count the bytes above a line."""
    with open(path, encoding="utf-8", newline="") as file:
        return sum(len(above.encode()) for above in islice(lines_of(file), line - 1))


def may_be_skipped(text: Text, offset: int) -> bool:
    """Say whether DuckDB counts the lines above the records as we do."""
    with open(text.path, "rb") as file:
        above = file.read(offset)
    data = np.frombuffer(above, np.uint8)
    return _ends_alike(above, newline_at(text.path, offset)) and _quotes_fit(
        data, np.flatnonzero(data == ord("\n")), text
    )


def count_lines(text: Text, offset: int) -> int | None:
    """Count the lines from an offset on, if each is a well-formed record; or else None.

    Every line must be one record that says something, end as the others do, be short enough to
    hold no overlong cell, and have quotes only around whole cells.
    """
    newline = newline_at(text.path, offset)
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


def newline_at(path: Path, offset: int) -> bytes:
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
        while left > 0 and (chunk := file.read(min(CHUNK, left))):
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
    file.seek(max(0, size - CHUNK))
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
