"""Long work on a book: it runs in a thread, while people do other things and also once they left.

A job belongs to the account that began it, and nobody else sees it. No thread touches the page.
"""

import atexit
import logging
import secrets
import threading
import traceback
from collections.abc import Callable, Hashable
from enum import StrEnum
from typing import Any
from uuid import UUID

import streamlit as st

from fpcore import wording
from fpcore.errors import FpError, ImportCancelled
from fpcore.importing.progress import Progress
from fpcore.models import Account
from ui import session
from ui.text import Text, safe

log = logging.getLogger(__name__)

PATIENCE = 1.0  # seconds that a page waits before it shows how far a job is
STOP_PATIENCE = 10.0  # seconds that a stopping process waits for a cancelled job


Question = tuple[Hashable, ...]


class Kind(StrEnum):
    """What a job does; of each kind an account has one, the last."""

    LOOK = "look"
    PREVIEW = "preview"
    IMPORT = "import"


class JobState(StrEnum):
    """How a job stands."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Job:
    """Work that runs or has ended: `result` of one that is done, `error` of one that failed.

    `question` is what it answers: the file first, then how it is read. `reference` is what the log
    calls an error that is no FpError.
    """

    def __init__(
        self, kind: Kind, name: str, question: tuple[Hashable, ...], data_version: int
    ) -> None:
        self.kind = kind
        self.name = name
        self.question = question
        self.data_version = data_version
        self.progress = Progress()
        self.state = JobState.RUNNING
        self.result: Any = None
        self.error: Exception | None = None
        self.reference = ""
        self.ended = threading.Event()

    @property
    def is_running(self) -> bool:
        """Whether it has not ended yet."""
        return not self.ended.is_set()


class Jobs:
    """The jobs of all accounts on one database. An account's jobs run one after the other."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._jobs: dict[tuple[UUID, Kind], Job] = {}
        self._last: dict[UUID, Job] = {}

    def of(self, account: Account, kind: Kind) -> Job | None:
        """Give the account's last job of this kind."""
        return self._jobs.get((account.id, kind))

    def begin(
        self,
        account: Account,
        kind: Kind,
        name: str,
        question: Question,
        work: Callable[[Progress], Any],
    ) -> Job:
        """Start a job, or give the one that answers the same already, ended or not.

        What the account had running is cancelled, unless it is an import; `name` is the file's.
        """
        with self._lock:
            held = self._jobs.get((account.id, kind))
            if held and held.question == question:
                return held
            before = self._last.get(account.id)
            if before and before.is_running and before.kind is not Kind.IMPORT:
                before.progress.cancel()
            self._jobs.pop((account.id, kind), None)  # they stand in the order of their beginning
            job = Job(kind, name, question, session.database().version)
            self._jobs[account.id, kind] = self._last[account.id] = job
        threading.Thread(target=_run, args=(job, before, work), daemon=True).start()
        return job

    def forget(self, account: Account, *kinds: Kind) -> None:
        """Let go of jobs; what still runs of them is cancelled."""
        with self._lock:
            for kind in kinds:
                job = self._jobs.pop((account.id, kind), None)
                if job and job.is_running:
                    job.progress.cancel()

    def is_waiting(self, job: Job) -> bool:
        """Whether an import waits for one that somebody began earlier."""
        with self._lock:
            imports = [other for other in self._jobs.values() if other.kind is Kind.IMPORT]
        return job in imports and any(o.is_running for o in imports[: imports.index(job)])

    def stop(self) -> None:
        """Cancel what runs and see it end: the process must not end in the midst of it."""
        running = [job for job in self._last.values() if job.is_running]
        for job in running:
            job.progress.cancel()
        for job in running:
            job.ended.wait(STOP_PATIENCE)


def _run(job: Job, before: Job | None, work: Callable[[Progress], Any]) -> None:
    if before:
        before.ended.wait()
    try:
        job.progress.step("opening")  # unless it was cancelled before it began
        job.result = work(job.progress)
        job.state = JobState.DONE
    except ImportCancelled as error:
        job.error, job.state = error, JobState.CANCELLED
    except Exception as error:
        if not isinstance(error, FpError):
            job.reference = _logged(error)
        job.error, job.state = error.with_traceback(None), JobState.FAILED
    finally:
        job.ended.set()


def _logged(error: Exception) -> str:
    """Log where it happened, not the message, which may quote a customer; its reference."""
    reference = secrets.token_hex(4)
    where = "".join(traceback.format_tb(error.__traceback__))
    log.error("error %s: %s\n%s", reference, type(error).__name__, where)
    return reference


def of_process() -> Jobs:
    """Give the jobs on the process's database."""
    return _of_database(session.database().path)


@st.cache_resource(show_spinner=False)
def _of_database(path: str) -> Jobs:
    jobs = Jobs()
    atexit.register(jobs.stop)
    return jobs


def wait_for(job: Job, text: Text) -> None:
    """Go on once a job has ended; where that takes longer, show how far it is and end the run.

    The page runs again by itself at the end of the job.
    """
    if not job.ended.wait(PATIENCE):
        _follow(job, text)
        st.stop()


@st.fragment(run_every=0.5)
def _follow(job: Job, text: Text) -> None:
    if not job.is_running:
        st.rerun()
    step = "waiting" if of_process().is_waiting(job) else job.progress.step_name or "opening"
    st.progress(
        job.progress.share, f"{safe(job.name)}: {text(f'upload.doing_{job.kind}')} "
        f"{text(f'upload.step_{step}')}",
    )  # fmt: skip
    if job.kind is not Kind.LOOK and st.button(
        text("upload.cancel"), icon=":material/close:", key=f"cancel {job.kind}",
        disabled=job.progress.is_cancelled,
    ):  # fmt: skip
        job.progress.cancel()


def tell_error(job: Job, text: Text) -> None:
    """Draw why a job brought no result."""
    if job.state is JobState.CANCELLED:
        st.warning(text("upload.cancelled"))
    elif isinstance(job.error, FpError):
        st.error(safe(wording.say_error(text.language, job.error)))
    else:
        st.error(text("upload.broken", reference=job.reference))
