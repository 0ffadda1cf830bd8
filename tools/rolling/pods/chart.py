"""What a chart says of its pods, read from the manifests that Helm renders of it."""

import json
import re
import subprocess
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).resolve().parent
PYTHON = HERE.parents[1] / "charts" / "python.sh"
# Kubernetes' own words, where a manifest has none.
DEFAULTS = {"periodSeconds": 10, "timeoutSeconds": 1, "failureThreshold": 3, "successThreshold": 1}
# What passes as the chart says, or faster by a factor.
TIMES = ("ONDOL_DRAIN_DELAY", "ONDOL_GRACE")
# Who looks names up, and how often unless told otherwise.
UPSTREAMS, RESOLVE = ("ONDOL_LLM_INFERENCE_URL", "ONDOL_MCP_URL"), "15s"


class Probe(NamedTuple):
    """A question that the kubelet asks again and again, in seconds and answers."""

    path: str
    port: int
    period: float
    timeout: float
    failures: int
    successes: int


class Template(NamedTuple):
    """What the pods of a service are made from."""

    service: str
    replicas: int
    # How many pods there may be too many and too few while they are replaced.
    surge: int
    unavailable: int
    env: "dict[str, str]"
    ports: "dict[str, int]"
    startup: Probe
    liveness: Probe
    readiness: Probe
    pre_stop: float
    grace: float

    def faster(self, factor: float) -> "Template":
        """The same in a fraction of the time. How long an answer may take stays as it is."""
        env = {name: shorter(text, factor) if name in TIMES else text for name, text in self.env.items()}
        # Not of the chart, but the graces are long in proportion to it.
        urls = [name for name in env if name in UPSTREAMS]
        env.update({name.replace("_URL", "_RESOLVE_EVERY"): shorter(RESOLVE, factor) for name in urls})
        probes = {
            name: getattr(self, name)._replace(period=getattr(self, name).period / factor)
            for name in ("startup", "liveness", "readiness")
        }
        times = {"pre_stop": self.pre_stop / factor, "grace": self.grace / factor}
        return self._replace(env=env, **probes, **times)


def shorter(text: str, factor: float) -> str:
    seconds = float(re.fullmatch(r"([0-9.]+)s", text)[1])
    return f"{round(seconds / factor * 1000)}ms"


def rendered(values: "dict[str, dict]", folder: Path) -> "dict[str, Template]":
    """The pods of each chart, by its name."""
    file = folder / "values.json"
    file.write_text(json.dumps(values), encoding="utf-8")
    done = subprocess.run(
        [str(PYTHON), str(HERE / "render.py"), str(file)], stdout=subprocess.PIPE, check=True
    )
    return {chart: template(chart, manifests) for chart, manifests in json.loads(done.stdout).items()}


def template(service: str, manifests: "list[dict]") -> Template:
    (deployment,) = (one for one in manifests if one["kind"] == "Deployment")
    spec = deployment["spec"]
    pod, update = spec["template"]["spec"], spec["strategy"]["rollingUpdate"]
    (container,) = pod["containers"]
    ports = {port["name"]: port["containerPort"] for port in container["ports"]}
    sleep = container.get("lifecycle", {}).get("preStop", {}).get("sleep", {})
    return Template(
        service=service,
        replicas=spec["replicas"],
        surge=update["maxSurge"],
        unavailable=update["maxUnavailable"],
        env={one["name"]: one["value"] for one in container["env"]},
        ports=ports,
        startup=probe(container["startupProbe"], ports),
        liveness=probe(container["livenessProbe"], ports),
        readiness=probe(container["readinessProbe"], ports),
        pre_stop=sleep.get("seconds", 0),
        grace=pod["terminationGracePeriodSeconds"],
    )


def probe(told: dict, ports: "dict[str, int]") -> Probe:
    told, get = {**DEFAULTS, **told}, told["httpGet"]
    return Probe(
        path=get["path"],
        port=ports[get["port"]],
        period=told["periodSeconds"],
        timeout=told["timeoutSeconds"],
        failures=told["failureThreshold"],
        successes=told["successThreshold"],
    )
