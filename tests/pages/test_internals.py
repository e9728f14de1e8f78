"""What the product relies on in other people's libraries, beyond what they promise.

Where one of these fails after an update, the module of ui/internals that it names is to be
adapted, and nothing else.
"""

import json
import subprocess
import sys
from pathlib import Path

import bcrypt
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from ui.internals import authenticator
from ui.internals import streamlit as internals
from ui.server import guard

KEY = "k" * 64


@pytest.fixture(scope="module")
def served() -> dict:
    """What Streamlit's own server says."""
    script = Path(__file__).with_name("served.py")
    process = subprocess.run([sys.executable, script], capture_output=True, check=True, timeout=60)
    return json.loads(process.stdout)


def test_streamlit_serves_the_page_whose_scripts_the_guard_allows(served):
    assert served["page"] == [200, internals.page()], "internals/streamlit.py: page()"
    assert guard.INLINE_SCRIPT.search(internals.page()), "guard.py: INLINE_SCRIPT finds none"


def test_streamlit_takes_uploads_where_the_guard_stands(served):
    assert served["upload_url"].startswith(internals.UPLOADS), "internals/streamlit.py: UPLOADS"
    status, said = served["upload"]
    assert status == 403 and "XSRF" in said, "internals/streamlit.py: nobody takes a PUT there"


def test_streamlit_gives_downloads_where_the_guard_stands(served):
    assert served["download_url"].startswith(internals.DOWNLOADS), "streamlit.py: DOWNLOADS"
    assert served["download"] == [200, "content"], "internals/streamlit.py: DOWNLOADS"


@pytest.mark.parametrize("place", [st.container, st.empty, lambda: st.columns(1)[0]])
def test_what_can_be_drawn_on_is_a_place(place):
    assert isinstance(place(), internals.Place), "internals/streamlit.py: Place"


def draw_figure() -> None:
    import streamlit as st

    from ui.internals.plotly import Made

    st.plotly_chart(Made(st.session_state["spec"]), key="chart", on_select="rerun")


def test_streamlit_sends_a_made_figure_as_it_is():
    unknown_to_plotly = {"dragmode": "none", "template": {"layout": {"dragmode": False}}}
    spec = {"data": [{"type": "bar", "x": [1, 2], "y": [3, 4]}], "layout": unknown_to_plotly}
    at = AppTest.from_function(draw_figure)
    at.session_state["spec"] = spec
    at.run()
    assert not at.exception, "internals/plotly.py: Made is checked, which costs 20 ms a heatmap"
    [chart] = at.get("plotly_chart")
    assert json.loads(chart.proto.spec) == spec, "internals/plotly.py: Made"


def check_password() -> None:
    import streamlit as st

    from ui.internals import authenticator

    st.session_state["is_right"] = authenticator.is_right(*st.session_state["typed"])


@pytest.mark.parametrize(
    ("username", "password", "is_right"),
    [("fp1", "right", True), (" FP1 ", "right", True), ("fp1", "wrong", False),
     ("nobody", "right", False), ("", "", False), ("fp1", "비" * 30, False)],
)  # fmt: skip
def test_the_authenticator_checks_passwords(username, password, is_right):
    hashed = bcrypt.hashpw(b"right", bcrypt.gensalt()).decode()
    users = {"fp1": {"email": "", "name": "fp1", "password": hashed, "roles": []}}
    at = AppTest.from_function(check_password)
    at.session_state["typed"] = ({"usernames": users}, username, password)
    at.run()
    assert not at.exception, "internals/authenticator.py: is_right"
    assert at.session_state["is_right"] is is_right
    expected = {authenticator.SIGNED_IN: True, authenticator.USERNAME: "fp1"} if is_right else {}
    for key, held in expected.items():
        assert at.session_state[key] == held, f"internals/authenticator.py: {key}"


def draw_cookie() -> None:
    import streamlit as st

    from ui.internals import authenticator

    st.session_state[authenticator.USERNAME] = "fp1"
    getattr(authenticator, st.session_state["act"])("fp_cookie", "k" * 64, 7)


def cookie_component(act: str) -> tuple[dict, AppTest]:
    """What the cookie's component is told to do, and the page after it."""
    at = AppTest.from_function(draw_cookie)
    at.session_state["act"] = act
    at.run()
    assert not at.exception, f"internals/authenticator.py: {act}"
    told = [json.loads(element.proto.json_args) for element in at.get("component_instance")]
    [arguments] = [one for one in told if one["method"] == act.partition("_")[0]]
    return arguments, at


def test_the_authenticator_sets_a_cookie_that_the_guard_reads():
    arguments, at = cookie_component("set_cookie")
    assert arguments["cookie"] == "fp_cookie"
    assert guard.read_token(arguments["value"], KEY) == "fp1", "internals/authenticator.py"
    assert authenticator.COOKIE_IS_SET in at.session_state, "authenticator.py: COOKIE_IS_SET"


def test_the_authenticator_deletes_a_cookie():
    arguments, at = cookie_component("delete_cookie")
    assert arguments["cookie"] == "fp_cookie"
    assert authenticator.COOKIE_IS_DELETED in at.session_state, "authenticator.py: is deleted"


def test_the_page_of_the_cookies_component_is_the_one_whose_scripts_the_guard_allows():
    from extra_streamlit_components import CookieManager

    folder = sys.modules[CookieManager.__module__]._component_func.path
    page = (Path(folder) / "index.html").read_text()
    assert page == authenticator.component_page(), "internals/authenticator.py: component_page()"
    assert guard.INLINE_SCRIPT.search(page), "guard.py: INLINE_SCRIPT finds none"


def fail_in_fragment() -> None:
    import streamlit as st
    from streamlit.runtime.scriptrunner import get_script_run_ctx

    from ui import errors

    def told(error: Exception) -> bool:
        st.session_state["told"] += 1
        return errors.tell(error)

    get_script_run_ctx().on_script_error = told  # as st.App does; AppTest has no way to say so

    @st.fragment
    def fragment() -> None:
        raise ZeroDivisionError

    with errors.boundary():
        fragment()


def test_an_error_in_a_fragment_is_told_once():
    at = AppTest.from_function(fail_in_fragment)
    at.session_state["told"] = 0
    at.run()
    assert at.session_state["told"] == 1 and len(at.error) == 1, "errors.py: boundary()"
