"""What must hold for all that helm/observability renders, whatever the values: a function for each rule."""

import copy
import json
from collections.abc import Iterator
from typing import Any

import invariants
from charts import Broken, Manifest, documents, templates

# What only those may mount that look at nodes.
NODE = {
    "alloy": {"/var/log/pods"},
    "node-exporter": {"/proc", "/sys", "/"},
    "dcgm-exporter": {"/var/lib/kubelet/pod-resources"},
}
# Who is root: without it they could not read what they are there for.
ROOT = {"alloy", "dcgm-exporter"}
# Who asks Kubernetes, and for what.
ASKING = {
    "prometheus": {"pods"},
    "kube-state-metrics": {
        *("daemonsets", "deployments", "horizontalpodautoscalers", "nodes", "persistentvolumeclaims"),
        *("poddisruptionbudgets", "pods", "replicasets", "statefulsets"),
    },
}
WORKLOADS = ("Deployment", "StatefulSet", "DaemonSet")


def broken(manifests: list[Manifest]) -> list[str]:
    """All that breaks a rule."""
    return [f"{rule.__name__}: {problem}" for rule in RULES for problem in rule(manifests)]


def mine(manifests: list[Manifest]) -> list[Manifest]:
    """What of a release is of this chart."""
    return [
        m for m in manifests if m["metadata"]["labels"].get("helm.sh/chart", "").startswith("observability-")
    ]


def name_of(manifest: Manifest) -> str:
    return manifest["metadata"]["labels"].get("app.kubernetes.io/name", "")


def workloads(manifests: list[Manifest]) -> list[tuple[str, Manifest, Manifest]]:
    """Of each: what it is, itself, and its pod's template."""
    return [(name_of(m), m, templates(m)[0]) for m in manifests if m["kind"] in WORKLOADS]


def home(manifest: Manifest) -> str:
    return manifest["metadata"]["namespace"]


def restricted_but_where_a_node_is_looked_at(manifests: list[Manifest]) -> Iterator[str]:
    for name, manifest, template in workloads(manifests):
        plain = copy.deepcopy(manifest)
        spec = plain["spec"]["template"]["spec"]
        spec["volumes"] = [volume for volume in spec.get("volumes", []) if "hostPath" not in volume]
        if name in ASKING:
            spec["automountServiceAccountToken"] = False
        if name in ROOT:
            if spec["securityContext"].get("runAsNonRoot"):
                yield f"{name} is no longer root: say so here"
            spec["securityContext"].update(runAsNonRoot=True, runAsUser=1)
        yield from invariants.restricted([plain])
        yield from of_node(name, template["spec"])


def of_node(name: str, spec: dict[str, Any]) -> Iterator[str]:
    """Folders of the node: those that are needed, and only to be read."""
    mounted = {v["name"]: v["hostPath"]["path"] for v in spec.get("volumes", []) if "hostPath" in v}
    if set(mounted.values()) != NODE.get(name, set()):
        yield f"{name} mounts {sorted(mounted.values())} of the node"
    for mount in spec["containers"][0].get("volumeMounts", []):
        if mount["name"] in mounted and not mount.get("readOnly"):
            yield f"{name} writes to {mounted[mount['name']]} of the node"


def nodes_are_not_kept(manifests: list[Manifest]) -> Iterator[str]:
    """By what is thrown away, or by a budget of one pod."""
    for name, _, template in workloads(manifests):
        scratch = {volume["name"] for volume in template["spec"].get("volumes", []) if "emptyDir" in volume}
        notes = template["metadata"].get("annotations", {})
        safe = notes.get("cluster-autoscaler.kubernetes.io/safe-to-evict-local-volumes", "")
        if scratch != {part for part in safe.split(",") if part}:
            yield f"{name} has {scratch}, and says {safe!r} of it"
    for budget in (m for m in manifests if m["kind"] == "PodDisruptionBudget"):
        if budget["spec"].get("maxUnavailable") != 1 or name_of(budget) != "alertmanager":
            yield f"{name_of(budget)} has a budget of {budget['spec']}"


def every_pod_has_its_policy(manifests: list[Manifest]) -> Iterator[str]:
    policies = [manifest for manifest in manifests if manifest["kind"] == "NetworkPolicy"]
    for name, manifest, template in workloads(manifests) if policies else []:
        found = [
            policy
            for policy in policies
            if home(policy) == home(manifest)
            and policy["spec"]["podSelector"]["matchLabels"].items() <= template["metadata"]["labels"].items()
        ]
        if len(found) != 1:
            yield f"{name} has {len(found)} policies"
    yield from invariants.everything_else_is_denied(manifests)
    for policy in policies:
        for rule in [*(policy["spec"]["ingress"] or []), *(policy["spec"]["egress"] or [])]:
            if not rule.get("ports") or not (rule.get("from") or rule.get("to")):
                yield f"{policy['metadata']['name']} lets anybody or any port: {rule}"


def only_what_it_is_there_for_may_be_asked(manifests: list[Manifest]) -> Iterator[str]:
    """Rights are to read, and of nothing secret; whoever has a token has rights, and the reverse."""
    bound: dict[str, set[str]] = {}
    roles = {(m["kind"], m["metadata"].get("namespace"), m["metadata"]["name"]): m for m in manifests}
    for binding in (m for m in manifests if m["kind"] in ("RoleBinding", "ClusterRoleBinding")):
        reference = binding["roleRef"]
        role = roles.get((reference["kind"], binding["metadata"].get("namespace"), reference["name"]))
        if role is None:
            yield f"no {reference['kind']} is called {reference['name']}"
            continue
        for rule in role["rules"]:
            if not set(rule["verbs"]) <= {"get", "list", "watch"}:
                yield f"{reference['name']} may {rule['verbs']}"
            for subject in binding["subjects"]:
                bound.setdefault(subject["name"], set()).update(rule["resources"])
    for name, _, template in workloads(manifests):
        account, may = template["spec"]["serviceAccountName"], ASKING.get(name, set())
        if bound.get(account, set()) != may:
            yield f"{name} may read {bound.get(account)}"
        if template["spec"]["automountServiceAccountToken"] is not bool(may):
            yield f"{name} has a token, or none, without need"


def references_lead_somewhere(manifests: list[Manifest]) -> Iterator[str]:
    there = {(m["kind"], m["metadata"].get("namespace"), m["metadata"]["name"]): m for m in manifests}
    for name, manifest, template in workloads(manifests):
        space, spec = home(manifest), template["spec"]
        if ("ServiceAccount", space, spec["serviceAccountName"]) not in there:
            yield f"{name} has no account"
        for file, items in config_maps(spec):
            found = there.get(("ConfigMap", space, file))
            if found is None or set(items) - set(found["data"]):
                yield f"{name} mounts {file}, which is not there, or has no {items}"
        ports = {port["name"] for port in spec["containers"][0]["ports"]}
        for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
            if spec["containers"][0][probe]["httpGet"]["port"] not in ports:
                yield f"{name}: {probe} asks a port that is not there"
    for service in (m for m in manifests if m["kind"] == "Service"):
        if not any(serves(service, manifest, template) for _, manifest, template in workloads(manifests)):
            yield f"no pod is behind {service['metadata']['name']}"


def config_maps(spec: dict[str, Any]) -> Iterator[tuple[str, list[str]]]:
    for volume in spec.get("volumes", []):
        sources = [source["configMap"] for source in volume.get("projected", {}).get("sources", [])]
        for of in [*sources, *([volume["configMap"]] if "configMap" in volume else [])]:
            yield of["name"], [item["key"] for item in of.get("items", [])]


def serves(service: Manifest, manifest: Manifest, template: Manifest) -> bool:
    ports = {port["name"] for port in template["spec"]["containers"][0]["ports"]}
    return (
        home(service) == home(manifest)
        and service["spec"]["selector"].items() <= template["metadata"]["labels"].items()
        and {port["targetPort"] for port in service["spec"]["ports"]} <= ports
    )


def metrics_are_found(manifests: list[Manifest]) -> Iterator[str]:
    """Where an annotation says, there is a port."""
    for name, _, template in workloads(manifests):
        port = template["metadata"].get("annotations", {}).get("prometheus.io/port")
        ports = {str(port["containerPort"]) for port in template["spec"]["containers"][0]["ports"]}
        if port is not None and port not in ports:
            yield f"{name} is looked for at {port}, and has {ports}"


def files_can_be_read(manifests: list[Manifest]) -> Iterator[str]:
    """Whatever stands in values, a file is still what its name says."""
    for manifest in (m for m in manifests if m["kind"] == "ConfigMap"):
        for file, text in manifest["data"].items():
            try:
                if file.endswith((".yml", ".yaml")) and len(documents(file, text)) != 1:
                    yield f"{file} is not one document"
                elif file.endswith(".json"):
                    json.loads(text)
            except (Broken, ValueError) as problem:
                yield f"{file}: {problem}"


RULES = (
    restricted_but_where_a_node_is_looked_at,
    invariants.resources_are_bounded,
    invariants.secrets_stay_out,
    nodes_are_not_kept,
    every_pod_has_its_policy,
    only_what_it_is_there_for_may_be_asked,
    references_lead_somewhere,
    metrics_are_found,
    files_can_be_read,
)
