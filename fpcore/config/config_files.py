"""Read the files in data/ that people edit: TOML, held against a pydantic model.

A file with a fault is never taken: InvalidSettings names the file, the field and what is accepted.
"""

import tomllib
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from fpcore.errors import InvalidSettings

Model = TypeVar("Model", bound=BaseModel)

LONGEST_QUOTE = 60

_PROBLEMS = {
    "extra_forbidden": "no_such_setting",
    "greater_than_equal": "too_small",
    "model_type": "not_a_table",
    "dict_type": "not_a_table",
}
"""Codes of ours for pydantic's, where those have words that are about something else."""


def load(path: Path, model: type[Model]) -> Model:
    """Read and check a file. Errors: InvalidSettings."""
    return parsed(path.name, content(path), model)


def content(path: Path) -> str:
    """Read a file. Errors: InvalidSettings where there is none, or not in UTF-8."""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidSettings(path.name, "-", "file_unreadable") from error


@lru_cache(maxsize=32)
def parsed(name: str, text: str, model: type[Model]) -> Model:
    """Check the text of the file `name`; the same model again for the same text.

    Errors: InvalidSettings.
    """
    try:
        return model(**tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise InvalidSettings(name, "-", "toml_broken", {"text": str(error)}) from error
    except ValidationError as error:
        raise _fault(name, model, error.errors()[0]) from error


def state(path: Path) -> tuple:
    """Tell a file from what it was: it is read anew where this differs."""
    try:
        stat = path.stat()
    except OSError:
        return (str(path),)
    return (str(path), stat.st_mtime_ns, stat.st_size)


def _fault(name: str, model: type[BaseModel], found: ErrorDetails) -> InvalidSettings:
    place = [str(part) for part in found["loc"] if part != "[key]"]
    given = {key: str(value) for key, value in found.get("ctx", {}).items()}
    given["text"] = str(found["input"])[:LONGEST_QUOTE]
    if found["type"] == "extra_forbidden":
        given["accepted"] = ", ".join(_fields_at(model, place[:-1]))
    problem = _PROBLEMS.get(found["type"], found["type"])
    return InvalidSettings(name, ".".join(place) or "-", problem, given)


def _fields_at(model: type[BaseModel], place: list[str]) -> list[str]:
    """Name the fields of the model that stands at a place within another."""
    found: Any = model
    for part in place:
        found = found.model_fields[part].annotation
    return [field.alias or name for name, field in found.model_fields.items()]
