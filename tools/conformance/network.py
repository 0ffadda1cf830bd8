"""Chromium's own record of the network, which tells what a page cannot know."""

import json
from pathlib import Path
from typing import NamedTuple, Optional

# What Chromium calls the moment at which a request's headers are sent.
SENT = {
    "HTTP_TRANSACTION_SEND_REQUEST_HEADERS": "HTTP/1.1",
    "HTTP_TRANSACTION_HTTP2_SEND_REQUEST_HEADERS": "HTTP/2",
}


class Sent(NamedTuple):
    """A request as it left the browser."""

    method: str
    path: str
    protocol: str


def requests_to(address: str, record: Path) -> list[Sent]:
    """Those that went to a host and port."""
    network = read_record(record.read_text(encoding="utf-8"))
    names = {number: name for name, number in network["constants"]["logEventTypes"].items()}
    found = []
    for event in network["events"]:
        protocol = SENT.get(names[event["type"]])
        parameters = event.get("params", {})
        if protocol and "headers" in parameters:
            sent = read(parameters, protocol, address)
            found += [sent] if sent else []
    return found


def read_record(text: str) -> dict:
    """An event a line; a browser that ends at once closes neither the last one nor the list."""
    try:
        return json.loads(text)
    except ValueError:
        return json.loads(text.rpartition(",\n")[0] + "]}")


def read(parameters: dict, protocol: str, address: str) -> Optional[Sent]:
    pairs = (line.rsplit(": ", 1) for line in parameters["headers"])
    headers = {name.lower(): value for name, value in pairs}
    if protocol == "HTTP/2":
        host, method, path = headers[":authority"], headers[":method"], headers[":path"]
    else:
        host = headers["host"]
        method, path, _ = parameters["line"].split(" ", 2)
    return Sent(method, path, protocol) if host == address else None
