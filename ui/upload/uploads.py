"""An upload: the file, kept on the disk as long as it is needed, and what a person said of it."""

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


@dataclass
class Upload:
    """What is being uploaded, the `number`th of the session, and what was said of it.

    `reading` changed `readings` times. `fields` None is guessed. `mapping` is the saved one that
    was taken over, `edition` counts the states of the table of columns. `unclear` are the amount
    fields whose unit nobody knows.
    """

    number: int = 0
    file: KeptFile | None = None
    reading: Reading = field(default_factory=Reading)
    readings: int = 0
    is_fitted: bool = False
    mapping: UUID | None = None
    edition: int = 0
    fields: tuple[str | None, ...] | None = None
    units: dict[str, int] = field(default_factory=dict)
    six_digits: dict[str, str] = field(default_factory=dict)
    words: dict[str, dict[str, str]] = field(default_factory=dict)
    unclear: frozenset[str] = frozenset()
    said: dict[str, Any] = field(default_factory=dict)

    def begin_anew(self, file: KeptFile | None) -> None:
        """Forget this file and what was said of it, for another one or none."""
        self.__init__(number=self.number + 1, file=file)

    def read_otherwise(self, reading: Reading) -> None:
        """Read the file in another way: what was said of its columns is forgotten."""
        self.__init__(
            number=self.number,
            file=self.file,
            reading=reading,
            readings=self.readings + 1,
            edition=self.edition + 1,
            said=self.said,
        )


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
        key=f"book {upload.number}",
    )
    if uploaded is not None:
        session.forget_uploaded(uploaded.file_id)
        try:
            file = keep(session.database(), uploaded.name, uploaded)
        except OSError:
            st.error(text("upload.no_room"))
            st.stop()
        discard(upload, account, file)
        st.rerun()
    if upload.file is None:
        st.stop()
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f":material/description: **{safe(upload.file.name)}**", width="content")
        if st.button(text("upload.discard"), icon=":material/close:", type="tertiary"):
            discard(upload, account)
            st.rerun()


def tell_fault_of_words(text: Text) -> None:
    """Say what is wrong with the file of headers and words, where something is."""
    if fault := words.fault():
        told = safe(wording.say_error(text.language, fault))
        st.error(f"{told} {text('upload.last_good_words')}", icon=":material/dictionary:")


def discard(upload: Upload, account: Account, another: KeptFile | None = None) -> None:
    """Let go of a file and of what is known of it."""
    import_jobs.of_process().forget(account, Kind.LOOK, Kind.PREVIEW)
    upload.begin_anew(another)


def is_of(job: Job, upload: Upload) -> bool:
    """Say whether a job is about this upload's file."""
    return upload.file is not None and job.asked[0] == upload.file.path
