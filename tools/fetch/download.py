"""Downloads one file over HTTP (or from a file:// URL), resumable, bounded and verified by sha256.

What has arrived stays in a `.part` file; the next attempt, in this run or a later one, asks the server for
the rest. Nothing is made of a part before its checksum was found right.
"""

import hashlib
import http.client
import os
import ssl
import time
import urllib.error
import urllib.request
from pathlib import Path

from disk import explain_full_disk, require_free_space
from progress import Progress
from resolve import wrong_checksum
from trouble import Trouble
from wheel import Wheel

CHUNK = 256 * 1024
SECONDS_OF_SILENCE = 30
# Attempts in a row that brought no new byte; a bad line that still moves may take as many as it needs.
FRUITLESS_ATTEMPTS = 5

NETWORK_ERRORS = (urllib.error.URLError, http.client.HTTPException, ConnectionError, TimeoutError)


class Refused(Exception):
    """The server wants what only pip's settings hold: credentials, a proxy, a private certificate."""


class Broken(Exception):
    """The transfer ended early; the rest may be asked for."""


def download(url: str, part: Path, wheel: Wheel) -> None:
    """Fills `part` with the whole of the wheel, checked. Raises Trouble, or Refused when pip should try."""
    progress = Progress(wheel.title, wheel.size)
    fruitless = 0
    while size_of(part) < wheel.size:
        before = size_of(part)
        try:
            receive(url, part, wheel, progress)
        except (Broken, *NETWORK_ERRORS) as error:
            raise_if_final(error, wheel)
            fruitless = 0 if size_of(part) > before else fruitless + 1
            if fruitless == FRUITLESS_ATTEMPTS:
                raise Trouble(
                    f"the download of {wheel.file} failed {fruitless} times in a row: {reason(error)}",
                    "check the network and run the command again; it goes on where it stopped",
                ) from error
            progress.pause(f"{reason(error)}; trying again")
            time.sleep(2.0**fruitless)
    verify(part, wheel)
    progress.finish()


def receive(url: str, part: Path, wheel: Wheel, progress: Progress) -> None:
    """One attempt: asks for what is missing and appends it."""
    have = size_of(part)
    request = urllib.request.Request(url, headers={"Range": f"bytes={have}-"} if have else {})
    with urllib.request.urlopen(request, timeout=SECONDS_OF_SILENCE) as response:
        if have and not continues_at(response, have):
            have = 0
        require_free_space(part.parent, wheel.size - have + sum(member.size for member in wheel.members))
        progress.start(have)
        with explain_full_disk(part.parent), open(part, "ab" if have else "wb") as file:
            append(response, file, wheel, have, progress)


def append(response, file, wheel: Wheel, have: int, progress: Progress) -> None:
    while chunk := response.read(CHUNK):
        have += len(chunk)
        if have > wheel.size:
            # Whatever this is, it is not our file: stop before it fills the disk.
            file.truncate(0)
            raise Trouble(
                f"the server sent more than the {wheel.size} bytes of {wheel.file}",
                "see whether your package mirror or proxy alters files",
            )
        file.write(chunk)
        # A full disk shows here, chunk by chunk, and what was counted is what a later run finds.
        file.flush()
        progress.advance(len(chunk))
    if have < wheel.size:
        raise Broken(f"the connection ended {wheel.size - have} bytes too early")


def continues_at(response, have: int) -> bool:
    """Whether the server honours our wish for the rest; many answer with the whole file instead."""
    return response.status == 206 and response.headers.get("Content-Range", "").startswith(f"bytes {have}-")


def raise_if_final(error: Exception, wheel: Wheel) -> None:
    """Ends the attempts for errors that the next one would meet again."""
    if isinstance(error, urllib.error.HTTPError):
        if error.code in (401, 403, 407):
            raise Refused(reason(error)) from error
        if error.code < 500 and error.code not in (408, 429):
            raise Trouble(
                f"the server does not give out {wheel.file}: {reason(error)}",
                "check pip's settings (python3 -m pip config list), then run again",
            ) from error
    elif isinstance(error, urllib.error.URLError):
        if isinstance(error.reason, ssl.SSLCertVerificationError):
            raise Refused(reason(error)) from error
        if isinstance(error.reason, FileNotFoundError):
            raise Trouble(
                f"{error.reason}", "see whether the folder of wheels that pip knows is complete"
            ) from error


def verify(part: Path, wheel: Wheel) -> None:
    """Deletes a part that is not the pinned file, so that nothing is built upon it."""
    got = sha256_of(part)
    if got != wheel.sha256:
        part.unlink()
        raise wrong_checksum(wheel, got)


def sha256_of(path: Path) -> str:
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def size_of(path: Path) -> int:
    try:
        return os.stat(path).st_size
    except FileNotFoundError:
        return 0


def reason(error: Exception) -> str:
    if isinstance(error, urllib.error.HTTPError):
        return f"HTTP status {error.code} {error.reason}"
    if isinstance(error, urllib.error.URLError):
        return str(error.reason)
    return str(error) or type(error).__name__
