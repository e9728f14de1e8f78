"""The commands about books: import one, list the imports there were, undo one."""

from pathlib import Path

import click

from fpcore import wording
from fpcore.access import accounts
from fpcore.commands import documents
from fpcore.commands.documents import LANGUAGE
from fpcore.commands.line import (
    Decorator,
    acting_account,
    currency_option,
    json_option,
    opened,
    owner_option,
    print_output,
)
from fpcore.config import clock
from fpcore.importing import history, importer, undoing
from fpcore.importing.book_file import Reading
from fpcore.importing.encoding import ENCODINGS
from fpcore.importing.fields import AMOUNTS, FIELDS
from fpcore.importing.headers import UNITS
from fpcore.importing.importer import ImportOptions
from fpcore.importing.rejects import rejects_csv
from fpcore.importing.terms import SIX_DIGITS, SixDigits
from fpcore.models import PremiumCycle
from fpcore.store.database import Database


def _pairs(
    *names: str, among: tuple[str, ...], values: tuple[str, ...] | None, help: str
) -> Decorator:
    """An option that may be given several times, as FIELD=VALUE."""

    def read(context: click.Context, option: click.Option, texts: tuple[str, ...]) -> dict:
        pairs = dict(text.partition("=")[::2] for text in texts)
        for field, value in pairs.items():
            if field not in among or (values and value not in values):
                accepted = f"{'|'.join(among)}={'|'.join(values or ('…',))}"
                raise click.BadParameter(f"{field}={value}: give {accepted}")
        return pairs

    return click.option(*names, metavar="FIELD=VALUE", multiple=True, callback=read, help=help)


@click.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@owner_option("Whose customers they are; left out, the file's own FP column says it.")
@click.option(
    "--consent-basis",
    metavar="TEXT",
    help="How these customers consented, where no column says so.",
)
@click.option("--dry-run", is_flag=True, help="Tell what would happen; store nothing.")
@click.option(
    "--rejects",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the rows that are held back there, with reasons.",
)
@click.option("--encoding", type=click.Choice(ENCODINGS), help="Found out, if left out.")
@click.option("--sheet", metavar="NAME", help="Of a workbook; the first with a table, if left out.")
@click.option(
    "--header-line", type=click.IntRange(1), help="The line of the headers; found out, if left out."
)
@click.option(
    "--column",
    "columns",
    metavar="HEADER=FIELD",
    multiple=True,
    help="Take a column as this field (nothing behind the =: not at all).",
)
@_pairs(
    "--unit", among=AMOUNTS, values=tuple(UNITS), help="What a plain number in the column counts."
)
@_pairs(
    "--six-digits",
    among=("start_date", "end_date"),
    values=SIX_DIGITS,
    help="200306 is June 2003 (ym) or 6 March 2020 (ymd).",
)
@click.option(
    "--word",
    "answers",
    metavar="FIELD:TEXT=VALUE",
    multiple=True,
    help="What a text that is not known means, for all its rows.",
)
@currency_option("Of amounts that name none.")
@click.option(
    "--premium-cycle",
    type=click.Choice([cycle.value for cycle in PremiumCycle]),
    default=PremiumCycle.MONTHLY.value,
    show_default=True,
    help="How often premiums are paid, where the file does not say.",
)
@click.option(
    "--take-twins",
    is_flag=True,
    help="Rows alike in everything, without a policy number, are separate policies.",
)
@json_option
def import_(
    file: Path,
    owner: str | None,
    consent_basis: str | None,
    dry_run: bool,
    rejects: Path | None,
    encoding: str | None,
    sheet: str | None,
    header_line: int | None,
    columns: tuple[str, ...],
    unit: dict[str, str],
    six_digits: dict[str, SixDigits],
    answers: tuple[str, ...],
    currency: str,
    premium_cycle: str,
    take_twins: bool,
    as_json: bool,
) -> None:
    """Import the book of customers and policies in FILE, a CSV or a workbook.

    Everything that can be taken is stored in one transaction; every other row is told with its
    line and reason.
    """
    if rejects:
        rejects.touch()
    with opened() as db:
        options = ImportOptions(
            reading=Reading(encoding=encoding, sheet=sheet, header_line=header_line),
            consent_basis=consent_basis,
            owner_id=accounts.act_as(db, owner).id if owner else None,
            currency=currency,
            premium_cycle=PremiumCycle(premium_cycle),
            units={field: UNITS[name] for field, name in unit.items()},
            six_digits=six_digits,
            words=_words(answers),
            take_twins=take_twins,
        )
        if columns:
            options = options.model_copy(update={"fields": _fields(db, file, options, columns)})
        run = importer.preview if dry_run else importer.import_book
        report = run(db, accounts.OPERATOR, file.name, file, options, clock.today())
    reasons = [wording.say_reasons(LANGUAGE, row.problems) for row in report.rejects]
    if rejects:
        rejects.write_bytes(rejects_csv(report, reasons))
    print_output(documents.imported(report, reasons), as_json)


def _words(answers: tuple[str, ...]) -> dict[str, dict[str, str]]:
    """Read FIELD:TEXT=VALUE."""
    found: dict[str, dict[str, str]] = {}
    for answer in answers:
        field, colon, said = answer.partition(":")
        text, equals, value = said.rpartition("=")
        if not (colon and equals and field in FIELDS):
            raise click.BadParameter(f"{answer}: give FIELD:TEXT=VALUE", param_hint="--word")
        found.setdefault(field, {})[text] = value
    return found


def _fields(
    db: Database, file: Path, options: ImportOptions, columns: tuple[str, ...]
) -> tuple[str | None, ...]:
    """What the file's columns are taken as, with what was said of some of them."""
    said = dict(text.rpartition("=")[::2] for text in columns)
    _, found = importer.open_book(db, file.name, file, options)
    headers = [column.header for column in found.all]
    for header, field in said.items():
        if header not in headers or field not in ("", *FIELDS):
            accepted = f"{'|'.join(filter(None, headers))}={'|'.join(FIELDS)}"
            raise click.BadParameter(f"{header}={field}: give {accepted}", param_hint="--column")
    fields = [said.get(column.header, column.field) or None for column in found.all]
    given = set(said.values())
    return tuple(
        None if field in given and header not in said else field
        for header, field in zip(headers, fields, strict=True)
    )


@click.command("imports")
@owner_option("Whose imports; left out, all.")
@click.option("--limit", default=20, show_default=True, help="How many at the most.")
@json_option
def imports(owner: str | None, limit: int, as_json: bool) -> None:
    """List the imports there were, the newest first."""
    with opened() as db:
        found = history.of_account(db, acting_account(db, owner), limit)
    print_output(documents.imports(found), as_json)


@click.command("undo")
@click.argument("batch")
@owner_option("Who undoes it; left out, the operator.")
@click.option("--dry-run", is_flag=True, help="Tell what would happen; change nothing.")
@json_option
def undo(batch: str, owner: str | None, dry_run: bool, as_json: bool) -> None:
    """Undo the import BATCH: take out what it created, put back what it changed.

    What somebody has changed since stays, and is told.
    """
    with opened() as db:
        report = undoing.undo(db, acting_account(db, owner), batch, clock.today(), dry_run=dry_run)
    print_output(documents.undone(report), as_json)


COMMANDS = (import_, imports, undo)
