"""What data/settings.toml sets."""

from functools import cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from fpcore.config import config_files
from fpcore.config.paths import DATA

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
    return config_files.load(path, Settings) if path.exists() else Settings()
