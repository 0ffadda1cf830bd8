"""Every values file renders what each version of Kubernetes takes, and Helm's linter finds nothing."""

import json
import unittest

import charts
import invariants
import manifests
import schema
import watching


class Lint(unittest.TestCase):
    def test_every_file_on_every_version(self) -> None:
        for case, values in charts.cases().items():
            for version in manifests.KUBERNETES:
                with self.subTest(case=case, kubernetes=version):
                    self.assertEqual(charts.lint(case.split("/")[0], values, version), [])

    def test_a_mistake_is_found(self) -> None:
        values = {**charts.cases()["worker/minimal"], "replicaz": 1}
        told = " ".join(charts.lint("worker", values, "1.36"))
        self.assertIn("additional properties 'replicaz' not allowed", told)


class Render(unittest.TestCase):
    def test_every_version_takes_it(self) -> None:
        for case, found in charts.rendered_cases().items():
            for version in manifests.KUBERNETES:
                with self.subTest(case=case, kubernetes=version):
                    self.assertEqual(manifests.problems(found, version), [])

    def test_nothing_is_left_to_the_cluster(self) -> None:
        """What is rendered for one version is rendered for all, and what Argo CD renders is installed."""
        for file in charts.HELM.glob("*/templates/*"):
            with self.subTest(file=file.name):
                asked = r"\.Capabilities|\blookup\b|\brand[A-Z]|\bnow\b|\btpl\b"
                self.assertNotRegex(file.read_text("utf-8"), asked)

    def test_every_version_may_install_it(self) -> None:
        for name in charts.CHARTS:
            self.assertEqual(charts.load(name).metadata["kubeVersion"], f">={manifests.KUBERNETES[0]}.0-0")

    def test_libraries_and_services_are_linked_not_copied(self) -> None:
        for name in charts.CHARTS:
            self.assertEqual(set(charts.dependencies(name).values()), {"unpacked"}, name)
            self.assertTrue(all(part.is_symlink() for part in (charts.HELM / name / "charts").iterdir()))

    def test_schemas_are_what_their_sources_say(self) -> None:
        for name in charts.CHARTS:
            kept = (charts.HELM / name / "values.schema.json").read_text("utf-8")
            self.assertEqual(kept, schema.schema_of(name), f"{name}: stale; run ./just write-charts")


class Invariants(unittest.TestCase):
    def test_all_of_them_hold(self) -> None:
        for case, found in charts.rendered_cases().items():
            for service in releases(found):
                with self.subTest(case=case, service=service[0]["metadata"]["name"]):
                    self.assertEqual(invariants.broken(service), [])
            watchers = watching.mine(found)
            with self.subTest(case=case):
                self.assertEqual(watching.broken(watchers), [])
                others = [manifest for manifest in found if manifest not in watchers]
                self.assertEqual(list(invariants.restricted(others)), [])


def releases(found: list[charts.Manifest]) -> list[list[charts.Manifest]]:
    """The manifests of each service, for those of the umbrella lie together."""
    services: dict[str, list[charts.Manifest]] = {}
    for manifest in found:
        service = manifest["metadata"]["labels"].get("app.kubernetes.io/name")
        if service in charts.SERVICES:
            services.setdefault(service, []).append(manifest)
    return list(services.values())


def pod(case: str) -> charts.Manifest:
    return charts.workload(charts.rendered_cases()[case])["spec"]["template"]["spec"]


def container(case: str) -> charts.Manifest:
    return pod(case)["containers"][0]


SWITCHES = {"api": "api", "llmInference": "llm-inference", "mcp": "mcp", "worker": "worker"}


class Objects(unittest.TestCase):
    """What each chart is for, seen in what it renders."""

    def test_replicas_are_the_references(self) -> None:
        bounds = {"api": (2, 6), "mcp": (1, 10), "llm-inference": (1, 4)}
        cases = {"api": "api/minimal", "mcp": "mcp/minimal", "llm-inference": "llm-inference/pvc"}
        target = {"type": "Utilization", "averageUtilization": 70}
        for service, (least, most) in bounds.items():
            spec = charts.named(charts.rendered_cases()[cases[service]], "HorizontalPodAutoscaler")["spec"]
            self.assertEqual((spec["minReplicas"], spec["maxReplicas"]), (least, most))
            self.assertEqual(spec["metrics"][0]["resource"]["target"], target)

    def test_blue_green_is_scaled_as_a_rollout(self) -> None:
        found = charts.rendered_cases()["api/eks"]
        autoscaler = charts.named(found, "HorizontalPodAutoscaler")["spec"]
        self.assertEqual(autoscaler["scaleTargetRef"]["kind"], "Rollout")
        strategy = charts.named(found, "Rollout")["spec"]["strategy"]["blueGreen"]
        self.assertEqual((strategy["activeService"], strategy["previewService"]), ("api", "api-preview"))
        self.assertGreaterEqual(strategy["scaleDownDelaySeconds"], 30)

    def test_a_preview_is_called_where_it_is_judged(self) -> None:
        for judged, names in ((True, ["api", "api-traffic"]), (False, ["api"])):
            analysis = {"prePromotion": judged, "traffic": {"image": "ondol/ondol:1"}}
            values = {**charts.cases()["api/minimal"], "rollout": {"enabled": True, "analysis": analysis}}
            found = [m for m in charts.render("api", values) if m["kind"] == "AnalysisTemplate"]
            self.assertEqual([template["metadata"]["name"] for template in found], names)

    def test_api_ends_later_than_load_balancers_look_away(self) -> None:
        spec = pod("api/eks")
        self.assertEqual(spec["containers"][0]["lifecycle"]["preStop"]["sleep"]["seconds"], 30)
        self.assertEqual(spec["terminationGracePeriodSeconds"], 165)

    def test_pods_that_are_found_by_name_end_later_than_names_are_looked_up(self) -> None:
        """Every 15 s, and a name is kept for 5 more: until then callers may know no other pod."""
        for case in ("llm-inference/pvc", "mcp/minimal"):
            found = container(case)
            seconds = found["lifecycle"]["preStop"]["sleep"]["seconds"]
            seconds += int(charts.environment(found)["ONDOL_DRAIN_DELAY"][:-1])
            self.assertGreater(seconds, 15 + 5, case)

    def test_a_model_may_take_ten_minutes_to_load(self) -> None:
        probe = container("llm-inference/pvc")["startupProbe"]
        self.assertEqual(probe["httpGet"]["path"], "/readyz")
        self.assertGreaterEqual(probe["periodSeconds"] * probe["failureThreshold"], 600)

    def test_what_keda_cannot_see_is_not_taken_for_no_load(self) -> None:
        """Neither that Prometheus is away nor that it knows no pod, which KEDA ignores by itself."""
        found = [m for of in charts.rendered_cases().values() for m in of if m["kind"] == "ScaledObject"]
        triggers = [trigger for scaled in found for trigger in scaled["spec"]["triggers"]]
        self.assertEqual({trigger["type"] for trigger in triggers} & {"prometheus"}, {"prometheus"})
        for trigger in triggers:
            if trigger["type"] == "prometheus":
                self.assertEqual(trigger["metadata"]["ignoreNullValues"], "false")
        for scaled in found:
            fallback = scaled["spec"]["fallback"]
            self.assertEqual(fallback["behavior"], "currentReplicasIfHigher")
            self.assertGreaterEqual(fallback["replicas"], max(1, scaled["spec"]["minReplicaCount"]))
            # With figures that are made of several, KEDA has none where the target is no whole number.
            target = scaled["spec"].get("advanced", {}).get("scalingModifiers", {}).get("target", "1")
            self.assertRegex(target, r"^[1-9]\d*$")

    def test_a_gpu_is_a_limit(self) -> None:
        spec, server = pod("llm-inference/gpu"), container("llm-inference/gpu")
        self.assertEqual(server["resources"]["limits"]["nvidia.com/gpu"], 1)
        self.assertEqual(spec["nodeSelector"], {"ondol/pool": "gpu"})
        self.assertEqual(spec["tolerations"][0]["key"], "nvidia.com/gpu")
        self.assertEqual(charts.environment(server)["ONDOL_EXECUTION_PROVIDER"], "cuda")

    def test_a_pod_comes_before_one_goes_where_there_is_room(self) -> None:
        first, after = {"maxSurge": 1, "maxUnavailable": 0}, {"maxSurge": 0, "maxUnavailable": 1}
        for gpu, wanted in (
            ({"enabled": True}, first),
            ({"enabled": True, "spare": False}, after),
            ({"enabled": False, "spare": False}, first),
        ):
            found = charts.render("llm-inference", {**charts.cases()["llm-inference/gpu"], "gpu": gpu})
            with self.subTest(gpu=gpu):
                self.assertEqual(charts.workload(found)["spec"]["strategy"]["rollingUpdate"], wanted)

    def test_models_come_from_each_source(self) -> None:
        sources = {"pvc": "persistentVolumeClaim", "gpu": "emptyDir", "image": "image"}
        for case, source in sources.items():
            spec = pod(f"llm-inference/{case}")
            volume = next(volume for volume in spec["volumes"] if volume["name"] == "models")
            self.assertIn(source, volume)
            self.assertEqual(bool(spec.get("initContainers")), source == "emptyDir")
        pull = pod("llm-inference/gpu")["initContainers"][0]
        models = ["--model", "qwen3-8b", "--model", "qwen3-0.6b"]
        digest = charts.cases()["llm-inference/gpu"]["models"]["s3"]["digests"]["qwen3-8b"]
        expected = ["--expect-digest", f"qwen3-8b={digest}"]
        url = "s3://acme-models/ondol"
        self.assertEqual(pull["args"], ["model", "pull", "--replace", url, *models, *expected])
        self.assertTrue(pull["image"].startswith("ondol/ondol:"))

    def test_services_whose_callers_balance_are_headless(self) -> None:
        for case in ("llm-inference/pvc", "mcp/minimal"):
            service = charts.named(charts.rendered_cases()[case], "Service")
            self.assertEqual(service["spec"]["clusterIP"], "None")

    def test_the_accounts_name_is_what_roles_are_associated_with(self) -> None:
        found = charts.rendered_cases()["api/eks"]
        self.assertEqual(charts.named(found, "ServiceAccount")["metadata"]["name"], "api")
        self.assertFalse(charts.named(found, "ServiceAccount")["automountServiceAccountToken"])

    def test_digests_win_over_tags(self) -> None:
        self.assertRegex(container("api/eks")["image"], r"/ondol/api@sha256:[0-9a-f]{64}$")
        self.assertTrue(container("mcp/eks")["image"].endswith("/ondol/mcp:1.2.3"))

    def test_pods_are_replaced_when_their_files_change(self) -> None:
        def checksum(limits: str) -> str:
            values = {**charts.cases()["api/minimal"], "limits": limits}
            template = charts.workload(charts.render("api", values))["spec"]["template"]
            return template["metadata"]["annotations"]["checksum/config"]

        self.assertEqual(checksum("[keys]\n"), checksum("[keys]\n"))
        self.assertNotEqual(checksum("[keys]\n"), checksum("[global]\n"))

    def test_tools_change_without_replacing_pods(self) -> None:
        def template(tools: str) -> str:
            values = {**charts.cases()["mcp/minimal"], "tools": {"tools.toml": tools}}
            return json.dumps(charts.workload(charts.render("mcp", values))["spec"]["template"])

        self.assertEqual(template("no_tools = true"), template("[policy]"))

    def test_everything_is_called_as_the_release(self) -> None:
        names = {"api": "api", "api-staging": "api-staging", "blue": "blue-api", "my.api": "my-api"}
        for release, name in names.items():
            found = charts.render("api", charts.cases()["api/minimal"], release)
            self.assertEqual(charts.workload(found)["metadata"]["name"], name)

    def test_mcp_is_called_by_the_names_of_its_service(self) -> None:
        names = charts.environment(container("mcp/eks"))["ONDOL_MCP_HOSTS"].split(",")
        self.assertEqual(names, ["tools.example.com", "mcp", "mcp.ondol", "mcp.ondol.svc"])

    def test_any_of_the_services_may_be_left_out(self) -> None:
        for mask in range(16):
            services = {name: bool(mask & 1 << bit) for bit, name in enumerate(SWITCHES)}
            values = {**charts.cases()["ondol/try"], "services": services, "redis": {"enabled": mask % 3 > 0}}
            found = charts.render("ondol", values)
            with self.subTest(services=services):
                self.assertEqual(manifests.problems(found, "1.36"), [])
                there = {m["metadata"]["name"] for m in found if m["kind"] == "Deployment"}
                self.assertEqual(there, {f"ondol-{SWITCHES[name]}" for name, on in services.items() if on})

    def test_redis_for_trying_out_forgets_nothing(self) -> None:
        redis = charts.named(charts.rendered_cases()["ondol/try"], "StatefulSet", "ondol-redis")
        command = " ".join(redis["spec"]["template"]["spec"]["containers"][0]["command"])
        self.assertIn("--appendonly yes", command)
        self.assertIn("--maxmemory-policy noeviction", command)
