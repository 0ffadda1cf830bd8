#!/usr/bin/env python3
"""Measures the job queue beside others on one redis-server: `./just bench queue`.

Every system has a small program that speaks the same few words (steps.py says them in Python): it prepares
a step, prints `ready`, waits for a line, does the step, and prints what came of it as JSON. All that is read
from Redis and from the machine is read here, around that, and for all systems alike.
"""

import argparse
import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import systems
import table
from cpu import Cpu
from redis_server import RedisServer
from samples import Sample, Samples, percentile
from systems import System, say

# A step that takes longer than this many seconds is stuck.
PATIENCE = 120
# After a disturbed sample, before the next one.
REST = 1.0
WAITING = (1_000, 100_000, 1_000_000)
LIFE_JOBS = 30_000


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./just bench queue", description=__doc__.split("\n", 1)[0])
    parser.add_argument("--ondol", required=True, type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--samples", type=int, default=5, help="turns of all systems (5)")
    parser.add_argument(
        "--only", default="", help="these systems alone, as ondol,bullmq-rs,bullmq,celery,arq"
    )
    parser.add_argument(
        "--quick", action="store_true", help="one turn with a twentieth of the jobs: does it run?"
    )
    parser.add_argument("--minutes", type=float, default=12, help="begin no turn after these (12)")
    parser.add_argument("--json", action="store_true", help="print every sample as JSON instead of tables")
    return parser.parse_args()


class Bench:
    def __init__(self, given: argparse.Namespace) -> None:
        # Redis has a processor to itself where there are two; whatever is measured has all the others.
        processors = sorted(os.sched_getaffinity(0))
        self.redis_processor = processors[0] if len(processors) > 1 else None
        self.rest = set(processors[1:]) or set(processors)
        self.scale = 20 if given.quick else 1
        self.redis = RedisServer(str(systems.fetched("redis-server")), self.redis_processor)
        self.version = self.redis.version()
        self.exact = True

    def sample(self, system: System, step: str, jobs: int, waiting: int = 0) -> Sample:
        self.redis.ask("FLUSHALL", "SYNC")
        name, _, concurrency = step.partition("-")
        words = ["--url", self.redis.url, "--step", name, "--jobs", str(jobs)]
        words += ["--concurrency", concurrency or "10"]
        words += ["--waiting", str(waiting)] if waiting else []
        program = subprocess.Popen(
            [*system.command, *words],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, **system.environment},
            text=True,
            preexec_fn=lambda: os.sched_setaffinity(0, self.rest),
        )
        patience = threading.Timer(PATIENCE, program.kill)
        patience.start()
        try:
            return self.watch(program, system, step)
        finally:
            patience.cancel()
            program.kill()
            program.wait()

    def watch(self, program: subprocess.Popen, system: System, step: str) -> Sample:
        if program.stdout.readline() != "ready\n":
            raise SystemExit(f"{system.title} did not get ready for {step}")
        machine, redis = Cpu.now(), self.redis.cpu_seconds()
        program.stdin.write("go\n")
        program.stdin.flush()
        line = program.stdout.readline()
        redis = self.redis.cpu_seconds() - redis
        foreign = Cpu.now().foreign_share(machine)
        if not line:
            raise SystemExit(f"{system.title} ended in the middle of {step}")
        answer = json.loads(line)
        if not answer["exact"]:
            self.exact = False
            say(f"{system.title}, {step}: NOT every job was there exactly once")
        jobs = answer["jobs"]
        waits = answer.get("waits_ms")
        value = percentile(waits, 0.99) if waits else jobs / answer["seconds"]
        return Sample(value, redis * 1e6 / jobs, foreign)

    def turn(self, wanted: "list[System]", results: dict) -> None:
        for step in ("enqueue", "bulk", "drain-1", "drain-10", "drain-100", "ceiling", "pickup"):
            for system in wanted:
                if step in system.jobs:
                    jobs = max(10, system.jobs[step] // self.scale)
                    self.take(results, (system.name, step), system, (step, jobs))

    def take(self, results: dict, key: tuple, system: System, what: tuple) -> None:
        sample = self.sample(system, *what)
        results.setdefault(key, Samples()).append(sample)
        told = f"{sample.value:10.1f}   Redis {sample.redis:5.1f} us/job   foreign {sample.foreign:.0%}"
        say(f"  {' '.join(key):24} {told}")
        if not sample.is_clean:
            time.sleep(REST)


def main() -> int:
    given = parse()
    begin = time.monotonic()
    makers = {
        "ondol": lambda: systems.ondol(given.ondol),
        "bullmq-rs": systems.bullmq_rs,
        "bullmq": systems.bullmq,
        "celery": systems.celery,
        "arq": systems.arq,
    }
    names = [name for name in given.only.split(",") if name] or list(makers)
    wanted = [makers[name]() for name in names]
    bench = Bench(given)
    results = {}
    try:
        measuring = time.monotonic()
        for turn in range(1 if given.quick else given.samples):
            so_far = time.monotonic() - measuring
            if so_far > given.minutes * 60:
                say(f"{so_far / 60:.0f} minutes are over: no more turns")
                break
            say(f"turn {turn + 1}, {so_far:.0f} s")
            bench.turn(wanted, results)
            # What waits changes nothing, and filling takes long: fewer samples do.
            if "ondol" in names and turn < 3:
                for waiting in WAITING:
                    few = (max(10, LIFE_JOBS // bench.scale), waiting // bench.scale)
                    bench.take(
                        results,
                        ("ondol", f"life {waiting}"),
                        wanted[names.index("ondol")],
                        ("life-100", *few),
                    )
    finally:
        bench.redis.stop()
    if given.json:
        print(json.dumps({" ".join(key): samples for key, samples in results.items()}))
    else:
        print(table.show(wanted, results, bench.version, time.monotonic() - begin))
    print("every job ran exactly once" if bench.exact else "NOT every job ran exactly once", file=sys.stderr)
    return 0 if bench.exact else 1


if __name__ == "__main__":
    sys.exit(main())
