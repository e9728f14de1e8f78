"""What the commands print: for each result the JSON document, and the lines for people.

docs/commands.md describes the documents. They stay as they are; a key may be added. Amounts are
numbers, whole ones as integers; what is not known is null.
"""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pandas as pd

from fpcore import wording
from fpcore.commands import demo
from fpcore.customers.consents import Withdrawn
from fpcore.customers.coverage import CoverageSummary, TypeCoverage
from fpcore.customers.profiles import Removal
from fpcore.errors import InvalidRules
from fpcore.gaps.customer_gaps import CustomerGaps, Gap, Term
from fpcore.gaps.scopes import ScopeGaps
from fpcore.importing.history import ImportBatch
from fpcore.importing.report import ImportReport
from fpcore.importing.undoing import UndoReport
from fpcore.kept.consistency import Checked, Finding
from fpcore.models import Account
from fpcore.person import in_words
from fpcore.portfolio.customer_list import CustomerPage
from fpcore.portfolio.heatmaps import Heatmap
from fpcore.rules.records import Rule

LANGUAGE = "en"

Output = tuple[dict[str, Any] | list[Any], list[str]]


def imported(report: ImportReport, reasons: list[str]) -> Output:
    """What became of a file; `reasons` is one text a rejected row."""
    counts = (
        "batch", "rows", "taken", "customers_created", "policies_created", "created", "updated",
        "unchanged", "rejected", "questions",
    )  # fmt: skip
    rejects = [
        {"line": row.line, "reason": reason}
        for row, reason in zip(report.rejects, reasons, strict=True)
    ]
    document = {
        **{name: getattr(report, name) for name in counts},
        "encoding": report.file.encoding,
        "delimiter": report.file.delimiter,
        "sheet": report.file.sheet,
        "header_line": report.file.header_line,
        "columns": {column.header: column.field for column in report.columns.kept if column.header},
        "notes": dict(report.notes),
        "doubts": [vars(doubt) for doubt in report.doubts],
        "unknown_words": [vars(word) for word in report.unknown_words],
        "gone": report.gone_count,
        "rejects": rejects,
    }
    return document, [
        *(f"line {row['line']}: {row['reason']}" for row in rejects),
        f"Rows: {report.rows} = {report.taken} taken + {report.questions} questions "
        f"+ {report.rejected} rejected",
        f"Customers created: {report.customers_created}",
        f"Policies created: {report.policies_created}",
    ]


def imports(found: list[ImportBatch]) -> Output:
    """The imports there were."""
    lines = [
        f"{batch.id}  {batch.created_at:%Y-%m-%d %H:%M}  {batch.state}  {batch.file_name}"
        for batch in found
    ]
    return {"imports": [batch.model_dump() for batch in found]}, lines


def undone(report: UndoReport) -> Output:
    """What an undoing did."""
    counts = (
        "customers_removed", "policies_removed", "customers_restored", "policies_restored",
        "left_count",
    )  # fmt: skip
    document = {
        "batch": report.batch,
        **{name: getattr(report, name) for name in counts},
        "left": [vars(record) for record in report.left],
    }
    lines = [f"{name.replace('_', ' ').capitalize()}: {document[name]}" for name in counts]
    left = [
        f"left: {record.record} {record.name or ''} {record.what or ''} ({record.why})"
        for record in report.left
    ]
    return document, [*lines, *left]


def listed(page: CustomerPage) -> Output:
    """A list of customers."""
    rows = [_plain(row) for row in page.rows.to_dict("records")]
    document = {
        "total": page.in_scope,
        "withdrawn": page.withdrawn,
        "matching": page.matching,
        "names_masked": page.names_masked,
        "customers": rows,
    }
    lines = [f"{row['id']}  {row['name']}  policies: {row['policies']}" for row in rows]
    return document, [*lines, f"{len(rows)} of {page.matching} shown"]


def covered(name: str, summary: CoverageSummary, found: CustomerGaps) -> Output:
    """One customer's coverage, with the gaps."""
    total = summary.total
    document = {
        "customer": summary.customer_id,
        "name": name,
        "valued_on": summary.valued_on,
        "total_coverage": total.coverage,
        "total_premium": total.premium,
        "unknown": total.unknown,
        "premium_unknown": total.premium_unknown,
        "by_type": {kind.value: _held(held) for kind, held in summary.by_type.items()},
        "other_currencies": summary.other_currencies,
        "gaps": [_gap(gap) for gap in found.gaps],
    }
    return document, [
        f"{name}: coverage {_shown(total.coverage)}, premium a month {_shown(total.premium)}",
        *(
            f"  {kind.value}: {_shown(held.coverage)} in {held.policies} policies"
            for kind, held in summary.by_type.items()
        ),
        *_gap_lines(found),
    ]


def gaps_of_customer(found: CustomerGaps) -> Output:
    """One customer held against every rule, the worst first."""
    return [_gap(gap) for gap in found.gaps], _gap_lines(found)


def gaps_of_scope(found: ScopeGaps) -> Output:
    """A whole book counted by rule and state."""
    rules = [
        {
            "code": count.rule.code,
            "type": count.rule.type,
            **{state.value: number for state, number in count.states.items()},
            "shortfall": count.shortfall,
        }
        for count in found.counts
    ]
    lines = [
        f"{count.rule.code}: "
        + ", ".join(f"{state.value} {number}" for state, number in count.states.items())
        for count in found.counts
    ]
    return {"valued_on": found.valued_on, "customers": found.customers, "rules": rules}, lines


def rules(found: Sequence[Rule], valued_on: date, fault: InvalidRules | None) -> Output:
    """The gap rules in use on a day, and what is wrong with the rule file."""
    said = None if fault is None else wording.say_error(LANGUAGE, fault)
    document = {
        "valued_on": valued_on,
        "fault": said,
        "rules": [rule.model_dump(mode="json", exclude_none=True) for rule in found],
    }
    lines = [
        f"{rule.code} (version {rule.version}): {rule.coverage}, {rule.need.word}; "
        f"{rule.source} ({rule.grade})"
        for rule in found
    ]
    return document, lines


def heatmap(found: Heatmap, figures: pd.DataFrame) -> Output:
    """A whole book aggregated into cells: those of the measure, and the figures of the others."""
    of_measure = found.cells[["row", "type", "value", "n", "base", "left_out"]]
    cells = figures.merge(of_measure, on=["row", "type"])
    document = {
        "rows": found.rows.value,
        "measure": found.measure.value,
        "valued_on": found.valued_on,
        "currency": found.currency,
        "since": found.since,
        "team": found.team,
        "cells": [_plain(cell) for cell in cells.to_dict("records")],
    }
    return document, [
        f"{cell['row']}\t{cell['type']}\t{_shown(cell['value'])}" for cell in document["cells"]
    ]


MOST_FINDINGS = 1000


def checked(found: Checked) -> Output:
    """What was found when all that is kept was computed again."""
    document = {
        "customers": found.customers,
        "policies": found.policies,
        "differences": [
            {
                "code": one.code.value,
                "customer": one.customer_id,
                "column": one.column,
                "kept": one.kept,
                "computed": one.computed,
            }
            for one in found.findings
        ],
    }
    counted = f"{found.customers:,} customers, {found.policies:,} policies"
    if not found.findings:
        return document, [f"{counted}: all as computed"]
    more = len(found.findings) - MOST_FINDINGS
    return document, [
        f"{counted}: {len(found.findings):,} differences",
        *map(_finding, found.findings[:MOST_FINDINGS]),
        *([f"… and {more:,} more"] if more > 0 else []),
    ]


def _finding(one: Finding) -> str:
    said = wording.say(LANGUAGE, f"fault.{one.code}", column=one.column or "")
    both = f": {one.kept} is kept, {one.computed} computed" if one.code == "row_differs" else ""
    return f"{one.customer_id or '-'}\t{said}{both}"


def exported(document: dict) -> Output:
    """All that is held about one person."""
    lines = []
    for part in in_words.parts(document, LANGUAGE):
        lines.append(part.title)
        for record in part.records:
            lines += [f"  {label}: {text}" for label, text in record] + [""]
    return document, lines


def erasing(going: Removal, copies: Sequence[str]) -> str:
    """The warning before one customer is erased."""
    return "\n".join(
        [
            *_deleting(copies),
            f"This erases {going.name} with {_counted(going)}. It cannot be undone.",
        ]
    )


def erased(gone: Removal) -> Output:
    """One customer who was erased, without the name."""
    counts = {"policies": gone.policies, "contacts": gone.contacts, "consents": gone.consents}
    return {"erased": 1, **counts}, [f"Erased, with {_counted(gone)}."]


def erasing_due(due: list[Withdrawn], copies: Sequence[str]) -> str:
    """The warning before everybody is erased whose day of destruction has come."""
    people = [
        f"  {customer.masked_name} ({customer.owner}), due {customer.destroy_by}"
        for customer in due
    ]
    warning = f"This erases {len(due)} customers who withdrew their consent. It cannot be undone."
    return "\n".join([*people, *_deleting(copies), warning])


def _deleting(copies: Sequence[str]) -> list[str]:
    return [f"The copy from before an update is deleted, too: {copy}" for copy in copies]


def erased_due(count: int) -> Output:
    """How many customers were erased because their day of destruction had come."""
    return {"erased": count}, [f"Customers erased: {count}"]


def account(found: Account, done: str) -> tuple[dict[str, Any], list[str]]:
    """An account that was added or changed."""
    document: dict[str, Any] = {
        "account": found.username,
        "role": found.role.value,
        "team": found.team,
        "sees_names": found.sees_names,
    }
    without = "" if found.sees_names else ", without the names of other people's customers"
    return document, [f"Account {found.username} ({found.role.value}) {done}{without}."]


def demo_accounts() -> list[str]:
    """The demo accounts as lines."""
    return [
        "Demo accounts (account, password):",
        *(
            f"  {sign_in['account']:<10} {sign_in['password']}  {sign_in['role']}, "
            f"{sign_in['team'] or 'all teams'}"
            for sign_in in demo.sign_ins()
        ),
    ]


def _counted(removal: Removal) -> str:
    return f"{removal.policies} policies, {removal.contacts} contacts, {removal.consents} consents"


def _held(held: TypeCoverage) -> dict:
    return {
        "policies": held.policies,
        "coverage": held.coverage,
        "premium": held.premium,
        "unknown": held.unknown,
        "premium_unknown": held.premium_unknown,
    }


def _gap(gap: Gap) -> dict:
    rule, target = gap.rule, gap.target
    return {
        "code": rule.code,
        "type": rule.type,
        "state": gap.state.value,
        "recommended": gap.recommended,
        "held": gap.held,
        "short": gap.short,
        "why": gap.why,
        "coverage": rule.coverage,
        "severity": rule.severity,
        "version": rule.version,
        "source": rule.source,
        "grade": rule.grade,
        "missing": list(gap.missing),
        "terms": [_term(term) for term in gap.ways[0].terms],
        "ways": [
            {
                "need": way.need.word,
                "recommended": way.recommended,
                "short": way.short,
                "missing": list(way.missing),
                "source": way.source,
                "grade": way.grade,
            }
            for way in gap.ways
        ],
        "target": target and {"amount": target.amount, "note": target.note, "by": target.by},
        "counted": list(gap.counted),
        "not_counted": [{"policy": one.policy_id, "why": one.why} for one in gap.not_counted],
        "is_costly": gap.is_costly,
    }


def _term(term: Term) -> dict:
    return {"code": term.code, "amount": term.amount, **term.parts}


def _gap_lines(found: CustomerGaps) -> list[str]:
    def say(key: str) -> str:
        return wording.say(LANGUAGE, key)

    return [
        f"  {wording.rule_title(LANGUAGE, gap.rule.code, gap.rule.title)}: "
        f"{say(f'{gap.rule.states_section}.{gap.state}')} – {say(f'why.{gap.why}')}"
        for gap in found.gaps
    ]


def _plain(row: dict) -> dict:
    return {name: plain_value(value) for name, value in row.items()}


def plain_value(value: Any) -> Any:
    """Turn a value into what JSON knows: whole numbers stay whole, NaN and NaT become null."""
    if value is None or value != value:
        return None
    if isinstance(value, (Decimal, float)):
        return int(value) if value == int(value) else round(float(value), 2)
    if isinstance(value, (int, str)):
        return value
    if isinstance(value, datetime):
        return value.date().isoformat()
    return value.isoformat() if isinstance(value, date) else str(value)


def _shown(value: Any) -> str:
    value = plain_value(value)
    return "unknown" if value is None else f"{value:,}"
