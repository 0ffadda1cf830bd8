"""What the services stand on: Redis, an S3, names, a balancer, and somebody outside."""

import http.client
import sys
from pathlib import Path

from balancers import fetched
from pods.world import BALANCER, OUTSIDE, REDIS, S3, Place
from settings import FOLDER, filled
from stand import Stand

HERE = Path(__file__).resolve().parent
# The one host of docs/balancers/envoy.yaml that a headless Service leaves over, and the other one.
FIRST, SECOND = "api-1, port_value: 50051", "api-2, port_value: 50051"
ENDPOINT = f"""\
              - endpoint:
                  address:
                    socket_address: {{ address: {SECOND} }}
"""


def start_redis(stand: Stand) -> None:
    command = [str(fetched("redis-server")), "--port", str(REDIS.port), "--bind", REDIS.host]
    command += ["--dir", str(stand.folder), "--appendonly", "yes", "--maxmemory-policy", "noeviction"]
    start(stand, "redis", command, REDIS)


def start_s3(stand: Stand, bucket: str) -> None:
    command = [str(fetched("moto")), "--host", S3.host, "--port", str(S3.port)]
    start(stand, "s3", command, S3)
    connection = http.client.HTTPConnection(*S3, timeout=60)
    connection.request("PUT", f"/{bucket}")
    if connection.getresponse().status != 200:
        raise SystemExit("moto made no bucket")


def start_outside(stand: Stand) -> None:
    command = [sys.executable, "-S", str(HERE / "outside.py"), *map(str, OUTSIDE)]
    start(stand, "outside", command, OUTSIDE)


def start_envoy(stand: Stand, program: str) -> None:
    """With the settings of the docs, and the name of a headless Service in them."""
    written = filled(
        (FOLDER / "envoy.yaml").read_text("utf-8"),
        {
            "0.0.0.0, port_value: 8080": f"{BALANCER.host}, port_value: {BALANCER.port}",
            FIRST: "api, port_value: 50051",
            ENDPOINT: "",
        },
    )
    file = stand.folder / "envoy.yaml"
    file.write_text(written, encoding="utf-8")
    command = [program, "-c", str(file), "--concurrency", "1", "--disable-hot-restart", "-l", "warn"]
    start(stand, "envoy", command, BALANCER)


def start(stand: Stand, name: str, command: "list[str]", place: Place) -> None:
    stand.until_listening(stand.start(name, command), name, place.port, place.host)
