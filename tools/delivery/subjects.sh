#!/bin/sh
# Prints what was published in the form of sha256sum, which the attestation of provenance reads.
#   tools/delivery/subjects.sh PREFIX DIGESTS
set -eu
for file in "$2"/*.digest; do
    digest=$(cat "$file")
    printf '%s  %s/%s\n' "${digest#sha256:}" "$1" "$(basename "$file" .digest)"
done
