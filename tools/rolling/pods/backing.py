"""What the services stand on: Redis, an S3, names, a balancer, and somebody outside."""

import http.client
import sys
import time
from pathlib import Path

from balancers import fetched
from pods.world import BALANCER, OUTSIDE, REDIS, S3
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
    until_listening(stand, "redis", stand.start("redis", command), REDIS)


def start_s3(stand: Stand, bucket: str) -> None:
    command = [str(fetched("moto")), "--host", S3.host, "--port", str(S3.port)]
    until_listening(stand, "s3", stand.start("s3", command), S3)
    connection = http.client.HTTPConnection(*S3, timeout=60)
    connection.request("PUT", f"/{bucket}")
    if connection.getresponse().status != 200:
        raise SystemExit("moto made no bucket")


def start_outside(stand: Stand) -> None:
    command = [sys.executable, "-S", str(HERE / "outside.py"), *map(str, OUTSIDE)]
    until_listening(stand, "outside", stand.start("outside", command), OUTSIDE)


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
    until_listening(stand, "envoy", stand.start("envoy", command), BALANCER)


def until_listening(stand: Stand, name: str, process, place) -> None:
    def listens() -> bool:
        connection = http.client.HTTPConnection(*place, timeout=2)
        try:
            connection.connect()
            return True
        except OSError:
            time.sleep(0.1)
            return False
        finally:
            connection.close()

    stand.until(process, name, listens)
