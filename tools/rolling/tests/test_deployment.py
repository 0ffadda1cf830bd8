"""The pods of a service are replaced as its chart says."""

import unittest

from pods.deployment import Deployment
from tests.pods_stage import Stage, template


class Rolling(unittest.TestCase):
    def rolled(self, **told: object) -> "tuple[Deployment, Stage, list[tuple[int, int]]]":
        """A deployment after one roll, and how many pods were live and in service meanwhile."""
        stage = Stage()
        deployment, seen = Deployment(template(**told), stage.make), []
        stage.run(deployment, 15)
        self.assertTrue(deployment.is_rolled())
        deployment.roll()
        self.assertFalse(deployment.is_rolled())
        count = lambda: seen.append((len(deployment.live), len(deployment.addresses)))  # noqa: E731
        stage.run(deployment, 30, count)
        self.assertTrue(deployment.is_rolled())
        return deployment, stage, seen

    def test_with_a_surge_there_are_never_fewer_in_service_than_wanted(self) -> None:
        deployment, _, seen = self.rolled()
        self.assertEqual({ready for _, ready in seen}, {2})
        self.assertEqual(max(live for live, _ in seen), 3)
        self.assertEqual(len(set(deployment.addresses)), 2)

    def test_in_place_there_are_never_more_pods_than_wanted(self) -> None:
        _, _, seen = self.rolled(surge=0, unavailable=1)
        self.assertEqual(max(live for live, _ in seen), 2)
        self.assertEqual(min(ready for _, ready in seen), 1)

    def test_a_roll_is_over_while_old_pods_still_finish(self) -> None:
        deployment, stage, _ = self.rolled()
        self.assertEqual(len(deployment.pods), 4)
        stage.run(deployment, 40)
        self.assertEqual([end.pod for end in deployment.ends], ["api-1", "api-2"])
        self.assertEqual(len(deployment.pods), 2)

    def test_a_pod_that_ends_by_itself_is_replaced_and_told(self) -> None:
        stage = Stage()
        deployment = Deployment(template(), stage.make)
        stage.run(deployment, 15)
        deployment.pods[0].process.code = 139
        stage.run(deployment, 15)
        self.assertEqual(len(deployment.addresses), 2)
        self.assertEqual([end.fault for end in deployment.ends], ["ended by itself with 139"])
