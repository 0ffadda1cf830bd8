# shellcheck shell=sh
# Sourced: Git as workflows use it, who have a token and no name. Without TOKEN it is the caller's own.
if [ -n "${TOKEN-}" ]; then
    # In the environment rather than among the arguments, which every process on the machine can read.
    GIT_CONFIG_COUNT=3
    GIT_CONFIG_KEY_0=http.extraheader
    GIT_CONFIG_VALUE_0="AUTHORIZATION: basic $(printf 'x-access-token:%s' "$TOKEN" | base64 | tr -d '\n')"
    GIT_CONFIG_KEY_1=user.name
    GIT_CONFIG_VALUE_1='github-actions[bot]'
    GIT_CONFIG_KEY_2=user.email
    GIT_CONFIG_VALUE_2='41898282+github-actions[bot]@users.noreply.github.com'
    export GIT_CONFIG_COUNT GIT_CONFIG_KEY_0 GIT_CONFIG_VALUE_0 GIT_CONFIG_KEY_1 GIT_CONFIG_VALUE_1 \
        GIT_CONFIG_KEY_2 GIT_CONFIG_VALUE_2
fi
