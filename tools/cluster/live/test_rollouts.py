"""Blue-green of helm/api by the real controller of Argo Rollouts, judged by a real Prometheus.

Whether a version does well is said by what its pods answer at /metrics (exporter.py). Nobody here promotes,
aborts or goes back by hand.
"""

import unittest
from typing import Any

import yaml

import charts
import rollouts
from exporter import Exporter
from live.blue_green import POST, PRE, STAYS, BlueGreen, Run
from metrics import Metrics
from prometheus import Prometheus
from stand import cluster

PATIENCE = 180
NAMES = ("good", "judged", "later", "unused", "away", "again", "back", "rejudged", "scaled", "manual")


class BlueGreens(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        cls.exporter = Exporter()
        cls.addClassCleanup(cls.exporter.stop)
        cls.prometheus = Prometheus(cluster(), cls.exporter, [f"rollouts-{name}" for name in NAMES])
        # Others come after that put a hand to Rollouts as if nobody led them.
        rollouts.start(cluster())
        cls.addClassCleanup(rollouts.stop, cluster())

    def api(self, name: str, prometheus: str = "", **values: Any) -> BlueGreen:
        self.assertIn(name, NAMES)
        api = BlueGreen(f"rollouts-{name}", prometheus or self.prometheus.url, **values)
        self.addCleanup(api.active.stop)
        return api

    def until(self, what: str, condition: Any) -> Any:
        return cluster().until(what, condition, PATIENCE)

    def analysed(self, api: BlueGreen, trial: str, kind: str) -> Run:
        def over() -> "Run | None":
            run = api.analysis(trial, kind)
            return run if run and run.phase not in ("", "Pending", "Running") else None

        return self.until(f"the {kind} of {trial} is over", over)

    def promoted(self, api: BlueGreen, trial: str) -> None:
        self.until(f"{trial} has taken over", lambda: api.serves(trial) and api.phase() == "Healthy")

    def dropped(self, api: BlueGreen, trial: str, metric: str, first: str) -> Run:
        """Judged by that metric, and aborted; the first version has served all the time."""
        run = self.analysed(api, trial, PRE)
        self.assertEqual("Failed", run.phase, run)
        self.assertEqual("Failed", run.metrics[metric][0], run)
        self.until(f"{trial} is aborted", lambda: api.phase() == "Degraded")
        self.assertIn("RolloutAborted", api.message())
        self.assertEqual([first], api.active.hashes())
        self.assertEqual(2, api.addresses("api"))
        return run

    def test_a_good_version_takes_over_and_the_old_one_goes_after_a_while(self) -> None:
        api = self.api("good")
        api.values["rollout"]["analysis"]["traffic"] = {"image": "ondol/ondol:0.1.0", "args": ["call"]}
        first = api.installed("first")
        api.deliver("good")
        self.until("it has a preview", lambda: api.previewed("good") and api.addresses("api-preview") == 1)
        self.assertEqual([first], api.active.hashes(), "it has taken over before it was judged")
        run = self.analysed(api, "good", PRE)
        self.assertEqual("Successful", run.phase, run)
        self.assertEqual({"p95", "errors", "traffic"}, set(run.metrics))
        self.assertLess(seen(run, "p95"), 0.8)
        self.assertEqual(0, seen(run, "errors"))
        self.until("it has taken over", lambda: api.serves("good"))
        self.assertEqual(2, api.pods("first"), "the old version has gone at once")
        self.assertEqual(2, api.addresses("api"))
        self.assertEqual("Successful", self.analysed(api, "good", POST).phase)
        self.promoted(api, "good")
        self.until(f"the old version has gone after {STAYS} s", lambda: api.pods("first") == 0)
        self.assertEqual([first, api.hash_of("good")], api.active.hashes())

    def test_bad_versions_are_dropped_and_a_mended_one_takes_over(self) -> None:
        api = self.api("judged")
        first = api.installed("first")
        api.deliver("slow")
        run = self.dropped(api, "slow", "p95", first)
        self.assertGreater(seen(run, "p95"), 1)
        api.deliver("failing")
        run = self.dropped(api, "failing", "errors", first)
        self.assertAlmostEqual(0.2 * 40 / 100, seen(run, "errors"), delta=0.02)
        api.deliver("good")
        self.promoted(api, "good")

    def test_what_turns_bad_after_it_took_over_gives_the_traffic_back(self) -> None:
        self.exporter.turns("later", "good")
        api = self.api("later")
        api.values["rollout"]["analysis"]["count"] = 8
        first = api.installed("first")
        api.deliver("later")
        self.until("it has taken over", lambda: api.serves("later"))
        self.exporter.turns("later", "broken")
        self.assertEqual("Failed", self.analysed(api, "later", POST).phase)
        self.until("it is aborted", lambda: api.phase() == "Degraded")
        self.assertEqual([first, api.hash_of("later"), first], api.active.hashes())
        self.assertEqual(2, api.addresses("api"))

    def test_nothing_is_held_against_a_preview_that_nobody_calls(self) -> None:
        api = self.api("unused")
        api.installed("first")
        api.deliver("unused")
        run = self.analysed(api, "unused", PRE)
        self.assertEqual("Successful", run.phase, run)
        self.assertEqual({"[]"}, {value for _, values in run.metrics.values() for value in values}, run)
        self.promoted(api, "unused")

    def test_nothing_takes_over_that_cannot_be_judged(self) -> None:
        api = self.api("away", "http://127.0.0.1:9")
        first = api.installed("first")
        api.deliver("good")
        self.assertEqual("Error", self.analysed(api, "good", PRE).phase)
        self.until("it is aborted", lambda: api.phase() == "Degraded")
        self.assertEqual([first], api.active.hashes())

    def test_what_is_applied_meanwhile_neither_is_refused_nor_spares_the_judgement(self) -> None:
        """The Services are applied again, which the controller leads."""
        api = self.api("again")
        first = api.installed("first")
        api.deliver("slow")
        self.until("it is judged", lambda: api.analysis("slow", PRE))
        api.deliver("slow", "--set", "podDisruptionBudget.maxUnavailable=2")
        api.apply("slow")
        self.assertTrue(api.previewed("slow"))
        self.dropped(api, "slow", "p95", first)
        api.deliver("slow", "--set", "podDisruptionBudget.maxUnavailable=1")
        self.assertEqual([first], api.active.hashes())

    def test_going_back_by_helm_is_at_once_while_a_whole_old_version_stays(self) -> None:
        """Where previews have as many pods as what serves: a smaller preview has to grow first."""
        api = self.api("back")
        api.values["rollout"]["previewReplicas"] = 0
        first = api.installed("first")
        api.deliver("good")
        self.promoted(api, "good")
        good = api.hash_of("good")
        api.release.helm("rollback", "api", "1")
        self.promoted(api, "first")
        self.assertEqual([first, good, first], api.active.hashes())
        self.assertIsNone(api.analysis("first", PRE), "what has served well is judged anew")

    def test_going_back_by_helm_is_judged_like_any_version(self) -> None:
        api = self.api("rejudged")
        first = api.installed("first")
        api.deliver("good")
        self.promoted(api, "good")
        good = api.hash_of("good")
        api.release.helm("rollback", "api", "1")
        self.assertEqual("Successful", self.analysed(api, "first", PRE).phase)
        self.promoted(api, "first")
        self.assertEqual([first, good, first], api.active.hashes())

    def test_the_autoscaler_scales_the_rollout(self) -> None:
        metrics = Metrics(cluster())
        self.addCleanup(metrics.close)
        scaling = {"type": "hpa", "minReplicas": 2, "maxReplicas": 4, "scaleDownSeconds": 0}
        api = self.api("scaled", autoscaling=scaling)
        metrics.load[api.namespace] = 100
        first = api.installed("first")
        self.until("the least", lambda: api.addresses("api") == 2)
        metrics.load[api.namespace] = 4 * 500
        self.until("the most", lambda: api.addresses("api") == 4)
        api.deliver("good")
        self.promoted(api, "good")
        self.assertEqual([first, api.hash_of("good")], api.active.hashes())
        self.assertEqual(4, api.addresses("api"), "a delivery has undone what the autoscaler did")

    def test_a_version_may_wait_for_a_person(self) -> None:
        api = self.api("manual")
        api.values["rollout"]["autoPromotion"] = False
        first = api.installed("first")
        api.deliver("good")
        self.assertEqual("Successful", self.analysed(api, "good", PRE).phase)
        self.until("it waits", lambda: api.phase() == "Paused")
        self.assertEqual([first], api.active.hashes())
        rollouts.plugin(cluster(), "promote", "api", "--namespace", api.namespace)
        self.promoted(api, "good")

    def test_its_own_linter_finds_nothing(self) -> None:
        for case, found in charts.rendered_cases().items():
            if any(manifest["kind"] == "Rollout" for manifest in found):
                file = cluster().folder / "lint.yaml"
                file.write_text(yaml.safe_dump_all(found), "utf-8")
                with self.subTest(case=case):
                    rollouts.plugin(cluster(), "lint", "--filename", str(file))


def seen(run: Run, metric: str) -> float:
    """The last value."""
    return float(run.metrics[metric][1][-1].strip("[]"))
