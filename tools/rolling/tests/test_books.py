"""What counts as lost, as done twice, and as told."""

import tempfile
import unittest
from pathlib import Path

from pods.books import Books
from pods.pod import End, Figures
from pods.verdict import Verdict

JOB = {"job": "jobs/1", "work": "call_tool", "resumed": 0, "ends": 1, "state": "STATE_SUCCEEDED"}
JOB.update(attempts=1, recoveries=0, read=12)
ORDERED = {"outside": "ordered", "number": "job-1"}
TOLD = {"outside": "told", "id": "a", "type": "job.succeeded", "job": "jobs/1"}


def books(jobs: "list[dict]", outside: "list[dict]") -> Books:
    return Books(jobs, [{"order": "job-1"}], outside)


class Jobs(unittest.TestCase):
    def test_all_is_well_where_each_job_ended_once_and_was_told(self) -> None:
        self.assertEqual(books([JOB], [ORDERED, TOLD]).faults(), [])

    def test_an_end_that_was_told_again_under_the_same_id_is_as_promised(self) -> None:
        kept = books([JOB], [ORDERED, TOLD, TOLD])
        self.assertEqual(kept.faults(), [])
        self.assertIn("1 of them told again", kept.summary())

    def test_what_is_wrong_is_named(self) -> None:
        for job, outside, fault in (
            ({**JOB, "state": "STATE_DEAD"}, [ORDERED, TOLD], "a job was lost"),
            ({**JOB, "state": "STATE_RUNNING", "ends": 0}, [ORDERED, TOLD], "a job was lost"),
            ({**JOB, "read": 0}, [ORDERED, TOLD], "a job was lost"),
            ({**JOB, "ends": 2}, [ORDERED, TOLD], "ended 2 times"),
            ({**JOB, "recoveries": 1}, [ORDERED, TOLD], "a worker was lost"),
            (JOB, [TOLD], "an order came 0 times: job-1"),
            (JOB, [ORDERED, ORDERED, TOLD], "an order came 2 times: job-1"),
            (JOB, [ORDERED, TOLD, {**ORDERED, "number": "x"}], "nobody ordered x"),
            (JOB, [ORDERED], "not told: the end of jobs/1"),
            (JOB, [ORDERED, TOLD, {**TOLD, "id": "b"}], "jobs/1 was told under 2 ids"),
        ):
            (found,) = books([job], outside).faults()
            self.assertIn(fault, found)

    def test_a_job_that_is_there_twice_is_a_fault(self) -> None:
        self.assertEqual(books([JOB, JOB], [ORDERED, TOLD]).faults(), ["jobs/1 was made 2 times"])


def end(**told: object) -> End:
    as_is = {
        "pod": "api-1",
        "service": "api",
        "start": 5.0,
        "stay": 60.0,
        "deleted": 9.0,
        "took": 33.0,
        "drain": 3.0,
    }
    return End(**{**as_is, "code": 0, "killed": False, "figures": Figures(7, 1), "fault": "", **told})


class Pods(unittest.TestCase):
    def verdict(self, *ends: End) -> Verdict:
        call = {"kind": "a", "begun": 1.0, "ended": 2.0, "trouble": "", "parts": 1, "longest": 0.5}
        return Verdict("Envoy", [call], list(ends), books([JOB], [ORDERED, TOLD]), ("a",), ("api",))

    def test_pods_must_end_well_and_have_done_something(self) -> None:
        for well in (end(), end(figures=Figures(0, 0), stay=20.0)):
            self.assertEqual(self.verdict(well).faults(), [])
        for wrong, fault in (
            (end(killed=True, code=-9), "api-1 was killed 33.0 s after its deletion"),
            (end(code=1), "api-1 ended with 1"),
            (end(fault="its liveness probe failed 6 times"), "api-1: its liveness probe failed 6 times"),
            (end(figures=Figures(0, 0)), "api-1 was in service for 60 s and did nothing"),
        ):
            self.assertEqual(self.verdict(wrong).faults(), [fault])

    def test_a_pod_is_known_the_sooner_the_faster_the_charts_seconds_pass_and_jobs_come_as_ever(self) -> None:
        for service, stay, scale, idle in (
            ("api", 24.0, 1.0, False),
            ("api", 26.0, 1.0, True),
            ("api", 9.0, 4.0, False),
            ("api", 10.0, 4.0, True),
            ("worker", 24.0, 4.0, False),
            ("worker", 26.0, 4.0, True),
        ):
            pod = end(service=service, figures=Figures(0, 0), stay=stay)
            verdict = self.verdict(pod)._replace(services=(service,), scale=scale)
            self.assertEqual(bool(verdict.faults()), idle, (service, stay, scale))

    def test_a_service_of_which_no_pod_was_replaced_is_a_fault(self) -> None:
        self.assertEqual(self.verdict().faults(), ["api: no pod was replaced"])

    def test_the_table_has_the_longest_of_each_service(self) -> None:
        rows = self.verdict(end(), end(took=40.0, drain=10.0, start=7.0)).table().split("\n")
        self.assertIn("| api | 2 | 5 to 7 | 40.0 | 10.0 | 2 | 0 |", rows)


class Failures(unittest.TestCase):
    def test_a_failed_call_is_told_with_the_pod_that_was_leaving_and_what_pods_logged(self) -> None:
        call = {"kind": "a", "begun": 100.0, "ended": 101.0, "trouble": "gone", "parts": 0, "longest": 1.0}
        verdict = Verdict("Envoy", [call], [end()], books([JOB], [ORDERED, TOLD]), ("a",), ("api",), 85.0)
        (fault,) = verdict.faults()
        self.assertIn("a: gone (from +6.00 s to +7.00 s after api-1 was told", fault)
        line = '{"time":"1970-01-01T00:01:%sZ","level":"WARN","message":"%s"}'
        with tempfile.TemporaryDirectory() as folder:
            log = [line % (40, "near"), line % (50, "far"), "no JSON, and no level", line % (41, "later")]
            (Path(folder) / "api-1.log").write_text("\n".join(log), encoding="utf-8")
            said = verdict.excerpts(Path(folder))
        self.assertIn("around a: gone\napi-1: ", said)
        self.assertLess(said.index("near"), said.index("later"))
        self.assertNotIn("far", said)

    def test_a_lost_job_is_told_with_whatever_was_logged_of_it(self) -> None:
        lost = {**JOB, "job": "jobs/0a1b", "state": "STATE_DEAD"}
        verdict = Verdict("Envoy", [], [], books([lost], [ORDERED]), (), ())
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "worker-1.log").write_text('{"job":"0a1b"}\n{"job":"0a1c"}', encoding="utf-8")
            said = verdict.excerpts(Path(folder))
        self.assertIn('of the job 0a1b\nworker-1: {"job":"0a1b"}', said)
        self.assertNotIn("0a1c", said)
