"""The steps of an upload: read the file, say what holds for all rows, dry run, import."""

from collections.abc import Callable, Sequence
from datetime import date
from uuid import UUID

import streamlit as st

from fpcore import privacy
from fpcore.errors import UnreadableFile, certain
from fpcore.importing import importer
from fpcore.importing.book_file import BookFile, Reading
from fpcore.importing.encoding import ENCODINGS
from fpcore.importing.headers import Columns
from fpcore.importing.importer import ImportOptions
from fpcore.models import WON, Account, PremiumCycle, Role
from ui import session
from ui.text import Text, safe
from ui.upload import import_jobs
from ui.upload.import_jobs import Job, JobState, Kind
from ui.upload.uploads import Upload

CURRENCIES = (WON, "USD", "EUR", "JPY")
FIRST_ROWS = 5
_NAMED_DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab"}


def read(upload: Upload, account: Account, text: Text) -> BookFile:
    """Read the file's beginning, and draw how it was read and how else it may be; what cannot be
    read ends the run."""
    db, file, reading = session.database(), certain(upload.file), upload.reading
    place = st.container()
    job = import_jobs.of_process().begin(
        account,
        Kind.LOOK,
        file.name,
        (file.path, reading),
        lambda _: importer.open_book(
            db, file.name, file.path, ImportOptions(reading=reading)
        ),
    )  # fmt: skip
    import_jobs.wait_for(job, text)
    book, columns = job.result or (None, None)
    with place:
        if book:
            st.markdown(facts(book, text))
        with st.expander(text("upload.settings"), icon=":material/tune:", expanded=book is None):
            _choose_reading(upload, book, text)
            if book:
                _draw_first_rows(book, certain(columns), text)
    _stop_without_result(job, account, text)
    return certain(book)


def facts(book: BookFile, text: Text) -> str:
    """Say how a file was read."""
    place = {"rows": f"{book.record_count:,}", "line": book.header_line}
    if book.encoding:
        name = _NAMED_DELIMITERS.get(book.delimiter)
        delimiter = text(f"upload.delimiter_{name}") if name else safe(book.delimiter)
        line = text(
            "upload.file_facts", encoding=book.encoding.upper(), delimiter=delimiter, **place
        )
    else:
        line = text("upload.sheet_facts", sheet=safe(book.sheet), **place)
    if book.titles:
        titles = safe(privacy.scrubbed(" / ".join(book.titles))[:200])
        line += " " + text("upload.titles", count=len(book.titles), titles=titles)
    return line


def _choose_reading(upload: Upload, book: BookFile | None, text: Text) -> None:
    seen, changes = upload.reading, {}
    line = seen.header_line or (book.header_line if book else 1)
    with st.container(horizontal=True):
        if book is None or book.encoding:
            choices = [None, *ENCODINGS]
            changes["encoding"] = st.selectbox(
                text("upload.encoding"), choices, choices.index(seen.encoding),
                format_func=lambda code: code.upper() if code else text("upload.encoding_auto"),
                key=f"encoding {upload.reading_key}",
            )  # fmt: skip
        if book and book.sheets:
            sheet = st.selectbox(
                text("upload.sheet"), book.sheets, book.sheets.index(book.sheet),
                key=f"sheet {upload.reading_key}",
            )  # fmt: skip
            changes["sheet"] = seen.sheet if sheet == book.sheet else sheet
        chosen = st.number_input(
            text("upload.header_line"), 1, None, line, 1, key=f"header line {upload.reading_key}"
        )
        changes["header_line"] = seen.header_line if chosen == line else chosen
    reading = Reading(**{**seen.model_dump(), **changes})
    if reading != seen:
        upload.read_otherwise(reading)
        st.rerun()


def _draw_first_rows(book: BookFile, columns: Columns, text: Text) -> None:
    """Draw the first rows as they were read, so that a wrong encoding is seen."""
    shown = {text("upload.line"): [line for line, _ in book.head[:FIRST_ROWS]]}
    for column in columns.kept:
        cells = [
            privacy.scrubbed(cells[column.position]) if column.position < len(cells) else ""
            for _, cells in book.head[:FIRST_ROWS]
        ]
        shown[f"{column.position + 1}. {column.header}"] = cells
    st.dataframe(shown, hide_index=True)


def choose_what_holds_for_all(
    upload: Upload, columns: Columns, owners: list[Account], text: Text
) -> ImportOptions:
    """Draw what is asked once for the whole file; all that was said of it. Without a statement of
    consent, where one is needed, the run ends."""
    for_all = upload.for_all
    with st.container(horizontal=True):
        for_all["owner_id"] = _choose_owner(upload, columns, owners, text)
        if columns.of("premium_cycle") is None and columns.premium_cycle is None:
            _choose(upload, "premium_cycle", list(PremiumCycle), text.of("premium_cycle"), text)
        if columns.of("currency") is None:
            _choose(upload, "currency", CURRENCIES, str, text)
    for_all["take_twins"] = st.checkbox(
        text("upload.twins"), for_all.get("take_twins", False), key=f"twins {upload.key}"
    )
    if columns.of("consent"):
        for_all.pop("consent_basis", None)
    else:
        for_all["consent_basis"] = st.text_area(
            text("upload.consent"), for_all.get("consent_basis") or "",
            help=text("upload.consent_help"), max_chars=2000, key=f"consent {upload.key}",
        ).strip()  # fmt: skip
        if not for_all["consent_basis"]:
            st.info(text("upload.consent_needed"))
            st.stop()
    return ImportOptions(
        reading=upload.reading, fields=columns.fields, units=upload.answers.units,
        six_digits=upload.answers.six_digits, words=upload.answers.words, **for_all,
    )  # fmt: skip


def _choose(upload: Upload, name: str, choices: Sequence[str], shown: Callable, text: Text) -> None:
    held = upload.for_all.get(name, choices[0])
    upload.for_all[name] = st.selectbox(
        text(f"upload.{name}"), choices, choices.index(held), format_func=shown,
        key=f"{name} {upload.key}",
    )  # fmt: skip


def _choose_owner(
    upload: Upload, columns: Columns, owners: list[Account], text: Text
) -> UUID | None:
    names = {owner.id: owner.name for owner in sorted(owners, key=lambda o: o.role is not Role.FP)}
    choices: list[UUID | None] = [None, *names] if columns.of("owner") else [*names]
    if len(choices) == 1:
        return choices[0]
    held = upload.for_all.get("owner_id")
    return st.selectbox(
        text("upload.owner"), choices, choices.index(held) if held in choices else 0,
        format_func=lambda owner: names[owner] if owner else text("upload.owner_column"),
        key=f"owner {upload.key} {len(choices)}",
    )  # fmt: skip


def preview(
    upload: Upload, account: Account, options: ImportOptions, text: Text, today: date
) -> Job:
    """Tell what an import would do: the job that found it out; without a result the run ends."""
    db, file = session.database(), certain(upload.file)
    job = import_jobs.of_process().begin(
        account,
        Kind.PREVIEW,
        file.name,
        (file.path, repr(options), today),
        lambda progress: importer.preview(
            db, account, file.name, file.path, options, today, progress
        ),
    )
    import_jobs.wait_for(job, text)
    _stop_without_result(job, account, text)
    return job


def tell_if_outdated(previewed: Job, account: Account, text: Text) -> None:
    """Say that what is stored changed since a preview was made, and offer a new one."""
    if previewed.data_version == session.database().version:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(text("upload.outdated"), width="content")
        if st.button(text("upload.again"), icon=":material/refresh:", type="tertiary"):
            import_jobs.of_process().forget(account, Kind.PREVIEW)
            st.rerun()


def begin_import(upload: Upload, account: Account, options: ImportOptions, today: date) -> None:
    """Begin to import the file, and run the page again: it shows how far that is."""
    db, file, jobs = session.database(), certain(upload.file), import_jobs.of_process()
    jobs.forget(account, Kind.IMPORT)
    jobs.begin(
        account,
        Kind.IMPORT,
        file.name,
        (file.path, repr(options), today),
        lambda progress: importer.import_book(
            db, account, file.name, file.path, options, today, progress
        ),
    )
    st.rerun()


def _stop_without_result(job: Job, account: Account, text: Text) -> None:
    if job.state is JobState.DONE:
        return
    import_jobs.tell_error(job, text)
    if not isinstance(job.error, UnreadableFile) and st.button(
        text("upload.again"), icon=":material/refresh:"
    ):
        import_jobs.of_process().forget(account, job.kind)
        st.rerun()
    st.stop()
