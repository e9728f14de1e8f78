"""Files that people edit: what is wrong with one is named, and the last good one goes on."""

from functools import partial
from pathlib import Path

import pytest
from pydantic import BaseModel, ConfigDict, Field

from fpcore import wording
from fpcore.config import config_files, settings
from fpcore.config.settings import Settings
from fpcore.errors import InvalidSettings
from fpcore.store import good_files


class Colours(BaseModel):
    """A file of settings with a table in it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    names: tuple[str, ...] = Field(min_length=1)


class Painting(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    colours: Colours


GOOD = '[colours]\nnames = ["빨강"]\n'


@pytest.fixture
def file(tmp_path) -> Path:
    path = tmp_path / "painting.toml"
    path.write_text(GOOD, encoding="utf-8")
    return path


def said(path: Path, language: str = "en", model=Painting) -> str:
    with pytest.raises(InvalidSettings) as error:
        config_files.load(path, model)
    return wording.say_error(language, error.value)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[colours\n", "In painting.toml, -: This is not TOML"),
        ("", "In painting.toml, colours: is missing."),
        ("colours = 1", "In painting.toml, colours: Must be a table"),
        ("[colours]\n", "In painting.toml, colours.names: is missing."),
        ("[colours]\nnames = []\n", "In painting.toml, colours.names: A value is missing."),
        ('[colours]\nnames = "빨강"\n', "In painting.toml, colours.names: Must be a list"),
        ("[colours]\nnames = [1]\n", "In painting.toml, colours.names.0: is not a text."),
        (f"{GOOD}more = 1\n", "In painting.toml, colours.more: there is no such field. "
         "Accepted: names"),
        (f"more = 1\n{GOOD}", "In painting.toml, more: there is no such field. Accepted: colours"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_file_is_named(text, expected, file):
    file.write_text(text, encoding="utf-8")
    assert said(file).startswith(expected)
    assert said(file, "ko").startswith("painting.toml 파일의 ")


@pytest.mark.parametrize("way", ["gone", "not UTF-8"])
def test_a_file_that_cannot_be_read_is_named(way, file):
    if way == "gone":
        file.unlink()
    else:
        file.write_bytes(b"\xff\xfe")
    assert said(file) == "In painting.toml, -: The file cannot be read."


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("smallest_group = -1", "In s.toml, smallest_group: Must be at least 0."),
        ("smallest_group = 1001", "In s.toml, smallest_group: Must be at most 1000."),
        ('rows_at_once = "many"', "In s.toml, rows_at_once: is not a whole number."),
        ("rows = 9", "In s.toml, rows: there is no such field. Accepted: smallest_group, "
         "rows_at_once"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_setting_is_named(text, expected, tmp_path):
    file = tmp_path / "s.toml"
    file.write_text(text, encoding="utf-8")
    assert said(file, model=Settings) == expected
    for language in wording.LANGUAGES:
        assert "{" not in said(file, language, Settings)


def test_without_a_file_of_settings_the_usual_ones_hold(tmp_path):
    assert settings.load(tmp_path / "none.toml") == Settings(smallest_group=5, rows_at_once=300)


def test_the_last_good_file_goes_on(file, db):
    parse = partial(config_files.parsed, model=Painting)

    def names() -> tuple[str, ...]:
        return good_files.last_good(db.read, file, parse).colours.names

    assert names() == ("빨강",)
    good_files.keep(db, file, parse)
    file.write_text("[colours]\nnames = 7\n", encoding="utf-8")
    good_files.keep(db, file, parse)
    assert names() == ("빨강",)
    file.write_text('[colours]\nnames = ["파랑"]\n', encoding="utf-8")
    assert names() == ("파랑",)
    good_files.keep(db, file, parse)
    file.unlink()
    assert names() == ("파랑",)
    assert len(db.read("select * from good_file")) == 1


def test_without_any_good_file_its_fault_is_said(file, db):
    file.write_text("", encoding="utf-8")
    with pytest.raises(InvalidSettings):
        good_files.last_good(db.read, file, partial(config_files.parsed, model=Painting))
