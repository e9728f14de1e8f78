"""The commands of `python -m fpcore`, for scripts and for those who run the program.

They act as the operator of the machine, or for the account named with --owner. With --json each
prints one JSON document (docs/commands.md); without it, lines for people. An error goes to standard
error as one sentence, with exit status 1 (2 for wrong usage).
"""

import os
import subprocess
import sys
from datetime import date, datetime
from io import TextIOWrapper
from pathlib import Path

import click

from fpcore import wording
from fpcore.access import accounts
from fpcore.commands import demo, documents, importing, sql
from fpcore.commands.line import (
    Commands,
    acting_account,
    currency_option,
    json_option,
    measure_option,
    opened,
    owner_option,
    print_output,
    rows_option,
    since_option,
    team_option,
    valued_on_option,
)
from fpcore.config import clock
from fpcore.config.paths import ROOT
from fpcore.customers import consents, coverage, profiles
from fpcore.errors import certain
from fpcore.gaps import explanation, publishing, scopes
from fpcore.kept import consistency
from fpcore.models import Measure, Role, RowKind
from fpcore.person import disclosure, erasure, in_words
from fpcore.portfolio import customer_list, heatmaps
from fpcore.portfolio.filters import CustomerFilter
from fpcore.rules import records, rulebook
from fpcore.store import opening
from fpcore.store.database import Database


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Customers, policies, coverage and gaps of an insurance planner's book.

    The database is data/fp.duckdb, or the file that FP_DATABASE names.
    """
    os.umask(0o077)  # what is written here, DuckDB's log among it, is for this user only
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # not what somebody has put in its place
            stream.reconfigure(encoding="utf-8", errors="replace")


@main.command()
@click.option(
    "--demo", "with_demo", is_flag=True, help="Add the demo accounts and load the demo book."
)
@json_option
def init(with_demo: bool, as_json: bool) -> None:
    """Make the database if there is none, and bring its tables up to date."""
    with opened(create=True) as db:
        if with_demo:
            demo.load(db, clock.today())
        document = {"database": db.path, "demo_accounts": demo.sign_ins() if with_demo else []}
    accounts_lines = documents.demo_accounts() if with_demo else []
    print_output((document, [f"Database: {document['database']}", *accounts_lines]), as_json)


@main.command()
@click.option("--port", default=8501, show_default=True, help="The port of the app's address.")
def start(port: int) -> None:
    """Start the app; make the database with the demo book first if there is none."""
    path = opening.configured_path()
    if not Path(path).exists():
        click.echo("Making the database and loading the demo book …")
        with opened(create=True) as db:
            demo.load(db, clock.today())
    with opened() as db:
        has_demo = demo.is_loaded(db)
    click.echo(f"The app: http://localhost:{port}")
    if has_demo:
        click.echo("\n".join(documents.demo_accounts()))
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(port)]
    os.environ["FP_DATABASE"] = str(Path(path).resolve())
    os.chdir(ROOT)
    if os.name == "posix":
        os.execv(sys.executable, command)  # whoever stops this command stops the app
    raise SystemExit(subprocess.call(command))


@main.group()
def account() -> None:
    """Accounts: who may sign in, and what they may see."""


@account.command("add")
@click.argument("name")
@click.option("--role", type=click.Choice([role.value for role in Role]), required=True)
@click.option("--team", metavar="T", help="The team; it is made if there is none of that name.")
@click.option("--full-name", metavar="TEXT", help="The name that screens show.")
@click.option(
    "--names/--no-names",
    "sees_names",
    default=True,
    help="Whether it sees the names of customers who are not its own; with them, if left out.",
)
@json_option
def account_add(
    name: str, role: str, team: str | None, full_name: str | None, sees_names: bool, as_json: bool
) -> None:
    """Add an account NAME.

    The password is read from standard input; where that is empty or a terminal, one is made and
    printed once.
    """
    typed = "" if sys.stdin.isatty() else sys.stdin.readline().rstrip("\r\n")
    password = typed or accounts.new_password()
    with opened() as db:
        added = accounts.add(
            db, accounts.OPERATOR, name, Role(role), password, team, full_name, sees_names
        )
    document, lines = documents.account(added, "added")
    if not typed:
        document["password"] = password
        lines.append(f"Password, shown only this once: {password}")
    print_output((document, lines), as_json)


@account.command("set")
@click.argument("name")
@click.option(
    "--names/--no-names",
    "sees_names",
    required=True,
    help="Whether it sees the names of customers who are not its own.",
)
@json_option
def account_set(name: str, sees_names: bool, as_json: bool) -> None:
    """Change the account NAME: it counts from its next click on."""
    with opened() as db:
        changed = accounts.set_names(db, accounts.OPERATOR, name, sees_names)
    print_output(documents.account(changed, "changed"), as_json)


@main.command("customers")
@owner_option("Whose customers to list.", required=True)
@click.option("--search", metavar="S", help="Part of a name or e-mail address.")
@click.option("--limit", default=100, show_default=True, help="How many at the most.")
@valued_on_option
@json_option
def list_customers(
    owner: str, search: str | None, limit: int, valued_on: date, as_json: bool
) -> None:
    """List the customers that the account NAME may see, by name."""
    with opened() as db:
        page = customer_list.find(
            db,
            accounts.act_as(db, owner),
            CustomerFilter(search=search),
            valued_on,
            page_size=limit,
        )
    print_output(documents.listed(page), as_json)


@main.command("coverage")
@click.argument("customer")
@valued_on_option
@json_option
def show_coverage(customer: str, valued_on: date, as_json: bool) -> None:
    """Add up what CUSTOMER (id, customer number or name) has in force, with the gaps."""
    with opened() as db:
        customer_id = profiles.identify(db, accounts.OPERATOR, customer)
        summary = coverage.summary(db, accounts.OPERATOR, customer_id, valued_on)
        found = explanation.of_customer(db, accounts.OPERATOR, customer_id, valued_on)
        name = profiles.get(db, accounts.OPERATOR, customer_id, valued_on).name
    print_output(documents.covered(name, summary, found), as_json)


@main.command("gaps")
@click.argument("customer", required=False)
@owner_option("Whose customers to count; left out, everybody's.")
@valued_on_option
@json_option
def show_gaps(customer: str | None, owner: str | None, valued_on: date, as_json: bool) -> None:
    """Hold CUSTOMER against every gap rule, or count the whole book by rule and state."""
    with opened() as db:
        asker = acting_account(db, owner)
        if customer:
            found = explanation.of_customer(
                db, asker, profiles.identify(db, asker, customer), valued_on
            )
            output = documents.gaps_of_customer(found)
        else:
            output = documents.gaps_of_scope(scopes.of_scope(db, asker, valued_on))
    print_output(output, as_json)


@main.command("rules")
@click.option(
    "--check",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Read FILE as a rule file and say what is wrong with it; nothing is taken.",
)
@valued_on_option
@json_option
def show_rules(check: Path | None, valued_on: date, as_json: bool) -> None:
    """List the gap rules in use, or check a rule file."""
    if check:
        found = records.in_use(rulebook.load(check), valued_on)
        print_output(documents.rules(found, valued_on, None), as_json)
        return
    with opened() as db:
        found = publishing.in_use(db, accounts.OPERATOR, valued_on)
        fault = publishing.fault(db, accounts.OPERATOR)
    print_output(documents.rules(found, valued_on, fault), as_json)


@main.command("check")
@json_option
@click.pass_context
def check_all(context: click.Context, as_json: bool) -> None:
    """Recompute all that is kept for speed, and name every difference; exit 1 if there is one."""
    with opened() as db:
        found = consistency.check(db, clock.today())
    print_output(documents.checked(found), as_json)
    if found.findings:
        context.exit(1)


@main.command("heatmap")
@rows_option
@measure_option
@owner_option("Whose customers to count; left out, everybody's.")
@team_option
@since_option
@currency_option("The currency of the amounts.")
@valued_on_option
@json_option
def show_heatmap(
    rows: str,
    measure: str,
    owner: str | None,
    team: str | None,
    since: datetime | None,
    currency: str,
    valued_on: date,
    as_json: bool,
) -> None:
    """Aggregate coverage by type over the whole book: one cell a row and type."""
    before = since.date() if since else valued_on - heatmaps.LOOKING_BACK
    with opened() as db:
        asked = (db, acting_account(db, owner), RowKind(rows))
        found = heatmaps.heatmap(*asked, Measure(measure), valued_on, currency, before, team)
        figures = heatmaps.figures(*asked, valued_on, currency, team)
    print_output(documents.heatmap(found, figures), as_json)


@main.command("export")
@click.argument("customer")
@click.option(
    "--html",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write it there as a page to read or print.",
)
@click.option(
    "--language",
    type=click.Choice(wording.LANGUAGES),
    default=wording.LANGUAGES[0],
    show_default=True,
    help="The language of that page.",
)
@json_option
def export(customer: str, html: Path | None, language: str, as_json: bool) -> None:
    """Give all that is held about CUSTOMER (id, customer number or name), for their request.

    The log of the customer notes that it was given.
    """
    with opened() as db:
        customer_id = profiles.identify(db, accounts.OPERATOR, customer)
        if html:
            _make_private(html)
        document = disclosure.export(db, accounts.OPERATOR, customer_id, clock.today())
    output = documents.exported(document)
    if html:
        html.write_text(in_words.page(document, language), encoding="utf-8")
        output = document, [f"Page written: {html}"]
    print_output(output, as_json)


@main.command("erase")
@click.argument("customer", required=False)
@click.option("--due", is_flag=True, help="Erase everybody whose day of destruction has come.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
def erase(customer: str | None, due: bool, yes: bool, as_json: bool) -> None:
    """Erase CUSTOMER (id, customer number or name) with all that is held about them.

    Their bytes leave the database file, too. It cannot be undone.
    """
    if due == bool(customer):
        raise click.UsageError("Name either a CUSTOMER or --due.")
    with opened() as db:
        output = _erase_due(db, yes) if due else _erase_one(db, certain(customer), yes)
    print_output(output, as_json)


def _erase_one(db: Database, customer: str, yes: bool) -> documents.Output:
    customer_id = profiles.identify(db, accounts.OPERATOR, customer)
    going = profiles.removal(db, accounts.OPERATOR, customer_id)
    _make_sure(documents.erasing(going, db.copies()), "the name", going.name, yes)
    erasure.erase(db, accounts.OPERATOR, customer_id, going)
    return documents.erased(going)


def _erase_due(db: Database, yes: bool) -> documents.Output:
    withdrawn = consents.withdrawn(db, accounts.OPERATOR)
    due = [customer for customer in withdrawn if customer.destroy_by <= clock.today()]
    if due:
        _make_sure(documents.erasing_due(due, db.copies()), "their number", str(len(due)), yes)
    return documents.erased_due(erasure.erase_due(db, accounts.OPERATOR, clock.today()))


def _make_sure(warning: str, what: str, expected: str, yes: bool) -> None:
    """Ask for a word that nobody types by accident."""
    if yes:
        return
    question = f"{warning}\nType {what} to go on"
    if click.prompt(question, default="", show_default=False, err=True).strip() != expected:
        raise click.ClickException(f"Nothing was erased: that is not {what}.")


def _make_private(path: Path) -> None:
    """Make a file that only its owner may read; what it held is gone."""
    path.unlink(missing_ok=True)
    os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))


for command in (*importing.COMMANDS, sql.show_sql):
    main.add_command(command)
