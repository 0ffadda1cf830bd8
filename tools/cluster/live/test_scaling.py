"""The autoscaler's real controller on figures that the test feeds: up to what a chart allows, and back."""

import unittest
from typing import NamedTuple

from live.release import RESTRICTED, Release, claim, values_of
from metrics import Metrics
from stand import cluster


class Scaled(NamedTuple):
    case: str
    least: int
    most: int
    # What one pod asks for, in thousandths of a processor.
    request: int


# As the charts have them by themselves, which is what the reference has.
SCALED = (
    Scaled("api/minimal", 2, 6, 500),
    Scaled("llm-inference/pvc", 1, 4, 2000),
    Scaled("mcp/minimal", 1, 10, 250),
)
TARGET = 0.7
# From ten to one by half a minute takes four minutes, and the machine may have other things to do.
PATIENCE = 480


class Scaling(unittest.TestCase):
    """All charts at once, as each of them mostly waits."""

    @classmethod
    def setUpClass(cls) -> None:
        cls.metrics = Metrics(cluster())
        cls.addClassCleanup(cls.metrics.close)

    def test_pods_follow_the_load_up_and_down(self) -> None:
        releases = {one: self.installed(one) for one in SCALED}
        for one, release in releases.items():
            self.at(one, release, one.least, "without load", one.least)
        for one, release in releases.items():
            # Twice what the most can bear within the target.
            self.metrics.load[release.namespace] = int(2 * one.most * one.request * TARGET)
        for one, release in releases.items():
            self.at(one, release, one.most, "under load", one.most)
        for one, release in releases.items():
            self.metrics.load[release.namespace] = one.request // 10
        for one, release in releases.items():
            self.at(one, release, one.least, "after the load", one.most)

    def test_no_pod_comes_or_goes_within_the_target(self) -> None:
        """At 70 % of what is requested there are as many pods as are needed."""
        one = SCALED[0]
        release = self.installed(one, "steady")
        self.metrics.load[release.namespace] = int(one.least * one.request * TARGET)
        name = "autoscaling has looked"

        def looked() -> bool:
            (hpa,) = cluster().items("horizontalpodautoscalers", release.namespace)
            current = hpa.get("status", {}).get("currentMetrics") or [{}]
            return current[0].get("resource", {}).get("current", {}).get("averageUtilization") == int(
                100 * TARGET
            )

        cluster().until(name, looked, 120)
        self.assertEqual(one.least, self.replicas(release))

    def installed(self, one: Scaled, name: str = "scaling") -> Release:
        chart = one.case.split("/")[0]
        release = Release(chart, chart, cluster().namespace(f"{name}-{chart}", **RESTRICTED))
        if one.case.endswith("/pvc"):
            models = claim("models")
            models["metadata"]["namespace"] = release.namespace
            cluster().apply([models])
        release.install(*values_of(one.case), "--set", "autoscaling.scaleDownSeconds=0")
        return release

    def at(self, one: Scaled, release: Release, wanted: int, when: str, bound: int) -> None:
        """Comes to so many pods that are ready, and never has more than `bound`."""

        def there() -> bool:
            self.assertLessEqual(self.replicas(release), bound, f"{one.case} {when}")
            return self.replicas(release) == wanted and not release.unready()

        cluster().until(f"{wanted} pods of {one.case} {when}", there, PATIENCE)

    def replicas(self, release: Release) -> int:
        (only,) = release.workloads()
        return only["spec"].get("replicas", 1)
