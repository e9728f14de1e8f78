"""Tell a person what went wrong: in their language, without what belongs in the log."""

import logging
import secrets
import traceback
from collections.abc import Generator
from contextlib import contextmanager

import streamlit as st

from fpcore import wording
from fpcore.errors import FpError
from ui import session
from ui.text import safe

log = logging.getLogger(__name__)

TOLD = "told on the page"


@contextmanager
def boundary() -> Generator[None]:
    """Run a block; an error in it is told, and the run goes on after the block.

    What ends a run on purpose (st.stop, st.rerun) is no Exception and passes through. An error in
    a fragment is handed to `tell` by Streamlit, which then raises one of its own: that passes, too.
    """
    try:
        yield
    except Exception as error:
        if TOLD in getattr(error.__context__, "__notes__", ()):
            raise
        tell(error)


def tell(error: Exception) -> bool:
    """Show an error on the page; True, so that Streamlit does not show it too.

    Whatever is no FpError is a fault of the program. The log gets where it happened, not the
    message, which may quote a customer's data; the page gets the reference to find it by.
    """
    error.add_note(TOLD)
    language = session.language()
    if isinstance(error, FpError):
        st.error(safe(wording.say_error(language, error)))
        return True
    reference = secrets.token_hex(4)
    where = "".join(traceback.format_tb(error.__traceback__))
    log.error("error %s: %s\n%s", reference, type(error).__name__, where)
    st.error(wording.say(language, "frame.error", reference=reference))
    return True
