"""A base image out of this machine's Debian packages, where no registry can be reached.

It holds what distroless's `cc` holds, made the same way: packages unpacked, none configured, no shell.
Programs that were built on this machine find the glibc here that they were linked to.
"""

import json
import os
import tempfile
from hashlib import sha256
from pathlib import Path

from run import demand, run

TAG = "localhost/ondol/base"
LABEL = "ondol.packages"

# base-files first: where a system keeps /lib as a link to /usr/lib, it brings the link that the others go
# through.
PACKAGES = (
    "base-files",
    "netbase",
    "tzdata",
    "ca-certificates",
    "libc6",
    "libgcc-s1",
    "libstdc++6",
    "libgomp1",
)

PASSWD = "root:x:0:0:root:/root:/sbin/nologin\nnonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin\n"
GROUP = "root:x:0:\nnonroot:x:65532:\n"
NSSWITCH = "hosts: files dns\n"


def build() -> str:
    """The image's name. One that is there is taken, if it is made of the packages that there are now."""
    demand("apt-get", "dpkg-deb", "buildah")
    made_of = offered()
    if made_of == label_of(TAG):
        return TAG
    with tempfile.TemporaryDirectory(prefix="ondol-base-") as folder:
        root = Path(folder) / "root"
        unpack(Path(folder) / "packages", root)
        finish(root)
        commit(root, made_of)
    return TAG


def offered() -> str:
    """One word for names and versions of the packages as they would be downloaded."""
    files = sorted(
        line.split()[1] for line in run("apt-get", "download", "--print-uris", *PACKAGES).splitlines()
    )
    return sha256(" ".join(files).encode()).hexdigest()


def label_of(image: str) -> str:
    if not run("buildah", "images", "--quiet", "--filter", f"reference={image}").strip():
        return ""
    config = json.loads(run("buildah", "inspect", "--type", "image", image))["OCIv1"]["config"]
    return (config.get("Labels") or {}).get(LABEL, "")


def unpack(packages: Path, root: Path) -> None:
    packages.mkdir(mode=0o755)
    root.mkdir(mode=0o755)
    # apt-get puts what it downloads into the folder that it runs in.
    run("sh", "-c", 'cd "$1" && shift && apt-get download --quiet "$@"', "sh", packages, *PACKAGES)
    for name in PACKAGES:
        package = next(packages.glob(f"{name}_*.deb"))
        run("dpkg-deb", "--extract", package, root)
        # Where scanners of images look for what is installed.
        status = root / "var/lib/dpkg/status.d" / name
        status.parent.mkdir(parents=True, exist_ok=True)
        status.write_text(run("dpkg-deb", "--field", package), encoding="utf-8")


def finish(root: Path) -> None:
    """What the packages' own scripts would have done, and away with what only scripts need."""
    certificates = sorted((root / "usr/share/ca-certificates").rglob("*.crt"))
    bundle = root / "etc/ssl/certs/ca-certificates.crt"
    bundle.write_text("".join(file.read_text(encoding="utf-8") for file in certificates), encoding="utf-8")
    for file, text in (("passwd", PASSWD), ("group", GROUP), ("nsswitch.conf", NSSWITCH)):
        (root / "etc" / file).write_text(text, encoding="utf-8")
    for useless in ("usr/sbin/update-ca-certificates", "etc/update-motd.d/10-uname"):
        (root / useless).unlink(missing_ok=True)
    home = root / "home/nonroot"
    home.mkdir(parents=True, exist_ok=True)
    if os.geteuid() == 0:
        os.chown(home, 65532, 65532)
    (root / "tmp").chmod(0o1777)


def commit(root: Path, made_of: str) -> None:
    container = run("buildah", "from", "scratch").strip()
    try:
        run("buildah", "copy", "--quiet", container, root, "/")
        settings = (
            "--user",
            "65532",
            "--env",
            "PATH=/usr/local/bin:/usr/bin",
            "--label",
            f"{LABEL}={made_of}",
        )
        run("buildah", "config", *settings, container)
        run("buildah", "commit", "--quiet", container, TAG)
    finally:
        run("buildah", "rm", container)
