"""The real controller of Argo Rollouts, beside the cluster of the tests."""

import subprocess
import urllib.request
from contextlib import suppress

import definitions
import ports
from cluster import Cluster, Failed
from programs import named

CONTROLLER = "rollouts-controller"
# What the controller makes and looks for besides what our charts make.
FURTHER = ("analysis-run", "cluster-analysis-template", "experiment")


def start(cluster: Cluster) -> None:
    """It may do everything here; in a cluster its own manifests say what it may."""
    crds = definitions.crds
    sources = [crds.Source(*crds.ROLLOUTS, f"manifests/crds/{name}-crd.yaml", "v1alpha1") for name in FURTHER]
    for file in definitions.files(sources):
        cluster.kubectl("apply", "--server-side", "--filename", str(file))
    cluster.kubectl("wait", "--for=condition=Established", "crd", "--all", "--timeout=60s")
    metrics, health = ports.free(2)
    cluster.start_process(
        CONTROLLER,
        [
            str(named(CONTROLLER)),
            f"--kubeconfig={cluster.kubeconfig}",
            "--leader-elect=false",
            f"--metricsPort={metrics}",
            f"--healthzPort={health}",
        ],
    )
    cluster.until("Argo Rollouts is ready", lambda: answers(health), 120)


def stop(cluster: Cluster) -> None:
    """What others then do to Rollouts, and to the Services that these lead, stays as it is."""
    cluster.processes.end_one(CONTROLLER)


def plugin(cluster: Cluster, *words: str) -> str:
    """What people would say as `kubectl argo rollouts`."""
    program = str(named("kubectl-argo-rollouts"))
    done = subprocess.run([program, *words], env=cluster.environment(), capture_output=True, text=True)
    if done.returncode:
        raise Failed(f"kubectl argo rollouts {' '.join(words)}: {done.stdout}{done.stderr}")
    return done.stdout


def answers(port: int) -> bool:
    with suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5) as answer:
        return answer.status == 200
    return False
