"""An upload goes to the disk as it comes, byte for byte, and Streamlit is told where it is."""

import asyncio
import subprocess
import sys
from concurrent.futures import CancelledError, ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path

import hypothesis.strategies as st
import pytest
from hypothesis import given

from fpcore.config.paths import ROOT
from fpcore.store import opening
from ui.server import uploads_to_disk
from ui.server.uploads_to_disk import UploadsToDisk, kept_at

BOUNDARY = "----formdata-4711"
HEAD = (
    f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="명부.csv"\r\n'
    "Content-Type: text/csv\r\n\r\n"
).encode()
TAIL = f"\r\n--{BOUNDARY}--\r\n".encode()
PATH = "/_stcore/upload_file/session/file"


@pytest.fixture(scope="module")
def db(tmp_path_factory):
    db = opening.open_database(str(tmp_path_factory.mktemp("up") / "fp.duckdb"), create=True)
    yield db
    db.close()


def carried_out(work) -> None:
    """Run a coroutine in a thread of its own: in this one a browser's loop may be running."""
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, work).result()


def kept(db) -> list[Path]:
    return sorted(Path(db.path + ".imports").glob("*"))


def send(
    db, chunks: list[bytes], status: int = 204, path: str = PATH, boundary: str = BOUNDARY
) -> tuple[int, bytes, dict]:
    """Upload a body in these pieces: the answer's status, and the body and headers that Streamlit
    (which answers with `status`) was given."""
    seen: dict = {}
    answered: list[int] = []
    pieces = list(chunks)

    async def streamlit(scope, receive, send):
        message = await receive()
        seen["body"] = message["body"]
        while message.get("more_body"):
            message = await receive()
            seen["body"] += message["body"]
        seen["headers"] = dict(scope["headers"])
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    async def receive():
        if not pieces:
            return {"type": "http.disconnect"}
        piece = pieces.pop(0)
        return {"type": "http.request", "body": piece, "more_body": bool(pieces)}

    async def answer(message):
        if message["type"] == "http.response.start":
            answered.append(message["status"])

    scope = {
        "type": "http",
        "method": "PUT",
        "path": path,
        "headers": [
            (b"content-type", f"multipart/form-data; boundary={boundary}".encode()),
            (b"content-length", str(sum(map(len, chunks))).encode()),
        ],
    }
    carried_out(UploadsToDisk(streamlit, lambda: db)(scope, receive, answer))
    return answered[0], seen.get("body", b""), seen.get("headers", {})


def in_pieces(body: bytes, cuts: list[int]) -> list[bytes]:
    places = sorted({min(cut, len(body)) for cut in cuts} | {0, len(body)})
    return [body[a:b] for a, b in pairwise(places)]


NEARLY_ITS_END = [
    TAIL[: len(TAIL) - 5], f"\r\n--{BOUNDARY[:-1]}2--\r\n".encode(), TAIL[1:], b"\r" + TAIL[2:],
    TAIL.replace(b"\r\n", b"\n"), b"\r\n--", b"\r\n", b"\r", b"--", HEAD, b"",
]  # fmt: skip


def are_kept(db, content: bytes, pieces: list[bytes]) -> bool:
    """Whether a file uploaded in these pieces is kept byte for byte, and nothing else of it."""
    status, body, headers = send(db, pieces)
    note = body.removeprefix(HEAD).removesuffix(TAIL)
    assert status == 204 and body == HEAD + note + TAIL
    assert headers[b"content-length"] == str(len(body)).encode()
    path = kept_at(note)
    assert path.stat().st_mode & 0o777 == 0o600
    kept = path.read_bytes()
    path.unlink()
    return kept == content


@given(
    content=st.binary(max_size=200) | st.sampled_from(NEARLY_ITS_END),
    cuts=st.lists(st.integers(0, 500), max_size=8),
)
def test_whatever_is_uploaded_is_kept_byte_for_byte(content, cuts, db):
    assert are_kept(db, content, in_pieces(HEAD + content + TAIL, cuts))


@pytest.mark.parametrize("content", NEARLY_ITS_END)
def test_whatever_looks_like_its_end_is_kept(content, db):
    body = HEAD + content + TAIL
    assert are_kept(db, content, [body])
    assert are_kept(db, content, in_pieces(body, [*range(len(body))]))


def test_a_body_may_be_cut_at_every_byte(db):
    content = NEARLY_ITS_END[0] + "이름,보종\r\n".encode()
    body = HEAD + content + TAIL
    for cut in range(1, len(body)):
        assert are_kept(db, content, in_pieces(body, [cut]))


def with_head(*lines: str) -> bytes:
    return "\r\n".join([f"--{BOUNDARY}", *lines, "", ""]).encode()


def test_a_long_name_of_a_file_is_no_fault(db):
    head = with_head(f'Content-Disposition: form-data; name="file"; filename="{"가" * 4000}.csv"')
    status, body, _ = send(db, [head + b"content" + TAIL])
    assert status == 204
    kept_at(body.removeprefix(head).removesuffix(TAIL)).unlink()


@pytest.mark.parametrize(
    "chunks",
    [
        [HEAD + b"content"],
        [HEAD + b"content" + TAIL[:-2]],
        [HEAD + b"content" + TAIL + b"more"],
        [b"no multipart at all"],
        [b"x" * 40_000, b"y" * 40_000],
        [b""],
        [with_head("A: " + "x" * 20_000) + b"content" + TAIL],
        [with_head("A: " + "x" * 9_000, "B: " + "x" * 9_000) + b"content" + TAIL],
        [with_head(*["A: b"] * 100) + b"content" + TAIL],
        [with_head("x" * 20_000) + b"content" + TAIL],
        [with_head("no header") + b"content" + TAIL],
        [HEAD + b"content\r\n" + HEAD + b"another" + TAIL],
        [HEAD + b"content" + TAIL + HEAD + b"another" + TAIL],
        [HEAD + b"content" + TAIL + TAIL],
        [HEAD + TAIL[:-1] + TAIL],
        [HEAD],
        [TAIL[2:]],
        [HEAD.replace(b"4711", b"4712") + b"content" + TAIL],
        [HEAD + b"content" + TAIL.replace(b"4711", b"4712")],
        [b"before it\r\n" + HEAD + b"content" + TAIL],
        [b"\r\n" + HEAD + b"content" + TAIL],
    ],
    ids=[
        "no end", "cut end", "more behind", "no head", "head too long", "empty", "header too long",
        "headers too long", "too many headers", "a name without end", "no header", "two files",
        "two bodies", "two ends", "an end and another", "head alone", "end alone",
        "begins with another boundary", "ends with another boundary", "more before", "blank before",
    ],
)  # fmt: skip
def test_a_body_of_another_form_is_refused_and_nothing_stays(chunks, db):
    assert send(db, chunks)[0] == 400
    assert kept(db) == []


@pytest.mark.parametrize("boundary", ["", "another", "x" * 1000, '"', "가"])
def test_a_body_that_is_not_what_it_says_is_refused(boundary, db):
    assert send(db, [HEAD + b"content" + TAIL], boundary=boundary)[0] == 400
    assert kept(db) == []


def test_an_upload_that_is_broken_off_leaves_nothing(db):
    pieces = [HEAD, b"half of it"]
    more = iter(pieces)

    async def receive():
        piece = next(more, None)
        if piece is None:
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": piece, "more_body": True}

    answers = []

    async def answer(message):
        answers.append(message)

    content_type = f"multipart/form-data; boundary={BOUNDARY}".encode()
    headers = [(b"content-type", content_type)]
    scope = {"type": "http", "method": "PUT", "path": PATH, "headers": headers}
    carried_out(UploadsToDisk(None, lambda: db)(scope, receive, answer))
    assert answers[0]["status"] == 400
    assert kept(db) == []


def test_a_file_that_streamlit_refuses_is_not_kept(db):
    assert send(db, [HEAD + b"content" + TAIL], status=403)[0] == 403
    assert kept(db) == []


def test_a_file_too_large_is_refused(db, monkeypatch):
    monkeypatch.setattr(uploads_to_disk, "LARGEST_FILE", 6)
    assert send(db, [HEAD + b"123456" + TAIL])[0] == 204
    assert send(db, [HEAD + b"1234567" + TAIL])[0] == 400
    [path] = kept(db)
    path.unlink()


@pytest.mark.parametrize("path", ["/_stcore/health", f"/x{PATH}", f"/{PATH}"])
def test_requests_that_the_guard_lets_anybody_make_are_not_written(path, db):
    body = HEAD + b"content" + TAIL
    assert send(db, [body], path=path)[1] == body
    assert kept(db) == []


def test_an_upload_whose_request_is_cancelled_leaves_nothing(db):
    pieces = iter([HEAD, b"half of it"])

    async def receive():
        piece = next(pieces, None)
        if piece is None:
            assert len(kept(db)) == 1
            raise asyncio.CancelledError
        return {"type": "http.request", "body": piece, "more_body": True}

    content_type = f"multipart/form-data; boundary={BOUNDARY}".encode()
    headers = [(b"content-type", content_type)]
    scope = {"type": "http", "method": "PUT", "path": PATH, "headers": headers}
    with pytest.raises((asyncio.CancelledError, CancelledError)):
        carried_out(UploadsToDisk(None, lambda: db)(scope, receive, None))
    assert kept(db) == []


def test_no_room_on_the_disk_is_told(db, monkeypatch):
    real = open

    def full(path, *args, **kwargs):
        file = real(path, *args, **kwargs)

        class Full:
            def __enter__(self):
                return self

            def __exit__(self, *_):
                file.close()

            def write(self, data):
                raise OSError(28, "No space left on device")

        return Full()

    monkeypatch.setattr(uploads_to_disk, "open", full, raising=False)
    _, body, _ = send(db, [HEAD + b"content" + TAIL])
    with pytest.raises(OSError):
        kept_at(body.removeprefix(HEAD).removesuffix(TAIL))
    assert kept(db) == []


@pytest.mark.parametrize(
    "content", ["이름,보종\n", "fp kept at : /etc/passwd", "fp-kept-at:/etc/passwd"]
)
def test_content_that_came_another_way_is_no_note(content):
    assert kept_at(content.encode()) is None


def test_a_note_of_another_process_is_none():
    command = "from ui.server import uploads_to_disk; print(uploads_to_disk._NOTE.decode(), end='')"
    ran = subprocess.run([sys.executable, "-c", command], capture_output=True, check=True, cwd=ROOT)
    assert ran.stdout.startswith(b"fp kept at ")
    assert kept_at(ran.stdout + b"/etc/passwd") is None
