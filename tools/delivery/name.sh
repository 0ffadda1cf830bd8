#!/bin/sh
# Gives images (REPOSITORY@DIGEST a line, on standard input) a tag more in their registry. They stay what they are.
#   tools/delivery/name.sh TAG
set -eu
while read -r reference; do
    named="${reference%@*}:$1"
    # A run that is run again finds some named already, and ECR takes no tag twice, not even for the same image.
    if [ "$(skopeo inspect --format '{{.Digest}}' "docker://$named" 2> /dev/null)" != "${reference#*@}" ]; then
        skopeo copy --quiet --all --preserve-digests "docker://$reference" "docker://$named"
    fi
    echo "$named"
done
