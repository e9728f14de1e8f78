"""Turn codes into words: every text that a person reads stands in data/locales, once a language."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache

from fpcore.config.paths import DATA
from fpcore.errors import FpError, InvalidSettings

LOCALES = DATA / "locales"
LANGUAGES = ("ko", "en")

_ONE = {"customers": "customer", "policies": "policy", "rows": "row", "days": "day"}
_COUNTED = re.compile(rf"\{{(\w+)\}} ({'|'.join(_ONE)})\b")
"""What English counts differently when it is one, as it stands in a text before it is filled in:
what somebody typed is left alone. Korean does not."""


def say(language: str, key: str, **particulars: object) -> str:
    """Give the text of a dotted key such as `error.not_found`, with its particulars filled in.

    A key that no file holds is a fault of the program: KeyError.
    """
    text = catalogue(language)[key]
    if language == "en" and "1" in map(str, particulars.values()):
        text = _COUNTED.sub(lambda found: _counted(found, particulars), text)
    return text.format(**particulars)


def _counted(found: re.Match, particulars: Mapping[str, object]) -> str:
    number, counted = found[1], found[2]
    return f"{{{number}}} {_ONE[counted] if str(particulars[number]) == '1' else counted}"


def say_error(language: str, error: FpError) -> str:
    """Put an FpError into one sentence; one sentence a field for InvalidInput."""
    if isinstance(error, InvalidSettings):
        reason = _reason(language, error)
        return say(language, f"error.{error.code}", **error.particulars, reason=reason)
    problems = getattr(error, "problems", None)
    if problems:
        return " ".join(
            say_problem(language, field, code, particulars) for field, code, particulars in problems
        )
    return say(language, f"error.{error.code}", **error.particulars)


def rule_title(language: str, code: str, title: str | None) -> str:
    """Name a gap rule: as whoever added it typed, or in the words of those that came along."""
    return title or catalogue(language).get(f"rule.{code}", code)


def _reason(language: str, error: InvalidSettings) -> str:
    """Say what is wrong with a field; what has no words of its own as a value not accepted."""
    key = f"problem.{error.problem}"
    given = {"text": "", **error.given}
    return say(language, key if key in catalogue(language) else "problem.rule_value", **given)


def say_problem(language: str, field: str, code: str, particulars: dict) -> str:
    """Put what is wrong with one field into a sentence that names the field."""
    named = say(language, f"field.{field}")
    if code == "not_among":
        particulars = {**particulars, "accepted": say(language, f"accepted.{field}")}
    return f"{named}: " + say(language, f"problem.{code}", **particulars)


def say_reasons(language: str, problems: list) -> str:
    """Put the problems of a rejected row into one text, one sentence a problem."""
    return " ".join(
        say_problem(language, problem.field, problem.code, {"text": problem.text or ""})
        for problem in problems
    )


@cache
def catalogue(language: str) -> dict[str, str]:
    """Read a language's file: dotted key -> text."""
    with open(LOCALES / f"{language}.toml", "rb") as file:
        return dict(_flat(tomllib.load(file)))


def _flat(tree: dict, prefix: str = "") -> Iterator[tuple[str, str]]:
    for key, branch in tree.items():
        if isinstance(branch, dict):
            yield from _flat(branch, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", branch
