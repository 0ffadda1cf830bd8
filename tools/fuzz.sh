#!/bin/sh
# Fuzzes the targets of every `fuzz` folder, or the one named, for some seconds each.
#   tools/fuzz.sh [TARGET] [SECONDS]
# What breaks is kept in artifacts/, what teaches the fuzzer in corpus/; both lie beside the targets. An input that takes
# 10 seconds, or 1 GiB of memory, breaks too: nobody may make a service that busy with so few bytes.
set -eu
wanted=${1:-}
seconds=${2:-60}
root=$(pwd)
# One for all: what they have in common is instrumented once.
built=${CARGO_TARGET_DIR:-$root/target}/fuzz
found=

for file in libs/*/fuzz/fuzz_targets/*.rs services/*/fuzz/fuzz_targets/*.rs; do
    target=$(basename "$file" .rs)
    [ -f "$file" ] || continue # the pattern itself, where nothing matches it
    [ "$target" = "${wanted:-$target}" ] || continue
    found=yes
    # cargo-fuzz looks for its project from the crate's own folder. It asks for unstable compiler flags (coverage,
    # sanitizers), which the stable compiler has too and takes when told so.
    (
        cd "${file%/fuzz/fuzz_targets/*}"
        RUSTC_BOOTSTRAP=1 "$root/tools/dependencies/cargo-tool.sh" cargo-fuzz 0.13.2 \
            run --target-dir "$built" "$target" -- -max_total_time="$seconds" -timeout=10 -rss_limit_mb=1024
    )
done

if [ -z "$found" ]; then
    echo "fuzz: there is no target named '$wanted'" >&2
    exit 1
fi
