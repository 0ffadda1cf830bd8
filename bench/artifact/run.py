"""What one large artifact costs api in memory and time, with S3 (moto) behind it.

Starts moto and api as processes of their own, puts an artifact into S3, reads it through `/generated` once at
full speed and once by a reader that rests first, and prints a table. Needs nothing but Python's own library.
"""

import argparse
import hashlib
import http.client
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time

MIB = 1024 * 1024
PART = 8 * MIB
JOB = "0" * 34
BUCKET = "bench"
REST_SECONDS = 3
SMALL = 4


def main() -> int:
    """Runs both readers and prints the table."""
    arguments = parsed()
    with tempfile.TemporaryDirectory() as folder:
        moto, moto_port = started_moto(arguments.moto)
        api = None
        try:
            fill(moto_port, arguments.mib)
            port = free_port()
            api = started_api(arguments.api, port, moto_port, pathlib.Path(folder))
            await_port(port)
            read(port, "small", SMALL * MIB, rest=0)
            rows = [measure(api.pid, port, arguments.mib, rest) for rest in (0, REST_SECONDS)]
        finally:
            for process in (api, moto):
                if process is not None:
                    process.send_signal(signal.SIGTERM)
                    process.wait(timeout=60)
    print("| reader | MiB | seconds | MiB/s | memory of api before, MiB | added, MiB |")
    print("|---|---|---|---|---|---|")
    for row in rows:
        print(row)
    return 0


def parsed() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--api", required=True, help="the api program")
    parser.add_argument("--moto", required=True, help="moto_server")
    parser.add_argument("--mib", type=int, default=1024, help="size of the artifact [default: 1024]")
    return parser.parse_args()


def measure(pid: int, port: int, mib: int, rest: int) -> str:
    """Reads the large artifact; a row of the table."""
    # The peak begins anew at what is in use now.
    pathlib.Path(f"/proc/{pid}/clear_refs").write_text("5", encoding="ascii")
    before = memory(pid, "VmRSS")
    seconds = read(port, "large", mib * MIB, rest)
    added = memory(pid, "VmHWM") - before
    reader = f"rests {rest} s first" if rest else "at full speed"
    return (
        f"| {reader} | {mib} | {seconds:.1f} | {mib / seconds:.0f} | {before / MIB:.0f} | {added / MIB:.1f} |"
    )


def memory(pid: int, field: str) -> int:
    """A figure of a process, in bytes."""
    status = pathlib.Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return int(re.search(rf"{field}:\s+(\d+) kB", status).group(1)) * 1024


def read(port: int, name: str, size: int, rest: int) -> float:
    """Reads all of an artifact; how long that took without the rest."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    connection.request("GET", f"/generated/{JOB}/{name}")
    response = connection.getresponse()
    assert response.status == 200, (response.status, response.read())
    time.sleep(rest)
    begin, count = time.monotonic(), 0
    while piece := response.read(MIB):
        count += len(piece)
    assert count == size, (count, size)
    return time.monotonic() - begin


def fill(port: int, mib: int) -> None:
    """Puts the artifacts and their manifest into S3, as a worker would have."""
    ask(port, "PUT", f"/{BUCKET}")
    artifacts = [put(port, "small", SMALL), put(port, "large", mib)]
    manifest = {"job": JOB, "owner": "bench", "published": True, "fence": 1, "artifacts": artifacts}
    ask(port, "PUT", f"/{BUCKET}/generated/{JOB}/manifest.json", json.dumps(manifest).encode())


def put(port: int, name: str, mib: int) -> dict:
    """Uploads an object in parts; its line of the manifest."""
    path = f"/{BUCKET}/generated/{JOB}/1/{name}"
    begun = ask(port, "POST", f"{path}?uploads").read().decode()
    upload = re.search("<UploadId>(.*?)</UploadId>", begun).group(1)
    left, number, parts = mib * MIB, 0, []
    while left:
        piece = os.urandom(min(left, PART))
        left, number = left - len(piece), number + 1
        tag = ask(port, "PUT", f"{path}?partNumber={number}&uploadId={upload}", piece).getheader("etag")
        parts.append(f"<Part><PartNumber>{number}</PartNumber><ETag>{tag}</ETag></Part>")
    done = f"<CompleteMultipartUpload>{''.join(parts)}</CompleteMultipartUpload>"
    ask(port, "POST", f"{path}?uploadId={upload}", done.encode())
    tag = ask(port, "HEAD", path).getheader("etag").strip('"')
    return {"name": name, "content_type": "application/octet-stream", "bytes": mib * MIB, "etag": tag}


def ask(port: int, method: str, path: str, body: bytes = b"") -> http.client.HTTPResponse:
    """One request to moto, which takes any credentials and none."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    connection.request(method, path, body)
    response = connection.getresponse()
    assert response.status < 300, (method, path, response.status, response.read())
    return response


def started_moto(program: str) -> tuple[subprocess.Popen, int]:
    """Moto, on a free port."""
    port = free_port()
    quiet = subprocess.DEVNULL
    process = subprocess.Popen([program, "-H", "127.0.0.1", "-p", str(port)], stdout=quiet, stderr=quiet)
    await_port(port)
    return process, port


def started_api(program: str, port: int, moto_port: int, folder: pathlib.Path) -> subprocess.Popen:
    """The api program in front of moto."""
    key = f"bench:{hashlib.sha256(b'bench').hexdigest()}"
    flags = [
        *("--listen", f"127.0.0.1:{port}", "--admin-addr", f"127.0.0.1:{free_port()}", "--api-key", key),
        *("--objects-url", f"s3://{BUCKET}", "--objects-region", "us-east-1"),
        *("--objects-endpoint", f"http://127.0.0.1:{moto_port}"),
    ]
    environment = {**os.environ, "AWS_ACCESS_KEY_ID": "bench", "AWS_SECRET_ACCESS_KEY": "bench"}
    log = (folder / "api.log").open("wb")
    return subprocess.Popen([program, *flags], env=environment, stdout=log, stderr=log)


def free_port() -> int:
    """A port that nobody has."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def await_port(port: int) -> None:
    """Waits until somebody listens."""
    for _ in range(300):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise SystemExit(f"nobody listens on port {port}")


if __name__ == "__main__":
    sys.exit(main())
