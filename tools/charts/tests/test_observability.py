"""What helm/observability is for, seen in what it renders."""

import json
import re
import unittest
from typing import Any

import yaml

import charts
import invariants
import watching

ROOT = charts.HELM.parent


def found(case: str = "minimal") -> list[charts.Manifest]:
    return charts.rendered_cases()[f"observability/{case}"]


def files(component: str, case: str = "minimal") -> dict[str, str]:
    return charts.named(found(case), "ConfigMap", component)["data"]


def prometheus(case: str = "minimal") -> dict[str, Any]:
    return yaml.safe_load(files("prometheus", case)["prometheus.yml"])


def jobs(case: str = "minimal") -> dict[str, dict[str, Any]]:
    return {job["job_name"]: job for job in prometheus(case)["scrape_configs"]}


def container(component: str, case: str = "minimal") -> charts.Manifest:
    there = {name: template for name, _, template in watching.workloads(found(case))}
    return there[component]["spec"]["containers"][0]


class Images(unittest.TestCase):
    def test_each_is_one_and_no_other(self) -> None:
        """By tag, to be read, and by digest."""
        for _, template in charts.pods(found("eks")):
            image = template["spec"]["containers"][0]["image"]
            with self.subTest(image=image):
                self.assertRegex(image, r"^[a-z0-9.]+/[a-z0-9_/-]+:v?[0-9][0-9a-z.-]+@sha256:[0-9a-f]{64}$")
                self.assertNotIn("bitnami", image)

    def test_all_of_them_are_there(self) -> None:
        names = {name for name, _, _ in watching.workloads(found("eks"))}
        wanted = {"prometheus", "alertmanager", "loki", "alloy", "grafana", "kube-state-metrics"}
        self.assertEqual(names, wanted | {"node-exporter", "dcgm-exporter", "redis-exporter"})


class Metrics(unittest.TestCase):
    def test_everything_is_read_every_30_seconds_and_the_p95_every_15(self) -> None:
        self.assertEqual(prometheus()["global"]["scrape_interval"], "30s")
        fast = {name for name, job in jobs().items() if "scrape_interval" in job}
        self.assertEqual(fast, {"pods-p95"})
        self.assertEqual(jobs()["pods-p95"]["scrape_interval"], "15s")

    def test_series_are_kept_for_a_time_and_up_to_a_size(self) -> None:
        self.assertEqual(prometheus()["storage"]["tsdb"]["retention"], {"time": "15d", "size": "16GB"})
        self.assertEqual(prometheus("metrics-only")["storage"]["tsdb"]["retention"]["time"], "15d")

    def test_no_series_is_kept_twice(self) -> None:
        """What the fast job keeps of a service the slow one drops, and nothing else."""
        keeps = jobs()["pods-p95"]["metric_relabel_configs"]
        drops = jobs()["pods"]["metric_relabel_configs"]
        self.assertEqual([rule["action"] for rule in (*keeps, *drops)], ["keep", "drop"])
        services = next(
            rule for rule in jobs()["pods-p95"]["relabel_configs"] if rule["source_labels"] == ["service"]
        )
        self.assertEqual(set(services["regex"].split("|")), set(charts.SERVICES))
        self.assertEqual(drops[0]["regex"], f"{keeps[0]['regex']};({services['regex']})")
        for metric in ("bucket", "count", "sum"):
            self.assertRegex(f"rpc_server_call_duration_seconds_{metric}", f"^({keeps[0]['regex']})$")
        self.assertNotRegex("rpc_server_calls_in_flight", f"^({keeps[0]['regex']})$")

    def test_the_p95_is_of_a_metric_of_the_server(self) -> None:
        values = yaml.safe_load((charts.HELM / "observability/values.yaml").read_text("utf-8"))
        metric = values["prometheus"]["p95"]["metric"]
        metrics = (ROOT / "libs/rpc/src/metrics.rs").read_text("utf-8")
        self.assertIn(f'"{metric.removesuffix("_seconds")}"', metrics)

    def test_services_are_found_as_they_say(self) -> None:
        """By the annotations of their pods, at ports that the policy opens."""
        ports = yaml.safe_load((charts.HELM / "observability/values.yaml").read_text("utf-8"))[
            "networkPolicy"
        ]["scrapePorts"]
        self.assertEqual(set(ports), set(invariants.ADMIN.values()))
        asked = json.dumps(jobs()["pods"]["relabel_configs"])
        for case in ("api/minimal", "worker/minimal"):
            notes = charts.workload(charts.rendered_cases()[case])["spec"]["template"]["metadata"][
                "annotations"
            ]
            for note in (note for note in notes if note.startswith("prometheus.io/")):
                self.assertIn(f"annotation_{re.sub('[./]', '_', note)}", asked)

    def test_labels_are_those_that_others_ask_for(self) -> None:
        """Autoscaling by load and the judging of versions know pods by namespace and name."""
        made = {rule.get("target_label") for rule in jobs()["pods-p95"]["relabel_configs"]}
        template = charts.named(charts.rendered_cases()["api/eks"], "AnalysisTemplate", "api")["spec"]
        scaled = charts.named(charts.rendered_cases()["llm-inference/gpu"], "ScaledObject")["spec"]
        queries = [metric["provider"]["prometheus"]["query"] for metric in template["metrics"]]
        queries.append(scaled["triggers"][0]["metadata"]["query"])
        for query in queries:
            asked = {label for label in re.findall(r"(\w+)=~?\"", query) if not label.startswith("rpc_")}
            self.assertEqual(asked, {"namespace", "pod"})
            self.assertLessEqual(asked, made)

    def test_pods_are_looked_for_where_it_may(self) -> None:
        for case, homes in (("minimal", {"ondol"}), ("eks", {"monitoring-nodes", "ondol"})):
            roles = {watching.home(m) for m in found(case) if m["kind"] == "Role"}
            self.assertEqual(roles, {"monitoring", *homes})
            for job in jobs(case).values():
                for discovery in job.get("kubernetes_sd_configs", []):
                    self.assertLessEqual(set(discovery["namespaces"]["names"]), roles)

    def test_what_exporters_say_of_pods_is_not_overwritten(self) -> None:
        for job in ("kube-state-metrics", "dcgm-exporter"):
            self.assertTrue(jobs()[job]["honor_labels"])
            made = {rule.get("target_label") for rule in jobs()[job].get("relabel_configs", [])}
            self.assertTrue(made.isdisjoint({"pod", "namespace", "container"}))

    def test_gpus_are_watched_and_not_taken(self) -> None:
        resources = container("dcgm-exporter")["resources"]
        self.assertNotIn("nvidia.com/gpu", json.dumps(resources))
        counters = files("dcgm-exporter")["counters.csv"]
        for field in ("FB_USED", "GPU_UTIL", "XID_ERRORS"):
            self.assertRegex(counters, f"(?m)^DCGM_FI_DEV_{field}, gauge, ")
        self.assertNotIn("_PROF_", counters)

    def test_queues_are_read_by_the_keys_that_workers_are_scaled_by(self) -> None:
        scaled = charts.named(charts.rendered_cases()["worker/keda"], "ScaledObject")["spec"]
        keys = {trigger["metadata"]["listName"] for trigger in scaled["triggers"]}
        told = charts.environment(container("redis-exporter", "eks"))["REDIS_EXPORTER_CHECK_SINGLE_KEYS"]
        self.assertEqual({key.removeprefix("db0=") for key in told.split(",")}, keys)

    def test_the_database_of_the_url_is_the_one_that_is_read(self) -> None:
        told = charts.environment(container("redis-exporter", "small"))["REDIS_EXPORTER_CHECK_SINGLE_KEYS"]
        self.assertEqual({key.split("=")[0] for key in told.split(",")}, {"db2"})


class Alerts(unittest.TestCase):
    def config(self, case: str) -> dict[str, Any]:
        return yaml.safe_load(files("alertmanager", case)["alertmanager.yml"])

    def test_one_always_fires(self) -> None:
        groups = yaml.safe_load(files("prometheus")["pipeline.rules.yaml"])["groups"]
        watchdog = next(rule for group in groups for rule in group["rules"] if rule["alert"] == "Watchdog")
        self.assertEqual(watchdog["expr"], "vector(1)")

    def test_every_file_of_rules_is_read(self) -> None:
        here = {file.name for file in (charts.HELM / "observability/files/rules").iterdir()}
        self.assertLessEqual(here, set(files("prometheus")))
        self.assertEqual(prometheus()["rule_files"], ["/etc/prometheus/*.rules.yaml"])
        self.assertTrue(all(name.endswith(".rules.yaml") for name in here))

    def test_discord_is_told_by_a_url_that_only_a_secret_has(self) -> None:
        discord = next(r for r in self.config("eks")["receivers"] if r["name"] == "discord")
        self.assertEqual(
            discord["discord_configs"],
            [{"webhook_url_file": "/etc/alertmanager/discord/webhook-url", "send_resolved": True}],
        )
        mounts = {
            mount["mountPath"]: mount["name"] for mount in container("alertmanager", "eks")["volumeMounts"]
        }
        self.assertEqual(mounts["/etc/alertmanager/discord"], "discord")

    def test_the_watchdog_goes_its_own_way(self) -> None:
        route = self.config("eks")["route"]
        self.assertEqual(route["receiver"], "discord")
        self.assertEqual(
            [(r["matchers"], r["receiver"]) for r in route["routes"]],
            [(['alertname = "Watchdog"'], "watchdog")],
        )

    def test_without_secrets_nobody_is_told_and_nothing_is_missing(self) -> None:
        config = self.config("minimal")
        self.assertEqual([receiver["name"] for receiver in config["receivers"]], ["nobody"])
        used = {config["route"]["receiver"], *(route["receiver"] for route in config["route"]["routes"])}
        self.assertEqual(used, {"nobody"})

    def test_replicas_know_each_other_and_prometheus_knows_all(self) -> None:
        peers = [arg for arg in container("alertmanager", "eks")["args"] if arg.startswith("--cluster.peer=")]
        self.assertEqual(len(peers), 2)
        self.assertEqual(charts.named(found("eks"), "Service", "alertmanager")["spec"]["clusterIP"], "None")
        target = prometheus("eks")["alerting"]["alertmanagers"][0]["dns_sd_configs"][0]
        self.assertEqual((target["names"], target["port"]), (["alertmanager.monitoring.svc"], 9093))
        self.assertIn("--cluster.listen-address=", container("alertmanager")["args"])


class Logs(unittest.TestCase):
    def stage(self, name: str) -> str:
        return re.search(rf"stage\.{name} {{(.*?)\n  }}", files("alloy")["config.alloy"], re.DOTALL)[1]

    def test_what_identifies_a_request_is_metadata_and_never_a_label(self) -> None:
        """A label of many values makes a stream of each."""
        many = {"req_id", "trace_id", "span_id", "pod"}
        labels = set(re.findall(r"(\w+) += ", self.stage("labels"))) - {"values"}
        self.assertEqual(labels, {"namespace", "container", "level"})
        self.assertEqual(set(re.findall(r"(\w+) += ", self.stage("structured_metadata"))) - {"values"}, many)
        kept = set(re.findall(r'"(\w+)"', self.stage("label_keep")))
        self.assertEqual(kept, labels | {"stream"})

    def test_fields_are_those_of_our_lines(self) -> None:
        line = (ROOT / "libs/telemetry/src/log/json.rs").read_text("utf-8")
        for field in re.findall(r"(\w+) += \"\w+\"", self.stage("json")):
            self.assertRegex(line, rf"\n    {field}: ")

    def test_a_path_says_whose_line_it_is(self) -> None:
        written = re.search(r'expression = "(.*)"', self.stage("regex"))[1]
        path = "/var/log/pods/ondol_api-7d9-x2_0f3c-11/api/0.log"
        parts = re.match(written, path).groupdict()
        self.assertEqual(parts, {"namespace": "ondol", "pod": "api-7d9-x2", "container": "api"})

    def test_logs_are_those_of_the_namespaces_that_are_watched(self) -> None:
        paths = re.findall(r'__path__ = "(.*?)"', files("alloy", "eks")["config.alloy"])
        self.assertEqual(
            [re.match("/var/log/pods/(.*)_", path)[1] for path in paths],
            ["monitoring", "monitoring-nodes", "ondol"],
        )

    def test_loki_keeps_them_where_it_was_told(self) -> None:
        disk = yaml.safe_load(files("loki")["loki.yaml"])
        bucket = yaml.safe_load(files("loki", "eks")["loki.yaml"])
        for config, store in ((disk, "filesystem"), (bucket, "s3")):
            self.assertEqual(config["schema_config"]["configs"][0]["object_store"], store)
            self.assertEqual(config["compactor"]["delete_request_store"], store)
            self.assertTrue(config["limits_config"]["allow_structured_metadata"])
        self.assertEqual(bucket["storage_config"]["aws"]["bucketnames"], "acme-ondol-logs")
        account = charts.named(found("eks"), "ServiceAccount", "loki")["metadata"]
        self.assertEqual((account["name"], account["namespace"]), ("loki", "monitoring"))

    def test_spans_are_taken_only_where_they_can_go_on(self) -> None:
        self.assertNotIn("otelcol", files("alloy")["config.alloy"])
        self.assertIn('endpoint = "tempo.tracing:4317"', files("alloy", "eks")["config.alloy"])
        ports = {port["name"]: port["containerPort"] for port in container("alloy", "eks")["ports"]}
        self.assertEqual((ports["otlp-grpc"], ports["otlp-http"]), (4317, 4318))


class Grafana(unittest.TestCase):
    def test_every_dashboard_is_there_and_asks_sources_that_are(self) -> None:
        sources = yaml.safe_load(files("grafana")["datasources.yaml"])["datasources"]
        uids = {source["uid"] for source in sources}
        pod = charts.named(found(), "StatefulSet", "grafana")["spec"]["template"]["spec"]
        mounted = {name for name, _ in watching.config_maps(pod)}
        for file in (charts.HELM / "observability/files/dashboards").iterdir():
            text = charts.named(found(), "ConfigMap", f"grafana-{file.stem}")["data"][file.name]
            self.assertIn(f"grafana-{file.stem}", mounted)
            self.assertLessEqual({panel["datasource"]["uid"] for panel in json.loads(text)["panels"]}, uids)

    def test_nobody_is_administrator_with_a_password_that_everybody_knows(self) -> None:
        plain = charts.environment(container("grafana"))
        self.assertEqual(plain["GF_SECURITY_DISABLE_INITIAL_ADMIN_CREATION"], "true")
        self.assertEqual(plain["GF_AUTH_ANONYMOUS_ORG_ROLE"], "Viewer")
        closed = charts.environment(container("grafana", "eks"))
        self.assertNotIn("GF_AUTH_ANONYMOUS_ENABLED", closed)
        self.assertEqual(closed["GF_SECURITY_ADMIN_PASSWORD"]["secretKeyRef"]["name"], "grafana")


class Nodes(unittest.TestCase):
    def test_what_looks_at_nodes_may_have_a_namespace_of_its_own(self) -> None:
        """The other one can then be `restricted`."""
        for case, namespace in (("minimal", "monitoring"), ("eks", "monitoring-nodes")):
            homes = {name: watching.home(m) for name, m, _ in watching.workloads(found(case))}
            agents = {name: homes.pop(name) for name in watching.NODE}
            self.assertEqual(set(agents.values()), {namespace})
            self.assertEqual(set(homes.values()), {"monitoring"})

    def test_every_node_is_seen_and_dcgm_where_gpus_are(self) -> None:
        for name in watching.NODE:
            manifest = charts.named(found(), "DaemonSet", name)["spec"]["template"]["spec"]
            self.assertEqual(manifest["tolerations"], [{"operator": "Exists"}])
            pool = {"ondol/pool": "gpu"} if name == "dcgm-exporter" else None
            self.assertEqual(manifest.get("nodeSelector"), pool)

    def test_nothing_of_the_host_is_shared_but_folders(self) -> None:
        for _, template in charts.pods(found("eks")):
            self.assertTrue(template["spec"].keys().isdisjoint({"hostNetwork", "hostPID", "hostIPC"}))
