"""What is asked with curl: JSON, its streams, and gRPC-Web byte by byte."""

import json
import struct
import subprocess
import tempfile
import time
from pathlib import Path
from typing import NamedTuple, Optional

from checks import Checks, apart, expect, same, until
from stack import Certificate, Stack

TOKENS = 32
BY_NAME = "/ondol.inference.v1.InferenceService"


class Answer(NamedTuple):
    """What curl got."""

    status: int
    version: str
    headers: dict[str, str]
    body: bytes

    def json(self) -> dict:
        return json.loads(self.body)


class Curl:
    """curl on one stack."""

    def __init__(self, up: Stack, tls: Optional[Certificate]) -> None:
        self.up, self.tls = up, tls
        self.trust = ["--cacert", str(tls.file)] if tls else []
        self.key = ["--header", f"authorization: Bearer {up.key}"]
        # In plaintext nobody negotiates a protocol, so curl has to know.
        self.http2 = "--http2" if tls else "--http2-prior-knowledge"

    def check(self, checks: Checks, how: str) -> None:
        titles = {
            "JSON over HTTP/1.1": lambda: self.unary("--http1.1", "1.1"),
            "JSON over HTTP/2": lambda: self.unary(self.http2, "2"),
            "server-sent events over HTTP/1.1": lambda: self.events("--http1.1"),
            "server-sent events over HTTP/2": lambda: self.events(self.http2),
            "lines over HTTP/1.1": lambda: self.lines("--http1.1"),
            "lines over HTTP/2": lambda: self.lines(self.http2),
            "the OpenAPI document": self.openapi,
            "errors": self.errors,
            "deadline": self.deadline,
            "the caller gives up": self.gives_up,
            "gRPC-Web over HTTP/1.1": lambda: self.grpc_web("--http1.1"),
            "gRPC-Web over HTTP/2": lambda: self.grpc_web(self.http2),
        }
        if self.tls:
            titles["TLS 1.2 and 1.3"] = self.secure
            titles["an unknown authority, plaintext, and TLS 1.1"] = self.insecure
        for title, does in titles.items():
            checks.check(f"{how}: curl: {title}", does)

    def command(self, *arguments: str) -> list[str]:
        return ["curl", "--silent", "--show-error", "--noproxy", "*", "--max-time", "60", *arguments]

    def ask(self, path: str, *arguments: str, body: Optional[bytes] = None) -> Answer:
        with tempfile.TemporaryDirectory() as folder:
            head = Path(folder) / "head"
            command = self.command(*self.trust, "--dump-header", str(head), *arguments)
            command += ["--write-out", "%{stderr}%{http_version} %{http_code}"]
            command += [] if body is None else ["--data-binary", "@-"]
            done = subprocess.run([*command, self.up.url + path], input=body, capture_output=True)
            expect(done.returncode == 0, f"exit code {done.returncode}: {done.stderr.decode()}")
            version, status = done.stderr.decode().split()
            return Answer(int(status), version, fields(head.read_text()), done.stdout)

    def post(self, path: str, document: dict, *arguments: str) -> Answer:
        kind = ("--header", "content-type: application/json")
        return self.ask(path, *self.key, *kind, *arguments, body=json.dumps(document).encode())

    def generation(self, tokens: int = TOKENS, **more: object) -> dict:
        return {"prompt": "Once upon a time", "maxTokens": tokens, "stop": {"ignoreEnd": True}, **more}

    def verb(self, name: str) -> str:
        return f"/api/v1/models/{self.up.model}:{name}"

    def unary(self, protocol: str, version: str) -> str:
        listed = self.ask("/api/v1/models", protocol, *self.key)
        same((listed.status, listed.version), (200, version), "status and version")
        same(listed.json()["models"][0]["id"], self.up.model, "the model")
        answer = self.post(self.verb("generateText"), self.generation(), protocol)
        same((answer.status, answer.version), (200, version), "status and version")
        same(answer.json()["usage"]["completionTokens"], TOKENS, "the number of tokens")
        named = {**self.generation(), "model": self.up.model}
        again = self.post(f"{BY_NAME}/GenerateText", named, protocol)
        same(again.json()["text"], answer.json()["text"], "the text by the method's name")
        return f"{TOKENS} tokens of text, and the same by the method's name"

    def streamed(self, protocol: str, *arguments: str, tokens: int = TOKENS) -> subprocess.Popen:
        command = self.command(*self.trust, "--no-buffer", protocol, *self.key, *arguments)
        command += [
            "--header",
            "content-type: application/json",
            "--data",
            json.dumps(self.generation(tokens)),
        ]
        command.append(self.up.url + self.verb("streamGenerateText"))
        return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)

    def events(self, protocol: str) -> str:
        arrivals, lines = [], []
        with self.streamed(protocol, "--header", "accept: text/event-stream") as process:
            for line in process.stdout:
                if line.startswith('data: {"token"'):
                    arrivals.append(time.monotonic())
                lines.append(line.strip())
        same(process.returncode, 0, "the exit code")
        expect("event: end" in lines[-4:], f"the end is {lines[-4:]}")
        same(len(arrivals), TOKENS, "the number of tokens")
        return apart(arrivals)

    def lines(self, protocol: str) -> str:
        arrivals, last = [], {}
        with self.streamed(protocol) as process:
            for line in process.stdout:
                last = json.loads(line)
                if "token" in last:
                    arrivals.append(time.monotonic())
        same(process.returncode, 0, "the exit code")
        expect("finished" in last, f"the last line is {last}")
        same(len(arrivals), TOKENS, "the number of tokens")
        return apart(arrivals)

    def openapi(self) -> str:
        document = self.ask("/openapi.json").json()
        same(document["openapi"], "3.1.0", "the version")
        expect("post" in document["paths"]["/api/v1/models/{model}:generateText"], "a path is missing")
        return f"{len(document['paths'])} paths, without a key"

    def errors(self) -> str:
        wrong = self.post(self.verb("generateText"), self.generation(sampling={"temperature": 9}))
        same((wrong.status, wrong.json()["error"]["param"]), (400, "sampling.temperature"), "a wrong field")
        nobody = self.ask("/api/v1/models")
        same((nobody.status, nobody.headers["www-authenticate"]), (401, "Bearer"), "no key")
        nowhere = self.ask("/api/v1/nowhere", *self.key)
        same((nowhere.status, nowhere.json()["error"]["code"]), (404, "NOT_FOUND"), "no such path")
        form = self.ask(self.verb("generateText"), *self.key, body=b"prompt=x")
        same((form.status, form.json()["error"]["reason"]), (415, "UNSUPPORTED_CONTENT_TYPE"), "a form")
        return "400 names sampling.temperature; 401, 404 and 415 as told"

    def deadline(self) -> str:
        late = self.post(self.verb("generateText"), self.generation(1500), "--header", "grpc-timeout: 300m")
        same((late.status, late.json()["error"]["code"]), (504, "DEADLINE_EXCEEDED"), "the answer")
        return f"504, and {until(self.up.is_idle, 'nothing runs')}"

    def gives_up(self) -> str:
        before = self.up.cancelled()
        with self.streamed("--http1.1", tokens=1500) as process:
            for line in process.stdout:
                if "token" in json.loads(line):
                    process.kill()
                    break
        left = before + 1
        return until(lambda: self.up.cancelled() == left and self.up.is_idle(), "CANCELLED, and nothing runs")

    def grpc_web(self, protocol: str) -> str:
        """CountTokensRequest has `model` as field 1 and `prompt` as 3; its answer `tokens` as field 1."""
        message = text_field(1, self.up.model) + text_field(3, "Once upon a time")
        kind = ("--header", "content-type: application/grpc-web+proto")
        path = f"{BY_NAME}/CountTokens"
        answer = self.ask(path, protocol, *self.key, *kind, body=frame(message))
        same((answer.status, answer.headers["content-type"]), (200, kind[1].split(": ")[1]), "the answer")
        (data, counted), (trailers, ended) = frames(answer.body)
        same((data, trailers), (0, 0x80), "the kinds of frames")
        expect(b"grpc-status:0" in ended.replace(b" ", b""), f"the trailers are {ended!r}")
        same(counted[0], 1 << 3, "the first field")
        return f"{counted[1]} tokens in a message, and grpc-status in a frame of trailers"

    def secure(self) -> str:
        for version in ("1.2", "1.3"):
            answer = self.ask("/api/v1/models", f"--tlsv{version}", "--tls-max", version, *self.key)
            same(answer.status, 200, f"the status by TLS {version}")
        return "both are answered"

    def insecure(self) -> str:
        plain = self.up.url.replace("https", "http")
        # What curl's own library thinks of such an old protocol should not be what decides.
        old = ["--tlsv1.1", "--tls-max", "1.1", "--ciphers", "DEFAULT@SECLEVEL=0"]
        attempts = {60: [self.up.url], 35: [*self.trust, *old, self.up.url]}
        for code, arguments in attempts.items():
            done = subprocess.run(self.command(*arguments), capture_output=True)
            same(done.returncode, code, "curl's exit code")
        done = subprocess.run(self.command(plain), capture_output=True)
        expect(done.returncode != 0, "plaintext was answered")
        return "all are refused"


def fields(head: str) -> dict[str, str]:
    """The headers of the last answer, in lower case."""
    lines = head.strip().split("\n\n")[-1].splitlines()[1:]
    return {
        name.lower(): value.strip() for name, value in (line.split(":", 1) for line in lines if ":" in line)
    }


def text_field(number: int, text: str) -> bytes:
    return bytes([number << 3 | 2, len(text)]) + text.encode()


def frame(message: bytes) -> bytes:
    return struct.pack(">BI", 0, len(message)) + message


def frames(body: bytes) -> list[tuple[int, bytes]]:
    found = []
    while body:
        kind, length = struct.unpack(">BI", body[:5])
        found.append((kind, body[5 : 5 + length]))
        body = body[5 + length :]
    return found
