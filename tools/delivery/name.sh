#!/bin/sh
# Gives images (REPOSITORY@DIGEST a line, on standard input) a tag more in their registry. They stay what they are.
#   tools/delivery/name.sh TAG
set -eu
while read -r reference; do
    skopeo copy --quiet --all --preserve-digests "docker://$reference" "docker://${reference%@*}:$1"
    echo "${reference%@*}:$1"
done
