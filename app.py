"""The process: Streamlit over ui/frame.py, behind the guard. Start it with `streamlit run app.py`.

The frame lies in ui/ because Streamlit's old router serves a folder `pages` that stands beside
the script it runs, past the sign-in.
"""

import gc

import streamlit as st
from starlette.middleware import Middleware

from ui import errors, session
from ui.guard import Guard

app = st.App(
    "ui/frame.py",
    middleware=[Middleware(Guard, database=session.database)],
    on_script_error=errors.tell,
)

# Streamlit collects all garbage after every run: what was imported need not be walked each time.
gc.collect()
gc.freeze()
