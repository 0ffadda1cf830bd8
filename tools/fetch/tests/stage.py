"""What the tests play on: a small wheel, a server that can misbehave, a cache in a temporary folder."""

import base64
import hashlib
import io
import os
import sys
import tempfile
import threading
import unittest
import zipfile
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from unittest import mock

from wheel import Member, Wheel

CONTENT = bytes(range(256)) * 4096  # 1 MiB, stored uncompressed: several chunks
FILE = "demo-1.0-py3-none-any.whl"


def make_wheel_bytes() -> bytes:
    """A wheel that real pip accepts, with one member that we want."""
    return pack(FILE, {"demo/library.so": CONTENT})


def pack(file: str, members: dict, requires: str = "") -> bytes:
    """A wheel of that name, good enough for real pip."""
    project, version, tags = file[: -len(".whl")].split("-", 2)
    about = f"{project}-{version}.dist-info"
    metadata = f"Metadata-Version: 2.1\nName: {project.replace('_', '-')}\nVersion: {version}\n"
    if requires:
        metadata += f"Requires-Dist: {requires}\n"
    everything = {
        **members,
        f"{about}/METADATA": metadata.encode(),
        f"{about}/WHEEL": f"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: {tags}\n".encode(),
    }
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for path, content in everything.items():
            info = zipfile.ZipInfo(path)
            info.external_attr = (0o755 if "/bin/" in path else 0o644) << 16
            archive.writestr(info, content)
        archive.writestr(f"{about}/RECORD", record(everything) + f"{about}/RECORD,,\n")
    return buffer.getvalue()


def record(members: dict) -> str:
    """The wheel's own list of what is in it."""
    lines = []
    for path, content in members.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).decode().rstrip("=")
        lines.append(f"{path},sha256={digest},{len(content)}\n")
    return "".join(lines)


def describe(content: bytes) -> Wheel:
    """The lock file's view of `content`."""
    member = Member("demo/library.so", len(CONTENT), hashlib.sha256(CONTENT).hexdigest())
    return Wheel("demo", "1.0", FILE, len(content), hashlib.sha256(content).hexdigest(), (member,))


class Server(ThreadingHTTPServer):
    """Serves `content` with ranges. `cuts` holds, per coming answer, after how many bytes the line breaks."""

    def __init__(self, content: bytes) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.content = content
        self.cuts: list = []
        self.statuses: list = []  # per coming answer, an error to give instead
        self.ranges = True
        self.asked: list = []  # the Range header of every request
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/{FILE}"


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        server = self.server
        wish = self.headers.get("Range")
        server.asked.append(wish)
        if server.statuses:
            self.send_error(server.statuses.pop(0))
            return
        start = int(wish[len("bytes=") : -1]) if wish and server.ranges else 0
        body = server.content[start:]
        self.send_response(206 if start else 200)
        if start:
            end = len(server.content)
            self.send_header("Content-Range", f"bytes {start}-{end - 1}/{end}")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        with suppress(ConnectionError):  # the client may hang up on us, and should when we send too much
            self.wfile.write(body[: server.cuts.pop(0)] if server.cuts else body)

    def log_message(self, *_arguments) -> None:
        """Silent: the tests look at `asked` instead."""


class Stage(unittest.TestCase):
    """A fresh cache and server for every test; what is said on standard error is kept in `said`."""

    def setUp(self) -> None:
        self.content = make_wheel_bytes()
        self.wheel = describe(self.content)
        self.server = Server(self.content)
        self.addCleanup(self.server.server_close)
        self.addCleanup(self.server.shutdown)
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.said = io.StringIO()
        self.patch(mock.patch.dict(os.environ, {"ONDOL_CACHE": str(self.folder / "cache")}))
        self.patch(mock.patch.object(sys, "stderr", self.said))
        self.patch(mock.patch("time.sleep"))

    def patch(self, patcher) -> mock.Mock:
        self.addCleanup(patcher.stop)
        return patcher.start()

    def resolve_to(self, url: str) -> mock.Mock:
        """Has pip's answer be `url`."""
        return self.patch(mock.patch("install.resolve", return_value=[url]))

    def parts(self) -> list:
        return list((self.folder / "cache" / "downloads").iterdir())
