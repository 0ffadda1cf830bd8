"""What the user is told."""


class Trouble(Exception):
    """What happened, and what to do about it."""

    def __init__(self, what: str, remedy: str = "") -> None:
        super().__init__(f"{what}\n  what to do: {remedy}" if remedy else what)
