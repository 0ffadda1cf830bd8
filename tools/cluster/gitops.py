"""Argo CD beside the cluster: its real servers as processes, with an administrator's rights, and a Redis."""

import json
import os
import secrets
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any, Optional
from urllib.parse import quote

import installs
from clients import client
from cluster import Cluster, Manifest
from ports import free, listens
from programs import fetched, named

NAMESPACE = "argocd"
PORTS = (
    "redis",
    "repository",
    "server",
    "repository-metrics",
    "set-metrics",
    "set-hook",
    "server-metrics",
    "metrics",
)
# To read the repository again: by itself it does so every two or three minutes, or when a webhook says so.
REFRESH = "argocd.argoproj.io/refresh=hard"
REFRESH_SET = "argocd.argoproj.io/application-set-refresh=true"


class Refused(Exception):
    """What Argo CD answers to whoever asks for something that it cannot do."""


class ArgoCd:
    """`install`, then `start`; what writes to the cluster is started later, by `follow`."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self.folder = cluster.folder / "argo-cd"
        self.ports = dict(zip(PORTS, free(len(PORTS))))

    def install(self) -> None:
        """Its definitions, its settings as they are by default, and the secret that its first start makes."""
        self.cluster.namespace(NAMESPACE)
        self.cluster.apply(installs.manifests(installs.ARGO_CD, "CustomResourceDefinition"))
        wait = ("wait", "--for=condition=Established", "crd", "--all", "--timeout=60s")
        # Asked at once, kubectl finds no conditions yet and gives up.
        self.cluster.until("Argo CD's definitions", lambda: self.cluster.kubectl(*wait))
        settings = installs.manifests(installs.ARGO_CD, "ConfigMap", "Secret")
        for one in settings:
            one["metadata"]["namespace"] = NAMESPACE
            if one["metadata"]["name"] == "argocd-secret":
                one["stringData"] = {"server.secretkey": secrets.token_hex(32)}
        self.cluster.apply(settings)

    def start(self) -> None:
        """What reads the repository, what makes applications of the set, and what people ask."""
        for name in ("tmp", "redis", "bin"):
            (self.folder / name).mkdir(parents=True)
        # Its image has this one of its own, which asks who signed a commit. Here nobody does.
        verify = self.folder / "bin" / "git-verify-wrapper.sh"
        verify.write_text("#!/bin/sh\n", encoding="utf-8")
        verify.chmod(0o755)
        redis = [fetched("path", "redis-server"), "--port", str(self.ports["redis"]), "--bind", "127.0.0.1"]
        self.cluster.start_process(
            "argocd-redis", [*redis, "--save", "", "--dir", str(self.folder / "redis")]
        )
        self.listening("redis")
        plain = ("--disable-tls", "--client-ca-path=")
        self.run("repo-server", *self.own("repository"), *plain, self.redis)
        self.listening("repository")
        self.run(
            "applicationset-controller",
            f"--argocd-repo-server={self.at('repository')}",
            "--repo-server-plaintext",
            f"--metrics-addr={self.at('set-metrics')}",
            f"--webhook-addr={self.at('set-hook')}",
            "--probe-addr=0",
        )
        self.run("server", *self.own("server"), "--insecure", "--disable-auth", *self.repository, self.redis)
        self.listening("server")

    def follow(self) -> None:
        """From now on the cluster is made what the applications say."""
        port = f"--metrics-port={self.ports['metrics']}"
        self.run("application-controller", port, *self.repository, self.redis)

    def run(self, part: str, *flags: str) -> None:
        """One program is all of them, by the name that it is told."""
        folders = (self.folder / "bin", client("helm").parent, os.environ["PATH"])
        self.cluster.start_process(
            f"argocd-{part}",
            [str(named("argocd")), *flags],
            ARGOCD_BINARY_NAME=f"argocd-{part}",
            # The cluster that it takes for its own is the one of this file, though it runs outside of it.
            KUBECONFIG=str(self.kubeconfig()),
            ARGOCD_FAKE_IN_CLUSTER="true",
            ARGOCD_GPG_ENABLED="false",
            ARGOCD_ASK_PASS_SOCK=str(self.folder / "ask.sock"),
            HOME=str(self.folder),
            TMPDIR=str(self.folder / "tmp"),
            PATH=os.pathsep.join(str(folder) for folder in folders),
        )

    def kubeconfig(self) -> Path:
        """The administrator's, in the namespace where a pod of Argo CD would be."""
        whole = json.loads(self.cluster.kubeconfig.read_text("utf-8"))
        whole["contexts"][0]["context"]["namespace"] = NAMESPACE
        file = self.folder / "kubeconfig"
        file.write_text(json.dumps(whole), encoding="utf-8")
        return file

    @property
    def redis(self) -> str:
        return f"--redis={self.at('redis')}"

    @property
    def repository(self) -> "tuple[str, str]":
        return f"--repo-server={self.at('repository')}", "--repo-server-plaintext"

    def own(self, name: str) -> "tuple[str, ...]":
        return (
            "--address=127.0.0.1",
            f"--port={self.ports[name]}",
            "--metrics-address=127.0.0.1",
            f"--metrics-port={self.ports[f'{name}-metrics']}",
        )

    def at(self, name: str) -> str:
        return f"127.0.0.1:{self.ports[name]}"

    def listening(self, name: str) -> None:
        self.cluster.until(f"Argo CD's {name}", lambda: listens(self.ports[name]), 120)

    def ask(self, path: str) -> Any:
        """Its public API."""
        try:
            with urllib.request.urlopen(f"http://{self.at('server')}/api/v1/{path}", timeout=120) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as problem:
            raise Refused(problem.read().decode()) from None

    def manifests(self, application: str) -> "list[Manifest]":
        """What it renders for an application, at the commits that this one names."""
        told = self.ask(f"applications/{quote(application)}/manifests?noCache=true")
        return [json.loads(one) for one in told.get("manifests", [])]

    def applications(self) -> "dict[str, Manifest]":
        found = self.cluster.items("applications.argoproj.io", NAMESPACE)
        return {one["metadata"]["name"]: one for one in found}

    def look(self) -> None:
        """Has everything be read again, as after a push that a webhook tells of."""
        for kind, note in (("applicationset", REFRESH_SET), ("applications.argoproj.io", REFRESH)):
            self.cluster.kubectl("--namespace", NAMESPACE, "annotate", "--overwrite", kind, "--all", note)

    def troubles(self, application: str) -> str:
        """What it says is wrong with an application."""
        one = self.applications().get(application, {})
        return "\n".join(condition["message"] for condition in one.get("status", {}).get("conditions", []))

    def state(self, application: str) -> "Optional[tuple[str, str]]":
        """Whether the cluster has what the commit says, and whether that is well."""
        status = self.applications()[application].get("status", {})
        if "sync" not in status or "health" not in status:
            return None
        return status["sync"]["status"], status["health"].get("status", "")
