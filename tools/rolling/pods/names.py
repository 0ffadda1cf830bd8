"""A server of names: A records of the services, and nothing else. What a name has, it asks others."""

import random
import socket
import struct
import threading
from collections.abc import Callable
from typing import Optional

A, IN = 1, 1
OK, NO_SUCH_NAME = 0, 3
HEAD = struct.Struct(">6H")
# Names that have an answer; callers try these behind the short ones, as pods do.
ZONE = "ondol.svc.cluster.local"

# The addresses of a name in the zone; nothing where there is no such name.
Lookup = Callable[[str], "Optional[tuple[str, ...]]"]


def serve(address: str, lookup: Lookup, ttl: float) -> None:
    """Answers for ever, on a thread that does not keep the program from ending."""
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind((address, 53))

    def loop() -> None:
        while True:
            query, caller = server.recvfrom(4096)
            answer = reply(query, lookup, ttl)
            if answer:
                server.sendto(answer, caller)

    threading.Thread(target=loop, daemon=True).start()


def reply(query: bytes, lookup: Lookup, ttl: float) -> bytes:
    """The answer to a query of one question; nothing to what is no query."""
    try:
        number, flags, questions, *_ = HEAD.unpack_from(query)
        name, end = read_name(query, HEAD.size)
        kind, _ = struct.unpack_from(">HH", query, end)
    except (struct.error, IndexError):
        return b""
    if questions != 1 or flags & 0x8000:
        return b""
    host, _, zone = name.partition(".")
    addresses = lookup(host) if zone.lower() == ZONE else None
    code = OK if addresses else NO_SUCH_NAME
    told = list(addresses or ()) if kind == A else []
    # As CoreDNS does, so that not everybody takes the first one.
    random.shuffle(told)
    records = b"".join(
        b"\xc0\x0c" + struct.pack(">HHIH", A, IN, round(ttl), 4) + socket.inet_aton(one) for one in told
    )
    # An answer, with authority, by a server that looks further where it is asked to.
    head = HEAD.pack(number, 0x8480 | (flags & 0x0100) | code, 1, len(told), 0, 0)
    return head + query[HEAD.size : end + 4] + records


def read_name(query: bytes, at: int) -> "tuple[str, int]":
    """The name that begins there, and where it ends."""
    labels = []
    while length := query[at]:
        labels.append(query[at + 1 : at + 1 + length].decode("ascii", "replace"))
        at += 1 + length
    return ".".join(labels), at + 1
