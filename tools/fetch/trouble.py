"""The one exception that is meant for the user's eyes."""


class Trouble(Exception):
    """What happened, and what to do about it. Anything else that escapes is a bug of ours."""

    def __init__(self, what: str, todo: str) -> None:
        super().__init__(what)
        self.what = what
        self.todo = todo

    def __str__(self) -> str:
        return f"{self.what}\n  what to do: {self.todo}"
