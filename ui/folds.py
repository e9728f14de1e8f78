"""What is folded away is drawn once somebody opens it: a page has much that few look at.

Each tells whether it is open, so that what is in it is asked for and drawn only then.
"""

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import streamlit as st


@contextmanager
def expander(key: str, label: str, icon: str | None = None) -> Generator[bool]:
    """Draw an expander that draws the page anew when it is opened; whether it is open."""
    fold = st.expander(label, icon=icon, key=f"fold {key}", on_change="rerun")
    with fold:
        yield bool(fold.open)


@contextmanager
def popover(key: str, label: str, **look: Any) -> Generator[bool]:
    """Draw a popover that draws the page anew when it is opened; whether it is open."""
    fold = st.popover(label, key=f"fold {key}", on_change="rerun", **look)
    with fold:
        yield bool(fold.open)
