"""What is asked with grpcurl."""

import json
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, Optional

from checks import Checks, apart, expect, same, until
from stack import Certificate, Stack

INFERENCE = "ondol.inference.v1.InferenceService"
SERVICES = {
    "grpc.health.v1.Health",
    "grpc.reflection.v1.ServerReflection",
    "ondol.admin.v1.ApiKeyService",
    "ondol.artifacts.v1.ArtifactService",
    INFERENCE,
    "ondol.jobs.v1.JobService",
    "ondol.tools.v1.ToolService",
}
# grpcurl's exit codes: this, and the number of gRPC's code.
STATUS = 64
TOKENS = 32


class Said(NamedTuple):
    """What grpcurl printed, and its exit code."""

    code: int
    out: str
    error: str


class Grpcurl:
    """grpcurl on one stack."""

    def __init__(self, program: Path, up: Stack, tls: Optional[Certificate]) -> None:
        self.program, self.up, self.tls = str(program), up, tls
        self.security = ["-cacert", str(tls.file)] if tls else ["-plaintext"]
        self.key = ["-H", f"authorization: Bearer {up.key}"]

    def check(self, checks: Checks, how: str) -> None:
        titles = {
            "lists services by reflection": self.lists,
            "describes them": self.describes,
            "health": self.health,
            "unary": self.unary,
            "stream": self.stream,
            "metadata": self.metadata,
            "wrong argument": self.wrong_argument,
            "no key": self.no_key,
            "deadline": self.deadline,
            "the caller gives up": self.gives_up,
        }
        if self.tls:
            titles["an unknown authority, and plaintext"] = self.insecure
        for title, does in titles.items():
            checks.check(f"{how}: grpcurl: {title}", does)

    def ask(self, *symbols: str, options: Sequence[str] = (), security: Optional[list[str]] = None) -> Said:
        """`symbols` stand behind the address, options before it."""
        command = [self.program, "-connect-timeout", "5", *(self.security if security is None else security)]
        command += [*options, self.up.address, *symbols]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
        return Said(done.returncode, done.stdout, done.stderr)

    def call(self, method: str, request: dict, *options: str) -> Said:
        return self.ask(f"{INFERENCE}/{method}", options=["-d", json.dumps(request), *options])

    def generation(self, tokens: int = TOKENS, **more: object) -> dict:
        request = {"model": self.up.model, "prompt": "Once upon a time", "max_tokens": tokens}
        return {**request, "stop": {"ignore_end": True}, **more}

    def lists(self) -> str:
        listed = set(well(self.ask("list")).split())
        expect(listed >= SERVICES, f"missing: {SERVICES - listed}")
        methods = well(self.ask("list", INFERENCE)).split()
        expect(f"{INFERENCE}.StreamGenerateText" in methods, f"the methods are {methods}")
        return f"{len(listed)} services; {len(methods)} methods of {INFERENCE}"

    def describes(self) -> str:
        service = well(self.ask("describe", INFERENCE))
        expect("returns ( stream .ondol.inference.v1.StreamGenerateTextResponse )" in service, service)
        message = well(self.ask("describe", ".ondol.inference.v1.Stop"))
        expect("uint32 min_tokens = 4;" in message, message)
        expect("// What ends a generation." in message, "the comments are missing")
        return "a service and a message, with their comments"

    def health(self) -> str:
        same(json.loads(well(self.ask("grpc.health.v1.Health/Check"))), {"status": "SERVING"}, "it")
        return "SERVING"

    def unary(self) -> str:
        answer = json.loads(well(self.call("GenerateText", self.generation(), *self.key)))
        same(answer["usage"]["completionTokens"], TOKENS, "the number of tokens")
        expect(len(answer["text"]) > 0, "the text is empty")
        return f"{TOKENS} tokens of text"

    def stream(self) -> str:
        whole = json.loads(well(self.call("GenerateText", self.generation(), *self.key)))
        arrivals, printed = [], []
        with self.started(self.generation()) as process:
            for line in process.stdout:
                printed.append(line)
                if line.startswith('  "token"'):
                    arrivals.append(time.monotonic())
        same(process.returncode, 0, "the exit code")
        events = documents("".join(printed))
        tokens = [event["token"].get("text", "") for event in events if "token" in event]
        last = events[-1].get("finished", {})
        same(last.get("finishReason"), "FINISH_REASON_LENGTH", "the end")
        same("".join([*tokens, last.get("text", "")]), whole["text"], "the text of the stream")
        same(len(arrivals), TOKENS, "the number of tokens")
        return apart(arrivals)

    def started(self, request: dict) -> subprocess.Popen:
        command = [self.program, *self.security, *self.key, "-d", json.dumps(request), self.up.address]
        return subprocess.Popen(
            [*command, f"{INFERENCE}/StreamGenerateText"], stdout=subprocess.PIPE, text=True
        )

    def metadata(self) -> str:
        said = well(self.call("ListModels", {}, *self.key, "-v", "-H", "x-request-id: grpcurl-1"))
        received = said.split("Response headers received:")[1].split("Response contents:")[0]
        expect("x-request-id: grpcurl-1" in received, f"the headers are {received}")
        return "x-request-id comes back"

    def wrong_argument(self) -> str:
        request = self.generation(sampling={"temperature": 9})
        for method in ("GenerateText", "StreamGenerateText"):
            said = self.call(method, request, *self.key)
            refused(said, 3, "InvalidArgument", "INVALID_ARGUMENT")
            for word in (
                "google.rpc.BadRequest",
                '"field": "sampling.temperature"',
                "google.rpc.RequestInfo",
            ):
                expect(word in said.error, f"{word} is missing in: {said.error}")
        return "ErrorInfo, BadRequest with sampling.temperature, and RequestInfo are printed"

    def no_key(self) -> str:
        for key in ((), ("-H", "authorization: Bearer ondol_nobody")):
            refused(self.call("ListModels", {}, *key), 16, "Unauthenticated", "UNAUTHENTICATED")
        return "Unauthenticated without one, and with nobody's"

    def deadline(self) -> str:
        said = self.call("GenerateText", self.generation(1500), *self.key, "-max-time", "0.4")
        same(said.code, STATUS + 4, "the exit code")
        return f"DeadlineExceeded, and {until(self.up.is_idle, 'nothing runs')}"

    def gives_up(self) -> str:
        before = self.up.cancelled()
        with self.started(self.generation(1500)) as process:
            for line in process.stdout:
                if line.startswith('  "token"'):
                    process.kill()
                    break
        left = before + 1
        return until(lambda: self.up.cancelled() == left and self.up.is_idle(), "CANCELLED, and nothing runs")

    def insecure(self) -> str:
        said = self.ask("list", security=[])
        expect(said.code != 0 and "certificate" in said.error, f"without the authority: {said}")
        expect(self.ask("list", security=["-plaintext"]).code != 0, "plaintext was answered")
        return "both are refused"


def well(said: Said) -> str:
    expect(said.code == 0, f"exit code {said.code}: {said.error}")
    return said.out


def refused(said: Said, number: int, name: str, reason: str) -> None:
    same(said.code, STATUS + number, "the exit code")
    for word in (f"Code: {name}", "google.rpc.ErrorInfo", f'"reason": "{reason}"'):
        expect(word in said.error, f"{word} is missing in: {said.error}")


def documents(text: str) -> list[dict]:
    """JSON documents that stand one behind the other."""
    found, decoder = [], json.JSONDecoder()
    while text := text.lstrip():
        document, end = decoder.raw_decode(text)
        found.append(document)
        text = text[end:]
    return found
