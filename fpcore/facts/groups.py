"""The rows of heatmaps: groups of customers, by what is known of them.

A group has a key, which is what SQL groups by (a small number where there is one), and a label,
which stands in addresses and JSON. UNKNOWN_ROW is the label of those of whom it is not known.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any
from uuid import UUID

import pandas as pd

from fpcore.facts.ages import born_by
from fpcore.models import RowKind
from fpcore.store.database import Cursor

UNKNOWN_ROW = "unknown"
ALL_ROWS = "all"
"""The label of everybody, under all rows."""

OLDEST_BAND = 100
YEARS_SINCE = (0, 1, 3, 5, 10, 15)
"""The years for which somebody has been a customer, from which each band begins."""

OWNER = "(select username from account where account.id = owner_id)"
"""The SQL over customer_fact of the user name of a customer's FP."""

OF_TEAM = """
    owner_id in (select a.id from account a join team t on t.id = a.team_id where t.name = $team)
"""
"""The SQL over customer_fact that is true of the customers of the team `$team`."""

READS = {
    RowKind.AGE_BAND: "born_on",
    RowKind.SINCE: "customer_since",
    RowKind.INSURER: "insurers",
    RowKind.FP: "owner_id",
    RowKind.TEAM: "owner_id",
    RowKind.GENDER: "gender",
    RowKind.OCCUPATION: "occupation",
    RowKind.OCCUPATION_CLASS: "occupation_class",
}
"""The column of customer_fact that each kind of rows is told by."""

_TEAM = "(select team_id from account where account.id = owner_id)"
_NAMES = {
    RowKind.FP: "select id, username from account",
    RowKind.TEAM: "select id, name from team",
    RowKind.INSURER: "select number, name from insurer",
}
_AGES = range(0, OLDEST_BAND + 1, 10)


def key(kind: RowKind, day: date) -> str:
    """The SQL over customer_fact of a customer's key; several, for INSURER, of one who holds
    policies of several. NULL: not known."""
    if kind is RowKind.INSURER:
        return "unnest(case when insurers = [] then [null]::integer[] else insurers end)"
    return f"({_one_key(kind, day)})"


def _one_key(kind: RowKind, day: date) -> str:
    if kind is RowKind.AGE_BAND:
        # The first that is true counts: the youngest first, which is quick, as few are old.
        younger = " ".join(
            f"when born_on > {born_by(day, age)} then {age // 10 - 1}" for age in _AGES[1:]
        )
        return f"""case when born_on > {born_by(day, 0)} then null {younger}
            when born_on is not null then {OLDEST_BAND // 10} end::tinyint"""
    if kind is RowKind.SINCE:
        later = " ".join(
            f"when customer_since > {born_by(day, years)} then {band}"
            for band, years in enumerate(YEARS_SINCE[1:])
        )
        last = len(YEARS_SINCE) - 1
        return f"case {later} when customer_since is not null then {last} end::tinyint"
    return _TEAM if kind is RowKind.TEAM else READS[kind]


def labels(cursor: Cursor, kind: RowKind, keys: Iterable[Any]) -> list[str]:
    """Give the labels of keys as a query found them."""
    names: Mapping[Any, str] = {}
    if kind in _NAMES:
        names = dict(cursor.execute(_NAMES[kind]).fetchall())
    return [UNKNOWN_ROW if pd.isna(one) else _label(kind, one, names) for one in keys]


def has(cursor: Cursor, kind: RowKind, label: str, day: date) -> tuple[str, dict[str, Any]]:
    """The SQL over customer_fact that is true of the customers in a row, and its parameters."""
    if label == ALL_ROWS:
        return "true", {}
    if label == UNKNOWN_ROW:
        unknown = "insurers = []" if kind is RowKind.INSURER else f"{key(kind, day)} is null"
        return unknown, {}
    found = _key_of(cursor, kind, label)
    if found is None:
        return "false", {}
    if kind is RowKind.INSURER:
        return "list_contains(insurers, $row_key::integer)", {"row_key": found}
    return f"{key(kind, day)} = $row_key", {"row_key": found}


def order(label: str) -> tuple:
    """Sort labels as people read them: by letter, with the numbers in them by size (2지점 before
    10지점); not known and then everybody last."""
    is_last = {UNKNOWN_ROW: 1, ALL_ROWS: 2}.get(label, 0)
    parts = re.split(r"([0-9]+)", label)  # in turns: no number, a number, …
    return (is_last, *(int(part) if k % 2 else part for k, part in enumerate(parts)))


def _label(kind: RowKind, found: Any, names: Mapping[Any, str]) -> str:
    if kind in _NAMES:
        return names[_plain(found)]
    if kind is RowKind.AGE_BAND:
        lowest = int(found) * 10
        return f"{OLDEST_BAND}+" if lowest >= OLDEST_BAND else f"{lowest}-{lowest + 9}"
    if kind is RowKind.SINCE:
        return _years(int(found))
    return str(int(found)) if kind is RowKind.OCCUPATION_CLASS else found


def _years(band: int) -> str:
    first, following = YEARS_SINCE[band], YEARS_SINCE[band + 1 : band + 2]
    if not following:
        return f"{first}+"
    last = following[0] - 1
    return str(first) if first == last else f"{first}-{last}"


def _key_of(cursor: Cursor, kind: RowKind, label: str) -> Any:
    if kind in _NAMES:
        keys = [one for one, name in cursor.execute(_NAMES[kind]).fetchall() if name == label]
        return keys[0] if keys else None
    if kind is RowKind.AGE_BAND:
        bands = {_label(kind, age // 10, {}): age // 10 for age in _AGES}
        return bands.get(label)
    if kind is RowKind.SINCE:
        return {_years(band): band for band in range(len(YEARS_SINCE))}.get(label)
    if kind is RowKind.OCCUPATION_CLASS:
        return int(label) if label.isascii() and label.isdigit() and len(label) < 3 else None
    return label


def _plain(found: Any) -> UUID | int:
    return found if isinstance(found, UUID) else int(found)
