#!/bin/sh
# Checks out the commit that the images of ENVIRONMENT, as REVISION has them, were built from, with the values that have come
# since, as long as only those have; REVISION's own charts may be ahead of every image. Which images those are is laid
# beside it, not committed.
#   tools/delivery/delivered.sh ENVIRONMENT REVISION
set -eu
git switch --quiet --detach "$2"
said=$(git rev-parse HEAD)
commit=$(python3 "$(dirname -- "$0")/delivery.py" delivered "$1")
git switch --quiet --detach "$commit"
# In the index it would be proposed as well.
git restore --source "$said" --worktree -- "deploy/env/$1"
echo "checked out $commit"
