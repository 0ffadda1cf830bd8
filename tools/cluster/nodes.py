"""Nodes that nobody pays for: the pools of deploy/eks, with the labels and taints that charts look for."""

from typing import Any

# Zones of the general pool, whose pods are to be spread over them.
ZONES = ("a", "b", "c")
REGION = "ap-northeast-2"
# Classes of storage, and the claims that each of them has room for.
DEFAULT = "standard"
CLAIMS = {DEFAULT: 60, "gp3": 20}


def nodes() -> "list[dict[str, Any]]":
    general = [node(f"general-{zone}", zone, "general", {"cpu": "16", "memory": "64Gi"}) for zone in ZONES]
    gpu = {"cpu": "16", "memory": "64Gi", "nvidia.com/gpu": "1"}
    taint = {"key": "nvidia.com/gpu", "value": "present", "effect": "NoSchedule"}
    return general + [node(f"gpu-{zone}", zone, "gpu", gpu, taint) for zone in ZONES[:2]]


def node(
    name: str, zone: str, pool: str, room: "dict[str, str]", *taints: "dict[str, str]"
) -> "dict[str, Any]":
    labels = {
        "kubernetes.io/hostname": name,
        "kubernetes.io/os": "linux",
        "kubernetes.io/arch": "amd64",
        "topology.kubernetes.io/region": REGION,
        "topology.kubernetes.io/zone": f"{REGION}{zone}",
        "ondol/pool": pool,
    }
    room = {**room, "ephemeral-storage": "200Gi", "pods": "110"}
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, "labels": labels, "annotations": {"kwok.x-k8s.io/node": "fake"}},
        "spec": {"taints": list(taints)},
        "status": {"allocatable": room, "capacity": room},
    }


def classes() -> "list[dict[str, Any]]":
    """What values files of the charts name, and whoever runs a cluster has."""
    priority = {"apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass", "value": 1000}
    runtime = {"apiVersion": "node.k8s.io/v1", "kind": "RuntimeClass", "handler": "nvidia"}
    return [
        {**priority, "metadata": {"name": "ondol-serving"}},
        {**runtime, "metadata": {"name": "nvidia"}},
    ]


def storage() -> "list[dict[str, Any]]":
    """Volumes that were made in advance: nothing here makes one when a claim asks for it."""
    made = [storage_class(name, name == DEFAULT) for name in CLAIMS]
    return made + [volume(name, number) for name, count in CLAIMS.items() for number in range(count)]


def storage_class(name: str, default: bool) -> "dict[str, Any]":
    return {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {
            "name": name,
            "annotations": {"storageclass.kubernetes.io/is-default-class": str(default).lower()},
        },
        "provisioner": "kubernetes.io/no-provisioner",
        "volumeBindingMode": "WaitForFirstConsumer",
    }


def volume(of: str, number: int) -> "dict[str, Any]":
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": f"{of}-{number}"},
        "spec": {
            "capacity": {"storage": "1Ti"},
            "accessModes": ["ReadWriteOnce", "ReadWriteMany", "ReadOnlyMany"],
            "persistentVolumeReclaimPolicy": "Retain",
            "storageClassName": of,
            "hostPath": {"path": f"/nowhere/{of}-{number}"},
        },
    }
