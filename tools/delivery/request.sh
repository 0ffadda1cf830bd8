#!/bin/sh
# Opens a pull request of BRANCH into TARGET, or renews the one that is open; standard input is what it says.
#   GH_TOKEN=… tools/delivery/request.sh BRANCH TARGET TITLE
# Title and text are given: `--fill` asks the local history for BRANCH, which propose.sh makes in the remote alone.
set -eu
branch=$1
target=$2
title=$3
text=$(cat)

number=$(gh pr list --head "$branch" --base "$target" --state open --json number --jq '.[].number')
if [ -n "$number" ]; then
    gh pr edit "$number" --title "$title" --body "$text"
else
    gh pr create --base "$target" --head "$branch" --title "$title" --body "$text"
fi
