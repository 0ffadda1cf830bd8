"""A small workspace as cargo describes it, for tests."""

RUSTC = "rustc 1.95.0 (59807616e 2026-04-14)\nbinary: rustc\ncommit-hash: " + "5" * 40 + "\nrelease: 1.95.0\n"

LOCK = "".join(
    f'[[package]]\nname = "{name}"\nversion = "1.0.0"\n'
    f'source = "registry+https://example.com/index"\nchecksum = "{digit * 64}"\n\n'
    for name, digit in (
        ("serde", "a"),
        ("syn", "b"),
        ("derive", "c"),
        ("cc", "d"),
        ("proptest", "e"),
        ("shop", "f"),
    )
)


def metadata() -> dict:
    """`api` and `mcp` use our `fault`; api also serde, a macro, cc to build, and proptest in tests."""
    edges = {
        "api": [("fault", None), ("serde", None), ("derive", None), ("cc", "build"), ("proptest", "dev")],
        "mcp": [("fault", None)],
        "fault": [],
        "serde": [],
        "derive": [("syn", None)],
        "syn": [],
        "cc": [],
        "proptest": [],
    }
    ours = {"api", "mcp", "fault"}
    return {
        "packages": [package(name, name in ours) for name in edges],
        "workspace_members": sorted(ours),
        "resolve": {"nodes": [node(name, needs) for name, needs in edges.items()]},
    }


def package(name: str, is_ours: bool) -> dict:
    return {
        "id": name,
        "name": name,
        "version": "1.0.0",
        "license": "Apache-2.0" if is_ours else "MIT/Apache-2.0",
        "source": None if is_ours else "registry+https://example.com/index",
        "targets": [{"kind": ["proc-macro" if name == "derive" else "lib"]}],
    }


def node(name: str, needs: list) -> dict:
    return {"id": name, "deps": [{"pkg": other, "dep_kinds": [{"kind": kind}]} for other, kind in needs]}
