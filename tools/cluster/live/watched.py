"""All versions that a Service is led to, in turn: a test that only looks now and then would miss some."""

import subprocess

from clients import client
from stand import cluster

HASH = "rollouts-pod-template-hash"


class Watched:
    def __init__(self, namespace: str, service: str) -> None:
        self.file = cluster().folder / f"{namespace}-{service}.watched"
        path = "{.metadata.name}={.spec.selector." + HASH + '}{"\\n"}'
        words = ["--namespace", namespace, f"--field-selector=metadata.name={service}", "--watch"]
        with self.file.open("wb") as told:
            self.process = subprocess.Popen(
                [str(client("kubectl")), "get", "services", *words, f"--output=jsonpath={path}"],
                stdout=told,
                env=cluster().environment(),
            )

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait()

    def hashes(self) -> "list[str]":
        """Each as often as it was turned to; none for a Service that is not led yet."""
        seen: list[str] = []
        for line in self.file.read_text("utf-8").split("\n")[:-1]:
            found = line.partition("=")[2]
            if found and seen[-1:] != [found]:
                seen.append(found)
        return seen
