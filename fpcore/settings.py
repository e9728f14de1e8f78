"""What data/settings.toml sets."""

import tomllib
from functools import cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from fpcore.errors import InvalidSettings
from fpcore.paths import DATA

FILE = DATA / "settings.toml"


class Settings(BaseModel):
    """The settings, each with what holds where the file does not name it.

    A share of fewer than `smallest_group` customers is drawn grey; `rows_at_once` rows of a heatmap
    stand on one page.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    smallest_group: int = Field(default=5, ge=0, le=1_000)
    rows_at_once: int = Field(default=300, ge=10, le=1_000)


@cache
def current() -> Settings:
    """Give the settings as the file said at the first call. Errors: as `load`."""
    return load(FILE)


def load(path: Path) -> Settings:
    """Read the settings of a file; those that hold without one where it is missing.

    Errors: InvalidSettings, which names file, setting and fault.
    """
    try:
        said = tomllib.loads(path.read_text("utf-8")) if path.exists() else {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InvalidSettings("settings_unreadable", file=path.name, text=str(error)) from None
    try:
        return Settings(**said)
    except ValidationError as error:
        fault = error.errors()[0]
        setting = ".".join(map(str, fault["loc"]))
        raise InvalidSettings(
            "settings_invalid", file=path.name, setting=setting, text=fault["msg"]
        ) from None
