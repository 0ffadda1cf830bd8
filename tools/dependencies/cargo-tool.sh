#!/bin/sh
# Runs a cargo tool of an exact version, building it into the cache when it is not there.
#   tools/dependencies/cargo-tool.sh cargo-deny 0.20.2 check …
set -eu
name=$1
version=$2
shift 2

root=$(python3 "$(dirname -- "$0")/../fetch/fetch.py" cache)/cargo
if ! grep -qs "^\"$name $version " "$root/.crates.toml"; then
    echo "building $name $version (takes minutes, once)"
    cargo install --quiet --locked --root "$root" "$name@$version"
fi
# Started as cargo itself would start it: some tools insist on it.
PATH=$root/bin:$PATH exec cargo "${name#cargo-}" "$@"
