"""What must hold of every image, seen without starting it."""

import json
import re
import stat
import subprocess
import tarfile
from collections.abc import Iterable
from pathlib import PurePosixPath

from catalogue import Image
from run import Trouble, run

SHELLS = {"sh", "bash", "dash", "ash", "zsh", "busybox", "toybox"}
INSTALLERS = {"apt", "apt-get", "dpkg", "apk", "rpm", "pip", "pip3", "python3", "perl", "curl", "wget"}
LABELS = ("title", "description", "version", "revision", "created", "licenses", "source", "vendor")
# Where the images have ONNX Runtime's library, and what lies beside it.
LIBRARIES = PurePosixPath("/usr/local/lib/ondol")
SECRET = re.compile(r"(KEY|SECRET|PASSWORD|TOKEN|CREDENTIAL)", re.IGNORECASE)


def look(image: Image) -> None:
    """Raises Trouble with all that is wrong."""
    faults = of_config(image, configuration(image)) + of_files(image, files_of(image))
    if faults:
        raise Trouble(f"{image.tag} is not as it must be:\n    " + "\n    ".join(faults))


def configuration(image: Image) -> dict:
    return json.loads(run("buildah", "inspect", "--type", "image", image.tag))["OCIv1"]["config"]


def of_config(image: Image, config: dict) -> list[str]:
    ports = {f"{port}/tcp" for port in (image.grpc, image.admin) if port}
    labels = config.get("Labels") or {}
    user = config.get("User", "")
    faults = []
    if not re.fullmatch(r"[1-9]\d*(:[1-9]\d*)?", user):
        faults.append(f"its user is '{user}', where Kubernetes needs a number that is not 0")
    if config.get("Entrypoint") != [f"/usr/local/bin/{image.program}"] or config.get("Cmd"):
        faults.append(f"it starts {config.get('Entrypoint')} {config.get('Cmd')}")
    if set(config.get("ExposedPorts") or {}) != ports:
        faults.append(f"it exposes {sorted(config.get('ExposedPorts') or {})}, and serves {sorted(ports)}")
    if config.get("Volumes"):
        faults.append("it declares volumes, which are writable and outlive nobody knows what")
    faults += [
        f"it has no label {label}" for label in LABELS if f"org.opencontainers.image.{label}" not in labels
    ]
    named = [entry.split("=", 1)[0] for entry in config.get("Env") or []]
    faults += [f"{name} in its environment looks like a secret" for name in named if SECRET.search(name)]
    return faults


def of_files(image: Image, files: Iterable[tarfile.TarInfo]) -> list[str]:
    paths, faults = set(), []
    for file in files:
        path = PurePosixPath("/", file.name)
        paths.add(str(path))
        runs = not file.isdir() and file.mode & 0o111
        if path.name in SHELLS and (runs or file.issym()):
            faults.append(f"it has a shell: {path}")
        if path.name in INSTALLERS and runs:
            faults.append(f"it has {path}, which can change or fetch things")
        if file.isreg() and file.mode & (stat.S_ISUID | stat.S_ISGID):
            faults.append(f"{path} gives its owner's rights to whoever runs it")
        if file.isreg() and file.mode & stat.S_IWOTH:
            faults.append(f"{path} may be written by everybody")
    expected = [
        f"/usr/local/bin/{image.program}",
        f"/usr/share/doc/ondol/{image.name}.cdx.json",
        "/usr/share/doc/ondol/LICENSE",
        "/usr/share/doc/ondol/revision",
        "/etc/ssl/certs/ca-certificates.crt",
        *([str(LIBRARIES / "libonnxruntime.so")] if image.beside else []),
    ]
    return faults + [f"it lacks {path}" for path in expected if path not in paths]


def libraries_of(image: Image) -> list[str]:
    """By name, what lies in our folder for libraries."""
    paths = [PurePosixPath("/", file.name) for file in files_of(image) if file.isreg()]
    return sorted(path.name for path in paths if path.parent == LIBRARIES and ".so" in path.name)


def files_of(image: Image) -> Iterable[tarfile.TarInfo]:
    """What a container of it would see."""
    container = run("podman", "create", image.tag).strip()
    try:
        with subprocess.Popen(["podman", "export", container], stdout=subprocess.PIPE) as export:
            with tarfile.open(fileobj=export.stdout, mode="r|") as archive:
                yield from archive
            # tarfile stops at the archive's end mark, and a pipe that is closed early would end podman badly.
            while export.stdout.read(1 << 16):
                pass
        if export.returncode != 0:
            raise Trouble(f"podman could not read the files of {image.tag}")
    finally:
        run("podman", "rm", container)
