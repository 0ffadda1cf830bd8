"""Serves the page of the gRPC-Web clients, and hears from it what came of its checks."""

import json
import queue
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Callable, NamedTuple

TYPES = {".html": "text/html; charset=utf-8", ".mjs": "text/javascript", ".js": "text/javascript"}


class Site(NamedTuple):
    """What there is to serve."""

    # By the beginning of the path: the page itself, and the modules that it imports.
    folders: dict[str, Path]
    # Anything else, made when it is asked for.
    made: dict[str, Callable[[], bytes]]
    # What the page says.
    said: queue.Queue[dict]


@contextmanager
def serving(site: Site, port: int) -> Iterator[None]:
    server = ThreadingHTTPServer(("127.0.0.1", port), partial(Handler, site))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class Handler(BaseHTTPRequestHandler):
    """Answers the browser."""

    protocol_version = "HTTP/1.1"

    def __init__(self, site: Site, *arguments: object) -> None:
        self.site = site
        super().__init__(*arguments)

    def do_GET(self) -> None:
        path = self.path.split("?")[0]
        if path in self.site.made:
            self.answer(200, self.site.made[path](), "application/octet-stream")
            return
        for beginning, folder in self.site.folders.items():
            file = (folder / path[len(beginning) :]).resolve()
            if path.startswith(beginning) and folder.resolve() in file.parents and file.is_file():
                self.answer(200, file.read_bytes(), TYPES.get(file.suffix, "application/octet-stream"))
                return
        self.answer(404, b"", "text/plain")

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        # Whoever hears the last word closes the browser: it should have its answer.
        self.answer(204, b"", "text/plain")
        self.site.said.put(json.loads(body))

    def answer(self, status: int, body: bytes, content_type: str) -> None:
        self.send_response(status)
        self.send_header("content-type", content_type)
        self.send_header("content-length", str(len(body)))
        self.send_header("cache-control", "no-store")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """What is asked for does not matter to anybody."""
