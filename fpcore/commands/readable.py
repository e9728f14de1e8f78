"""Lay out SQL for people: what fits stands on one line, the rest a part a line, indented."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

WIDTH = 100
_INDENT = "    "
_TOKEN = re.compile(
    r"""(\s*)('(?:[^']|'')*'|"(?:[^"]|"")*"|--[^\n]*|[\w$.]+|[()\[\]{},]|[^\s\w$.'"()\[\]{},]+)"""
)
_CLOSE = {"(": ")", "[": "]", "{": "}", "case": "end"}
_CLAUSES = set("with select from where group order having qualify limit union join left semi anti "
               "insert update set values".split())  # fmt: skip
_JOINTS = {"and", "or"}
_PARTS = {*_JOINTS, "when", "else"}


@dataclass
class _Node:
    """A word, or what stands between two brackets or from `case` to `end`."""

    text: str
    spaced: bool
    inner: list["_Node"] = field(default_factory=list)
    close: str = ""
    close_spaced: bool = False

    def flat(self) -> str:
        inner = _flat(self.inner)
        blank = " " if self.close_spaced and inner and self.text == "case" else ""
        return (" " if self.spaced else "") + self.text + inner + blank + self.close


def readable(sql: str) -> str:
    """Lay SQL out again, at most WIDTH wide where that can be; it means what it meant."""
    nodes = _read(iter(_TOKEN.findall(sql.strip())), "")[0]
    return "\n".join(_lines(nodes, ""))


def _read(tokens: Iterator[tuple[str, str]], close: str) -> tuple[list[_Node], bool]:
    """Read nodes up to the word that closes them, and whether a blank stands before it."""
    nodes = []
    for blank, text in tokens:
        if text == close:
            return nodes, bool(blank)
        node = _Node(text, bool(blank))
        if text in _CLOSE:
            node.close = _CLOSE[text]
            node.inner, node.close_spaced = _read(tokens, node.close)
        nodes.append(node)
    return nodes, False


def _flat(nodes: list[_Node]) -> str:
    return "".join(node.flat() for node in nodes)


def _parts(nodes: list[_Node]) -> Iterator[list[_Node]]:
    """Split nodes where a line may begin: at clauses, after commas, around comments."""
    part: list[_Node] = []
    within = ""
    for node in nodes:
        begins = node.text in _PARTS and within != "between"
        begins |= node.text in _CLAUSES and within not in ("distinct", "left", "semi", "anti")
        if part and (begins or node.text.startswith("--") or part[-1].text[0] in ",-"):
            yield part
            part = []
        part.append(node)
        if node.text in ("between", "distinct", "left", "semi", "anti") or within != "between":
            within = node.text
        elif node.text == "and":
            within = ""
    if part:
        yield part


def _lines(nodes: list[_Node], indent: str) -> Iterator[str]:
    within, last = "", indent
    for part in _parts(nodes):
        if part[0].text in _JOINTS:
            yield from _broken(part, last + _INDENT)
            continue
        if part[0].text in _CLAUSES:
            within, last = _INDENT, indent
        else:
            last = indent + within
        yield from _broken(part, last)


def _broken(part: list[_Node], indent: str) -> Iterator[str]:
    """Give a part on one line, or broken within its first brackets that are too long for one."""
    line = indent
    for node in part:
        text = node.flat() if line.strip() else node.flat().lstrip()
        has_comment = "--" in text and node.inner
        if not node.inner or (len(line) + len(text) <= WIDTH and not has_comment):
            line += text
            continue
        yield line + (" " if node.spaced and line.strip() else "") + node.text
        yield from _lines(node.inner, indent + _INDENT)
        line = indent + node.close
    yield line
