"""What the External Secrets operator writes down when it has read a secret, without an operator."""

import json
import threading
from contextlib import suppress

from cluster import Cluster, Failed

PAUSE = 0.5


class Operator:
    """Of each ExternalSecret that was noted with `force-sync`, says that its newest state was read."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster, self.over = cluster, threading.Event()
        self.thread = threading.Thread(target=self.work, daemon=True)

    def start(self) -> None:
        self.thread.start()

    def stop(self) -> None:
        self.over.set()
        self.thread.join()

    def work(self) -> None:
        while not self.over.wait(PAUSE):
            # One can be gone again, as can its namespace.
            with suppress(Failed):
                self.read_all()

    def read_all(self) -> None:
        for secret in self.cluster.items("externalsecrets.external-secrets.io"):
            meta = secret["metadata"]
            asked = meta.get("annotations", {}).get("force-sync")
            version = f"{meta['generation']}-{asked}"
            if asked and secret.get("status", {}).get("syncedResourceVersion") != version:
                self.tell(meta["name"], meta["namespace"], version)

    def tell(self, name: str, namespace: str, version: str) -> None:
        patch = json.dumps({"status": {"syncedResourceVersion": version}})
        words = ("--subresource", "status", "--type", "merge", "--patch", patch, "--namespace", namespace)
        self.cluster.kubectl("patch", "externalsecrets.external-secrets.io", name, *words)
