#!/bin/sh
# Checks that a tag is the version that the programs say, and that the commit under it was promoted.
#   tools/delivery/check-tag.sh vX.Y.Z
set -eu
version=$(sed -n 's/^version = "\(.*\)"$/\1/p' Cargo.toml)
[ "$1" = "v$version" ] || {
    echo "check-tag: the tag is $1, and Cargo.toml says $version" >&2
    exit 1
}
git merge-base --is-ancestor HEAD origin/prod || {
    echo "check-tag: the commit of $1 is not on prod" >&2
    exit 1
}
