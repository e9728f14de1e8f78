"""What names of products and occupations tell: data/fact_words.toml."""

import re
import tomllib

from fpcore.paths import DATA

WORDS = tomllib.loads((DATA / "fact_words.toml").read_text(encoding="utf-8"))
"""What the names of products and occupations tell: data/fact_words.toml."""


def names_one_of(text: str, words: list[str]) -> str:
    """The SQL that is true of a text with one of these words in it, whatever its case."""
    found = "|".join(
        f"(?i:{re.escape(word)})" if word.isascii() else re.escape(word) for word in words
    )
    return f"regexp_matches({text}, '{found}')"
