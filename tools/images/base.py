"""A base image out of this machine's Debian packages, where no registry can be reached.

It holds what distroless's `cc` holds, made the same way: packages unpacked, none configured, no shell.
Programs that were built on this machine find the glibc here that they were linked to.
"""

import os
import tempfile
from pathlib import Path

from run import demand, run

TAG = "localhost/ondol/base"

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
    "zlib1g",
)

PASSWD = "root:x:0:0:root:/root:/sbin/nologin\nnonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin\n"
GROUP = "root:x:0:\nnonroot:x:65532:\n"
NSSWITCH = "hosts: files dns\n"


def build() -> str:
    """The image's name."""
    demand("apt-get", "dpkg-deb", "buildah")
    with tempfile.TemporaryDirectory(prefix="ondol-base-") as folder:
        root = Path(folder) / "root"
        unpack(Path(folder) / "packages", root)
        finish(root)
        commit(root)
    return TAG


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


def commit(root: Path) -> None:
    container = run("buildah", "from", "scratch").strip()
    try:
        run("buildah", "copy", "--quiet", container, root, "/")
        run("buildah", "config", "--user", "65532", "--env", "PATH=/usr/local/bin:/usr/bin", container)
        run("buildah", "commit", "--quiet", container, TAG)
    finally:
        run("buildah", "rm", container)
