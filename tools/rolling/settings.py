"""The settings that docs/balancers.md has operators copy, with the addresses of a trial in them."""

from pathlib import Path
from typing import NamedTuple

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "balancers"
HERE = "127.0.0.1"


class Address(NamedTuple):
    """Where a replica of api listens."""

    port: int
    admin: int


def settings(name: str, port: int, replicas: "list[Address]") -> str:
    """The settings of a balancer that listens on `port`. Replicas are called api-1, api-2 in them."""
    file, places = KNOWN[name]
    return filled((FOLDER / file).read_text(encoding="utf-8"), places(port, replicas))


def filled(text: str, places: "dict[str, str]") -> str:
    for place, value in places.items():
        if text.count(place) != 1:
            raise ValueError(f"{place!r} stands {text.count(place)} times in the settings, not once")
        text = text.replace(place, value)
    return text


def of_nginx(port: int, replicas: "list[Address]") -> "dict[str, str]":
    return {
        "listen 8080;": f"listen {HERE}:{port};",
        **{f"api-{number}:50051": f"{HERE}:{one.port}" for number, one in enumerate(replicas, 1)},
    }


def of_envoy(port: int, replicas: "list[Address]") -> "dict[str, str]":
    return {
        "0.0.0.0, port_value: 8080": f"{HERE}, port_value: {port}",
        **{
            f"api-{number}, port_value: 50051": f"{HERE}, port_value: {one.port}"
            for number, one in enumerate(replicas, 1)
        },
    }


def of_haproxy(port: int, replicas: "list[Address]") -> "dict[str, str]":
    return {
        "bind :8080": f"bind {HERE}:{port}",
        **{
            f"api-{number}:50051 port 9401": f"{HERE}:{one.port} port {one.admin}"
            for number, one in enumerate(replicas, 1)
        },
    }


KNOWN = {
    "nginx": ("nginx.conf", of_nginx),
    "envoy": ("envoy.yaml", of_envoy),
    "haproxy": ("haproxy.cfg", of_haproxy),
}
