#!/usr/bin/env python3
"""Has pods read a secret of the store again, and comes back once no pod has the one from before.

    tools/eks/renew.py ondol/redis monitoring/redis --restart ondol/rollout/api ondol/deployment/mcp

The External Secrets operator is asked to read each ExternalSecret (NAMESPACE/NAME), and only when it has,
workloads (NAMESPACE/KIND/NAME) are restarted, as each does it: in turn, within the disruption budget.
"""

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import datetime, timezone
from typing import Any

PAUSE = 1


class Trouble(Exception):
    """What is wrong, in words for whoever runs this."""


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("secrets", nargs="+", metavar="NAMESPACE/NAME", help="ExternalSecrets")
    parser.add_argument("--restart", nargs="+", default=[], metavar="NAMESPACE/KIND/NAME", help="workloads")
    parser.add_argument("--timeout", type=float, default=1800, help="seconds for each step")
    arguments = parser.parse_args()
    try:
        read_again(arguments.secrets, arguments.timeout)
        print("read: " + ", ".join(arguments.secrets))
        restart(arguments.restart, arguments.timeout)
        print("replaced: all pods of " + ", ".join(arguments.restart or ["nobody"]))
    except Trouble as problem:
        print(f"renew: {problem}", file=sys.stderr)
        return 1
    return 0


def read_again(secrets: list[str], timeout: float) -> None:
    """The operator writes down of which state an ExternalSecret was when it read, notes included."""
    before = {}
    for secret in secrets:
        namespace, name = parts(secret, 2)
        before[secret] = version(secret)
        note = f"force-sync={time.time_ns()}"
        kubectl("annotate", "externalsecret", name, note, "--overwrite", "--namespace", namespace)
    until(
        lambda: [secret for secret in secrets if version(secret) == before[secret]],
        timeout,
        "the operator has not read {}: `kubectl describe externalsecret` says why",
    )


def version(secret: str) -> str:
    namespace, name = parts(secret, 2)
    found = get("externalsecret", name, "--namespace", namespace)
    return found.get("status", {}).get("syncedResourceVersion", "")


def restart(workloads: list[str], timeout: float) -> None:
    """All at once; each keeps to its own bounds."""
    old = {workload: pods(workload) for workload in workloads}
    for workload in workloads:
        begin(*parts(workload, 3))
    until(
        lambda: [one for one in workloads if pods(one) & old[one] or not ready(one)],
        timeout,
        "not all pods of {} are new and ready",
    )


def begin(namespace: str, kind: str, name: str) -> None:
    where = ("--namespace", namespace)
    if kind == "rollout":
        now = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
        patch = json.dumps({"spec": {"restartAt": now}})
        kubectl("patch", "rollouts.argoproj.io", name, "--type", "merge", "--patch", patch, *where)
    else:
        kubectl("rollout", "restart", f"{kind}/{name}", *where)


def pods(workload: str) -> set[str]:
    """Also those that are about to end: they have the old secret until they are gone."""
    return {pod["metadata"]["uid"] for pod in pods_of(workload)}


def ready(workload: str) -> bool:
    conditions = [pod.get("status", {}).get("conditions", []) for pod in pods_of(workload)]
    return all(
        {"Ready": "True"}.items() <= {c["type"]: c["status"] for c in each}.items() for each in conditions
    )


def pods_of(workload: str) -> list[dict[str, Any]]:
    namespace, kind, name = parts(workload, 3)
    resource = "rollouts.argoproj.io" if kind == "rollout" else kind
    labels = get(resource, name, "--namespace", namespace)["spec"]["selector"]["matchLabels"]
    selector = ",".join(f"{key}={value}" for key, value in sorted(labels.items()))
    return get("pods", "--selector", selector, "--namespace", namespace)["items"]


def until(left: Callable[[], list[str]], timeout: float, trouble: str) -> None:
    """Until nothing is left."""
    end = time.monotonic() + timeout
    while late := left():
        if time.monotonic() > end:
            raise Trouble(trouble.format(", ".join(late)))
        time.sleep(PAUSE)


def parts(path: str, count: int) -> list[str]:
    found = path.split("/")
    if len(found) != count or not all(found):
        raise Trouble(f"{path}: expected {count} names with slashes between them")
    return found


def get(*words: str) -> dict[str, Any]:
    return json.loads(kubectl("get", *words, "--output", "json"))


def kubectl(*words: str) -> str:
    done = subprocess.run(["kubectl", *words], capture_output=True, text=True)
    if done.returncode:
        raise Trouble(f"kubectl {' '.join(words)}: {done.stderr.strip()}")
    return done.stdout


if __name__ == "__main__":
    sys.exit(main())
