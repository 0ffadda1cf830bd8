"""A metrics-server whose figures the test sets: metrics.k8s.io, behind the API server's aggregation."""

import base64
import json
import ssl
import threading
import urllib.parse
import urllib.request
from datetime import datetime, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from cluster import Cluster

GROUP, VERSION = "metrics.k8s.io", "v1beta1"
SERVICE, NAMESPACE = "played-metrics", "kube-system"
WINDOW = "15s"


class Metrics:
    """The processors that each namespace keeps busy, shared evenly by its pods."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        # By namespace, in thousandths of a processor.
        self.load: dict[str, int] = {}
        self.asker = ssl.create_default_context(cafile=str(cluster.control.keys.authority.own.file))
        admin = cluster.folder / "user-admin"
        self.asker.load_cert_chain(f"{admin}.pem", f"{admin}.key")
        names = (f"DNS:{SERVICE}.{NAMESPACE}.svc",)
        made = cluster.control.keys.authority.signed("metrics", SERVICE, names=names)
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), handler(self))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(made.file, made.key)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        cluster.apply(
            registration(self.server.server_port, cluster.control.keys.authority.own.file.read_bytes())
        )
        cluster.kubectl("wait", "--for=condition=Available", f"apiservice/{VERSION}.{GROUP}", "--timeout=60s")

    def close(self) -> None:
        """An API that nobody answers for keeps namespaces from going, so it is taken away first."""
        self.cluster.kubectl("delete", "apiservice", f"{VERSION}.{GROUP}")
        self.server.shutdown()
        self.server.server_close()

    def pods(self, namespace: str, selector: str) -> "dict[str, Any]":
        """What each of them used over the last seconds."""
        running = [
            pod for pod in self.listed(namespace, selector) if pod.get("status", {}).get("phase") == "Running"
        ]
        share = self.load.get(namespace, 0) // max(1, len(running))
        return {
            "kind": "PodMetricsList",
            "apiVersion": f"{GROUP}/{VERSION}",
            "items": [of(pod, share) for pod in running],
        }

    def listed(self, namespace: str, selector: str) -> "list[dict[str, Any]]":
        query = urllib.parse.urlencode({"labelSelector": selector})
        url = f"{self.cluster.url}/api/v1/namespaces/{namespace}/pods?{query}"
        with urllib.request.urlopen(url, context=self.asker, timeout=10) as answer:
            return json.load(answer)["items"]


def of(pod: "dict[str, Any]", share: int) -> "dict[str, Any]":
    meta = pod["metadata"]
    containers = [container["name"] for container in pod["spec"]["containers"]]
    usage = {"cpu": f"{share // len(containers)}m", "memory": "64Mi"}
    return {
        "metadata": {"name": meta["name"], "namespace": meta["namespace"], "labels": meta["labels"]},
        "timestamp": datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "window": WINDOW,
        "containers": [{"name": name, "usage": usage} for name in containers],
    }


def handler(metrics: Metrics) -> "type[BaseHTTPRequestHandler]":
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            path = urllib.parse.urlsplit(self.path)
            steps = path.path.strip("/").split("/")
            known = steps[:3] == ["apis", GROUP, VERSION]
            if known and len(steps) == 3:
                self.answer(resources())
            elif known and len(steps) == 6 and steps[3] == "namespaces" and steps[5] == "pods":
                chosen = urllib.parse.parse_qs(path.query).get("labelSelector", [""])[0]
                self.answer(metrics.pods(steps[4], chosen))
            else:
                self.answer({"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": 404}, 404)

        def answer(self, told: "dict[str, Any]", status: int = 200) -> None:
            body = json.dumps(told).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    return Handler


def resources() -> "dict[str, Any]":
    pods = {
        "name": "pods",
        "singularName": "",
        "namespaced": True,
        "kind": "PodMetrics",
        "verbs": ["get", "list"],
    }
    return {
        "kind": "APIResourceList",
        "apiVersion": "v1",
        "groupVersion": f"{GROUP}/{VERSION}",
        "resources": [pods],
    }


def registration(port: int, authority: bytes) -> "list[dict[str, Any]]":
    """A Service that is another name for this machine, and who is to be asked for the group."""
    where = {"type": "ExternalName", "externalName": "localhost", "ports": [{"port": port}]}
    service = {"name": SERVICE, "namespace": NAMESPACE, "port": port}
    spec = {
        "group": GROUP,
        "version": VERSION,
        "groupPriorityMinimum": 100,
        "versionPriority": 100,
        "service": service,
        "caBundle": base64.b64encode(authority).decode(),
    }
    api = {"apiVersion": "apiregistration.k8s.io/v1", "kind": "APIService"}
    return [
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": SERVICE, "namespace": NAMESPACE},
            "spec": where,
        },
        {**api, "metadata": {"name": f"{VERSION}.{GROUP}"}, "spec": spec},
    ]
