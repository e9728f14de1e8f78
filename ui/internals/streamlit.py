"""What the product relies on in Streamlit beyond what Streamlit promises.

Nothing else in the product may name these things. tests/pages/test_internals.py holds each
against the installed version.
"""

from pathlib import Path

import streamlit
from streamlit.delta_generator import DeltaGenerator as Place

__all__ = ["DOWNLOADS", "UPLOADS", "Place", "page"]

# `Place` is what st.container() and st.columns() give: where something can be drawn.

UPLOADS = "/_stcore/upload_file/"
"""Where the browser PUTs a file that somebody chose, as multipart/form-data of one part."""

DOWNLOADS = "/media/"
"""Where the browser gets what st.download_button holds ready."""


def page() -> str:
    """Read the HTML page that Streamlit serves at every address of the app."""
    return (Path(streamlit.__file__).parent / "static" / "index.html").read_text()
