"""The rules of watching.py themselves: what each forbids, it finds."""

import unittest

import charts
import watching
from tests.spoilt import Spoil, spoilt


def pod(manifest: charts.Manifest) -> charts.Manifest:
    return manifest["spec"]["template"]["spec"]


def unneeded(manifest: charts.Manifest) -> None:
    pod(manifest)["automountServiceAccountToken"] = True


def written(manifest: charts.Manifest) -> None:
    for mount in pod(manifest)["containers"][0]["volumeMounts"]:
        mount.pop("readOnly", None)


def privileged(manifest: charts.Manifest) -> None:
    pod(manifest)["containers"][0]["securityContext"]["privileged"] = True


def network(manifest: charts.Manifest) -> None:
    pod(manifest)["hostNetwork"] = True


def folder(manifest: charts.Manifest) -> None:
    pod(manifest)["volumes"].append({"name": "etc", "hostPath": {"path": "/etc"}})


def unlimited(manifest: charts.Manifest) -> None:
    del pod(manifest)["containers"][0]["resources"]["limits"]


def password(manifest: charts.Manifest) -> None:
    pod(manifest)["containers"][0]["env"].append({"name": "GF_SECURITY_ADMIN_PASSWORD", "value": "x"})


def unsafe(manifest: charts.Manifest) -> None:
    manifest["spec"]["template"]["metadata"]["annotations"].clear()


def anybody(manifest: charts.Manifest) -> None:
    del manifest["spec"]["ingress"][0]["from"]


def renamed(manifest: charts.Manifest) -> None:
    manifest["spec"]["podSelector"]["matchLabels"]["app.kubernetes.io/name"] = "other"


def secrets(manifest: charts.Manifest) -> None:
    manifest["rules"][0]["resources"].append("secrets")


def writes(manifest: charts.Manifest) -> None:
    manifest["rules"][0]["verbs"].append("delete")


def missing(manifest: charts.Manifest) -> None:
    pod(manifest)["volumes"][0]["configMap"]["name"] = "other"


def elsewhere(manifest: charts.Manifest) -> None:
    manifest["spec"]["selector"]["app.kubernetes.io/name"] = "other"


def port(manifest: charts.Manifest) -> None:
    manifest["spec"]["template"]["metadata"]["annotations"]["prometheus.io/port"] = "1"


def garbled(manifest: charts.Manifest) -> None:
    manifest["data"]["loki.yaml"] += "\nauth_enabled: true"


# For each rule, what breaks it.
BREAKING: tuple[tuple[str, str, str, Spoil], ...] = (
    ("restricted_but_where_a_node_is_looked_at", "DaemonSet", "alloy", written),
    ("restricted_but_where_a_node_is_looked_at", "DaemonSet", "alloy", privileged),
    ("restricted_but_where_a_node_is_looked_at", "DaemonSet", "node-exporter", network),
    ("restricted_but_where_a_node_is_looked_at", "StatefulSet", "loki", folder),
    ("resources_are_bounded", "StatefulSet", "loki", unlimited),
    ("secrets_stay_out", "StatefulSet", "grafana", password),
    ("nodes_are_not_kept", "StatefulSet", "loki", unsafe),
    ("every_pod_has_its_policy", "NetworkPolicy", "loki", anybody),
    ("every_pod_has_its_policy", "NetworkPolicy", "loki", renamed),
    ("only_what_it_is_there_for_may_be_asked", "StatefulSet", "loki", unneeded),
    ("only_what_it_is_there_for_may_be_asked", "ClusterRole", "monitoring-kube-state-metrics", secrets),
    ("only_what_it_is_there_for_may_be_asked", "ClusterRole", "monitoring-kube-state-metrics", writes),
    ("references_lead_somewhere", "StatefulSet", "loki", missing),
    ("references_lead_somewhere", "Service", "loki", elsewhere),
    ("metrics_are_found", "StatefulSet", "loki", port),
    ("files_can_be_read", "ConfigMap", "loki", garbled),
)


class Rules(unittest.TestCase):
    def test_each_is_broken_by_what_it_forbids(self) -> None:
        self.assertEqual({rule for rule, *_ in BREAKING}, {rule.__name__ for rule in watching.RULES})
        for rule, kind, name, spoil in BREAKING:
            with self.subTest(rule=rule, spoil=spoil.__name__):
                broken = watching.broken(spoilt("observability/minimal", f"{kind}/{name}", spoil))
                self.assertTrue(any(problem.startswith(f"{rule}: ") for problem in broken), broken)
