"""What Streamlit's server gives out, asked in a process of its own: one JSON object on stdout.

The process of the tests runs pages without a server.
"""

import asyncio
import json
from pathlib import Path

import streamlit as st
from streamlit.runtime import get_instance


async def answer(app: st.App, path: str, method: str) -> tuple[int, str]:
    """Ask the server for a path: the status and the body."""
    requests = [{"type": "http.request", "body": b"", "more_body": False}]
    messages = []

    async def receive():
        if requests:
            return requests.pop()
        return await asyncio.Event().wait()

    async def send(message):
        messages.append(message)

    scope = {
        "type": "http", "http_version": "1.1", "method": method, "path": path,
        "raw_path": path.encode(), "root_path": "", "scheme": "http", "query_string": b"",
        "headers": [(b"host", b"localhost")], "client": ("127.0.0.1", 1),
        "server": ("localhost", 8501),
    }  # fmt: skip
    await app(scope, receive, send)
    status, *bodies = messages
    return status["status"], b"".join(body.get("body", b"") for body in bodies).decode()


async def served() -> dict:
    app = st.App(str(Path(__file__).resolve()))
    async with app.lifespan()(app):
        runtime = get_instance()
        [upload] = runtime.uploaded_file_mgr.get_upload_urls("session", ["book.csv"])
        download = runtime.media_file_mgr.add(b"content", "text/csv", "1")
        return {
            "page": await answer(app, "/", "GET"),
            "upload_url": upload.upload_url,
            "upload": await answer(app, upload.upload_url, "PUT"),
            "download_url": download,
            "download": await answer(app, download, "GET"),
        }


if __name__ == "__main__":
    print(json.dumps(asyncio.run(served())))
