"""The commands of `python -m fpcore`, for scripts and for those who run the program.

They act as the operator of the machine, or for the account named with --owner. With --json each
prints one JSON document, described in the README; without it, lines for people. An error goes to
standard error as one sentence, with exit status 1 (2 for wrong usage).
"""

import json
import os
import subprocess
import sys
from contextlib import closing
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import click

from fpcore import accounts, book_import, coverage, customers, database, demo, gaps, words
from fpcore.book_file import ENCODINGS
from fpcore.book_import import ImportOptions, ImportReport
from fpcore.customers import CustomerFilter
from fpcore.database import Database
from fpcore.errors import FpError
from fpcore.models import WON, Account, Measure, PremiumCycle, Role, RowKind

LANGUAGE = "en"
HOME_ZONE = ZoneInfo("Asia/Seoul")


class Commands(click.Group):
    """A group whose commands end with one sentence, not a traceback, where something is wrong."""

    def invoke(self, context: click.Context) -> Any:
        try:
            return super().invoke(context)
        except FpError as error:
            raise click.ClickException(words.say_error(LANGUAGE, error)) from error
        except OSError as error:
            raise click.ClickException(f"{error.strerror}: {error.filename}") from error


def _json(command):
    return click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")(command)


def _valued_on(command):
    return click.option(
        "--valued-on",
        type=click.DateTime(["%Y-%m-%d"]),
        callback=lambda context, option, day: day.date() if day else _today(),
        help="The day it is for, as YYYY-MM-DD. Today, if left out.",
    )(command)


def _owner(help_text: str, required: bool = False):
    return click.option("--owner", metavar="NAME", required=required, help=help_text)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Customers, policies, coverage and gaps of an insurance planner's book.

    The database is data/fp.duckdb, or the file that FP_DATABASE names.
    """
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8", errors="replace")


@main.command()
@click.option("--demo", "with_demo", is_flag=True, help="Add the demo accounts and load the demo book.")
@_json
def init(with_demo: bool, as_json: bool) -> None:
    """Make the database if there is none, and bring its tables up to date."""
    with closing(database.open_database(create=True)) as db:
        loaded = demo.load(db, _today()) if with_demo else None
        result = {"database": db.path, "demo_accounts": demo.sign_ins() if with_demo else []}
    _print(result, as_json, [f"Database: {result['database']}", *_demo_lines(loaded is not None)])


@main.command()
@click.option("--port", default=8501, show_default=True, help="The port of the app's address.")
def start(port: int) -> None:
    """Start the app; make the database with the demo book first if there is none."""
    path = database.configured_path()
    if not Path(path).exists():
        click.echo("Making the database and loading the demo book …")
        with closing(database.open_database(path, create=True)) as db:
            demo.load(db, _today())
    with closing(database.open_database(path)) as db:
        has_demo = demo.is_loaded(db)
    click.echo(f"The app: http://localhost:{port}")
    for line in _demo_lines(has_demo):
        click.echo(line)
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(port)]
    raise SystemExit(subprocess.call(command, cwd=database.ROOT, env=os.environ))


@main.group()
def account() -> None:
    """Accounts: who may sign in, and what they may see."""


@account.command("add")
@click.argument("name")
@click.option("--role", type=click.Choice([role.value for role in Role]), required=True)
@click.option("--team", metavar="T", help="The team; it is made if there is none of that name.")
@click.option("--full-name", metavar="TEXT", help="The name that screens show.")
@_json
def account_add(
    name: str, role: str, team: str | None, full_name: str | None, as_json: bool
) -> None:
    """Add an account NAME.

    The password is read from standard input; where that is empty or a terminal, one is made and
    printed once.
    """
    typed = "" if sys.stdin.isatty() else sys.stdin.readline().rstrip("\r\n")
    password = typed or accounts.new_password()
    with closing(database.open_database()) as db:
        added = accounts.add(db, accounts.OPERATOR, name, Role(role), password, team, full_name)
    result = {"account": added.username, "role": added.role.value, "team": added.team}
    lines = [f"Account {added.username} ({added.role.value}) added."]
    if not typed:
        result["password"] = password
        lines.append(f"Password, shown only this once: {password}")
    _print(result, as_json, lines)


@main.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@_owner("Whose customers they are; left out, the file's own FP column says it.")
@click.option("--consent-basis", metavar="TEXT", help="How these customers consented, where no column says so.")
@click.option("--dry-run", is_flag=True, help="Tell what would happen; store nothing.")
@click.option("--rejects", type=click.Path(dir_okay=False, path_type=Path), help="Write the rejected rows there, with reasons.")
@click.option("--encoding", type=click.Choice(ENCODINGS), help="Found out, if left out.")
@click.option("--currency", default=WON, show_default=True, metavar="CODE", help="Of amounts that name none.")
@click.option(
    "--premium-cycle",
    type=click.Choice([cycle.value for cycle in PremiumCycle]),
    default=PremiumCycle.MONTHLY.value,
    show_default=True,
    help="How often premiums are paid, where the file does not say.",
)
@click.option("--take-twins", is_flag=True, help="Rows alike in everything, without a policy number, are separate policies.")
@_json
def import_(
    file: Path,
    owner: str | None,
    consent_basis: str | None,
    dry_run: bool,
    rejects: Path | None,
    encoding: str | None,
    currency: str,
    premium_cycle: str,
    take_twins: bool,
    as_json: bool,
) -> None:
    """Import the book of customers and policies in FILE, a CSV.

    Everything that can be taken is stored in one transaction; every other row is told with its
    line and reason.
    """
    if len(currency) != 3 or not currency.isalpha():
        raise click.BadParameter("three letters, such as KRW or USD", param_hint="--currency")
    with closing(database.open_database()) as db:
        options = ImportOptions(
            encoding=encoding,
            consent_basis=consent_basis,
            owner_id=accounts.act_as(db, owner).id if owner else None,
            currency=currency.upper(),
            premium_cycle=PremiumCycle(premium_cycle),
            take_twins=take_twins,
        )
        run = book_import.preview if dry_run else book_import.import_book
        report = run(db, accounts.OPERATOR, file.name, file.read_bytes(), options, _today())
    reasons = [words.say_reasons(LANGUAGE, row.problems) for row in report.rejects]
    if rejects:
        rejects.write_bytes(book_import.rejects_csv(report, reasons))
    _print(_import_result(report, reasons), as_json, _import_lines(report, reasons))


@main.command("customers")
@_owner("Whose customers to list.", required=True)
@click.option("--search", metavar="S", help="Part of a name or e-mail address.")
@click.option("--limit", default=100, show_default=True, help="How many at the most.")
@_valued_on
@_json
def list_customers(
    owner: str, search: str | None, limit: int, valued_on: date, as_json: bool
) -> None:
    """List the customers that the account NAME may see, by name."""
    with closing(database.open_database()) as db:
        page = customers.find(
            db,
            accounts.act_as(db, owner),
            CustomerFilter(search=search),
            valued_on,
            page_size=limit,
        )
    rows = [_plain(row) for row in page.rows.to_dict("records")]
    result = {"total": page.in_scope, "matching": page.matching, "customers": rows}
    lines = [f"{row['id']}  {row['name']}  policies: {row['policies']}" for row in rows]
    _print(result, as_json, [*lines, f"{len(rows)} of {page.matching} shown"])


@main.command("coverage")
@click.argument("customer")
@_valued_on
@_json
def show_coverage(customer: str, valued_on: date, as_json: bool) -> None:
    """Add up what CUSTOMER (id, customer number or name) has in force, with the gaps."""
    with closing(database.open_database()) as db:
        customer_id = customers.identify(db, accounts.OPERATOR, customer)
        summary = coverage.summary(db, accounts.OPERATOR, customer_id, valued_on)
        found = gaps.of_customer(db, accounts.OPERATOR, customer_id, valued_on)
        name = customers.get(db, accounts.OPERATOR, customer_id, valued_on).name
    result = {
        "customer": str(customer_id),
        "name": name,
        "valued_on": valued_on,
        "total_coverage": summary.total.coverage,
        "total_premium": summary.total.premium,
        "unknown": summary.total.unknown,
        "premium_unknown": summary.total.premium_unknown,
        "by_type": {
            kind.value: {
                "policies": held.policies,
                "coverage": held.coverage,
                "premium": held.premium,
                "unknown": held.unknown,
                "premium_unknown": held.premium_unknown,
            }
            for kind, held in summary.by_type.items()
        },
        "other_currencies": summary.other_currencies,
        "gaps": [_gap(gap) for gap in found],
    }
    lines = [f"{name}: coverage {_shown(summary.total.coverage)}, premium a month {_shown(summary.total.premium)}"]
    lines += [f"  {kind.value}: {_shown(held.coverage)} in {held.policies} policies" for kind, held in summary.by_type.items()]
    _print(result, as_json, lines + _gap_lines(found))


@main.command("gaps")
@click.argument("customer", required=False)
@_owner("Whose customers to count; left out, everybody's.")
@_valued_on
@_json
def show_gaps(customer: str | None, owner: str | None, valued_on: date, as_json: bool) -> None:
    """Hold CUSTOMER against every gap rule, or count the whole book by rule and state."""
    with closing(database.open_database()) as db:
        asker = _asker(db, owner)
        if customer:
            found = gaps.of_customer(db, asker, customers.identify(db, asker, customer), valued_on)
            result, lines = [_gap(gap) for gap in found], _gap_lines(found)
        else:
            count, rules = gaps.of_scope(db, asker, valued_on)
            result = {
                "valued_on": valued_on,
                "customers": count,
                "rules": [_rule_count(rule) for rule in rules],
            }
            lines = [
                f"{rule.rule.code}: " + ", ".join(f"{s.value} {n}" for s, n in rule.states.items())
                for rule in rules
            ]
    _print(result, as_json, lines)


@main.command("heatmap")
@click.option("--rows", type=click.Choice([kind.value for kind in RowKind]), default=RowKind.AGE_BAND.value, show_default=True)
@click.option("--measure", type=click.Choice([m.value for m in Measure]), default=Measure.HOLDING.value, show_default=True)
@_owner("Whose customers to count; left out, everybody's.")
@click.option("--currency", default=WON, show_default=True, metavar="CODE", help="The currency of the amounts.")
@_valued_on
@_json
def show_heatmap(
    rows: str, measure: str, owner: str | None, currency: str, valued_on: date, as_json: bool
) -> None:
    """Aggregate coverage by type over the whole book: one cell a row and type."""
    with closing(database.open_database()) as db:
        cells = coverage.heatmap(
            db, _asker(db, owner), RowKind(rows), valued_on, currency.upper()
        )
    shown = coverage.measure_value(cells, Measure(measure))
    result = {
        "rows": rows,
        "measure": measure,
        "valued_on": valued_on,
        "currency": currency.upper(),
        "cells": [_plain(cell) for cell in cells.to_dict("records")],
    }
    lines = [
        f"{row}\t{kind}\t{_shown(_plain_value(value))}"
        for row, kind, value in zip(cells["row"], cells["type"], shown, strict=True)
    ]
    _print(result, as_json, lines)


def _today() -> date:
    return datetime.now(HOME_ZONE).date()


def _asker(db: Database, owner: str | None) -> Account:
    return accounts.act_as(db, owner) if owner else accounts.OPERATOR


def _gap(gap: gaps.Gap) -> dict:
    return {
        "code": gap.rule.code,
        "type": gap.rule.type,
        "state": gap.state.value,
        "recommended": gap.recommended,
        "held": gap.held,
        "short": gap.short,
        "why": gap.why,
    }


def _gap_lines(found: list[gaps.Gap]) -> list[str]:
    return [
        f"  {words.say(LANGUAGE, f'rule.{gap.rule.code}')}: "
        f"{words.say(LANGUAGE, f'state.{gap.state}')} – {words.say(LANGUAGE, f'why.{gap.why}')}"
        for gap in found
    ]


def _rule_count(rule: gaps.RuleCount) -> dict:
    return {
        "code": rule.rule.code,
        "type": rule.rule.type,
        **{state.value: count for state, count in rule.states.items()},
        "shortfall": rule.shortfall,
    }


def _import_result(report: ImportReport, reasons: list[str]) -> dict:
    counts = (
        "batch", "rows", "taken", "customers_created", "policies_created", "created", "updated",
        "unchanged", "rejected", "questions",
    )  # fmt: skip
    return {
        **{name: getattr(report, name) for name in counts},
        "encoding": report.file.encoding,
        "delimiter": report.file.delimiter,
        "columns": {column.header: column.field for column in report.columns.kept if column.header},
        "rejects": [
            {"line": row.line, "reason": reason}
            for row, reason in zip(report.rejects, reasons, strict=True)
        ],
    }


def _import_lines(report: ImportReport, reasons: list[str]) -> list[str]:
    lines = [f"line {row.line}: {reason}" for row, reason in zip(report.rejects, reasons, strict=True)]
    return [
        *lines,
        f"Rows: {report.rows} = {report.taken} taken + {report.rejected} rejected",
        f"Customers created: {report.customers_created}",
        f"Policies created: {report.policies_created}",
    ]


def _demo_lines(has_demo: bool) -> list[str]:
    if not has_demo:
        return []
    signs = [f"  {s['account']:<10} {s['password']}  {s['role']}, {s['team'] or 'all teams'}" for s in demo.sign_ins()]
    return ["Demo accounts (account, password):", *signs]


def _print(result: Any, as_json: bool, lines: list[str]) -> None:
    if as_json:
        click.echo(json.dumps(result, default=_plain_value, ensure_ascii=False, indent=2))
    else:
        for line in lines:
            click.echo(line)


def _plain(row: dict) -> dict:
    return {name: _plain_value(value) for name, value in row.items()}


def _plain_value(value: Any) -> Any:
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
    value = _plain_value(value)
    return "unknown" if value is None else f"{value:,}"
