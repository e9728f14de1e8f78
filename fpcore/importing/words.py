"""The words of people's books, data/book_words.toml, and how words are compared."""

import re
import tomllib
import unicodedata
from functools import cache

from fpcore.paths import DATA

WORDS = DATA / "book_words.toml"


@cache
def book_words() -> dict:
    """Read the table of headers and words, data/book_words.toml."""
    with open(WORDS, "rb") as file:
        return tomllib.load(file)


def fold(text: str) -> str:
    """Reduce a header or a word to what is compared: no case, blanks, punctuation or width."""
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", text).casefold())
