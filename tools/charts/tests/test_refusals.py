"""Bad values, and what is said to whoever wrote them."""

import copy
import unittest
from typing import Any

import charts

# A values file, where in it, what is written there, and a part of the answer.
BAD = (
    ("api/minimal", "replica", 3, "additional properties 'replica' not allowed"),
    ("api/minimal", "image.repositry", "x", "at '/image': additional properties 'repositry' not allowed"),
    ("api/minimal", "replicas", "three", "at '/replicas': got string, want integer"),
    ("api/minimal", "replicas", -1, "at '/replicas': minimum: got -1, want 0"),
    ("api/minimal", "autoscaling.type", "keda", "at '/autoscaling/type': value must be one of 'hpa', 'none'"),
    ("api/minimal", "autoscaling.targetCPU", 120, "at '/autoscaling/targetCPU': maximum: got 120, want 100"),
    ("api/minimal", "autoscaling.minReplicas", 7, "autoscaling.minReplicas: may not be above"),
    ("api/minimal", "image.digest", "sha256:abc", "at '/image/digest'"),
    ("api/minimal", "image.pullPolicy", "Sometimes", "at '/image/pullPolicy': value must be one of 'Always'"),
    ("api/minimal", "keys.hashes", ["laptop:secret"], "at '/keys/hashes/0'"),
    ("api/minimal", "keys.hashes", [], "keys: nobody could call"),
    (
        "api/minimal",
        "settings.ONDOL_MAX_CONCURENCY",
        5,
        "at '/settings': additional properties 'ONDOL_MAX_CONCURENCY' not",
    ),
    ("api/minimal", "settings.ONDOL_GRACE", "5s", "at '/settings': additional properties 'ONDOL_GRACE' not"),
    ("api/minimal", "settings.ONDOL_ACCOUNTS_REDIS_PASSWORD", "x", "at '/settings': additional properties"),
    ("api/minimal", "env.ONDOL_MAX_CONCURRENCY", "5", "env: ONDOL_MAX_CONCURRENCY is a setting"),
    (
        "api/minimal",
        "resources.requests.memory",
        "2Gi",
        "resources.requests.memory: 2Gi is above the limit of 1Gi",
    ),
    (
        "api/minimal",
        "resources.requests.cpu",
        None,
        "resources.requests.cpu: needed with autoscaling.type: hpa",
    ),
    ("api/minimal", "resources.requests.memory", "2 GB", "at '/resources/requests/memory'"),
    (
        "api/minimal",
        "resources.requests.nvidia.com/gpu",
        1,
        "at '/resources/requests': additional properties",
    ),
    ("api/minimal", "telemetry.logFilter", "verbose", "at '/telemetry/logFilter'"),
    ("api/minimal", "telemetry.logFilter", "info,engine", "at '/telemetry/logFilter'"),
    ("api/minimal", "telemetry.logFilter", "info,off", "at '/telemetry/logFilter'"),
    ("api/minimal", "telemetry.lokiUrl", "https://loki:3100", "at '/telemetry/lokiUrl'"),
    ("api/minimal", "drain.graceSeconds", 0, "at '/drain/graceSeconds': minimum: got 0, want 1"),
    ("api/minimal", "podDisruptionBudget.maxUnavailable", 0, "at '/podDisruptionBudget/maxUnavailable'"),
    (
        "api/minimal",
        "podDisruptionBudget.minAvailable",
        1,
        "additional properties 'minAvailable' not allowed",
    ),
    ("api/minimal", "tls.clientCa", True, "tls.secret: needed with tls.clientCa"),
    ("api/minimal", "serviceAccount.create", False, "serviceAccount.name: needed where `create` is false"),
    (
        "api/minimal",
        "redis.url",
        "redis://ondol:secret@redis",
        "redis.url: a password does not belong in values",
    ),
    ("api/minimal", "redis.url", "http://redis", "at '/redis/url'"),
    (
        "api/minimal",
        "redis",
        {"url": "redis://a", "tls": {"secret": "x"}},
        "redis.tls.secret: has no use without TLS",
    ),
    ("api/minimal", "redis", {"url": "redis://a", "tls": {"mutual": True}}, "redis.tls.secret: needed with"),
    ("api/minimal", "objects.url", "file:///objects", "objects.claim: a file:// URL needs a claim"),
    (
        "api/minimal",
        "objects.claim",
        "x",
        "objects.claim: a file:// URL needs a claim, and nothing else does",
    ),
    ("api/minimal", "objects.url", "file:///home", "at '/objects/url'"),
    (
        "api/minimal",
        "llmInference.url",
        "https://llm-inference",
        "llmInference.tls.secret: an https:// URL needs",
    ),
    ("api/minimal", "llmInference.tls.mutual", True, "llmInference.tls.secret: needed with `mutual`"),
    ("api/minimal", "mcp.url", "", "at '/mcp/url'"),
    ("api/minimal", "mcp.tls.secret", "x", "mcp.tls.secret: an https:// URL needs the Secret"),
    (
        "api/minimal",
        "ingress.type",
        "nginx",
        "at '/ingress/type': value must be one of 'none', 'alb', 'gateway'",
    ),
    ("api/minimal", "ingress.type", "gateway", "ingress.gateway: give grpcHosts and httpHosts"),
    ("api/gateway", "ingress.gateway.parents", [], "ingress.gateway.parents: name the Gateway"),
    (
        "api/gateway",
        "ingress.gateway.httpHosts",
        ["grpc.example.com"],
        "ingress.gateway.grpcHosts: grpc.example.com is one of httpHosts too",
    ),
    ("api/gateway", "ingress.httpPaths", ["generated"], "at '/ingress/httpPaths/0'"),
    ("api/gateway", "ingress.httpPaths", [], "at '/ingress/httpPaths': minItems: got 0, want 1"),
    ("api/eks", "ingress.alb.hosts", ["10.0.0.1"], "at '/ingress/alb/hosts/0'"),
    (
        "api/eks",
        "ingress.alb.deregistrationSeconds",
        30,
        "ingress.alb.deregistrationSeconds: the load balancer would cut off calls",
    ),
    ("api/eks", "fullnameOverride", "a" * 47, "fullnameOverride: needed, of 46 letters at most"),
    ("api/eks", "tls.secret", "api-tls", "rollout.analysis.traffic.image: it would call without TLS"),
    ("api/eks", "externalSecrets.store.name", "", "externalSecrets.store.name: needed"),
    ("api/eks", "rollout.analysis.calls", 'rpc_method="a"b"', "at '/rollout/analysis/calls'"),
    ("api/eks", "rollout.analysis.calls", 'rpc_method="a"} or vector(0)', "at '/rollout/analysis/calls'"),
    ("api/eks", "rollout.analysis.calls", 'rpc_method="{{args.hash}}"', "at '/rollout/analysis/calls'"),
    (
        "api/eks",
        "rollout.analysis.calls",
        'a="b",c=~"("',
        "rollout.analysis.calls: ( is no regular expression",
    ),
    (
        "api/eks",
        "rollout.analysis.errorRatio",
        2,
        "at '/rollout/analysis/errorRatio': maximum: got 2, want 1",
    ),
    (
        "api/eks",
        "networkPolicy.redis",
        [{"ipBlock": {"cidr": "10.0.0.0"}}],
        "at '/networkPolicy/redis/0/ipBlock/cidr'",
    ),
    (
        "api/eks",
        "networkPolicy.redis",
        [{"ipBlock": {"cidr": "10.0.0.0/16", "except": ["10.1.0.0/24"]}}],
        "at '/networkPolicy/redis/0/ipBlock/cidr': value must be '0.0.0.0/0'",
    ),
    ("api/eks", "networkPolicy.redis", [{}], "at '/networkPolicy/redis/0': minProperties"),
    (
        "api/releases",
        "routes.releases",
        {"blue": {"url": "http://b"}},
        "routes.models: the route of smollm2 leads to green",
    ),
    ("api/releases", "routes.releases.blue.weight", 3, "additional properties 'weight' not allowed"),
    (
        "api/tls",
        "tls.clientCa",
        True,
        "tls.clientCa: a load balancer of AWS shows its targets no certificate",
    ),
    ("api/tls", "mounts.corp", {"secret": "a", "configMap": "b"}, "at '/mounts/corp': maxProperties"),
    ("api/tls", "tolerations", [{"operator": "Exists", "value": "x"}], "at '/tolerations/0'"),
    ("llm-inference/pvc", "models.pvc.claim", "", "models.pvc.claim: needed, since models come from there"),
    ("llm-inference/pvc", "models.source", "s3", "models.s3.url: needed"),
    (
        "llm-inference/pvc",
        "models.source",
        "http",
        "at '/models/source': value must be one of 'pvc', 's3', 'image'",
    ),
    ("llm-inference/image", "models.image.reference", "models/smollm2:1", "at '/models/image/reference'"),
    ("llm-inference/gpu", "autoscaling.prometheus", "", "autoscaling.prometheus: needed for keda"),
    (
        "llm-inference/gpu",
        "models.serve",
        ["qwen3-0.6b"],
        "models.s3.digests: qwen3-8b is not among the models that are served",
    ),
    ("llm-inference/gpu", "models.s3.digests", {"a": "sha256:0"}, "at '/models/s3/digests/a'"),
    # Without a pod nobody would tell of the load that asks for the first one.
    ("llm-inference/gpu", "autoscaling.minReplicas", 0, "at '/autoscaling/minReplicas': minimum: got 0"),
    ("llm-inference/gpu", "gpu.count", 0, "at '/gpu/count': minimum: got 0, want 1"),
    ("mcp/minimal", "tools", {"orders.yaml": ""}, "tools: the file `tools.toml` is missing"),
    ("mcp/gateway", "keys.hashes", [], "keys: without any, /mcp is not served"),
    ("mcp/eks", "hosts", [], "hosts: needed with an ingress"),
    ("mcp/eks", "networkPolicy.loadBalancers", [], "networkPolicy.loadBalancers: needed with an ingress"),
    ("api/eks", "networkPolicy.loadBalancers", [], "networkPolicy.loadBalancers: needed with alb"),
    ("mcp/minimal", "networkPolicy.internet.except", ["0.0.0.0/0"], "at '/networkPolicy/internet/except/0'"),
    ("worker/minimal", "redis.url", "", "redis.url: needed: jobs come from there"),
    ("worker/minimal", "objects.url", "", "objects.url: needed: results go there"),
    ("worker/keda", "autoscaling.jobsPerReplica", 1.5, "at '/autoscaling/jobsPerReplica': got number"),
    ("worker/keda", "autoscaling.kinds", [], "at '/autoscaling/kinds': minItems: got 0, want 1"),
    ("worker/minimal", "tls.secret", "x", "additional properties 'tls' not allowed"),
    ("observability/minimal", "grafan", {}, "additional properties 'grafan' not allowed"),
    ("observability/minimal", "prometheus.image", "quay.io/prometheus/prometheus", "at '/prometheus/image'"),
    ("observability/minimal", "prometheus.interval", "500ms", "at '/prometheus/interval'"),
    ("observability/minimal", "prometheus.retention.time", "2 weeks", "at '/prometheus/retention/time'"),
    (
        "observability/minimal",
        "namespaces",
        ["ondol", "ondol"],
        "at '/namespaces': items at 0 and 1 are equal",
    ),
    ("observability/minimal", "namePrefix", "ondol", "at '/namePrefix'"),
    (
        "observability/minimal",
        "alertmanager.replicas",
        0,
        "at '/alertmanager/replicas': minimum: got 0, want 1",
    ),
    (
        "observability/minimal",
        "alertmanager.discord.url",
        "https://discord.com/api/webhooks/1/secret",
        "at '/alertmanager/discord': additional properties 'url' not allowed",
    ),
    ("observability/minimal", "loki.enabled", False, "alloy.enabled: it would have nowhere to send anything"),
    ("observability/minimal", "loki.s3.bucket", "logs", "loki.s3.region: needed with a bucket"),
    (
        "observability/minimal",
        "redisExporter.url",
        "redis://watcher:secret@redis",
        "at '/redisExporter/url'",
    ),
    (
        "observability/minimal",
        "redisExporter",
        {"url": "redis://redis", "tls": {"secret": "x"}},
        "redisExporter.tls.secret: has no use without TLS",
    ),
    (
        "observability/minimal",
        "redisExporter",
        {"url": "rediss://redis", "tls": {"mutual": True}},
        "redisExporter.tls.secret: needed with redisExporter.tls.mutual",
    ),
    (
        "observability/minimal",
        "loki.resources.requests.memory",
        "2Gi",
        "loki.resources.requests.memory: 2Gi is above the limit of 1Gi",
    ),
    ("observability/minimal", "networkPolicy.scrapePorts", [], "at '/networkPolicy/scrapePorts': minItems"),
    ("ondol/try", "services.llm", False, "at '/services': additional properties 'llm' not allowed"),
    ("ondol/try", "api.keys.hashes", [], "keys: nobody could call"),
    ("ondol/try", "worker.replicaz", 1, "additional properties 'replicaz' not allowed"),
    ("ondol/watched", "observability.loki.replicas", 3, "additional properties 'replicas' not allowed"),
)


def changed(values: dict[str, Any], place: str, value: Any) -> dict[str, Any]:
    """The values with another one at a place."""
    values = copy.deepcopy(values)
    *path, last = place.replace("nvidia.com", "nvidia,com").split(".")
    inside = values
    for step in path:
        inside = inside.setdefault(step, {})
    inside[last.replace(",", ".")] = value
    return values


class Refusals(unittest.TestCase):
    def test_each_is_told(self) -> None:
        for case, place, value, answer in BAD:
            with self.subTest(case=case, place=place, value=value):
                with self.assertRaises(charts.Refused) as told:
                    charts.render(case.split("/")[0], changed(charts.cases()[case], place, value))
                self.assertIn(answer, str(told.exception))

    def test_a_release_whose_services_could_have_no_name(self) -> None:
        with self.assertRaisesRegex(charts.Refused, "fullnameOverride: needed"):
            charts.render("api", charts.cases()["api/minimal"], "1st")

    def test_every_refusal_of_a_template_is_tried(self) -> None:
        """A check that nobody has seen refuse may never do so."""
        written = set()
        for file in charts.HELM.glob("*/templates/*.tpl"):
            text = file.read_text("utf-8")
            written |= {place.split(" ")[0].strip('"') for place in places(text)}
        tried = " ".join(answer for *_, answer in BAD) + " fullnameOverride: models.s3.url:"
        for place in written - {"(printf"}:
            self.assertIn(f"{place}: ", tried + " ", place)


def places(text: str) -> list[str]:
    return [part.split('"')[1] for part in text.split('"lib.refuse" (list ')[1:] if part.startswith('"')]
