"""What the charts take from the code by its name is called so there."""

import re
import unittest

import yaml

import charts

ROOT = charts.HELM.parent


def source(path: str) -> str:
    return (ROOT / path).read_text("utf-8")


class Sources(unittest.TestCase):
    def triggers(self) -> list[dict[str, str]]:
        scaled = charts.named(charts.rendered_cases()["worker/keda"], "ScaledObject")["spec"]
        return [trigger["metadata"] | {"name": trigger["name"]} for trigger in scaled["triggers"]]

    def test_the_queue_is_counted_by_its_own_keys(self) -> None:
        keys = {trigger["listName"] for trigger in self.triggers()}
        self.assertIn("{q:jobs:0}:lease", keys)
        self.assertIn("{q:jobs:1}:ready:generate_text", keys)
        self.assertIn('format!("{{q:{queue}:")', source("libs/jobs/src/redis/server.rs"))
        self.assertIn('"{shard}}}:"', source("libs/jobs/src/redis/server.rs"))
        line = source("libs/jobs/src/redis/scripts/line.lua")
        self.assertIn("'ZADD', P .. 'ready:' .. kind", line)
        self.assertIn("'ZADD', P .. 'lease'", line)

    def test_all_of_them_are_in_the_formula(self) -> None:
        scaled = charts.named(charts.rendered_cases()["worker/keda"], "ScaledObject")["spec"]
        formula = scaled["advanced"]["scalingModifiers"]["formula"].split(" + ")
        self.assertEqual(formula, [trigger["name"] for trigger in self.triggers()])
        self.assertEqual(len(formula), 2 * 5)

    def test_every_kind_of_job_is_counted(self) -> None:
        values = yaml.safe_load(source("helm/worker/values.yaml"))
        kinds = set()
        for file in (ROOT / "services/worker/src/handlers").glob("*.rs"):
            kinds |= set(re.findall(r'const KIND: &\'static str = "(\w+)"', file.read_text("utf-8")))
        webhook = re.search(r'pub const WEBHOOK: &str = "(\w+)"', "".join(sources("libs/jobview/src")))
        self.assertEqual(set(values["autoscaling"]["kinds"]), kinds | {webhook[1]})

    def test_the_load_of_models_is_a_metric_of_the_engine(self) -> None:
        query = charts.named(charts.rendered_cases()["llm-inference/gpu"], "ScaledObject")["spec"][
            "triggers"
        ][0]
        metrics = set(re.findall("ondol_llm_([a-z_]+)", query["metadata"]["query"]))
        self.assertEqual(metrics, {"requests_running", "requests_waiting"})
        for metric in metrics:
            self.assertIn(f'"ondol_llm_{metric}"', source("libs/engine/src/metrics/names.rs"))

    def test_versions_are_judged_by_metrics_of_the_server(self) -> None:
        template = charts.named(charts.rendered_cases()["api/eks"], "AnalysisTemplate", "api")["spec"]
        queries = " ".join(metric["provider"]["prometheus"]["query"] for metric in template["metrics"])
        self.assertEqual(set(re.findall("rpc_[a-z_]+seconds", queries)), {"rpc_server_call_duration_seconds"})
        metrics = source("libs/rpc/src/metrics.rs")
        self.assertIn('"rpc_server_call_duration"', metrics)
        for label in set(re.findall("rpc_(?:service|method|response_status_code)", queries)):
            self.assertIn(f"{label}:", metrics)

    def test_ports_are_the_programs_own(self) -> None:
        for service in charts.SERVICES:
            spec = charts.workload(charts.rendered_cases()[first(service)])["spec"]["template"]["spec"]
            ports = {port["name"]: port["containerPort"] for port in spec["containers"][0]["ports"]}
            text = "".join(sources(f"services/{service}/src"))
            for port in ports.values():
                self.assertIn(f"127.0.0.1:{port}", text)


def first(service: str) -> str:
    return next(case for case in charts.cases() if case.startswith(f"{service}/"))


def sources(folder: str) -> list[str]:
    return [file.read_text("utf-8") for file in (ROOT / folder).rglob("*.rs")]
