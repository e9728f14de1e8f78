"""What all commands share: options, the open database, how output and errors are printed."""

import json
from collections.abc import Callable, Generator
from contextlib import closing, contextmanager
from typing import Any

import click

from fpcore import starting, wording
from fpcore.access import accounts
from fpcore.commands import documents
from fpcore.commands.documents import LANGUAGE
from fpcore.config import clock
from fpcore.errors import FpError
from fpcore.models import WON, Account, Measure, RowKind, is_shown
from fpcore.store.database import Database

Decorator = Callable[[Callable], Callable]


class Commands(click.Group):
    """A group whose commands end with one sentence, not a traceback, where something is wrong."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if any(not is_shown(argument) for argument in args):
            raise click.UsageError("An argument is not readable as text (UTF-8).")
        return super().parse_args(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except FpError as error:
            raise click.ClickException(wording.say_error(LANGUAGE, error)) from error
        except OSError as error:
            raise click.ClickException(f"{error.strerror}: {error.filename}") from error


def json_option(command: Callable) -> Callable:
    return click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")(command)


def valued_on_option(command: Callable) -> Callable:
    return click.option(
        "--valued-on",
        type=click.DateTime(["%Y-%m-%d"]),
        callback=lambda context, option, day: day.date() if day else clock.today(),
        help="The day it is for, as YYYY-MM-DD. Today, if left out.",
    )(command)


def currency_option(help_text: str) -> Decorator:
    return click.option(
        "--currency",
        default=WON,
        show_default=True,
        metavar="CODE",
        callback=_currency_code,
        help=help_text,
    )


def _currency_code(context: click.Context, option: click.Option, code: str) -> str:
    if len(code) != 3 or not (code.isascii() and code.isalpha()):
        raise click.BadParameter("three letters, such as KRW or USD")
    return code.upper()


def owner_option(help_text: str, required: bool = False) -> Decorator:
    return click.option("--owner", metavar="NAME", required=required, help=help_text)


rows_option = click.option(
    "--rows",
    type=click.Choice([kind.value for kind in RowKind]),
    default=RowKind.AGE_BAND.value,
    show_default=True,
)
measure_option = click.option(
    "--measure",
    type=click.Choice([measure.value for measure in Measure]),
    default=Measure.HOLDING.value,
    show_default=True,
)
team_option = click.option("--team", metavar="TEAM", help="Count the customers of this team only.")
since_option = click.option(
    "--since",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="DATE",
    help="The day that the measure `change` looks back to.  [default: 90 days before]",
)


@contextmanager
def opened(create: bool = False) -> Generator[Database]:
    """Open the database and bring it up to the day."""
    with closing(starting.start(clock.today(), create=create)) as db:
        if db.copy:
            click.echo(wording.say(LANGUAGE, "database.copied", path=db.copy), err=True)
        for fault in starting.faults():
            click.echo(wording.say_error(LANGUAGE, fault), err=True)
        yield db


def acting_account(db: Database, owner: str | None) -> Account:
    return accounts.act_as(db, owner) if owner else accounts.OPERATOR


def print_output(output: documents.Output, as_json: bool) -> None:
    document, lines = output
    if as_json:
        plain = documents.plain_value
        lines = [json.dumps(document, default=plain, ensure_ascii=False, indent=2)]
    for line in lines:
        click.echo(line)
