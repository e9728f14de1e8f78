"""What a page shows stands in its address: a link shows the same again, and "back" works.

The address is the one source. A widget shows what stands in it, in every run; a changed widget
changes the address before the page is drawn.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any, Literal, overload
from urllib.parse import parse_qsl, urlencode

import streamlit as st

from ui import session

Shown = Callable[[str], Any]
Visibility = Literal["visible", "hidden", "collapsed"]

EARLIEST, LATEST = date(1900, 1, 1), date(2199, 12, 31)


def read(name: str) -> str | None:
    """Give a parameter of the address; None for a missing or empty one."""
    return st.query_params.get(name) or None


def write(**values: object) -> None:
    """Change parameters of the address and draw the page anew; None takes one away."""
    _put(values)
    st.rerun()


def _put(values: Mapping[str, object]) -> None:
    for name, value in values.items():
        if value is None:
            st.query_params.pop(name, None)
        else:
            st.query_params[name] = str(value)


def replace(values: Mapping[str, object]) -> None:
    """Put these parameters in the place of all others and draw the page anew."""
    st.query_params.from_dict({name: str(value) for name, value in values.items()})
    st.rerun()


def clear() -> None:
    """Take all parameters out of the address and draw the page anew."""
    st.query_params.clear()
    st.rerun()


def number(name: str) -> int | None:
    """Give a parameter that is a whole number of at most nine digits; None for anything else."""
    written = read(name) or ""
    return int(written) if written.isascii() and written.isdigit() and len(written) < 10 else None


def day(name: str) -> date | None:
    """Give a parameter that is a day, written as 2026-01-31; None for anything else."""
    try:
        written = date.fromisoformat(read(name) or "")
    except ValueError:
        return None
    return written if EARLIEST <= written <= LATEST else None


def here() -> str:
    """Give all parameters as one text, for a link that comes back here."""
    return urlencode(st.query_params.to_dict())


def parameters(text: str | None) -> dict[str, str]:
    """Read what `here` wrote."""
    return dict(parse_qsl(text or ""))


@overload
def choice(
    name: str, label: str, options: Sequence[str], shown: Shown, placeholder: None = None,
    forgets: Sequence[str] = (), segmented: bool = False, label_visibility: Visibility = "visible",
) -> str: ...  # fmt: skip
@overload
def choice(
    name: str, label: str, options: Sequence[str], shown: Shown, placeholder: str,
    forgets: Sequence[str] = (), segmented: bool = False, label_visibility: Visibility = "visible",
) -> str | None: ...  # fmt: skip
def choice(
    name: str,
    label: str,
    options: Sequence[str],
    shown: Shown,
    placeholder: str | None = None,
    forgets: Sequence[str] = (),
    segmented: bool = False,
    label_visibility: Visibility = "visible",
) -> str | None:
    """Draw a choice whose value is the parameter `name`; the first option unless told otherwise.

    With a `placeholder` nothing need be chosen (None). A change takes the parameters in
    `forgets` (a page number, say) out of the address.
    """
    options = list(options)
    default = None if placeholder else options[0]
    current = read(name) if read(name) in options else default
    follows = _widget(name, current, default, forgets)
    if segmented:
        st.segmented_control(
            label, options, required=True, format_func=shown, wrap=True,
            label_visibility=label_visibility, **follows,
        )  # fmt: skip
    else:
        st.selectbox(
            label, options, index=None if placeholder else 0, format_func=shown,
            placeholder=placeholder, label_visibility=label_visibility, **follows,
        )  # fmt: skip
    return current


def typed(name: str, label: str, forgets: Sequence[str] = (), **settings: Any) -> str | None:
    """Draw a text field whose value is the parameter `name`."""
    current = read(name)
    st.text_input(label, **_widget(name, current or "", "", forgets), **settings)
    return current


def whole_number(name: str, label: str, forgets: Sequence[str] = (), most: int = 150) -> int | None:
    """Draw a field for a whole number from 0 whose value is the parameter `name`."""
    written = number(name)
    current = None if written is None else min(written, most)
    follows = _widget(name, current, None, forgets)
    st.number_input(label, min_value=0, max_value=most, value=None, **follows)
    return current


def chosen_day(name: str, label: str, default: date, latest: date) -> date:
    """Draw a day whose value is the parameter `name`, `default` unless told otherwise."""
    current = day(name) or default
    current = current if current <= latest else default
    st.date_input(
        label, None, min_value=EARLIEST, max_value=latest, format="YYYY-MM-DD", required=True,
        width=160, **_widget(name, current, default),
    )  # fmt: skip
    return current


def pages(name: str, pages: int) -> int:
    """Draw the pages of a list, where it has more than one; the parameter `name` is the page."""
    if pages < 2:
        return 1
    current = min(max(number(name) or 1, 1), pages)
    st.pagination(pages, **_widget(name, current))
    return current


def _widget(
    name: str, current: object, default: object = None, forgets: Sequence[str] = ()
) -> dict[str, Any]:
    """Let a widget, drawn next, show the parameter `name`: what Streamlit has to be told of it."""
    session.show(_key(name), current)
    return {"key": _key(name), "on_change": _follow, "args": (name, default, forgets)}


def _follow(name: str, default: object, forgets: Sequence[str]) -> None:
    """Put what a widget was changed to into the address; its default needs no parameter."""
    chosen = session.shown(_key(name))
    _put({name: None if chosen == default else chosen, **dict.fromkeys(forgets)})


def _key(name: str) -> str:
    return f"{name}="
