#!/bin/sh
# Pushes BRANCH, which proposes that TARGET becomes what stands here: the commit that is checked out, with what has changed
# below PATH. Whatever TARGET had of its own gives way, what was reverted there among it; so nothing can conflict.
#   TOKEN=… REMOTE=URL tools/delivery/propose.sh BRANCH TARGET MESSAGE PATH
# A workflow is told by its output `range`, TARGET's commit and the proposed one, that there is something to propose.
set -eu
branch=$1
target=$2
message=$3
path=$4

# shellcheck source=/dev/null
. "$(dirname -- "$0")/as-workflow.sh"
git fetch --quiet "$REMOTE" "$target"
now=$(git rev-parse FETCH_HEAD)
git add -- "$path"
files=$(git write-tree)
if [ "$files" = "$(git rev-parse "$now^{tree}")" ]; then
    echo "propose: $target is what stands here already"
    exit 0
fi
# Above both: the proposal is merged into TARGET without a conflict, and shows which commits it brings.
commit=$(git commit-tree "$files" -p "$now" -p HEAD -m "$message")
git push --quiet --force "$REMOTE" "$commit:refs/heads/$branch"
echo "pushed to $branch: $message"
if [ -n "${GITHUB_OUTPUT-}" ]; then
    echo "range=$now...$commit" >>"$GITHUB_OUTPUT"
fi
