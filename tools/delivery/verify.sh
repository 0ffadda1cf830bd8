#!/bin/sh
# Checks that each image (REPOSITORY@DIGEST a line, on standard input) was signed by this repository's delivery from main.
#   tools/delivery/verify.sh URL-OF-THE-REPOSITORY
set -eu
count=0
while read -r reference; do
    cosign verify --certificate-oidc-issuer https://token.actions.githubusercontent.com \
        --certificate-identity "$1/.github/workflows/deliver.yml@refs/heads/main" "$reference" >/dev/null
    echo "signed: $reference"
    count=$((count + 1))
done
[ "$count" -gt 0 ] || {
    echo "verify: no image was given; has the environment ever been delivered to?" >&2
    exit 1
}
