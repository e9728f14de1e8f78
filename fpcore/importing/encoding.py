"""Find the encoding of a text file, and give it as UTF-8."""

import codecs
from collections.abc import Iterator
from pathlib import Path

from fpcore.errors import UnreadableFile
from fpcore.importing.limits import CHUNK
from fpcore.importing.private_files import new_file

ENCODINGS = ("utf-8", "cp949", "utf-16")
"""The encodings a person may choose from; CP949, not EUC-KR, which lacks 똠 and 펲."""

_MARKS = {
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}


def as_utf8(path: Path, start: bytes, target: Path, chosen: str | None) -> tuple[Path, str]:
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
            with new_file(target) as copy:
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
        while chunk := file.read(CHUNK):
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
