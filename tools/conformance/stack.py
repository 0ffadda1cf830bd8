"""A stack of Ondol on free ports, with a real model, for clients to talk to."""

import json
import os
import secrets
import socket
import ssl
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple, Optional

# A model may have to be loaded first.
PATIENCE = 120


class Stack(NamedTuple):
    """A stack that serves: where, and with what key."""

    url: str
    admin: str
    key: str
    model: str

    @property
    def address(self) -> str:
        return self.url.split("://")[1]

    def metrics(self) -> str:
        with urllib.request.urlopen(f"{self.admin}/metrics", timeout=5) as answer:
            return answer.read().decode()

    def figure(self, *parts: str) -> float:
        """The sum of the metrics whose lines hold all `parts`."""
        lines = [line for line in self.metrics().splitlines() if all(part in line for part in parts)]
        return sum(float(line.rsplit(" ", 1)[1]) for line in lines)

    def cancelled(self) -> float:
        """Streams of text whose callers went away, as api counts them."""
        calls = (
            "rpc_server_call_duration_seconds_count{",
            'service="api"',
            'rpc_method="StreamGenerateText"',
        )
        return self.figure(*calls, 'rpc_response_status_code="CANCELLED"')

    def is_idle(self) -> bool:
        """Whether the engine has nothing to do."""
        return self.figure("ondol_llm_requests_running{") == 0


class Certificate(NamedTuple):
    """A certificate, which is its own authority, and its key."""

    file: Path
    key: Path


@contextmanager
def stack(
    program: Path, options: tuple[object, ...] = (), tls: Optional[Certificate] = None
) -> Iterator[Stack]:
    """`ondol up` with `options`, until the block ends."""
    with tempfile.TemporaryDirectory() as folder:
        key, file = f"ondol_{secrets.token_hex(32)}", Path(folder) / "key"
        file.write_text(key, encoding="utf-8")
        file.chmod(0o600)
        port, admin = free_port(), free_port()
        command = [program, "up", "--listen", f"127.0.0.1:{port}", "--admin-addr", f"127.0.0.1:{admin}"]
        command += ["--key-file", file, "--log-filter", "error", "--grace", "3s"]
        command += ["--mcp-listen", "127.0.0.1:0", "--tools", f"{folder}/tools.toml"]
        command += ["--objects-folder", f"{folder}/objects", *options]
        if tls:
            command += ["--tls-cert", tls.file, "--tls-key", tls.key]
        up = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        try:
            url = f"{'https' if tls else 'http'}://127.0.0.1:{port}"
            model = await_model(up, url, key, tls)
            yield Stack(url, f"http://127.0.0.1:{admin}", key, model)
        finally:
            up.terminate()
            up.wait()


def await_model(up: subprocess.Popen, url: str, key: str, tls: Optional[Certificate]) -> str:
    trust = ssl.create_default_context(cafile=os.fspath(tls.file)) if tls else None
    request = urllib.request.Request(f"{url}/v1/models", headers={"authorization": f"Bearer {key}"})
    begun = time.monotonic()
    while up.poll() is None and time.monotonic() - begun < PATIENCE:
        try:
            with urllib.request.urlopen(request, timeout=5, context=trust) as answer:
                return json.load(answer)["data"][0]["id"]
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    raise SystemExit("the stack did not start")


def certified(folder: Path) -> Certificate:
    """A certificate for this machine, made by openssl and valid for a day."""
    made = Certificate(folder / "certificate.pem", folder / "key.pem")
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]
    command += ["-nodes", "-days", "1", "-subj", "/CN=localhost"]
    command += ["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    command += ["-out", os.fspath(made.file), "-keyout", os.fspath(made.key)]
    try:
        subprocess.run(command, check=True, capture_output=True, text=True)
    except FileNotFoundError:
        raise SystemExit("openssl, which makes the certificate, is not installed") from None
    except subprocess.CalledProcessError as error:
        raise SystemExit(f"openssl made no certificate: {error.stderr.strip()}") from error
    return made


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]
