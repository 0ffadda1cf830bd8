"""Somebody who follows a page of docs/: a copy of the repository, a shell, and the programs that it names."""

import json
import os
import re
import shutil
import subprocess
import sys

import installs
import own
import programs
from clients import client
from cluster import Cluster
from repository import ROOT, SOMEBODY

sys.path.append(str(ROOT / "tools" / "eks"))

import fill
import guide

# Where the shell keeps its variables from one block to the next one.
KEPT = "variables"
PATIENCE = 600
IGNORED = shutil.ignore_patterns("target", "node_modules", "__pycache__")


class Reader:
    def __init__(self, cluster: Cluster, page: str) -> None:
        self.cluster, self.folder = cluster, cluster.folder / f"reader-{page}"
        self.root = self.folder / "ondol"
        self.root.mkdir(parents=True)
        for name in ("deploy", "helm", "tools"):
            shutil.copytree(ROOT / name, self.root / name, symlinks=True, ignore=IGNORED)
        for name in ("just", "justfile"):
            shutil.copy(ROOT / name, self.root / name)
        self.stacks()
        for install in (installs.ARGO_CD, installs.ROLLOUTS):
            self.at_hand(install)
        self.variables = self.folder / KEPT
        self.variables.touch()
        self.run("git init --quiet && git add --all && git commit --quiet --message begin")

    def stacks(self) -> None:
        """What AWS would say if the examples of the files were what is there, but for the account."""
        told = {key: example.format(environment="prod") for example, key in fill.EXAMPLES.items()}
        told.update({"AccountId": "210987654321", "Domain": "api.example.com"})
        outputs = [{"OutputKey": key, "OutputValue": value} for key, value in told.items()]
        stacks = {"Stacks": [{"StackName": "ondol-prod-all", "Outputs": outputs}]}
        (self.root / "stacks.json").write_text(json.dumps(stacks), encoding="utf-8")

    def at_hand(self, install: installs.Install) -> None:
        """The file that a kustomization has from the internet, beside it."""
        changed = 0
        for file in (self.root / "deploy/eks/cluster").glob("*/kustomization.yaml"):
            text = file.read_text("utf-8")
            if install.address in text:
                shutil.copy(installs.file(install), file.parent / "install.yaml")
                file.write_text(text.replace(install.address, "install.yaml"), encoding="utf-8")
                changed += 1
        if changed != 1:
            raise AssertionError(f"{changed} kustomizations have {install.address}")

    def follow(self, block: guide.Block) -> None:
        """As it is written, by a shell that stops at what goes wrong and knows what earlier blocks set."""
        self.run(block.text)

    def export(self, block: guide.Block) -> None:
        """Of a block that is left out, the names that later ones use and nobody has to be asked for."""
        for line in re.findall(r"^export [^$\n]*$", block.text, re.MULTILINE):
            self.run(line)

    def run(self, text: str) -> None:
        # Of variables those that a page may have set; some of the shell's own cannot be set again.
        keep = f"declare -p | grep -E '^declare -[-x]+ [A-Za-z]\\w*=' > '{self.variables}' || true"
        script = f"source '{self.variables}' 2>/dev/null || true\n{text}\n{keep}"
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script],
            cwd=self.root,
            env=self.environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
        )
        if done.returncode:
            logs = f"the logs are in {self.cluster.kept()}"
            raise AssertionError(f"{text}\n{done.stdout}{done.stderr}\n{logs}")

    def environment(self) -> "dict[str, str]":
        folders = [client("kubectl").parent, own.programs()]
        # What goes over several lines would not come back from where variables are kept.
        lines = {name: value for name, value in self.cluster.environment().items() if "\n" not in value}
        return {
            **lines,
            **SOMEBODY,
            "ONDOL_CACHE": programs.fetched("cache"),
            "PATH": os.pathsep.join([*(str(folder) for folder in folders), os.environ["PATH"]]),
            "PYTHONDONTWRITEBYTECODE": "1",
        }
