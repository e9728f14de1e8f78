"""Find the header of a text, and what stands around it."""

import re
from dataclasses import dataclass
from itertools import islice

from fpcore.errors import UnreadableFile
from fpcore.importing.delimited import SAMPLE, Text, usual_width
from fpcore.importing.limits import HEAD, MOST_COLUMNS
from fpcore.importing.words import BookWords, fold

_LAST_HEADER = 30  # records among which the header is looked for
_BRACKET = re.compile(r"[(\[（][^()\[\]（）]*[)\]）]\s*$")


@dataclass(frozen=True)
class Layout:
    """What the first records of a text show; `width` is the usual number of cells."""

    header: list[str]
    header_line: int
    titles: list[str]
    head: list[tuple[int, list[str]]]
    width: int


def look(text: Text, words: BookWords, header_line: int | None = None) -> Layout:
    """Find the header, in the line given or else by its words, and what stands around it.

    Errors: UnreadableFile (file_empty, file_no_header_line, file_one_column, file_too_wide).
    """
    records = text.records()
    top = list(islice(records, HEAD))
    if not top:
        raise UnreadableFile("file_empty")
    width = usual_width(cells for _, cells in top[:SAMPLE])
    place = _header_place(top, width, words, header_line)
    line, cells = top[place]
    head = top[place + 1 :] + list(islice(records, place + 1))
    filled = max(map(_filled, [cells, *(cells for _, cells in head)]))
    header = [re.sub(r"\s+", " ", cell).strip() for cell in cells[:filled]]
    if len(header) < 2:
        raise UnreadableFile("file_one_column")
    if len(header) > MOST_COLUMNS:
        raise UnreadableFile("file_too_wide", most=MOST_COLUMNS)
    titles = [" ".join(filter(None, map(str.strip, cells))) for _, cells in top[:place]]
    width = usual_width(cells for _, cells in head[:SAMPLE])
    return Layout(header, line, titles, head, width)


def _header_place(
    top: list[tuple[int, list[str]]], width: int, words: BookWords, header_line: int | None
) -> int:
    if header_line is not None:
        for place, (line, _) in enumerate(top):
            if line == header_line:
                return place
        raise UnreadableFile("file_no_header_line", line=header_line)
    rows = [cells for _, cells in top[:_LAST_HEADER]]
    known = [sum(_is_known(cell, words) for cell in cells) for cells in rows]
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


def _is_known(cell: str, words: BookWords) -> bool:
    return not {fold(cell), fold(_BRACKET.sub("", cell))}.isdisjoint(words.headers)


def _filled(cells: list[str]) -> int:
    """Count the cells up to the last that says something."""
    return max((place for place, cell in enumerate(cells, start=1) if cell.strip()), default=0)
