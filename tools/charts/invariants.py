"""What must hold for all that the charts render, whatever the values: a function for each rule."""

import re
from collections.abc import Iterator

from charts import Manifest, environment, pods, workload

ADMIN = {"api": 9401, "llm-inference": 9402, "worker": 9403, "mcp": 9404}

# What the security standard "restricted" lets a pod mount.
VOLUMES = frozenset(
    [
        "configMap",
        "csi",
        "downwardAPI",
        "emptyDir",
        "ephemeral",
        "image",
        "persistentVolumeClaim",
        "projected",
        "secret",
    ]
)

AUTOSCALERS = {"HorizontalPodAutoscaler", "ScaledObject"}


def broken(manifests: list[Manifest]) -> list[str]:
    """Of the release of one service: all that breaks a rule."""
    return [f"{rule.__name__}: {problem}" for rule in RULES for problem in rule(manifests)]


def restricted(manifests: list[Manifest]) -> Iterator[str]:
    """Pods that the namespace's strictest security standard admits."""
    for label, template in pods(manifests):
        spec = template["spec"]
        if any(spec.get(host) for host in ("hostNetwork", "hostPID", "hostIPC")):
            yield f"{label} shares what is the host's"
        if spec.get("automountServiceAccountToken") is not False:
            yield f"{label} has a token of Kubernetes"
        context = spec["securityContext"]
        if not context["runAsNonRoot"] or not context["runAsUser"]:
            yield f"{label} may be root"
        if context["seccompProfile"] != {"type": "RuntimeDefault"}:
            yield f"{label} may make any system call"
        for volume in spec.get("volumes", []):
            if not set(volume) - {"name"} <= VOLUMES:
                yield f"{label} mounts {volume}"
        for container in [*spec.get("initContainers", []), *spec["containers"]]:
            yield from of_restricted_container(label, container)


def of_restricted_container(label: str, container: Manifest) -> Iterator[str]:
    wanted = {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    if container["securityContext"] != wanted:
        yield f"{label}: {container['name']} has {container['securityContext']}"


def resources_are_bounded(manifests: list[Manifest]) -> Iterator[str]:
    for label, template in pods(manifests):
        for container in [*template["spec"].get("initContainers", []), *template["spec"]["containers"]]:
            resources = container["resources"]
            if not {"cpu", "memory"} <= set(resources.get("requests", {})):
                yield f"{label}: {container['name']} does not ask for CPU and memory"
            if "memory" not in resources.get("limits", {}):
                yield f"{label}: {container['name']} may take all memory"
            if any("/" in name for name in resources.get("requests", {})):
                yield f"{label}: {container['name']} requests a device, which has to be a limit"


def replicas_are_the_autoscalers(manifests: list[Manifest]) -> Iterator[str]:
    """One of them says how many there are, and the autoscaler knows the workload."""
    scaled = workload(manifests)
    autoscalers = [manifest for manifest in manifests if manifest["kind"] in AUTOSCALERS]
    if len(autoscalers) > 1:
        yield "two autoscalers pull at one workload"
    if ("replicas" in scaled["spec"]) == bool(autoscalers):
        yield f"replicas are {scaled['spec'].get('replicas')} with {len(autoscalers)} autoscalers"
    for autoscaler in autoscalers:
        target = autoscaler["spec"]["scaleTargetRef"]
        wanted = {key: scaled[key] for key in ("apiVersion", "kind")} | {"name": scaled["metadata"]["name"]}
        if target != wanted:
            yield f"{autoscaler['kind']} scales {target}"


def grace_is_enough(manifests: list[Manifest]) -> Iterator[str]:
    """Kubernetes kills later than the process is done by its own flags."""
    spec = workload(manifests)["spec"]["template"]["spec"]
    container = spec["containers"][0]
    variables = environment(container)
    before = container.get("lifecycle", {}).get("preStop", {}).get("sleep", {}).get("seconds", 0)
    needed = before + sum(int(variables[name][:-1]) for name in ("ONDOL_DRAIN_DELAY", "ONDOL_GRACE"))
    if spec["terminationGracePeriodSeconds"] < needed + 5:
        yield f"{spec['terminationGracePeriodSeconds']} s, and {needed} s are needed"


def probes_ask_the_admin_port(manifests: list[Manifest]) -> Iterator[str]:
    """Nobody judges a process that loads a model, or starts one again whose dependencies are away."""
    scaled = workload(manifests)
    container = scaled["spec"]["template"]["spec"]["containers"][0]
    service = container["name"]
    ports = {port["name"]: port["containerPort"] for port in container["ports"]}
    if ports["admin"] != ADMIN[service]:
        yield f"the admin port is {ports['admin']}"
    wanted = {"startupProbe": "/livez", "livenessProbe": "/livez", "readinessProbe": "/readyz"}
    if service == "llm-inference":
        wanted["startupProbe"] = "/readyz"
    for probe, path in wanted.items():
        if container[probe].get("httpGet") != {"path": path, "port": "admin"}:
            yield f"{probe} asks {container[probe]}"
    startup = container["startupProbe"]["periodSeconds"] * container["startupProbe"]["failureThreshold"]
    if scaled["spec"]["progressDeadlineSeconds"] < startup:
        yield "a rollout gives up before the startup probe does"


def selectors_meet_the_pods(manifests: list[Manifest]) -> Iterator[str]:
    scaled = workload(manifests)
    labels = scaled["spec"]["template"]["metadata"]["labels"]
    selectors = {
        "PodDisruptionBudget": lambda spec: spec["selector"]["matchLabels"],
        "NetworkPolicy": lambda spec: spec["podSelector"]["matchLabels"],
        "PodMonitor": lambda spec: spec["selector"]["matchLabels"],
        "Service": lambda spec: spec.get("selector"),
        scaled["kind"]: lambda spec: spec["selector"]["matchLabels"],
    }
    for manifest in manifests:
        if manifest["kind"] in selectors and manifest not in led(manifests):
            selector = selectors[manifest["kind"]](manifest["spec"])
            if not selector or not selector.items() <= labels.items():
                yield f"{manifest['kind']} {manifest['metadata']['name']} looks for {selector}"


def led(manifests: list[Manifest]) -> list[Manifest]:
    """The Services that Argo Rollouts leads from version to version."""
    strategy = workload(manifests)["spec"]["strategy"].get("blueGreen", {})
    names = {strategy.get("activeService"), strategy.get("previewService")}
    return [m for m in manifests if m["kind"] == "Service" and m["metadata"]["name"] in names]


def services_are_led_by_one(manifests: list[Manifest]) -> Iterator[str]:
    """A selector that is applied takes away the hash of the version that Argo Rollouts leads to, and with it
    the judgement of the next one: a Service without a hash is given to the newest pods at once."""
    for service in led(manifests):
        if "selector" in service["spec"]:
            yield f"{service['metadata']['name']} selects {service['spec']['selector']}"


def nodes_can_be_emptied(manifests: list[Manifest]) -> Iterator[str]:
    budgets = [manifest for manifest in manifests if manifest["kind"] == "PodDisruptionBudget"]
    if len(budgets) != 1:
        yield f"there are {len(budgets)} disruption budgets"
    for budget in budgets:
        if "minAvailable" in budget["spec"] or str(budget["spec"]["maxUnavailable"]) in ("0", "0%"):
            yield "a single pod would keep its node for ever"
    template = workload(manifests)["spec"]["template"]
    scratch = {volume["name"] for volume in template["spec"].get("volumes", []) if "emptyDir" in volume}
    safe = (
        template["metadata"]
        .get("annotations", {})
        .get("cluster-autoscaler.kubernetes.io/safe-to-evict-local-volumes", "")
    )
    if scratch - set(safe.split(",")):
        yield f"the Cluster Autoscaler would keep the node for the sake of {scratch}"


def everything_else_is_denied(manifests: list[Manifest]) -> Iterator[str]:
    for policy in (manifest for manifest in manifests if manifest["kind"] == "NetworkPolicy"):
        if set(policy["spec"]["policyTypes"]) != {"Ingress", "Egress"}:
            yield f"{policy['metadata']['name']} denies only {policy['spec']['policyTypes']}"


def references_lead_somewhere(manifests: list[Manifest]) -> Iterator[str]:
    """Services by name and port from ingresses, routes and rollouts; the account; files in the ConfigMap."""
    services = {m["metadata"]["name"]: m["spec"]["ports"] for m in manifests if m["kind"] == "Service"}
    for name, port in list(backends(manifests)):
        if not any(port in (found["name"], found["port"]) for found in services.get(name, [])):
            yield f"no Service {name} has a port {port}"
    scaled = workload(manifests)
    strategy = scaled["spec"]["strategy"].get("blueGreen", {})
    for service in ("activeService", "previewService"):
        if service in strategy and strategy[service] not in services:
            yield f"no Service is called {strategy[service]}"
    templates = {m["metadata"]["name"] for m in manifests if m["kind"] == "AnalysisTemplate"}
    for analysis in ("prePromotionAnalysis", "postPromotionAnalysis"):
        named = {template["templateName"] for template in strategy.get(analysis, {}).get("templates", [])}
        if named - templates:
            yield f"no AnalysisTemplate is called {named - templates}"
    yield from files_are_there(manifests)


def backends(manifests: list[Manifest]) -> Iterator[tuple[str, object]]:
    for manifest in manifests:
        if manifest["kind"] == "Ingress":
            for rule in manifest["spec"]["rules"]:
                for path in rule["http"]["paths"]:
                    service = path["backend"]["service"]
                    yield service["name"], service["port"]["name"]
        elif manifest["kind"] in ("HTTPRoute", "GRPCRoute"):
            for rule in manifest["spec"]["rules"]:
                for backend in rule["backendRefs"]:
                    yield backend["name"], backend["port"]


def files_are_there(manifests: list[Manifest]) -> Iterator[str]:
    """Each file of a ConfigMap that the environment names."""
    spec = workload(manifests)["spec"]["template"]["spec"]
    maps = {m["metadata"]["name"]: m["data"] for m in manifests if m["kind"] == "ConfigMap"}
    volumes = {volume["name"]: volume for volume in spec.get("volumes", [])}
    mounts = {
        mount["mountPath"]: volumes[mount["name"]] for mount in spec["containers"][0].get("volumeMounts", [])
    }
    for name, value in environment(spec["containers"][0]).items():
        if not name.startswith("ONDOL_") or not isinstance(value, str) or not value.startswith("/etc/ondol/"):
            continue
        folder, _, file = value.rpartition("/")
        if folder not in mounts:
            yield f"{name} is {value}, and nothing is mounted there"
        elif "configMap" in mounts[folder] and file not in maps.get(mounts[folder]["configMap"]["name"], {}):
            yield f"{name} is {value}, and no such file is there"


def metrics_are_found(manifests: list[Manifest]) -> Iterator[str]:
    template = workload(manifests)["spec"]["template"]
    port = template["metadata"].get("annotations", {}).get("prometheus.io/port")
    if port and int(port) != ADMIN[template["spec"]["containers"][0]["name"]]:
        yield f"they are looked for at port {port}"


def load_balancers_are_told(manifests: list[Manifest]) -> Iterator[str]:
    """gRPC is told apart before plain HTTP takes everything, and health is what it says."""
    for ingress in (manifest for manifest in manifests if manifest["kind"] == "Ingress"):
        notes = {key.rsplit("/")[-1]: text for key, text in ingress["metadata"]["annotations"].items()}
        if notes["target-type"] != "ip" or '"HTTPS"' not in notes["listen-ports"]:
            yield "pods are no targets, or gRPC has no HTTPS"
        grpc = notes["backend-protocol-version"] == "GRPC"
        health = ("/grpc.health.v1.Health/Check", "0") if grpc else ("/readyz", "200")
        asked = (notes["healthcheck-path"], notes["success-codes"])
        if asked != health:
            yield f"{ingress['metadata']['name']} asks for health as {asked}"
        if grpc and not any(key.startswith("conditions.") for key in notes):
            yield "the rule for gRPC takes everything"


def secrets_stay_out(manifests: list[Manifest]) -> Iterator[str]:
    for label, template in pods(manifests):
        for container in template["spec"]["containers"]:
            for variable in container.get("env", []):
                if re.search("PASSWORD|SECRET|API_KEY$", variable["name"]) and variable.get("value"):
                    yield f"{label}: {variable['name']} is readable by whoever reads the pod"


def queries_are_whole(manifests: list[Manifest]) -> Iterator[str]:
    """What Prometheus is asked: each quote and each bracket that is opened is closed."""
    for manifest in manifests:
        spec = manifest.get("spec", {})
        asked = [
            metric["provider"].get("prometheus", {})
            for metric in spec.get("metrics", [])
            if "provider" in metric
        ]
        asked += [trigger["metadata"] for trigger in spec.get("triggers", [])]
        for query in (one["query"] for one in asked if "query" in one):
            left = re.sub(r'"(\\.|[^"\\])*"|[^"()\[\]{}]', "", query)
            while left != (left := re.sub(r"\(\)|\[\]|\{\}", "", left)):
                pass
            if left:
                yield f"{manifest['metadata']['name']} asks {query}"


RULES = (
    queries_are_whole,
    restricted,
    resources_are_bounded,
    replicas_are_the_autoscalers,
    grace_is_enough,
    probes_ask_the_admin_port,
    selectors_meet_the_pods,
    services_are_led_by_one,
    nodes_can_be_emptied,
    everything_else_is_denied,
    references_lead_somewhere,
    metrics_are_found,
    load_balancers_are_told,
    secrets_stay_out,
)
