"""The process: Streamlit over ui/frame.py, behind the guard. Start it with `streamlit run app.py`.

The frame lies in ui/ because Streamlit's old router serves a folder `pages` that stands beside
the script it runs, past the sign-in.
"""

import gc
import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress

import streamlit as st
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import RedirectResponse
from starlette.routing import Route

from fpcore.errors import FpError
from ui import errors, session
from ui.server.guard import Guard
from ui.server.uploads_to_disk import UploadsToDisk


@asynccontextmanager
async def hold_database(_: st.App) -> AsyncGenerator[None]:
    """Hold the database file from start to stop; where it cannot be opened, the page says why."""
    with suppress(FpError):
        session.database()
    yield
    with suppress(FpError):
        session.database().close()


def go_to_list(request: Request) -> RedirectResponse:
    """Lead from /customers to /, where the list is: Streamlit gives its first page no name."""
    query = f"?{request.url.query}" if request.url.query else ""
    return RedirectResponse(f"./{query}", status_code=303)


os.umask(0o077)  # what the process writes, DuckDB's log among it, is for this user only

app = st.App(
    "ui/frame.py",
    routes=[Route("/customers", go_to_list)],
    middleware=[
        Middleware(Guard, database=session.database),
        Middleware(UploadsToDisk, database=session.database),
    ],
    lifespan=hold_database,
    on_script_error=errors.tell,
)

# What was imported stays: whoever collects garbage need not walk it each time.
gc.collect()
gc.freeze()
