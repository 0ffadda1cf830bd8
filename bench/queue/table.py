"""The tables that docs/benchmarks.md can quote."""

from samples import Samples

STEPS = {
    "enqueue": "enqueue, one by one",
    "bulk": "enqueue, 100 a call",
    "drain-1": "drain, 1 at once",
    "drain-10": "drain, 10 at once",
    "drain-100": "drain, 100 at once",
}
BASE = "bullmq-rs"


def show(systems: list, results: dict, server: str, seconds: float) -> str:
    parts = [
        f"Redis {server}, {seconds / 60:.1f} minutes.",
        rates(systems, results),
        against(results),
        waiting(results),
    ]
    return "\n\n".join(part for part in parts if part)


def rates(systems: list, results: dict) -> str:
    titles = [f"{title}, jobs/s" for title in STEPS.values()]
    head = ["system", *titles, "pick-up p99, ms", "Redis µs per job", "clean samples"]
    rows = []
    for system in systems:
        found = [results.get((system.name, step)) for step in STEPS]
        cells = [f"{samples.value():,.0f}" if samples else "–" for samples in found]
        pickup = results[(system.name, "pickup")]
        rows.append(
            [
                system.title,
                *cells,
                f"{pickup.value():.1f}",
                whole_life(system.name, results),
                clean([*filter(None, found), pickup]),
            ]
        )
    if ceiling := results.get(("ondol", "ceiling")):
        cells = ["–"] * (len(STEPS) - 1) + [f"{ceiling.value():,.0f}"]
        rows.append(
            ["*Ondol's scripts alone*", *cells, "–", f"{ceiling.redis():.1f} (drain)", clean([ceiling])]
        )
    return markdown(head, rows)


def whole_life(name: str, results: dict) -> str:
    """Of enqueueing as cheaply as the system can, and of draining by a hundred."""
    entered = results.get((name, "bulk")) or results[(name, "enqueue")]
    drained = results[(name, "drain-100")]
    return f"{entered.redis() + drained.redis():.1f} ({entered.redis():.1f} + {drained.redis():.1f})"


def clean(found: "list[Samples]") -> str:
    return f"{sum(len(samples.clean()) for samples in found)} of {sum(map(len, found))}"


def against(results: dict) -> str:
    rows = []
    for step, title in STEPS.items():
        ours, theirs = results.get(("ondol", step)), results.get((BASE, step))
        if ours and theirs:
            rows.append([title, f"{ours.ratio(theirs):.2f}×"])
    ours, ceiling = results.get(("ondol", "drain-100")), results.get(("ondol", "ceiling"))
    if ours and ceiling:
        rows.append(["drain, 100 at once / the scripts alone", f"{ours.ratio(ceiling):.0%}"])
    return markdown(["Ondol / bullmq-official", "ratio"], rows) if rows else ""


def waiting(results: dict) -> str:
    rows = []
    for (_, step), samples in results.items():
        if step.startswith("life "):
            jobs = f"{int(step.split()[1]):,}"
            rows.append([jobs, f"{samples.redis():.1f}", f"{samples.value():,.0f}", clean([samples])])
    head = [
        "jobs that wait all the time",
        "Redis µs per job",
        "enqueued and drained, jobs/s",
        "clean samples",
    ]
    return markdown(head, rows) if rows else ""


def markdown(head: "list[str]", rows: "list[list[str]]") -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
