"""A real Prometheus with the configuration that helm/observability renders, on the cluster of the tests.

Pods are found, chosen and labelled as the chart says. What differs: it asks the API server from outside,
reads pods by way of the exporter that answers for them, and looks every second.
"""

import contextlib
import json
import sys
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

import yaml

import ports
from cluster import Cluster
from exporter import Exporter
from programs import named

sys.path.append(str(Path(__file__).resolve().parent.parent / "charts"))

import charts

# Who is asked, for the exporter: these become the query of the request.
WHO = [
    {"source_labels": ["__meta_kubernetes_pod_name"], "target_label": "__param_pod"},
    {"source_labels": ["__meta_kubernetes_pod_label_trial"], "target_label": "__param_trial"},
]


class Prometheus:
    def __init__(self, cluster: Cluster, exporter: Exporter, namespaces: "list[str]") -> None:
        self.cluster = cluster
        (port,) = ports.free(1)
        self.url = f"http://127.0.0.1:{port}"
        file = cluster.folder / "prometheus.yml"
        file.write_text(yaml.safe_dump(self.config(exporter, namespaces)), "utf-8")
        cluster.start_process(
            "prometheus",
            [
                str(named("prometheus")),
                f"--config.file={file}",
                f"--storage.tsdb.path={cluster.folder / 'prometheus'}",
                f"--web.listen-address=127.0.0.1:{port}",
            ],
        )
        cluster.until("Prometheus is ready", self.ready, 120)

    def config(self, exporter: Exporter, namespaces: "list[str]") -> "dict[str, Any]":
        found = charts.render("observability", {"namespaces": namespaces})
        whole = yaml.safe_load(charts.named(found, "ConfigMap", "prometheus")["data"]["prometheus.yml"])
        jobs = [job for job in whole["scrape_configs"] if job["job_name"].startswith("pods")]
        for job in jobs:
            job.update(scrape_interval="1s", proxy_url=exporter.url)
            job["relabel_configs"] += WHO
            for discovery in job["kubernetes_sd_configs"]:
                discovery["kubeconfig_file"] = str(self.cluster.kubeconfig)
        return {"global": {"scrape_interval": "1s"}, "scrape_configs": jobs}

    def ready(self) -> bool:
        with contextlib.suppress(OSError), urllib.request.urlopen(f"{self.url}/-/ready", timeout=5) as answer:
            return answer.status == 200
        return False

    def query(self, query: str) -> "list[dict[str, Any]]":
        """Labels and value of each series."""
        url = f"{self.url}/api/v1/query?{urllib.parse.urlencode({'query': query})}"
        with urllib.request.urlopen(url, timeout=10) as answer:
            return json.load(answer)["data"]["result"]
