#!/bin/sh
# Fuzzes the targets of every `fuzz` folder, or the one named, for some seconds each.
#   tools/fuzz.sh [TARGET] [SECONDS]
# What it finds is kept under artifacts/; what it learns, under corpus/, both beside the target.
set -eu
wanted=${1:-}
seconds=${2:-60}
here=$(pwd)
found=

for file in libs/*/fuzz/fuzz_targets/*.rs services/*/fuzz/fuzz_targets/*.rs; do
    target=$(basename "$file" .rs)
    [ -f "$file" ] || continue # the pattern itself, where nothing matches it
    [ "$target" = "${wanted:-$target}" ] || continue
    found=yes
    crate=$(dirname "$(dirname "$(dirname "$file")")")
    # The sanitizers and coverage flags are unstable; the bootstrap switch lets the pinned stable compiler take them.
    RUSTC_BOOTSTRAP=1 "$here/tools/dependencies/cargo-tool.sh" cargo-fuzz 0.13.2 run \
        --fuzz-dir "$crate/fuzz" "$target" -- -max_total_time="$seconds" -rss_limit_mb=1024
done

if [ -z "$found" ]; then
    echo "fuzz: there is no target named '$wanted'" >&2
    exit 1
fi
