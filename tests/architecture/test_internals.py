"""What libraries do not promise is named in ui/internals only, where tests watch it."""

import ast
import re
from collections.abc import Iterator

import pytest

from fpcore.config.paths import ROOT

PROMISED = {
    "streamlit": {"streamlit", "streamlit.typing"},
    "plotly": {"plotly.graph_objects", "plotly.colors"},
    "streamlit_authenticator": set(),
    "extra_streamlit_components": set(),
    "python_multipart": {"python_multipart.multipart"},
}
"""The modules of each library that the product may import anywhere."""

INNER_TEXTS = re.compile(
    r"_stcore|^/media/|data-testid|^authentication_status$|extra_streamlit_components"
)
"""Addresses, marks and keys that a library uses within itself."""

SOURCES = [
    path
    for path in [ROOT / "app.py", *(ROOT / "pages").glob("*.py"), *(ROOT / "ui").rglob("*.py"),
                 *(ROOT / "fpcore").rglob("*.py")]
    if path.parent != ROOT / "ui" / "internals"
]  # fmt: skip


def imported(node: ast.AST) -> Iterator[tuple[str, str]]:
    """What an import names: the module, and the name taken from it or given to it."""
    if isinstance(node, ast.Import):
        yield from ((alias.name, alias.asname or alias.name) for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        yield from ((node.module or "", alias.name) for alias in node.names)


def root(node: ast.expr) -> str | None:
    """The name that a chain of attributes begins with."""
    while isinstance(node, ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) else None


def relied_on(source: str) -> list[str]:
    """What a source relies on that no library promises."""
    nodes = list(ast.walk(ast.parse(source)))
    imports = [(module, name) for node in nodes for module, name in imported(node)]
    foreign = [(module, name) for module, name in imports if module.partition(".")[0] in PROMISED]
    names = {name for _, name in foreign}
    return [
        *(f"{module}.{name}" for module, name in foreign
          if module not in PROMISED[module.partition(".")[0]] or name.startswith("_")),
        *(node.attr for node in nodes
          if isinstance(node, ast.Attribute) and node.attr.startswith("_") and root(node) in names),
        *(node.value for node in nodes
          if isinstance(node, ast.Constant) and isinstance(node.value, str)
          and " " not in node.value and INNER_TEXTS.search(node.value)),
        *re.findall(r"\[data-testid[^\]]*\]", source),
    ]  # fmt: skip


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_only_internals_names_what_no_library_promises(path):
    assert relied_on(path.read_text()) == []


@pytest.mark.parametrize(
    "source",
    [
        "from streamlit.runtime.scriptrunner import get_script_run_ctx",
        "import streamlit.web.server",
        "import streamlit as st\nst._main.write(1)",
        "from streamlit import _config",
        "from streamlit_authenticator.controllers import CookieController",
        "import extra_streamlit_components as stx",
        "from plotly.basedatatypes import BaseFigure",
        "import plotly.graph_objects as go\ngo.Figure._allow_disable_validation",
        'UPLOADS = "/_stcore/upload_file/"',
        'CSS = """<style>.mine > [data-testid="stElementContainer"] { width: 1px }</style>"""',
        'state["authentication_status"] = True',
    ],
)
def test_what_no_library_promises_is_seen(source):
    assert relied_on(source)


@pytest.mark.parametrize(
    "source",
    ["import streamlit as st\nst.write(1)", "from streamlit.typing import UploadedFile",
     "import plotly.graph_objects as go", "from plotly.colors import sample_colorscale",
     '"""Uploads go to /_stcore/upload_file."""'],
)  # fmt: skip
def test_what_libraries_promise_is_allowed(source):
    assert relied_on(source) == []
