"""Split a text into records, and find out by which signs."""

import csv
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TextIO

from fpcore.errors import UnreadableFile
from fpcore.importing.limits import LONGEST_CELL, LONGEST_LINE

DELIMITERS = (",", ";", "\t", "|", "^", "~", ":")
"""The colon only where no other gives a table: it stands in times of day."""

SAMPLE = 100  # records by which the delimiter and the usual width are told
_WRAPPED = re.compile(r"(?:^|[,;\t|^~:])'[^']*'(?=[,;\t|^~:\r\n]|$)")

Records = Iterator[tuple[int, list[str]]]
"""(line on which the record begins, its cells)"""


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


def delimited(path: Path) -> Text:
    """Find out how the records are split: by what gives most records the same number of cells."""
    quote = _quote(path)
    *usual, colon = (Text(path, delimiter, quote) for delimiter in DELIMITERS)
    best = max(usual, key=_fit)
    if _fit(best) == (0, 0):
        sample = _sample(colon)
        if len(sample) > 1 and _fit(colon)[0] == len(sample):
            return colon
    return best


def usual_width(records: Iterable[list[str]]) -> int:
    """Give the number of cells, two or more, that most records have; 0 where none has two."""
    counts = Counter(len(cells) for cells in records if len(cells) > 1)
    return max(counts, key=lambda width: (counts[width], width), default=0)


def lines_of(file: TextIO) -> Iterator[str]:
    while line := file.readline(LONGEST_LINE):
        if len(line) == LONGEST_LINE:
            raise csv.Error("line over the limit")
        yield line


def _quote(path: Path) -> str:
    """Give ' where half the lines or more have a cell wrapped in it and no " is to be seen."""
    with open(path, encoding="utf-8", newline="") as file:
        lines = [line for line in islice(lines_of(file), SAMPLE) if line.strip()]
    wrapped = sum(bool(_WRAPPED.search(line)) for line in lines)
    return "'" if 2 * wrapped >= len(lines) > 0 and '"' not in "".join(lines) else '"'


def _fit(text: Text) -> tuple[int, int]:
    """(records that have the usual number of cells, that number); zeros where none has two."""
    widths = [len(cells) for cells in _sample(text)]
    width = usual_width(_sample(text))
    return (widths.count(width), width) if width else (0, 0)


def _sample(text: Text) -> list[list[str]]:
    """Take the first records, up to where a quote is out of place."""
    sample = []
    try:
        for _, cells in islice(text.records(), SAMPLE):
            sample.append(cells)
    except UnreadableFile:
        pass
    return sample


def _split(path: Path, delimiter: str, quote: str) -> Records:
    """Split a text into (first line, cells), as RFC 4180 has it."""
    csv.field_size_limit(LONGEST_CELL)
    with open(path, encoding="utf-8", newline="") as file:
        reader = csv.reader(lines_of(file), delimiter=delimiter, quotechar=quote, strict=True)
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
