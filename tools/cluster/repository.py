"""This repository as Argo CD sees it: a copy of what is committed, which tests commit to, served by HTTP."""

import os
import shutil
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parents[2]
NAME = "ondol.git"
# Whoever commits in a test, as Git wants it told.
SOMEBODY = {f"GIT_{who}_{what}": "x@y" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}


class Repository:
    """`url` is what is served, `work` a checkout of it whose branch `main` goes there with each commit. It
    has the branch `prod` as well, as docs/delivery.md says."""

    def __init__(self, folder: Path, whole: Path = ROOT) -> None:
        self.work, self.served = folder / "work", folder / "served"
        self.environment = environment(folder)
        bare = self.served / NAME
        # Without its history, which is nothing to Argo CD.
        source = f"file://{whole}"
        git(self.environment, folder, "clone", "--quiet", "--bare", "--depth", "1", source, str(bare))
        head = git(self.environment, bare, "rev-parse", "HEAD")
        for reference in git(self.environment, bare, "for-each-ref", "--format=%(refname)").split():
            git(self.environment, bare, "update-ref", "-d", reference)
        for branch in ("main", "prod"):
            git(self.environment, bare, "update-ref", f"refs/heads/{branch}", head)
        git(self.environment, bare, "symbolic-ref", "HEAD", "refs/heads/main")
        git(self.environment, folder, "clone", "--quiet", str(bare), str(self.work))
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), handler(self.served))
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}/{NAME}"

    def commit(self, subject: str, branch: str = "main") -> str:
        """Everything that stands in the checkout, as a commit of that branch; the checkout stays on main."""
        git(self.environment, self.work, "add", "--all")
        git(self.environment, self.work, "commit", "--quiet", "--message", subject)
        git(self.environment, self.work, "push", "--quiet", "--force", "origin", f"HEAD:refs/heads/{branch}")
        made = git(self.environment, self.work, "rev-parse", "HEAD")
        if branch != "main":
            git(self.environment, self.work, "reset", "--quiet", "--hard", "HEAD~1")
        return made

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()


def environment(folder: Path) -> "dict[str, str]":
    """Git as it is without anybody's settings: they may ask for signatures."""
    return {**os.environ, **SOMEBODY, "HOME": str(folder), "GIT_CONFIG_NOSYSTEM": "1"}


def git(environment: "dict[str, str]", folder: Path, *words: str) -> str:
    done = subprocess.run(["git", *words], cwd=folder, env=environment, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"git {' '.join(words)}: {done.stderr.strip()}")
    return done.stdout.strip()


def handler(served: Path) -> "type[BaseHTTPRequestHandler]":
    """Git's own program for HTTP, which wants to be called as a web server calls one (CGI)."""
    program = shutil.which("git") or "git"

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.answer(b"")

        def do_POST(self) -> None:
            self.answer(self.rfile.read(int(self.headers["Content-Length"])))

        def answer(self, body: bytes) -> None:
            url = urlsplit(self.path)
            told = {
                "GIT_PROJECT_ROOT": str(served),
                "GIT_HTTP_EXPORT_ALL": "1",
                "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
                "PATH_INFO": url.path,
                "QUERY_STRING": url.query,
                "REQUEST_METHOD": self.command,
                "CONTENT_TYPE": self.headers.get("Content-Type", ""),
                "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
                "CONTENT_LENGTH": str(len(body)),
                "PATH": os.environ["PATH"],
                "HOME": str(served),
            }
            done = subprocess.run([program, "http-backend"], input=body, env=told, capture_output=True)
            head, _, rest = done.stdout.partition(b"\r\n\r\n")
            fields = dict(line.split(": ", 1) for line in head.decode().split("\r\n") if line)
            self.send_response(int(fields.pop("Status", "200").split()[0]))
            for name, value in fields.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(rest)))
            self.end_headers()
            self.wfile.write(rest)

        def log_message(self, *_: object) -> None:
            """Nobody reads who fetched what."""

    return Handler
