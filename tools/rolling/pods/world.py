"""A network for the trial alone, in which every pod has an address of its own and names lead to them.

On Linux alone: the program starts itself once more in namespaces of its own (network, mounts), and need not
be root where the machine allows that. Nothing is seen of it outside, and it reaches nothing there.
"""

import fcntl
import os
import shutil
import socket
import struct
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from pods.names import ZONE

# Where it is known that this is the inner one.
INSIDE = "ONDOL_ROLLING_INSIDE"
NO_NAMESPACES = 77
RESOLVER = "127.0.0.53"
SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP = 0x8913, 0x8914, 0x1


class Place(NamedTuple):
    """Where something that is no pod listens."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


REDIS = Place("127.0.0.1", 6379)
S3 = Place("127.0.0.1", 5000)
OUTSIDE = Place("127.0.0.1", 8090)
BALANCER = Place("127.0.0.1", 8080)
# Those of them that have a name.
NAMES = {"redis": REDIS.host, "s3": S3.host, "outside": OUTSIDE.host}


def enter() -> None:
    """Goes on in a network of its own."""
    if INSIDE in os.environ:
        return
    program, user = shutil.which("unshare"), [] if os.geteuid() == 0 else ["--map-root-user"]
    command = [program or "unshare", "--net", "--mount", *user]
    # A machine may allow them, and nothing to be done in them.
    attempt = [*command, "mount", "--bind", "/etc/resolv.conf", "/etc/resolv.conf"]
    if not program or subprocess.run(attempt, capture_output=True, check=False).returncode:
        print(f"this machine allows no namespaces: `{' '.join(attempt)}` fails", file=sys.stderr)
        sys.exit(NO_NAMESPACES)
    environment = {**os.environ, INSIDE: "1"}
    os.execve(program, [*command, sys.executable, *sys.argv], environment)


def settle(folder: Path) -> None:
    """The loopback device, and names as a pod looks them up."""
    with socket.socket() as any_socket:
        asked = struct.pack("16sh14x", b"lo", 0)
        (flags,) = struct.unpack_from("h", fcntl.ioctl(any_socket, SIOCGIFFLAGS, asked), 16)
        fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", flags | IFF_UP))
    search = f"{ZONE} svc.cluster.local cluster.local"
    mounted(
        folder / "resolv.conf",
        f"nameserver {RESOLVER}\nsearch {search}\noptions ndots:5\n",
        "/etc/resolv.conf",
    )
    mounted(folder / "nsswitch.conf", "passwd: files\ngroup: files\nhosts: files dns\n", "/etc/nsswitch.conf")


def mounted(file: Path, text: str, place: str) -> None:
    """In this namespace alone."""
    file.write_text(text, encoding="utf-8")
    if Path(place).exists():
        subprocess.run(["mount", "--bind", str(file), place], check=True)
