#!/usr/bin/env python3
"""Fetches the pinned packages of packages.json into the cache, and says where they are.

    fetch.py get NAME...         fetch what is missing
    fetch.py path NAME           the same for one package, and print its main file's path
    fetch.py cache               print the cache folder
    fetch.py list                what is pinned, and what of it is here
    fetch.py verify              read everything that is here and check it
    fetch.py pin NAME VERSION    move a package to another version (for maintainers)

Python 3.9 and its standard library suffice, with pip for what is not in the cache yet.
Exit codes: 0 done, 1 trouble (said on standard error), 2 wrong usage, 130 interrupted.
"""

import sys

import cache
from lockfile import load, package_for_this_machine
from trouble import Trouble


def main(arguments: list[str]) -> int:
    command, names = (arguments[0], arguments[1:]) if arguments else ("", [])
    wanted = {"get": len(names) >= 1, "path": len(names) == 1, "pin": len(names) == 2}
    if command not in COMMANDS or not wanted.get(command, not names):
        print(__doc__, file=sys.stderr)
        return 2
    try:
        return COMMANDS[command](*names)
    except Trouble as trouble:
        print(f"\nfetch: {trouble}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nfetch: interrupted; the next run goes on where this one stopped", file=sys.stderr)
        return 130


def get(*names: str) -> int:
    packages = load()
    for name in names:
        cache.ensure(package_for_this_machine(name, packages))
    return 0


def path(name: str) -> int:
    print(cache.ensure(package_for_this_machine(name, load())))
    return 0


def show_cache() -> int:
    print(cache.root())
    return 0


def show_list() -> int:
    packages = load()
    for name, entry in packages.items():
        try:
            package = package_for_this_machine(name, packages)
        except Trouble as trouble:
            print(f"{name:38} not for this machine: {trouble.what}")
            continue
        state = "here" if cache.is_present(package) else "not fetched"
        print(f"{package.title:38} {package.size / 1e6:6.1f} MB  {state:12} {entry['for']}")
    return 0


def verify() -> int:
    from damage import damaged_files

    packages = load()
    for name in packages:
        try:
            package = package_for_this_machine(name, packages)
        except Trouble:
            continue  # what is not for this machine is not here either
        if not cache.is_present(package):
            continue
        folder = cache.folder_of(package)
        for file in damaged_files(package, folder):
            raise Trouble(f"{file} is damaged", f"delete {folder}; whatever needs it will fetch it anew")
        print(f"{package.title}: good")
    return 0


def pin(name: str, version: str) -> int:
    from pin import pin as pin_package

    pin_package(name, version)
    return 0


COMMANDS = {"get": get, "path": path, "cache": show_cache, "list": show_list, "verify": verify, "pin": pin}

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
