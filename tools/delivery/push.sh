#!/bin/sh
# Commits what has changed below PATH, and pushes it to BRANCH.
#   TOKEN=… REMOTE=URL tools/delivery/push.sh BRANCH MESSAGE PATH
# Others may push meanwhile: then the commit is laid on top of theirs. Nothing changed is nothing to do.
set -eu
branch=$1
message=$2
path=$3

# shellcheck source=/dev/null
. "$(dirname -- "$0")/as-workflow.sh"
git add -- "$path"
if git diff --cached --quiet; then
    echo "push: nothing has changed below $path"
    exit 0
fi
git commit --quiet --message "$message"

for attempt in 1 2 3 4 5; do
    if git push --quiet "$REMOTE" "HEAD:refs/heads/$branch"; then
        echo "pushed to $branch: $message"
        exit 0
    fi
    echo "push: attempt $attempt was refused" >&2
    git fetch --quiet "$REMOTE" "$branch"
    git rebase --quiet FETCH_HEAD
done
echo "push: $branch moved on five times; run the job again" >&2
exit 1
