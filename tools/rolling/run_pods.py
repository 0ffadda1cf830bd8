#!/usr/bin/env python3
"""Replaces the pods of every service in turn under load, and counts what fails: `./just test-rolling`.

    run_pods.py --api PROGRAM --llm-inference PROGRAM … [--seconds 300] [--service NAME]

Two pods of each service, as processes with addresses of their own, are started, asked and ended as a kubelet
does it with what the charts say: probes, preStop, grace, one more before one less. Names lead to those in
service, as those of headless Services do, and Envoy stands before api. The exit code is 1 where a call failed
or a stream broke off, where a job was lost or done twice, and where a pod did not end well; 77 where the
machine allows no namespaces.
"""

import argparse
import hashlib
import os
import signal
import sys
import time

import balancers
import tally
from load import Amount, Client, Load, callers, entries
from model import MODEL
from pods import backing, names, world
from pods.books import Books
from pods.chart import Template, rendered
from pods.endpoints import Endpoints
from pods.kubelet import Kubelet
from pods.machine import Machine, without_ours
from pods.values import BUCKET, values
from pods.verdict import Verdict
from replica import KEY
from run import KINDS as MODEL_KINDS
from run import resolved
from stand import Stand, say

SERVICES = ("api", "llm-inference", "mcp", "worker")
KINDS = (
    *MODEL_KINDS,
    "CallTool, gRPC",
    "CreateJob, gRPC",
    "GetJob, gRPC",
    "WatchJob, gRPC",
    "/generated",
    "job generate_text",
    "job call_tool",
    "tools/call, 2026-07-28",
    "tools/call, handshake",
)
# Of these the first one takes long, or all the time: nobody waits for it before the first pod is replaced.
SLOW_KINDS = (
    "CallTool, gRPC, slow",
    "tools/call, 2026-07-28, slow",
    "tools/call, handshake, slow",
    "session, 2026-07-28",
    "session, handshake",
)
# How many seconds a slow tool takes: less than api's grace, as a balancer may send to a pod until SIGTERM.
SLOW = 25.0
# Until controllers and name servers know of a change, and how long an answer is kept, as by CoreDNS.
DELAY, TTL = 1.0, 5.0
# As long as a text of a job is: jobs are many here, not long.
JOB_TOKENS = 8
# How long calls are made before the first pod is replaced, and after the last one has gone.
LEAD = 5.0
# How long the end of a job may take to be told once all jobs have ended.
TOLD = 60.0


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./just test-rolling", description=__doc__.split("\n", 1)[0])
    for service in SERVICES:
        parser.add_argument(f"--{service}", required=True, type=resolved, help=argparse.SUPPRESS)
    parser.add_argument(
        "--seconds", type=float, default=300, help="how long services are replaced in turn (300)"
    )
    parser.add_argument(
        "--service", choices=SERVICES, action="append", help="this one alone; repeatable (all)"
    )
    parser.add_argument(
        "--scale-times", type=float, default=1, help="divide the charts' seconds by this (1: as they are)"
    )
    parser.add_argument("--replicas", type=int, default=2, help="pods of each service (2)")
    parser.add_argument("--rate", type=float, default=4, help="short calls a second (4)")
    parser.add_argument("--streams", type=int, default=2, help="streams at once (2)")
    parser.add_argument("--tokens", type=int, default=32, help="length of a stream (32)")
    parser.add_argument("--rest", type=float, default=1, help="seconds between two streams of a client (1)")
    parser.add_argument("--jobs", type=float, default=0.2, help="jobs of each of two kinds a second (0.2)")
    parser.add_argument(
        "--tools", type=float, default=1, help="calls of a tool a second, by gRPC and as many by MCP (1)"
    )
    parser.add_argument("--keep-logs", type=resolved, help="copy all logs and settings into this folder")
    return parser.parse_args()


class Trial:
    def __init__(self, given: argparse.Namespace, stand: Stand) -> None:
        self.given, self.stand = given, stand
        self.services = tuple(given.service or SERVICES)
        # Nothing is fetched from here on, as there is no network: the recipe has fetched it.
        self.envoy = balancers.found("envoy")
        self.title = f"{balancers.title('envoy', self.envoy)}, {given.replicas} pods of each service for "
        self.title += f"{given.seconds:.0f} s, the charts' seconds"
        self.title += "" if given.scale_times == 1 else f" divided by {given.scale_times:g}"
        self.secrets = stand.folder / "secrets"
        self.secrets.mkdir()
        (self.secrets / "webhooks").write_text("a secret that is long enough to sign with", "utf-8")
        hashed = hashlib.sha256(KEY.encode()).hexdigest()
        self.values = values(MODEL, hashed, self.secrets, given.replicas)
        templates = rendered(self.values, stand.folder)
        self.templates = {service: self.timed(template) for service, template in templates.items()}

    def timed(self, template: Template) -> Template:
        factor = self.given.scale_times
        return template if factor == 1 else template.faster(factor)

    def env(self) -> "dict[str, dict[str, str]]":
        """What a cluster gives to pods: credentials, and volumes."""
        credentials = {"AWS_ACCESS_KEY_ID": "rolling", "AWS_SECRET_ACCESS_KEY": "rolling"}
        tools = self.stand.folder / "tools.toml"
        tools.write_text(self.values["mcp"]["tools"]["tools.toml"], "utf-8")
        models = os.environ["ONDOL_MODELS"]
        runtime = {name: os.environ[name] for name in ("ONDOL_ONNXRUNTIME_LIBRARY",) if name in os.environ}
        without_ours()
        return {
            "api": credentials,
            "llm-inference": {"ONDOL_MODELS": models, **runtime},
            "mcp": {**credentials, "ONDOL_TOOLS": str(tools)},
            "worker": credentials,
        }

    def run(self) -> Verdict:
        factor = self.given.scale_times
        endpoints = Endpoints(DELAY / factor, TTL / factor)
        for name, address in world.NAMES.items():
            endpoints.observe(name, [address], float("-inf"))
        names.serve(world.RESOLVER, lambda name: endpoints.answer(name, time.monotonic()), TTL / factor)
        backing.start_redis(self.stand)
        backing.start_s3(self.stand, BUCKET)
        backing.start_outside(self.stand)
        programs = {service: getattr(self.given, service.replace("-", "_")) for service in SERVICES}
        kubelet = Kubelet(self.templates, Machine(self.stand, programs, self.env()), endpoints)
        # Whoever is called first: that a service begins before another one is there is not what is tried.
        for service in ("llm-inference", "mcp", "worker", "api"):
            kubelet.start(service)
        backing.start_envoy(self.stand, self.envoy)
        load = Load(self.stand, self.clients())
        kubelet.during(lambda: load.until_all(KINDS))
        self.roll(kubelet, load)
        calls = kubelet.during(load.stop)
        books = kubelet.during(self.until_told)
        offset = time.time() - time.monotonic()
        kinds = (*KINDS, *SLOW_KINDS)
        return Verdict(self.title, calls, kubelet.ends(), books, kinds, self.services, offset, factor)

    def clients(self) -> "dict[str, Client]":
        given = self.given
        amount = Amount(given.rate, given.streams, given.tokens, given.rest)
        slow = str(SLOW / given.scale_times)
        hooks = f"http://outside:{world.OUTSIDE.port}/hooks"
        work = [
            str(world.BALANCER),
            KEY,
            MODEL,
            hooks,
            str(given.jobs),
            str(given.tools),
            str(JOB_TOKENS),
            slow,
        ]
        agents = [f"http://mcp:{self.templates['mcp'].ports['grpc']}/mcp", KEY, str(given.tools), slow]
        return {
            **callers(world.BALANCER.port, MODEL, amount),
            "over_work": Client("grpcio", work),
            "over_mcp": Client("mcp", agents),
        }

    def roll(self, kubelet: Kubelet, load: Load) -> None:
        say(f"rolling {', '.join(self.services)} in turn")
        kubelet.wait(LEAD)
        end, turn = time.monotonic() + self.given.seconds, 0
        while time.monotonic() < end:
            kubelet.roll(self.services[turn % len(self.services)])
            load.check()
            turn += 1
        kubelet.until_finished()
        kubelet.wait(LEAD)

    def books(self) -> Books:
        work, agents, outside = (
            self.stand.log(name).read_text("utf-8") for name in ("over_work", "over_mcp", "outside")
        )
        orders = entries(work, "order") + entries(agents, "order")
        return Books(entries(work, "job"), orders, entries(outside, "outside"))

    def until_told(self) -> Books:
        end = time.monotonic() + TOLD
        while not self.books().all_told() and time.monotonic() < end:
            time.sleep(0.5)
        return self.books()


def main() -> int:
    world.enter()
    given = parse()
    # The same as Ctrl-C, so that nothing is left behind.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    stand = Stand()
    try:
        trial = Trial(given, stand)
        world.settle(stand.folder)
        return told(trial.run(), stand)
    finally:
        stand.stop(given.keep_logs)


def told(verdict: Verdict, stand: Stand) -> int:
    print(verdict.table(), flush=True)
    faults = verdict.faults()
    if faults:
        say(f"\n{tally.summed(faults)}{verdict.excerpts(stand.folder)}")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
