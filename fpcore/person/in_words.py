"""What `disclosure.export` gave in the words of a language: as records, and as a page to keep."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cache
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from fpcore import wording as words
from fpcore.config import clock
from fpcore.config.paths import DATA
from fpcore.models import POLICY_AMOUNTS, WHOLE_LIFE, WON, circumstances

EMPTY = "–"


@dataclass(frozen=True)
class Part:
    """A part of what is held, as people read it: each record is a list of (label, text).

    `is_table`: the records are short and have the same labels.
    """

    title: str
    records: list[list[tuple[str, str]]]
    is_table: bool = False


def parts(document: dict, language: str) -> list[Part]:
    """Put what `export` gave into words, without ids and versions of records."""
    reader = _Reader(language)
    person = {**document["customer"], "owner": document["owner"]["name"]}
    person["team"] = document["owner"]["team"]
    agreed = [
        {**consent, **((consent["text"] or {}).get(language) or {})}
        for consent in document["consents"]
    ]
    log = [
        {**entry, "changes": reader.changes(entry["changes"]) or EMPTY} for entry in document["log"]
    ]
    return [
        reader.part("facts", [person]),
        reader.part("sources", document["sources"], is_table=True),
        reader.part("consents", agreed, channel="consent_channel"),
        reader.part("policies", document["policies"]),
        reader.part("contacts", document["contacts"], is_table=True, channel="contact_channel"),
        reader.part("targets", document["targets"], is_table=True),
        reader.part("gap_history", document["gap_history"], is_table=True),
        reader.part("before_import", document["before_import"], is_table=True),
        reader.part("log", log, is_table=True),
    ]


def page(document: dict, language: str) -> str:
    """Write what `export` gave as an HTML page to read, keep or print; it loads nothing."""
    reader = _Reader(language)
    return _template().render(
        language=language,
        title=reader.say("title"),
        intro=reader.say(
            "intro",
            name=document["customer"]["name"],
            at=reader.text("exported_at", document["exported_at"]),
            by=document["exported_by"],
            valued_on=document["valued_on"],
        ),
        nothing=reader.say("nothing"),
        parts=parts(document, language),
    )


class _Reader:
    """Puts the codes, amounts and times of a document into the words of one language."""

    def __init__(self, language: str) -> None:
        self._language = language
        self._words = words.catalogue(language)

    def say(self, key: str, **particulars: object) -> str:
        return words.say(self._language, f"person.{key}", **particulars)

    def part(
        self, title: str, records: Iterable[Mapping], is_table: bool = False, channel: str = ""
    ) -> Part:
        """Put a list of records into words; `channel` is the section with the words of theirs."""
        read = [
            [
                (self.label(key), self.text(key, value, record.get("currency"), channel))
                for key, value in sorted(record.items(), key=lambda item: item[0] in _LAST)
                if key not in _NOT_SHOWN
            ]
            for record in records
        ]
        return Part(self.say(title), read, is_table)

    def changes(self, changes: Iterable[Mapping[str, Any]]) -> str:
        """Put the changes of a log entry into one line each."""
        return "\n".join(
            f"{self.label(change['field'])}: {self.text(change['field'], change['old'])}"
            f" → {self.text(change['field'], change['new'])}"
            for change in changes
        )

    def label(self, key: str) -> str:
        for section in ("field", "person", "consent_kind"):  # consents are logged by their kind
            if f"{section}.{key}" in self._words:
                return self._words[f"{section}.{key}"]
        raise KeyError(key)

    def text(self, key: str, value: Any, currency: str | None = None, channel: str = "") -> str:
        if value is None:
            return EMPTY
        if isinstance(value, bool):
            return self.say("yes" if value else "no")
        if key in (*circumstances.AMOUNTS, "amount", "target_amount"):
            return self._amount(Decimal(str(value)), WON)
        if key in POLICY_AMOUNTS:
            return self._amount(Decimal(str(value)), currency)
        if key == "at" or key.endswith("_at"):
            return f"{clock.in_seoul(datetime.fromisoformat(value)):%Y-%m-%d %H:%M}"
        if key == "end_date" and value == WHOLE_LIFE.isoformat():
            return self._words["amount.whole_life"]
        section = channel if key == "channel" else _CODES.get(key)
        return self._words.get(f"{section}.{value}", value) if section else str(value)

    def _amount(self, amount: Decimal, currency: str | None) -> str:
        digits = f"{amount:,.2f}".removesuffix(".00")
        if currency == WON:
            return self.say("won", amount=digits)
        return f"{digits} {currency or ''}".rstrip()


_CODES = {
    "gender": "gender",
    **{name: name for name in circumstances.WORDS},
    "type": "type",
    "status": "status",
    "why_not": "status",
    "premium_cycle": "premium_cycle",
    "kind": "consent_kind",
    "withdrawn_channel": "consent_channel",
    "outcome": "contact_outcome",
    "action": "action",
    "record": "record",
    "how": "person",
    "code": "rule",
    "before": "state",
    "after": "state",
    "cause": "cause",
}
"""The section of the words in which the codes of a field stand."""

_NOT_SHOWN = ("id", "ver", "text")

_LAST = ("created_at", "updated_at")


@cache
def _template() -> Template:
    folder = FileSystemLoader(DATA)
    return Environment(
        loader=folder,
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    ).get_template("person.html")
