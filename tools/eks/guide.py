"""The blocks of the guide, and what is called in them."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGES = ("eks.md", "eks-operating.md", "eks-cost.md")
AWS, CLUSTER, NODES = "# on AWS", "# on the cluster", "# on a real cluster"
# Blocks that begin with one of these need more than this machine: an account; an API server, which
# `./just test-cluster` has; nodes that run containers, or what is to be had from the internet alone.
MARKS = (AWS, CLUSTER, NODES)


class Block(NamedTuple):
    """What stands between two fences."""

    page: str
    language: str
    text: str

    @property
    def mark(self) -> str:
        return next((mark for mark in MARKS if self.text.startswith(f"{mark}\n")), "")


def blocks(*pages: str) -> list[Block]:
    found = []
    for page in pages or PAGES:
        text = (DOCS / page).read_text("utf-8")
        found += [
            Block(page, *groups)
            for groups in re.findall(r"^```(\w*)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
        ]
    return found


def shell(*pages: str) -> list[Block]:
    return [block for block in blocks(*pages) if block.language == "sh"]


def calls(text: str) -> Iterator[list[str]]:
    """Each simple command as its words, those within $(…) too. Variables stay as they are written."""
    text = text.replace("\\\n", " ")
    for inner in re.findall(r"\$\(((?:[^()]|\([^()]*\))*)\)|<\(((?:[^()]|\([^()]*\))*)\)", text):
        yield from calls(next(filter(None, inner)))
    for line in text.splitlines():
        lexer = shlex.shlex(line, posix=True, punctuation_chars=";|&<>")
        lexer.whitespace_split = True
        words: list[str] = []
        for word in [*lexer, ";"]:
            if re.fullmatch(r"[;|&]+", word):
                if words:
                    yield words
                words = []
            else:
                words.append(word)


def called(program: str) -> list[tuple[Block, list[str]]]:
    """Every call of a program, without what stands before it (`VARIABLE=…`, `do`)."""
    found = []
    for block in shell():
        for words in calls(block.text):
            if program in words[:4]:
                at = words.index(program)
                if all("=" in word or word in ("do", "exec") for word in words[:at]):
                    found.append((block, words[at + 1 :]))
    return found


def flags(words: list[str]) -> Iterator[tuple[str, str]]:
    """`--flag value` and `--flag=value`."""
    for word, following in zip(words, [*words[1:], ""]):
        if word.startswith("--"):
            name, equals, value = word.partition("=")
            yield name, value if equals else following
