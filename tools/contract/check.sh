#!/bin/sh
# Lints the contract, checks its formatting, and compares it with the last commit that others may build upon.
#   tools/contract/check.sh path/to/buf
set -eu
buf=$1

"$buf" lint proto
"$buf" format --diff --exit-code proto

# On a branch that is where it left main; on main itself, the commit before.
base=$(git merge-base origin/main HEAD 2>/dev/null || true)
if [ -z "$base" ] || [ "$base" = "$(git rev-parse HEAD)" ]; then
    base=$(git rev-parse --verify --quiet HEAD~1 || true)
fi
if [ -z "$base" ] || [ -z "$(git ls-tree "$base" -- proto/buf.yaml)" ]; then
    echo "no earlier contract to compare with"
    exit 0
fi

before=$(mktemp -d)
trap 'rm -rf "$before"' EXIT
git archive "$base" -- proto | tar -x -C "$before"
"$buf" breaking proto --against "$before/proto"
echo "the contract breaks nothing of $(git log -1 --format='%h (%s)' "$base")"
