"""A Kubernetes cluster for tests: a real API server, its controllers and its scheduler, and played nodes.

What is asked of the server is answered as anywhere; containers are only said to run (kwok plays their nodes),
and no packet goes from one to another: NetworkPolicies are taken by the server and held by nobody.
"""

import json
import os
import ssl
import subprocess
import time
import urllib.request
from pathlib import Path
from typing import Any, Callable, Optional, Union

import definitions
from clients import client
from control import Control
from nodes import classes, nodes, storage
from processes import Processes

Manifest = dict[str, Any]


class Failed(Exception):
    """A client was refused; the message has its command and what it said."""


class Cluster:
    def __init__(self) -> None:
        self.processes = Processes()
        self.folder = self.processes.folder
        self.control: Optional[Control] = None
        self.kubeconfig = self.folder / "admin.kubeconfig"

    def __enter__(self) -> "Cluster":
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        self.processes.keep = self.processes.keep or kind is not None
        self.stop()

    def start(self) -> None:
        control = self.control = Control(self.folder)
        self.kubeconfig = control.kubeconfig("admin", "system:masters")
        self.processes.start("etcd", control.etcd())
        self.processes.start("kube-apiserver", control.server())
        self.processes.until("kube-apiserver", self.ready)
        self.processes.start("kube-controller-manager", control.manager())
        self.processes.start("kube-scheduler", control.scheduler())
        self.processes.start("kwok", control.kwok())
        self.apply([*nodes(), *classes(), *storage()])
        for file in definitions.files():
            self.kubectl("apply", "--server-side", "--filename", str(file))
        self.kubectl("wait", "--for=condition=Established", "crd", "--all", "--timeout=60s")
        self.kubectl("wait", "--for=condition=Ready", "nodes", "--all", "--timeout=120s")
        self.until("the default service account", lambda: self.get("serviceaccount", "default", "default"))

    def ready(self) -> bool:
        """As the server says of itself: its own roles and priorities are made after it listens."""
        context = ssl.create_default_context(cafile=str(self.control.keys.authority.own.file))
        try:
            with urllib.request.urlopen(f"{self.control.url}/readyz", context=context, timeout=5) as answer:
                return answer.status == 200
        except OSError:
            return False

    def stop(self) -> None:
        self.processes.stop()

    @property
    def url(self) -> str:
        return self.control.url

    def start_process(self, name: str, command: "list[str]", **environment: str) -> None:
        """Something beside the cluster, such as a controller; it ends with it, and its log is `NAME.log`."""
        self.processes.start(name, command, environment)

    def kubectl(self, *words: str, input: Optional[str] = None) -> str:
        return self.run("kubectl", words, input)

    def helm(self, *words: str) -> str:
        return self.run("helm", words)

    def run(self, name: str, words: "tuple[str, ...]", given: Optional[str] = None) -> str:
        done = subprocess.run(
            [str(client(name)), *words],
            input=given,
            stdin=None if given is not None else subprocess.DEVNULL,
            capture_output=True,
            text=True,
            env=self.environment(),
        )
        if done.returncode:
            raise Failed(f"{name} {' '.join(words)}: {done.stderr.strip() or done.stdout.strip()}")
        return done.stdout

    def environment(self) -> "dict[str, str]":
        """Clients know nothing of another cluster that the machine may have, and leave nothing behind."""
        folders = {
            f"HELM_{of}_HOME": str(self.folder / "helm" / of.lower()) for of in ("CACHE", "CONFIG", "DATA")
        }
        own = {
            "KUBECONFIG": str(self.kubeconfig),
            "HOME": str(self.folder),
            "KUBECACHEDIR": str(self.folder / "k"),
        }
        return {**os.environ, **own, **folders}

    def apply(self, manifests: "Union[str, list[Manifest]]") -> str:
        """By the server, which says what is wrong with a field and what it does not know."""
        text = manifests if isinstance(manifests, str) else json.dumps(listed(manifests))
        strict = ("--server-side", "--force-conflicts", "--validate=strict")
        return self.kubectl("apply", *strict, "--filename", "-", input=text)

    def get(self, kind: str, name: str, namespace: str = "") -> Manifest:
        where = ("--namespace", namespace) if namespace else ()
        return json.loads(self.kubectl("get", kind, name, *where, "--output", "json"))

    def items(self, kind: str, namespace: str = "", selector: str = "") -> "list[Manifest]":
        where = ("--namespace", namespace) if namespace else ("--all-namespaces",)
        chosen = ("--selector", selector) if selector else ()
        return json.loads(self.kubectl("get", kind, *where, *chosen, "--output", "json"))["items"]

    def until(self, what: str, condition: "Callable[[], Any]", seconds: float = 60) -> Any:
        """What the condition at last returns. Being refused counts as not yet, and is told if it stays so."""
        end, refused = time.monotonic() + seconds, ""
        while time.monotonic() < end:
            try:
                if told := condition():
                    return told
                refused = ""
            except Failed as problem:
                refused = f"; {problem}"
            if ended := self.processes.ended():
                raise Failed(f"{', '.join(ended)} has ended; the logs are in {self.kept()}")
            time.sleep(0.5)
        raise Failed(f"not in {seconds:.0f} s: {what}{refused}; the logs are in {self.kept()}")

    def kept(self) -> Path:
        self.processes.keep = True
        return self.folder

    def namespace(self, name: str, **labels: str) -> str:
        """Makes it, and waits until pods may be made in it."""
        self.apply([{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}}])
        self.until(f"{name}'s service account", lambda: self.get("serviceaccount", "default", name))
        return name


def listed(manifests: "list[Manifest]") -> Manifest:
    return {"apiVersion": "v1", "kind": "List", "items": manifests}
