"""What a replica's metrics say."""

import unittest

from replica import served, under_way

FIGURES = """\
# TYPE rpc_server_calls_in_flight gauge
rpc_server_calls_in_flight{service="ondol.inference.v1.InferenceService",method="StreamGenerateText"} 4
rpc_server_calls_in_flight{service="http",method="POST /v1/chat/completions"} 2
rpc_server_calls_in_flight{service="grpc.health.v1.Health",method="Watch"} 1
rpc_server_call_duration_seconds_count{service="http",method="GET /v1/models",code="OK"} 20
rpc_server_call_duration_seconds_count{service="ondol.jobs.v1.JobService",method="GetJob",code="OK"} 1
rpc_server_call_duration_seconds_count{service="grpc.health.v1.Health",method="Check",code="OK"} 300
rpc_server_call_duration_seconds_sum{service="http",method="GET /v1/models",code="OK"} 0.5
"""


class Figures(unittest.TestCase):
    def test_calls_are_counted_without_those_that_look_after_the_server(self) -> None:
        self.assertEqual((served(FIGURES), under_way(FIGURES)), (21, 6))

    def test_no_figures_are_no_calls(self) -> None:
        self.assertEqual((served(""), under_way("")), (0, 0))
