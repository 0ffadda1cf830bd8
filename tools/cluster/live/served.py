"""Argo CD that follows this repository as it is committed, and what deploy/env says it should make of it."""

import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import charts
from deployed import IMAGES, environments
from gitops import ArgoCd
from live.release import rendered
from repository import Repository
from stand import cluster

DELIVERY = "tools/delivery/delivery.py"
REGISTRY = "registry.example.com/ondol"


@cache
def served() -> "Served":
    return Served()


class Served:
    def __init__(self) -> None:
        self.followed = False
        self.argocd = ArgoCd(cluster())
        self.argocd.install()
        self.argocd.folder.mkdir()
        self.repository = Repository(self.argocd.folder)
        self.argocd.start()

    def follow(self) -> None:
        """From now on the cluster is made what is committed."""
        if not self.followed:
            self.argocd.follow()
        self.followed = True

    @property
    def folder(self) -> Path:
        return self.repository.work / "deploy" / "env"

    def tell(self, *names: str) -> None:
        """As docs/delivery.md says."""
        told = self.delivery("argocd", "--repository", self.repository.url, *names)
        cluster().kubectl("apply", "-f", "-", input=told)

    def delivery(self, *words: str) -> str:
        """By the checkout's own program, as CI calls it."""
        command = [sys.executable, str(self.repository.work / DELIVERY), *words]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            raise AssertionError(done.stderr)
        return done.stdout

    def deliver(self, environment: str, digit: str) -> None:
        """What CI does when it has published: every image has the digest that is made of the digit."""
        folder = self.argocd.folder / f"digests-{environment}-{digit}"
        folder.mkdir()
        for image in IMAGES:
            (folder / f"{image}.digest").write_text(digest(digit), encoding="utf-8")
        self.delivery(
            "take", environment, "--registry", REGISTRY, "--tag", "123456789012", "--digests", str(folder)
        )

    def push(self, subject: str) -> str:
        made = self.repository.commit(subject)
        self.argocd.look()
        return made

    def expected(self, *names: str) -> "dict[str, dict[str, Any]]":
        """What each application has to say, by its name."""
        found = {}
        for name in names:
            environment = environments.environment(name, self.folder)
            for release in environment.releases():
                found[f"{name}-{release.name}"] = self.application(environment, release)
        return found

    def application(
        self, environment: "environments.Environment", release: "environments.Release"
    ) -> "dict[str, Any]":
        told = environments.flat(release.folder / "release.yaml")
        values = f"/deploy/env/{environment.name}/{release.name}"
        helm = {"releaseName": release.name, "valueFiles": [f"{values}/values.yaml", f"{values}/images.yaml"]}
        chart = {
            "repoURL": self.repository.url,
            "targetRevision": environment.facts()["revision"],
            "path": f"helm/{release.chart}",
            "helm": helm,
        }
        labels = {
            "pod-security.kubernetes.io/enforce": told["podSecurity"],
            "elbv2.k8s.aws/pod-readiness-gate-inject": "enabled",
        }
        return {
            "project": "ondol",
            "destination": {"name": environment.facts()["cluster"], "namespace": release.namespace},
            "source": chart,
            "automated": {"prune": True, "selfHeal": True},
            "labels": labels,
        }

    def by_helm(self, release: "environments.Release") -> "list[charts.Manifest]":
        """What Helm renders of the checkout."""
        words = [
            word
            for name in ("values", "images")
            for word in ("--values", str(release.folder / f"{name}.yaml"))
        ]
        chart = self.repository.work / "helm" / release.chart
        return rendered(chart, release.name, release.namespace, *words)


def digest(digit: str) -> str:
    return f"sha256:{digit * 64}"


def bare(manifests: "list[charts.Manifest]") -> "list[charts.Manifest]":
    """Without Argo CD's mark of whose they are, and in one order."""
    for one in manifests:
        notes = one["metadata"].get("annotations", {})
        notes.pop("argocd.argoproj.io/tracking-id", None)
        if not notes:
            one["metadata"].pop("annotations", None)
    return sorted(
        manifests,
        key=lambda one: (one["kind"], one["metadata"]["name"], one["metadata"].get("namespace", "")),
    )
