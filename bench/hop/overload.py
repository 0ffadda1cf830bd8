#!/usr/bin/env python3
"""Lets ten times as many calls come as api normally has, and tells what becomes of those that it lets in, of
those that it refuses, of its memory, and of whoever comes right after: `./just bench overload`.

The model behind it has slots and a line, as an engine has. Calls are refused in several ways, each with an
api of its own; floods, of which nearly all calls are refused, tell what a refusal costs by itself.
"""

import argparse
import json
import sys
from pathlib import Path

from aims import Flood, Overload, tables
from figures import FOREIGN_LIMIT
from peers import LIMITS, Peers, System
from stand import Stand, free_port, say
from surge import Phase, Run, surge
from systems import fetched

# The share of what the model can do that is normal.
SHARE = 0.7
# More than this, in microseconds, and the callers were too slow to measure anything by.
LATE = 20_000

# One release with a gate.
ROUTES = """
[releases.only]
url = "http://127.0.0.1:{model}"
[releases.only.concurrency]
most = {slots}
{more}
[[routes]]
model = "*"
targets = [{{ release = "only" }}]
"""
# What refuses everything and does nothing else, in one process, whose time can be read.
NGINX = """
master_process off;
daemon off;
pid {folder}/nginx.pid;
error_log stderr crit;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    client_body_temp_path {folder}/nginx-body;
    proxy_temp_path {folder}/nginx-proxy;
    fastcgi_temp_path {folder}/nginx-fastcgi;
    uwsgi_temp_path {folder}/nginx-uwsgi;
    scgi_temp_path {folder}/nginx-scgi;
    keepalive_requests 1000000000;
    server {{
        listen 127.0.0.1:{port};
        http2 on;
        location / {{
            default_type application/grpc;
            add_header grpc-status 8 always;
            add_header grpc-message busy always;
            return 204;
        }}
    }}
}}
"""
# A key that may call once in a minute.
ONCE = LIMITS.replace("[keys]\nrequests_per_minute = 100000000", "[keys]\nrequests_per_minute = 1")


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./just bench overload", description=__doc__.split("\n\n", 1)[0])
    parser.add_argument("--ondol", required=True, type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--api", required=True, type=Path, help=argparse.SUPPRESS)
    ways = "what refuses: gate (of a release), server (--max-concurrency), model (its own line) (gate,server)"
    parser.add_argument("--ways", default="gate,server", help=ways)
    floods = "what refuses a flood: key, gate, server, or nginx for a yardstick (all); '' for none"
    parser.add_argument("--floods", default="key,gate,server,nginx", help=floods)
    rates = "calls a second of floods, each in turn, as 1000,4500 (those of the overload)"
    parser.add_argument("--flood-rates", default="", help=rates)
    parser.add_argument("--minutes", type=float, default=2, help="length of the overload (2)")
    parser.add_argument("--normal", type=float, default=20, help="seconds of normal load on both sides (20)")
    parser.add_argument("--flood", type=float, default=10, help="seconds of each flood (10)")
    parser.add_argument("--factor", type=float, default=10, help="how much more than normal comes (10)")
    parser.add_argument("--slots", type=int, default=128, help="answers that the model gives at once (128)")
    parser.add_argument("--mean", type=int, default=100, help="time of an answer in ms (100)")
    parser.add_argument("--p95", type=int, help="what 95 of 100 stay within (all take the same)")
    parser.add_argument("--line", type=int, help="calls that wait at the gate (its default)")
    parser.add_argument(
        "--trace-ratio", type=float, default=1, help="share of calls whose spans are exported (1)"
    )
    parser.add_argument("--quick", action="store_true", help="seconds instead of minutes: does it run?")
    parser.add_argument("--json", action="store_true", help="print everything as JSON instead of tables")
    return parser.parse_args()


class Bench:
    def __init__(self, given: argparse.Namespace, stand: Stand) -> None:
        self.given, self.stand = given, stand
        self.normal = SHARE * given.slots / (given.mean / 1000)
        self.over = self.normal * given.factor
        self.files = 0

    def peers(self, *model: str) -> Peers:
        return Peers(self.stand, self.stand.stub(*model), self.given)

    def routes(self, peers: Peers, slots: int, more: str = "") -> "list[str]":
        self.files += 1
        file = self.stand.folder / f"routes-{self.files}.toml"
        file.write_text(ROUTES.format(model=peers.model_port, slots=slots, more=more))
        return ["--routes", str(file)]

    def overload(self, way: str) -> Overload:
        given = self.given
        spread = ["--p95", f"{given.p95}ms"] if given.p95 else []
        peers = self.peers("--mean", f"{given.mean}ms", "--slots", str(given.slots), *spread)
        line = f"line = {given.line}" if given.line is not None else ""
        title, flags = {
            "gate": lambda: ("the gate of the release", self.routes(peers, given.slots, line)),
            "server": lambda: ("`--max-concurrency`", ["--max-concurrency", str(given.slots)]),
            "model": lambda: ("the model", []),
        }[way]()
        normal, over = (self.normal, given.normal), (self.over, given.minutes * 60)
        return Overload(title, self.run(peers, title, flags, [normal, over, normal]))

    def floods(self, way: str) -> "list[Flood]":
        rates = [float(rate) for rate in self.given.flood_rates.split(",") if rate]
        return [self.flood(way, rate) for rate in rates or [self.over]]

    def flood(self, way: str, rate: float) -> Flood:
        if way == "nginx":
            return self.yardstick(rate)
        # Whoever is let in stays for long, so that nearly nobody is.
        peers = self.peers("--mean", "5s" if way != "key" else "0s")
        title, flags, limits = {
            "key": lambda: ("a key's limit of requests", [], ONCE),
            "gate": lambda: ("the gate of the release", self.routes(peers, 1, "line = 0"), LIMITS),
            "server": lambda: ("`--max-concurrency`", ["--max-concurrency", "1"], LIMITS),
        }[way]()
        run = self.run(peers, title, flags, [(rate, self.given.flood)], limits)
        # Where few come, each wakes a processor by itself: that is the machine's, and told, and not judged.
        return Flood(title, run, is_judged=rate >= self.over)

    def yardstick(self, rate: float) -> Flood:
        port, folder = free_port(), self.stand.folder
        settings = folder / "refuse.conf"
        settings.write_text(NGINX.format(folder=folder, port=port))
        command = [str(fetched("nginx")), "-c", str(settings), "-p", str(folder)]
        process = self.stand.start(command, self.stand.measured, port)
        system = System("nginx", "nginx, which does nothing else", "grpc", port, [process])
        run = self.watched(system, [(rate, self.given.flood)])
        self.stand.end(process)
        return Flood(system.title, run, is_judged=False)

    def run(
        self,
        peers: Peers,
        title: str,
        flags: "list[str]",
        phases: "list[tuple[float, float]]",
        limits: str = LIMITS,
    ) -> Run:
        port, process = peers.api(*flags, limits=limits)
        run = self.watched(System("ondol", title, "grpc", port, [process]), phases)
        # What has been measured makes room for what follows.
        for ended in (process, peers.model):
            self.stand.end(ended)
        return run

    def watched(self, system: System, phases: "list[tuple[float, float]]") -> Run:
        run = surge(self.stand, system, phases)
        for phase in run.phases:
            tell(system.title, phase)
        say(f"  {system.title}: foreign {run.foreign:.0%}")
        return run


def tell(title: str, phase: Phase) -> None:
    calls = phase.all
    good = f"good {calls.good}, p99 {calls.p99 / 1000:.0f} ms"
    rest = f"refused {calls.refused}, failed {calls.failed}, late {calls.late_p99 / 1000:.1f} ms"
    say(f"  {title}, {phase.rate:.0f}/s: {good}, {rest}, processor {phase.cpu / phase.seconds:.0%}")
    if calls.error:
        say(f"    {calls.error[:200]}")


def main() -> int:
    given = parse()
    given.api = given.api.resolve()
    if given.quick:
        given.minutes, given.normal, given.flood = 0.2, 5, 3
    stand = Stand(given.ondol.resolve())
    if stand.is_shared:
        say("one processor for everything: the figures mean little")
    try:
        bench = Bench(given, stand)
        overloads = [bench.overload(way) for way in words(given.ways)]
        floods = [flood for way in words(given.floods) for flood in bench.floods(way)]
    finally:
        stand.stop()
    runs = [*overloads, *floods]
    if given.json:
        print(json.dumps([as_json(it.title, it.run) for it in runs]))
    else:
        print(tables(overloads, floods))
    proved = proves([it.run for it in runs])
    return 0 if proved and all(aim.is_met for it in runs for aim in it.aims()) else 1


def words(names: str) -> "list[str]":
    return [name for name in names.split(",") if name]


def proves(runs: "list[Run]") -> bool:
    """Whether nothing but api can be to blame."""
    if any(run.foreign > FOREIGN_LIMIT for run in runs):
        say("others used the processors too, and the figures prove nothing: end what else computes here")
        return False
    if any(phase.all.late_p99 > LATE for run in runs for phase in run.phases):
        say("the callers could not keep up, and the figures prove nothing: take a smaller model (--slots)")
        return False
    return True


def as_json(title: str, run: Run) -> dict:
    phases = [
        {
            **phase._asdict(),
            "all": phase.all._asdict(),
            "first_second": phase.first_second._asdict(),
            "looks": [look._asdict() for look in phase.looks],
        }
        for phase in run.phases
    ]
    return {"title": title, "foreign": run.foreign, "phases": phases}


if __name__ == "__main__":
    sys.exit(main())
