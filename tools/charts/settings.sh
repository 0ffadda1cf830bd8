#!/bin/sh
# Writes settings/*.txt, what values may set, from the programs' own help. Then run schema.py.
#
#     tools/charts/settings.sh target/release
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
# Without an environment: help would show its values, and break lines for them.
for service in api llm-inference mcp worker; do
    env -i "$1/$service" --help | sed -n 's/.*\[env: \([A-Z_0-9]*\).*/\1/p' | LC_ALL=C sort -u > "$here/settings/$service.txt"
done
