#!/usr/bin/env python3
"""Has grpcurl and curl call a stack of Ondol; `./just conformance grpcurl` starts it.

    run_grpcurl.py --ondol PROGRAM [--grpcurl PROGRAM]

grpcurl learns the contract by reflection; curl speaks JSON over HTTP/1.1 and HTTP/2, and gRPC-Web byte by
byte. Everything is asked on one port: of a stack in plaintext, then of one by TLS.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import with_curl
import with_grpcurl
from checks import Checks
from grpcurl import grpcurl
from stack import certified, stack


def main() -> int:
    parser = argparse.ArgumentParser(description="grpcurl and curl against Ondol")
    parser.add_argument("--ondol", type=Path, required=True, help="the program `ondol`")
    parser.add_argument("--grpcurl", type=Path, help="grpcurl [default: one in PATH, else built]")
    arguments = parser.parse_args()
    if not shutil.which("curl"):
        raise SystemExit("curl is not installed")
    program = grpcurl(arguments.grpcurl)
    print(version([str(program), "--version"]))
    print(version(["curl", "--version"]))
    checks = Checks()
    with tempfile.TemporaryDirectory() as folder:
        for tls in (None, certified(Path(folder))):
            how = "by TLS" if tls else "in plaintext"
            with stack(arguments.ondol, (), tls) as up:
                with_grpcurl.Grpcurl(program, up, tls).check(checks, how)
                with_curl.Curl(up, tls).check(checks, how)
    return checks.over()


def version(command: list[str]) -> str:
    """Some say it on one stream, and some on the other."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return done.stdout.splitlines()[0]


if __name__ == "__main__":
    sys.exit(main())
