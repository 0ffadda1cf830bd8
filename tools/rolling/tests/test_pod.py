"""One pod is started, asked and ended as a kubelet does it."""

import unittest

from tests.pods_stage import Stage, probe


class Starting(unittest.TestCase):
    def test_it_is_in_service_once_readiness_has_passed_and_not_before(self) -> None:
        stage = Stage()
        pod = stage.pod()
        stage.run(pod, 9)
        self.assertTrue(pod.started)
        self.assertFalse(pod.in_service, "/readyz answers after 6 s, and is asked at 5 s and 10 s")
        stage.run(pod, 3)
        self.assertTrue(pod.in_service)
        self.assertAlmostEqual(pod.ready_after, 10, delta=0.5)

    def test_nobody_judges_one_that_starts_but_the_startup_probe(self) -> None:
        stage = Stage()
        stage.opens = {"/livez": 50.0, "/readyz": 50.0}
        pod = stage.pod(liveness=probe("/livez", period=1, failures=1))
        stage.run(pod, 58)
        self.assertTrue(pod.in_service)
        self.assertEqual(pod.fault, "")

    def test_one_that_does_not_start_in_its_time_is_ended_and_told(self) -> None:
        stage = Stage()
        stage.silent = {"/livez"}
        pod = stage.pod(startup=probe("/livez", failures=3), pre_stop=0)
        stage.run(pod, 20)
        self.assertEqual(pod.end.fault, "its startup probe failed 3 times")


class Serving(unittest.TestCase):
    def test_two_failures_of_readiness_take_it_out_of_service_and_one_answer_brings_it_back(self) -> None:
        stage = Stage()
        pod = stage.pod()
        stage.run(pod, 12)
        stage.silent = {"/readyz"}
        stage.run(pod, 5)
        self.assertTrue(pod.in_service)
        stage.run(pod, 5)
        self.assertFalse(pod.in_service)
        stage.silent = set()
        stage.run(pod, 5)
        self.assertTrue(pod.in_service)

    def test_one_that_answers_no_longer_is_ended_and_told(self) -> None:
        stage = Stage()
        pod = stage.pod(pre_stop=0)
        stage.run(pod, 12)
        stage.silent = {"/livez"}
        stage.run(pod, 75)
        self.assertEqual(pod.end.fault, "its liveness probe failed 6 times")

    def test_one_that_ends_by_itself_is_told(self) -> None:
        stage = Stage()
        pod = stage.pod()
        stage.run(pod, 12)
        pod.process.code = 1
        stage.run(pod, 1)
        self.assertEqual((pod.end.code, pod.end.fault), (1, "ended by itself with 1"))


class Ending(unittest.TestCase):
    def test_sigterm_comes_after_pre_stop_and_no_endpoint_is_left_from_the_deletion_on(self) -> None:
        stage = Stage()
        pod = stage.pod()
        stage.run(pod, 12)
        pod.delete(stage.now)
        self.assertFalse(pod.in_service)
        stage.run(pod, 30)
        self.assertIsNone(pod.told)
        stage.run(pod, 5)
        self.assertEqual((pod.end.code, pod.end.killed, pod.end.fault), (0, False, ""))
        self.assertAlmostEqual(pod.end.took, 33, delta=0.5)
        self.assertAlmostEqual(pod.end.drain, 3, delta=0.5)
        self.assertAlmostEqual(pod.end.stay, 2, delta=0.5)
        self.assertEqual(pod.end.figures.under_way, 1)
        self.assertEqual(stage.buried, ["api-1"])

    def test_sigkill_comes_at_the_end_of_the_grace_which_begins_with_the_deletion(self) -> None:
        stage = Stage()
        stage.drain = 1000
        pod = stage.pod()
        stage.run(pod, 12)
        pod.delete(stage.now)
        stage.run(pod, 74.5)
        self.assertIsNone(pod.end)
        stage.run(pod, 1)
        self.assertTrue(pod.end.killed)
        self.assertAlmostEqual(pod.end.took, 75, delta=0.5)

    def test_a_pre_stop_that_uses_up_the_grace_leaves_two_seconds(self) -> None:
        stage = Stage()
        stage.drain = 1.5
        pod = stage.pod(pre_stop=10, grace=10)
        stage.run(pod, 12)
        pod.delete(stage.now)
        stage.run(pod, 13)
        self.assertFalse(pod.end.killed)
