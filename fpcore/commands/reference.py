"""docs/commands.md, made from the commands' own help: `python -m fpcore.commands.reference`.

What click cannot know, the keys of each command's JSON, stands in JSON below. A test runs the
commands and compares.
"""

import click

from fpcore.commands.main import main

IMPORT_COUNTS = "`rows` = `created` + `updated` + `unchanged` + `questions` + `rejected`"

JSON: dict[str, dict[str, str]] = {
    "init": {
        "database": "the file's path",
        "demo_accounts": "`[{account, role, team, password}]`, empty without `--demo`",
    },
    "account add": {
        "account, role, team, sees_names": "the account as it is now",
        "password": "only where one was made",
    },
    "account set": {"account, role, team, sees_names": "the account as it is now"},
    "import": {
        "batch": "the import's id; null in a dry run",
        "rows, created, updated, unchanged, questions, rejected": IMPORT_COUNTS,
        "taken": "created, updated and unchanged together",
        "customers_created, policies_created": "counts",
        "encoding, delimiter, sheet, header_line": "how the file was read",
        "columns": "`{header: field}`",
        "notes": "`{code: count}`",
        "doubts": "`[{field, code, rows, samples}]`",
        "unknown_words": "`[{field, text, rows}]`",
        "gone": "policies of earlier imports that the file no longer has",
        "rejects": "`[{line, reason}]`: faulty rows and questions",
    },
    "imports": {
        "imports": "`[{id, file_name, imported_by, state, row_count, created_count, …, created_at, "
        "finished_at, undone_by, undone_at, may_undo}]`",
    },
    "undo": {
        "batch": "the import's id",
        "customers_removed, policies_removed, customers_restored, policies_restored": "counts",
        "left_count, left": "what stays: `[{record, customer_id, name, what, why, by, at}]`",
    },
    "customers": {
        "total, matching, withdrawn, names_masked": "how many, and what is not shown",
        "customers": "`[{id, name, gender, age, occupation, phone, email, owner, last_contact_on, "
        "next_contact_on, next_end_on, marketing, policies, coverage, unknown, premium, "
        "premium_unknown}]`",
    },
    "coverage": {
        "customer, name, valued_on": "who, and as of which day",
        "total_coverage, total_premium, unknown, premium_unknown": "known sums, and how many "
        "amounts are not known",
        "by_type": "`{type: {policies, coverage, premium, unknown, premium_unknown}}`",
        "other_currencies": "sums that are in no other sum",
        "gaps": "`[{code, type, state, recommended, held, short, why}]`",
    },
    "gaps": {
        "of a customer": "`[{code, type, state, recommended, held, short, why, coverage, severity, "
        "version, source, grade, missing, terms, ways, target, counted, not_counted, is_costly}]`, "
        "the worst first",
        "of everybody": "`valued_on, customers, rules: [{code, type, not_needed, covered, partial, "
        "gap, unknown, shortfall}]`",
    },
    "rules": {
        "valued_on": "the day",
        "fault": "what is wrong with the rule file, else null",
        "rules": "`[{code, coverage, severity, valid_from, when, need, choices, source, grade, "
        "version, …}]`",
    },
    "heatmap": {
        "rows, measure, valued_on, currency, since, team": "what was asked",
        "cells": "`[{row, type, customers, holders, lacking, coverage, premium, unknown, "
        "premium_unknown, value, n, base, left_out}]`. `coverage` and `premium` are known sums, "
        "null where holders have nothing known. `value` is the measure, of `base` customers; `n` "
        "are behind the cell; `left_out` are not known",
    },
    "sql": {"statements": "`[{sql, parameters}]`, in the order in which they are run"},
    "check": {
        "customers, policies": "how many were looked at",
        "differences": "`[{code, customer, column, kept, computed}]`; exit 1 if there is one",
    },
    "export": {
        "valued_on, exported_at, exported_by": "when and by whom",
        "customer, owner, sources, consents, policies, contacts, targets, gap_history, "
        "before_import, log": "all that is held about one person",
    },
    "erase": {
        "erased": "the name; with `--due` how many",
        "policies, contacts, consents": "counts; not with `--due`",
    },
}
"""By command, the keys of its JSON and what they hold. Keys with the same note share a line."""

_HEAD = """\
# Commands

Written by `python -m fpcore.commands.reference`; not to be changed by hand.

`python -m fpcore COMMAND --help` says the same on the spot. With `--json` a command prints one
document. A key may be added to it; none changes its meaning. Amounts are numbers, unknown ones
null. Premiums are monthly equivalents: yearly ÷ 12, single payments and paid-up policies 0. An
error is one sentence on standard error with exit status 1, wrong usage with 2. While the app runs
it holds the database file, and a command says so.
"""


def document() -> str:
    """Write the page: Markdown, every command with its options and the keys of its JSON."""
    sections = [_section(name, command) for name, command in commands(main)]
    return "\n".join([_HEAD, *sections])


def commands(group: click.Group, before: str = "") -> list[tuple[str, click.Command]]:
    """List all commands with their names in full, those of groups within groups too."""
    listed: list[tuple[str, click.Command]] = []
    for name in group.list_commands(click.Context(group)):
        command = group.commands[name]
        full = f"{before}{name}"
        is_group = isinstance(command, click.Group)
        listed += commands(command, f"{full} ") if is_group else [(full, command)]
    return sorted(listed)


def _section(name: str, command: click.Command) -> str:
    context = click.Context(command, info_name=name)
    usage = " ".join(command.collect_usage_pieces(context))
    lines = [f"## {name}", "", f"`python -m fpcore {name} {usage}`", "", _prose(command.help), ""]
    options = [_option(option) for option in command.params if isinstance(option, click.Option)]
    if options:
        lines += ["| Option | |", "|---|---|", *options, ""]
    if name in JSON:
        rows = [f"| {_codes(keys)} | {_cell(note)} |" for keys, note in JSON[name].items()]
        lines += ["| JSON | |", "|---|---|", *rows, ""]
    return "\n".join(lines)


def _option(option: click.Option) -> str:
    shape = "" if option.is_flag else f" {option.make_metavar(click.Context(main))}"
    name = "`, `".join([*option.opts, *option.secondary_opts])
    default = option.default if option.show_default and option.default is not None else None
    shown = f" Default: `{default}`." if default is not None else ""
    return f"| `{name}{_cell(shape)}` | {_cell(option.help or '')}{shown} |"


def _prose(text: str | None) -> str:
    """Join the lines of each paragraph."""
    paragraphs = (text or "").split("\n\n")
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)


def _codes(keys: str) -> str:
    if keys.startswith("of "):
        return keys
    return ", ".join(f"`{key}`" for key in keys.split(", "))


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    print(document(), end="")
