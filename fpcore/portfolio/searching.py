"""What is typed to find a customer, as a condition."""

import re
import unicodedata
from typing import Any

_APART = str.maketrans(
    {"ㄳ": "ㄱㅅ", "ㄵ": "ㄴㅈ", "ㄶ": "ㄴㅎ", "ㄺ": "ㄹㄱ", "ㄻ": "ㄹㅁ", "ㄼ": "ㄹㅂ",
     "ㄽ": "ㄹㅅ", "ㄾ": "ㄹㅌ", "ㄿ": "ㄹㅍ", "ㅀ": "ㄹㅎ", "ㅄ": "ㅂㅅ"}
)  # fmt: skip
"""Keyboards join two initial consonants into one sign where a final consonant could be meant."""


def found(typed: str) -> tuple[str, list[str], dict[str, Any]]:
    """Give the SQL over customer_fact of the customers whom a search finds, the columns that stand
    in it, and its parameters.

    Nothing typed finds everybody, and what cannot be read nobody.
    """
    readable = _readable(typed)
    searched = re.sub(r"[\s-]", "", readable)
    if not searched:
        return ("false" if readable else "true"), [], {}
    anywhere, reads, params = ["contains(words, $search)"], ["words"], {"search": searched}
    if re.fullmatch("[ㄱ-ㅎ]+", searched):
        anywhere.append("contains(initials, $initials)")
        reads.append("initials")
        params["initials"] = searched.translate(_APART)
    if re.fullmatch("[0-9]{4}", searched):
        anywhere.append("ends_with(phone, $search)")
        reads.append("phone")
    either = " or ".join(f"coalesce({condition}, false)" for condition in anywhere)
    return f"({either})", reads, params


def _readable(text: str) -> str:
    """Reduce what was typed to what can be looked for: no lone surrogates, no NUL, no case."""
    text = text.encode("utf-8", "ignore").decode().replace("\0", "")
    return unicodedata.normalize("NFC", text).strip().lower()
