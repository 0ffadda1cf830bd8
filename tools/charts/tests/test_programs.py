"""The programs understand what the charts tell them. ONDOL_TEST_PROGRAMS is the folder that they are in."""

import json
import os
import re
import subprocess
import tempfile
import threading
import time
import unittest
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import charts

PROGRAMS = os.environ.get("ONDOL_TEST_PROGRAMS", "")

# What Secrets hold.
KEYS = f'[[keys]]\nname = "laptop"\nsha256 = "{"0" * 64}"\n'
SECONDS = 20


@unittest.skipUnless(PROGRAMS, "ONDOL_TEST_PROGRAMS does not say where the programs are")
class Programs(unittest.TestCase):
    def test_settings_are_the_programs_own(self) -> None:
        """After a change of flags: tools/charts/settings.sh PROGRAMS, and then schema.py."""
        for service in charts.SERVICES:
            command = [f"{PROGRAMS}/{service}", "--help"]
            # Without an environment: help would show its values, and break lines for them.
            told = subprocess.run(command, stdout=subprocess.PIPE, check=True, env={}).stdout
            known = sorted(set(re.findall(r"\[env: ([A-Z_0-9]+)", told.decode())))
            file = charts.HELM.parent / "tools" / "charts" / "settings" / f"{service}.txt"
            self.assertEqual(file.read_text("utf-8").split(), known, service)

    def test_every_variable_is_known(self) -> None:
        for case, found in charts.rendered_cases().items():
            for manifest in (m for m in found if m["kind"] in ("Deployment", "Rollout")):
                container = manifest["spec"]["template"]["spec"]["containers"][0]
                if container["name"] not in charts.SERVICES:
                    continue
                file = charts.HELM.parent / "tools" / "charts" / "settings" / f"{container['name']}.txt"
                ours = {name for name in charts.environment(container) if name.startswith("ONDOL_")}
                self.assertEqual(ours - set(file.read_text("utf-8").split()), set(), case)

    def test_api_starts_with_them(self) -> None:
        for case in ("api/minimal", "api/eks", "api/gateway", "api/releases"):
            with self.subTest(case=case):
                self.starts(case)

    def test_mcp_starts_with_them(self) -> None:
        """Those that need no object store: mcp does not start without one that it was told of."""
        for case in ("mcp/minimal", "mcp/gateway"):
            with self.subTest(case=case):
                self.starts(case)

    def test_tools_can_be_used(self) -> None:
        for case, values in charts.cases().items():
            if case.startswith("mcp/"):
                with self.subTest(case=case), tempfile.TemporaryDirectory() as folder:
                    for name, text in values["tools"].items():
                        Path(folder, name).write_text(text, encoding="utf-8")
                    command = [f"{PROGRAMS}/ondol", "tools", "check", f"{folder}/tools.toml"]
                    told = subprocess.run(command, capture_output=True, env={"HOME": folder})
                    self.assertEqual((told.returncode, b"warning" in told.stderr), (0, False), told)

    def test_models_are_pulled_as_the_chart_says(self) -> None:
        """As far as that goes without a bucket: it is understood, and the bucket is looked for."""
        pull = charts.workload(charts.rendered_cases()["llm-inference/gpu"])["spec"]["template"]["spec"]
        container = pull["initContainers"][0]
        command = [f"{PROGRAMS}/ondol", "model", "pull", "--help"]
        asked = subprocess.run(command, stdout=subprocess.PIPE, check=True)
        # In one line, as help breaks its lines where they are full.
        help_text = " ".join(asked.stdout.decode().split())
        with tempfile.TemporaryDirectory() as folder:
            variables = charts.environment(container)
            for name in variables:
                self.assertIn(f"[env: {name}=", help_text)
            variables.update(HOME=folder, ONDOL_MODELS=folder, ONDOL_OBJECTS_ENDPOINT="http://127.0.0.1:1")
            variables.update(AWS_ACCESS_KEY_ID="x", AWS_SECRET_ACCESS_KEY="x")
            told = subprocess.run(
                [f"{PROGRAMS}/ondol", *container["args"]], env=variables, capture_output=True
            )
        self.assertEqual(told.returncode, 1, told)
        self.assertIn(b"pulling qwen3-8b from s3://acme-models/ondol", told.stderr)

    def starts(self, case: str) -> None:
        """And says that it is ready, at the place where the chart's probes ask."""
        with tempfile.TemporaryDirectory() as folder:
            process = Process(case, Path(folder))
            statuses = [process.asked(path) for path in ("/livez", "/readyz", "/metrics")]
            self.assertEqual((statuses, process.ended()), ([200, 200, 200], 0), process.log)


class Process:
    """A service with the environment and the files of its pod, on free ports of this machine."""

    def __init__(self, case: str, folder: Path):
        found = charts.rendered_cases()[case]
        pod = charts.workload(found)["spec"]["template"]["spec"]
        container = pod["containers"][0]
        self.log: list[str] = []
        lay_out(found, pod, container, folder)
        variables = {name: here(value, folder) for name, value in charts.environment(container).items()}
        variables.update(ONDOL_ADMIN_ADDR="127.0.0.1:0", ONDOL_LISTEN="127.0.0.1:0", ONDOL_DRAIN_DELAY="0s")
        # Neither credentials of this machine's nor anybody to show these to.
        variables.update(HOME=str(folder), AWS_ACCESS_KEY_ID="x", AWS_SECRET_ACCESS_KEY="x")
        variables.update(AWS_ENDPOINT_URL="http://127.0.0.1:1", AWS_EC2_METADATA_DISABLED="true")
        self.process = subprocess.Popen(
            [f"{PROGRAMS}/{container['name']}"],
            env=variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        self.reader = threading.Thread(target=self.read)
        self.reader.start()
        self.admin = self.said("admin port open")

    def read(self) -> None:
        for line in self.process.stdout:
            self.log.append(line.decode())

    def said(self, words: str) -> str:
        """The address in the line of the log that has these words."""
        until = time.monotonic() + SECONDS
        while time.monotonic() < until and self.process.poll() is None:
            for line in self.log:
                if words in line:
                    return json.loads(line)["fields"]["address"]
            time.sleep(0.05)
        self.ended()
        raise AssertionError(f"it never said '{words}': {self.log}")

    def asked(self, path: str) -> int:
        """The status, once it is good or the time is over; 0 when nobody answers."""
        until, status = time.monotonic() + SECONDS, 0
        while time.monotonic() < until and self.process.poll() is None:
            try:
                with urllib.request.urlopen(f"http://{self.admin}{path}", timeout=5) as answer:
                    return answer.status
            except urllib.error.HTTPError as refusal:
                status = refusal.code
            except OSError:
                status = 0
            time.sleep(0.05)
        return status

    def ended(self) -> int:
        self.process.terminate()
        try:
            return self.process.wait(timeout=SECONDS)
        finally:
            self.process.kill()
            self.reader.join()
            self.process.stdout.close()


def lay_out(found: list[Any], pod: Any, container: Any, folder: Path) -> None:
    """The files that are mounted; every Secret of files is one with keys."""
    maps = {m["metadata"]["name"]: m["data"] for m in found if m["kind"] == "ConfigMap"}
    volumes = {volume["name"]: volume for volume in pod.get("volumes", [])}
    for mount in container.get("volumeMounts", []):
        volume, place = volumes[mount["name"]], folder / mount["mountPath"][1:]
        place.mkdir(parents=True)
        files = maps[volume["configMap"]["name"]] if "configMap" in volume else {"keys.toml": KEYS}
        for name, text in files.items():
            (place / name).write_text(text, encoding="utf-8")


def here(value: Any, folder: Path) -> str:
    """The variable's value on this machine."""
    if not isinstance(value, str):
        return "secret"
    return f"{folder}{value}" if value.startswith(("/etc/", "/run/")) else value
