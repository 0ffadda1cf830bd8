"""The keys of a cluster, made by openssl: an authority, and a certificate for whoever speaks to whom."""

import subprocess
from pathlib import Path
from typing import NamedTuple

CURVE = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
DAYS = ("-days", "2")


class Certificate(NamedTuple):
    file: Path
    key: Path


class Authority:
    """One that signs; its own certificate is `CA.pem`."""

    def __init__(self, folder: Path, name: str) -> None:
        self.folder = folder
        self.own = Certificate(folder / f"{name}.pem", folder / f"{name}.key")
        told = ["-x509", *CURVE, *DAYS, "-subj", f"/CN={name}", *out(self.own)]
        openssl("req", *told, "-addext", "keyUsage=critical,keyCertSign,cRLSign,digitalSignature")

    def signed(self, file: str, user: str, group: str = "", names: "tuple[str, ...]" = ()) -> Certificate:
        """For the user of that name, and for servers called by `names` (`DNS:host`, `IP:address`)."""
        made = Certificate(self.folder / f"{file}.pem", self.folder / f"{file}.key")
        subject = (f"/O={group}" if group else "") + f"/CN={user}"
        extensions = [
            "-addext",
            "extendedKeyUsage=clientAuth,serverAuth",
            "-addext",
            "basicConstraints=CA:FALSE",
        ]
        if names:
            extensions += ["-addext", f"subjectAltName={','.join(names)}"]
        issuer = ["-CA", str(self.own.file), "-CAkey", str(self.own.key)]
        openssl("req", "-x509", *CURVE, *DAYS, "-subj", subject, *issuer, *extensions, *out(made))
        return made


def signing_key(folder: Path) -> Certificate:
    """What tokens of service accounts are signed with, and the public half."""
    pair = Certificate(folder / "accounts.pub", folder / "accounts.key")
    openssl("genrsa", "-out", str(pair.key), "2048")
    openssl("rsa", "-in", str(pair.key), "-pubout", "-out", str(pair.file))
    return pair


def out(made: Certificate) -> "list[str]":
    return ["-out", str(made.file), "-keyout", str(made.key)]


def openssl(*words: str) -> None:
    try:
        subprocess.run(["openssl", *words], check=True, capture_output=True, text=True)
    except FileNotFoundError:
        raise SystemExit("openssl, which makes the cluster's keys, is not installed") from None
    except subprocess.CalledProcessError as error:
        raise SystemExit(f"openssl made no key: {error.stderr.strip()}") from error
