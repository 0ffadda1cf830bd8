"""The tables that docs/benchmarks.md can quote."""

from typing import Optional

from figures import Series, added, cpu_ratio, ratio
from peers import System

# Calls a second by name, and what they are called.
RATES = ("100", "1000", "share")
SHAPES = {False: "unary", True: "streamed"}
TOKENS = 16
# What is promised of Ondol: the shape, the figure, the field of a sample, and the most that it may be.
AIMS = (
    (False, "unary, added p50, µs", "p50", 150),
    (False, "unary, added p99, µs", "p99", 1000),
    (False, "unary, processor time per call, µs", "cpu_micros", 200),
    (True, "streamed, added per token p50, µs", "token_p50", 50),
)


class Results:
    """All series of a run, by system, shape and name of the rate."""

    def __init__(self) -> None:
        self.series: dict[tuple[str, bool, str], Series] = {}
        # Calls a second that a name stands for, by what is spoken.
        self.rates: dict[tuple[str, bool, str], float] = {}

    def of(self, name: str, streamed: bool, rate: str) -> Series:
        return self.series.setdefault((name, streamed, rate), Series())

    def base(self, speaks: str, streamed: bool, rate: str) -> Series:
        return self.of(f"direct-{speaks}", streamed, rate)


def show(systems: "list[System]", left_out: "dict[str, str]", results: Results) -> str:
    parts = [shape(systems, results, streamed) for streamed in SHAPES]
    parts += [aims(results), against(systems, results)]
    parts += [f"Left out: {name} ({why})." for name, why in left_out.items()]
    return "\n\n".join(part for part in parts if part)


def shape(systems: "list[System]", results: Results, streamed: bool) -> str:
    if streamed:
        head = [
            "first token p50, µs",
            "p99, µs",
            "each token p50, µs",
            "p99, µs",
            "µs of processor per stream",
        ]
        fields = ["p50", "p99", "token_p50", "token_p99"]
        title = f"Streamed, {TOKENS} tokens each:"
    else:
        head = ["p50, µs", "p95, µs", "p99, µs", "µs of processor per call"]
        fields, title = ["p50", "p95", "p99"], "Unary:"
    rows = []
    for speaks in ("grpc", "openai"):
        spoken = [system for system in systems if system.speaks == speaks]
        for rate in RATES:
            if spoken and (speaks, streamed, rate) in results.rates:
                rows += block(spoken, results, (speaks, streamed, rate), fields)
    table = markdown(["calls/s", "what", *head, "its processor", "clean samples"], rows)
    return f"{title}\n\n{table}" if rows else ""


def block(systems: "list[System]", results: Results, at: tuple, fields: "list[str]") -> "list[list[str]]":
    """The rows of one rate: the model directly, and what each system adds to that."""
    speaks, streamed, rate = at
    base, calls = results.base(*at), f"{results.rates[at]:,.0f}"
    language = "gRPC" if speaks == "grpc" else "OpenAI's"
    cells = [f"{base.median(lambda sample, field=field: getattr(sample, field)):,.0f}" for field in fields]
    rows = [[calls, f"*the model directly, {language}*", *cells, "–", "–", clean(base)]]
    for system in systems:
        own = results.of(system.name, streamed, rate)
        if not any(own):
            continue
        if own.is_carried:
            cells = [plus(added(own, base, field)) for field in fields]
        else:
            answered = own.median(lambda sample: (sample.calls - sample.errors) / sample.seconds)
            cells = [f"does not keep up: {answered:,.0f}/s", *["–"] * (len(fields) - 1)]
        processor = [
            f"{own.median(lambda sample: sample.cpu_micros):,.0f}",
            percent(own.median(lambda sample: sample.busy)),
        ]
        rows.append([calls, system.title, *cells, *processor, clean(own)])
    return rows


def aims(results: Results) -> str:
    rows = []
    for streamed, what, field, most in AIMS:
        seen = [aim(results, streamed, rate, field) for rate in RATES]
        if any(value is not None for value in seen):
            rows.append([what, *(number(value) for value in seen), f"{most}"])
    titles = (f"at {rate_title(results, rate)}" for rate in RATES)
    return markdown(["Ondol", *titles, "at most"], rows) if rows else ""


def rate_title(results: Results, rate: str) -> str:
    if rate != "share":
        return f"{int(rate):,}/s"
    calls = [f"{results.rates[at]:,.0f}/s" for at in shares(results)]
    return " and ".join(calls) if calls else "70 %"


def shares(results: Results) -> "list[tuple]":
    return [at for at in (("grpc", streamed, "share") for streamed in SHAPES) if at in results.rates]


def aim(results: Results, streamed: bool, rate: str, field: str) -> "Optional[float]":
    own = results.of("ondol", streamed, rate)
    if not any(own):
        return None
    if field == "cpu_micros":
        return own.median(lambda sample: sample.cpu_micros)
    return added(own, results.base("grpc", streamed, rate), field)


def against(systems: "list[System]", results: Results) -> str:
    """Ondol as a share of each other system: what it adds to the median, and its processor time."""
    rows = []
    for system in systems:
        ours = "ondol" if system.speaks == "grpc" else "ondol-v1"
        if system.name in (ours, "ondol-redis"):
            continue
        for streamed, title in SHAPES.items():
            cells = [share(results, ours, system, streamed, rate) for rate in RATES]
            if any(cell != "–" for cell in cells):
                rows.append([system.title, title, *cells])
    head = ["Ondol / …", "", *(rate_title(results, rate) if rate != "share" else "70 %" for rate in RATES)]
    return "Added p50, and processor time per call:\n\n" + markdown(head, rows) if rows else ""


def share(results: Results, ours: str, system: System, streamed: bool, rate: str) -> str:
    own, other = results.of(ours, streamed, rate), results.of(system.name, streamed, rate)
    if not any(own) or not any(other):
        return "–"
    base = results.base(system.speaks, streamed, rate)
    keep_up = own.is_carried and other.is_carried
    found = (ratio(own, base, other, base, "p50") if keep_up else None, cpu_ratio(own, other))
    return ", ".join("–" if value is None else f"{value:.2f}×" for value in found)


def plus(value: "Optional[float]") -> str:
    return "–" if value is None else f"{value:+,.0f}"


def number(value: "Optional[float]") -> str:
    return "–" if value is None else f"{value:,.0f}"


def percent(share: float, digits: int = 0) -> str:
    return f"{share * 100:.{digits}f} %"


def clean(series: Series) -> str:
    return f"{len(series.clean())} of {sum(map(bool, series))}"


def markdown(head: "list[str]", rows: "list[list[str]]") -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
