"""An upload: the file, kept on the disk as long as it is needed, and what a person said of it."""

import secrets
import shutil
import weakref
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO
from uuid import UUID

import streamlit as st

from fpcore import wording
from fpcore.importing import words
from fpcore.importing.book_file import Reading
from fpcore.importing.terms import SixDigits
from fpcore.models import Account
from fpcore.store.database import Database
from ui import session
from ui.server import uploads_to_disk
from ui.text import Text, safe
from ui.upload import import_jobs
from ui.upload.import_jobs import Job, Kind

LONGEST_NOTE = 10_000
TYPES = ["csv", "txt", "tsv", "xlsx", "xls", "xlsb", "ods"]


class KeptFile:
    """A file on the disk that only this user may read. It goes when nobody refers to it any more:
    neither the session, which may end without a word, nor a job."""

    def __init__(self, path: Path, name: str) -> None:
        self.path = path
        self.name = name
        weakref.finalize(self, path.unlink, missing_ok=True)


def _new_key() -> str:
    """Make a part of widgets' keys: with a new one they forget what they held."""
    return secrets.token_hex(4)


@dataclass
class Answers:
    """What a person said of the columns of a file and of what stands in them.

    `fields` None is guessed; `mapping` is the saved one that was taken over, once `is_fitted`.
    `unclear` are the amount fields whose unit nobody knows.
    """

    mapping: UUID | None = None
    is_fitted: bool = False
    fields: tuple[str | None, ...] | None = None
    units: dict[str, int] = field(default_factory=dict)
    six_digits: dict[str, SixDigits] = field(default_factory=dict)
    words: dict[str, dict[str, str]] = field(default_factory=dict)
    unclear: frozenset[str] = frozenset()
    key: str = field(default_factory=_new_key)

    def redraw(self) -> None:
        """Draw the table of columns anew, from what is held now."""
        self.key = _new_key()


@dataclass
class Upload:
    """A file that is being uploaded, and what was said of it; `for_all` holds for all rows."""

    file: KeptFile | None = None
    for_all: dict[str, Any] = field(default_factory=dict)
    reading: Reading = field(default_factory=Reading)
    answers: Answers = field(default_factory=Answers)
    key: str = field(default_factory=_new_key)
    reading_key: str = field(default_factory=_new_key)

    def read_otherwise(self, reading: Reading) -> None:
        """Read the file in another way: what was said of its columns is forgotten."""
        self.reading, self.reading_key = reading, _new_key()
        self.answers = Answers()


def current() -> Upload:
    """Give what this session is uploading."""
    return session.draft("upload", Upload)


def keep(db: Database, name: str, stream: BinaryIO) -> KeptFile:
    """Keep an uploaded file: where uploads_to_disk has put it, or else written piece by piece.

    Errors: OSError (disk full, say).
    """
    start = stream.read(LONGEST_NOTE)
    if path := uploads_to_disk.kept_at(start):
        return KeptFile(path, name)
    kept = KeptFile(uploads_to_disk.new_file(db), name)
    stream.seek(0)
    with open(kept.path, "wb") as file:
        shutil.copyfileobj(stream, file)
    return kept


def choose_file(upload: Upload, account: Account, text: Text) -> None:
    """Draw the field to choose a file, and below it the one that was chosen; none ends the run."""
    uploaded = st.file_uploader(
        text("upload.choose" if upload.file is None else "upload.choose_another"),
        type=TYPES,
        key=f"book {upload.key}",
    )
    if uploaded is not None:
        try:
            file = keep(session.database(), uploaded.name, uploaded)
        except OSError:
            st.error(text("upload.no_room"))
            st.stop()
        discard(account, file)
        st.rerun()
    if upload.file is None:
        st.stop()
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f":material/description: **{safe(upload.file.name)}**", width="content")
        if st.button(text("upload.discard"), icon=":material/close:", type="tertiary"):
            discard(account)
            st.rerun()


def tell_fault_of_words(text: Text) -> None:
    """Say what is wrong with the file of headers and words, where something is."""
    if fault := words.fault():
        told = safe(wording.say_error(text.language, fault))
        st.error(f"{told} {text('upload.last_good_words')}", icon=":material/dictionary:")


def discard(account: Account, another: KeptFile | None = None) -> Upload:
    """Let go of a file and of what is known of it; begin with another one or none."""
    import_jobs.of_process().forget(account, Kind.LOOK, Kind.PREVIEW)
    session.forget_draft("upload")
    upload = current()
    upload.file = another
    return upload


def is_of(job: Job, upload: Upload) -> bool:
    """Say whether a job is about this upload's file."""
    return upload.file is not None and job.question[0] == upload.file.path
