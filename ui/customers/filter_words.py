"""What a filter says in words: the rules that can be chosen, and its parts one by one."""

from collections.abc import Mapping
from typing import Any

from fpcore import wording
from fpcore.errors import certain
from fpcore.facts.types import TOTAL
from fpcore.gaps import publishing
from fpcore.portfolio.conditions import POLICY_FIELDS
from fpcore.portfolio.filters import ANY_GAP, CustomerFilter, FilterField, Kind
from ui import session, tables
from ui.portfolio import phrases
from ui.text import Text


def rule_names(text: Text) -> dict[str, str]:
    """Name what a filter can ask of gaps, by code: any gap, and the rules in use."""
    rules = publishing.in_use(session.database(), session.account(), session.today())
    named = {rule.code: wording.rule_title(text.language, rule.code, rule.title) for rule in rules}
    return {ANY_GAP: text("filter.any_gap"), **named}


def parts(
    wanted: CustomerFilter, owner_names: Mapping[str, str], text: Text
) -> dict[tuple[str, ...], str]:
    """Name the parts of a filter, by the parameters that say each."""
    fields = wanted.fields()
    named = {}
    for name in wanted.asked():
        together = (name, *fields[name].beside)
        parameters = tuple(field for field in fields if field in together)
        named[parameters] = _sentence(name, parameters, wanted, owner_names, text)
    return named


def _sentence(
    name: str,
    parameters: tuple[str, ...],
    wanted: CustomerFilter,
    owner_names: Mapping[str, str],
    text: Text,
) -> str:
    fields, value = wanted.fields(), getattr(wanted, name)
    if fields[name].kind is Kind.FORMERLY:
        return _formerly(wanted, text)
    if fields[name].kind is Kind.UNKNOWN:
        section = "policy_field" if value in POLICY_FIELDS else "field"
        field = text(f"figures.{section}.{value}")
        return text(f"filtered.unknown_{section}", field=field)
    words = {one: _word(fields[one], getattr(wanted, one), text) for one in parameters}
    if fields[name].kind is Kind.ROW:
        row, kind = certain(wanted.row), certain(wanted.row_kind)
        words[name] = tables.row_label(row, kind, owner_names, text)
    if fields[name].kind is Kind.MEASURE:
        words[name] = phrases.behind(value, wanted.of or TOTAL, wanted.since, text)
    return text(f"filtered.{name}", **words)


def _word(field: FilterField, value: Any, text: Text) -> str:
    """Say the value of a field; one of TOTAL for a column that is not named."""
    if field.kind is Kind.COLUMN:
        return phrases.column_name(value or TOTAL, text)
    if value is None:
        return ""
    if field.kind is Kind.RULE:
        return rule_names(text).get(value, value)
    return text(f"{field.words}.{value}") if field.kind is Kind.CODE else str(value)


def _formerly(wanted: CustomerFilter, text: Text) -> str:
    once = text("filtered.formerly_total")
    if wanted.formerly != TOTAL:
        once = text("filtered.formerly", type=text(f"type.{wanted.formerly}"))
    return f"{once} · {text(f'gone.{wanted.gone}')}" if wanted.gone else once
