"""The programs themselves understand what helm/observability tells them.

ONDOL_TEST_WATCHERS is the folder that they are in, in the versions that the chart pins or newer ones:
promtool, amtool and prometheus; alloy and loki where there are some.
"""

import http.server
import json
import os
import socket
import subprocess
import tempfile
import threading
import time
import unittest
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any, Optional

import yaml

import charts

WATCHERS = os.environ.get("ONDOL_TEST_WATCHERS", "")
SECONDS = 60

# Pods of two services and of one that watches: their names, all their ports, and the one that they annotate.
PODS = {
    "api": ("api-7d9f-x2", [50051, 9401], "9401"),
    "worker": ("worker-55c-9k", [9403], "9403"),
    "grafana": ("grafana-0", [3000], "3000"),
}
METRICS = """\
# TYPE rpc_server_call_duration_seconds histogram
rpc_server_call_duration_seconds_bucket{le="+Inf"} 1
rpc_server_call_duration_seconds_count 1
rpc_server_call_duration_seconds_sum 1
# TYPE other gauge
other 1
"""


def configs(name: str) -> list[tuple[str, dict[str, str]]]:
    """The files of a component, of every values file."""
    return [
        (case, manifest["data"])
        for case, found in charts.rendered_cases().items()
        for manifest in found
        if manifest["kind"] == "ConfigMap" and manifest["metadata"]["name"] in (name, f"ondol-{name}")
    ]


def told(program: str, *arguments: str) -> Optional[str]:
    """What it says against its files; None where it has nothing to say."""
    done = subprocess.run([f"{WATCHERS}/{program}", *arguments], capture_output=True, timeout=SECONDS)
    return None if done.returncode == 0 else (done.stdout + done.stderr).decode(errors="replace")


@unittest.skipUnless(WATCHERS, "ONDOL_TEST_WATCHERS does not say where the programs are")
class Files(unittest.TestCase):
    def each(self, component: str, program: str, *arguments: str) -> None:
        """`FOLDER` in an argument is where the files of the component are."""
        if not Path(WATCHERS, program).exists():
            self.skipTest(f"there is no {program}")
        for case, files in configs(component):
            with self.subTest(case=case), tempfile.TemporaryDirectory() as folder:
                for name, text in files.items():
                    Path(folder, name).write_text(text.replace("/etc/prometheus/", f"{folder}/"), "utf-8")
                placed = [argument.replace("FOLDER", folder) for argument in arguments]
                self.assertIsNone(told(program, *placed))

    def test_prometheus(self) -> None:
        self.each("prometheus", "promtool", "check", "config", "FOLDER/prometheus.yml")

    def test_rules(self) -> None:
        for file in (charts.HELM / "observability/files/rules").iterdir():
            self.assertIsNone(told("promtool", "check", "rules", str(file)))

    def test_alertmanager(self) -> None:
        self.each("alertmanager", "amtool", "check-config", "FOLDER/alertmanager.yml")

    def test_loki(self) -> None:
        self.each("loki", "loki", "-verify-config", "-config.file=FOLDER/loki.yaml")

    def test_alloy(self) -> None:
        self.each("alloy", "alloy", "validate", "FOLDER/config.alloy")


class Pod(http.server.BaseHTTPRequestHandler):
    """/metrics of a pod; of any of them, as labels come from what Kubernetes says."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; version=0.0.4")
        self.end_headers()
        self.wfile.write(METRICS.encode())

    def log_message(self, *_: Any) -> None:
        """Nothing."""


@unittest.skipUnless(WATCHERS, "ONDOL_TEST_WATCHERS does not say where the programs are")
class Scraping(unittest.TestCase):
    """A real Prometheus with the chart's file, told of pods by a file in Kubernetes' place."""

    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.pod = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Pod)
        threading.Thread(target=self.pod.serve_forever, daemon=True).start()
        self.addCleanup(self.pod.server_close)
        self.addCleanup(self.pod.shutdown)
        (self.folder / "pods.json").write_text(json.dumps(self.targets()), "utf-8")
        (self.folder / "prometheus.yml").write_text(yaml.safe_dump(self.config()), "utf-8")
        self.port = free_port()
        self.start()

    def targets(self) -> list[dict[str, Any]]:
        return [
            {"targets": [f"127.0.0.1:{self.pod.server_port}"], "labels": meta(name, pod, port, annotated)}
            for name, (pod, ports, annotated) in PODS.items()
            for port in ports
        ]

    def config(self) -> dict[str, Any]:
        """What is asked of Kubernetes is in a file instead, and everything is done every second."""
        whole = yaml.safe_load(dict(configs("prometheus"))["observability/minimal"]["prometheus.yml"])
        kept = [job for job in whole["scrape_configs"] if job["job_name"].startswith("pods")]
        for job in kept:
            job.pop("kubernetes_sd_configs")
            job["file_sd_configs"] = [{"files": [str(self.folder / "pods.json")]}]
            job["scrape_interval"] = "1s"
        return {"global": {"scrape_interval": "1s"}, "scrape_configs": kept}

    def start(self) -> None:
        arguments = [
            f"--config.file={self.folder}/prometheus.yml",
            f"--storage.tsdb.path={self.folder}/data",
            f"--web.listen-address=127.0.0.1:{self.port}",
        ]
        process = subprocess.Popen(
            [f"{WATCHERS}/prometheus", *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        self.addCleanup(process.wait)
        self.addCleanup(process.terminate)

    def series(self, query: str, wanted: int) -> list[dict[str, str]]:
        """The labels of as many series as are awaited."""
        until, found = time.monotonic() + SECONDS, []
        while time.monotonic() < until:
            try:
                url = f"http://127.0.0.1:{self.port}/api/v1/query?query={urllib.parse.quote(query)}"
                with urllib.request.urlopen(url, timeout=5) as answer:
                    found = [result["metric"] for result in json.load(answer)["data"]["result"]]
            except OSError:
                found = []
            if len(found) >= wanted:
                break
            time.sleep(0.2)
        return found

    def test_every_pod_is_read_once_and_known_by_its_labels(self) -> None:
        self.series("up", 5)
        found = self.series("other", 3)
        self.assertEqual({labels["job"] for labels in found}, {"pods"})
        wanted = {name: pod for name, (pod, *_) in PODS.items()}
        self.assertEqual({labels["service"]: labels["pod"] for labels in found}, wanted)
        self.assertEqual({labels["namespace"] for labels in found}, {"ondol"})
        self.assertEqual({(labels["node"], labels["release"]) for labels in found}, {("node-1", "release")})

    def test_durations_of_our_services_are_the_fast_jobs_alone(self) -> None:
        found = self.series("rpc_server_call_duration_seconds_count", 3)
        jobs = sorted((labels["service"], labels["job"]) for labels in found)
        self.assertEqual(jobs, [("api", "pods-p95"), ("grafana", "pods"), ("worker", "pods-p95")])
        self.assertEqual(len(self.series("up", 5)), 5)


def meta(name: str, pod: str, port: int, annotated: str) -> dict[str, str]:
    about = "__meta_kubernetes_pod_"
    return {
        "__meta_kubernetes_namespace": "ondol",
        f"{about}name": pod,
        f"{about}node_name": "node-1",
        f"{about}phase": "Running",
        f"{about}container_port_number": str(port),
        f"{about}label_app_kubernetes_io_name": name,
        f"{about}label_app_kubernetes_io_instance": "release",
        f"{about}annotation_prometheus_io_scrape": "true",
        f"{about}annotation_prometheus_io_port": annotated,
        f"{about}annotation_prometheus_io_path": "/metrics",
    }


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]
