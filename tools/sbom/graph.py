"""What of the workspace's dependency graph is in one program, out of what `cargo metadata` prints.

cargo chooses features for the whole workspace there, so a crate may be listed that a program built by itself
would do without; none that it has is left out, which `evidence` makes sure of.
"""

from typing import NamedTuple


class Graph(NamedTuple):
    """Packages by id, as cargo metadata describes them."""

    root: str
    packages: dict[str, dict]
    # Linked into the program.
    shipped: set[str]
    # Ran while it was built (build scripts, macros, and what they are made of), and not in it.
    built_with: set[str]
    # Of both: what each depends on.
    edges: dict[str, list[str]]

    def is_ours(self, package: str) -> bool:
        return self.packages[package]["source"] is None


def graph_of(metadata: dict, program: str) -> Graph:
    packages = {package["id"]: package for package in metadata["packages"]}
    nodes = {node["id"]: node for node in metadata["resolve"]["nodes"]}
    root = next(i for i in metadata["workspace_members"] if packages[i]["name"] == program)

    def shipped_by(package: str) -> list[str]:
        return [d["pkg"] for d in nodes[package]["deps"] if is_linked(d, packages[d["pkg"]])]

    def needed_by(package: str) -> list[str]:
        return [d["pkg"] for d in nodes[package]["deps"] if kinds_of(d) != {"dev"}]

    shipped = reached(root, shipped_by)
    everything = reached(root, needed_by)
    edges = {package: sorted(needed_by(package)) for package in everything}
    return Graph(root, packages, shipped, everything - shipped, edges)


def is_linked(dependency: dict, package: dict) -> bool:
    """A macro is a normal dependency, and yet it and what it is made of only run in the compiler."""
    is_macro = any("proc-macro" in target["kind"] for target in package["targets"])
    return None in kinds_of(dependency) and not is_macro


def kinds_of(dependency: dict) -> set:
    return {kind["kind"] for kind in dependency["dep_kinds"]}


def reached(root: str, following) -> set[str]:
    found, waiting = {root}, [root]
    while waiting:
        fresh = set(following(waiting.pop())) - found
        found |= fresh
        waiting += fresh
    return found
