#!/bin/sh
# Signs every image that was published, and the bill of materials of each machine's, with this workflow's own identity.
#   tools/delivery/sign.sh PREFIX DIGESTS BILLS
# DIGESTS holds IMAGE.digest, BILLS holds IMAGE-MACHINE.cdx.json.
set -eu
prefix=$1
digests=$2
bills=$3

for file in "$digests"/*.digest; do
    image=$(basename "$file" .digest)
    reference=$prefix/$image@$(cat "$file")
    cosign sign --yes "$reference"
    found=no
    # Not by a pattern: `llm-inference-*` would be llm-inference-cuda's too.
    for machine in x86_64 aarch64; do
        bill=$bills/$image-$machine.cdx.json
        [ -f "$bill" ] || continue
        found=yes
        cosign attest --yes --type cyclonedx --predicate "$bill" "$reference"
    done
    [ "$found" = yes ] || {
        echo "sign: $image has no bill of materials in $bills" >&2
        exit 1
    }
done
