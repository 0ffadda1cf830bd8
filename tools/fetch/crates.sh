#!/bin/sh
# Sees to it that a build can begin: the compilers are here, the disk has room, and cargo has every crate of
# Cargo.lock. It is a step of its own so that each of these failures has a name; with everything in place it takes
# a moment and touches no network.
set -eu

GIGABYTES_FOR_A_FIRST_BUILD=8

fail() {
    printf '\nbuild: %s\n  what to do: %s\n' "$1" "$2" >&2
    exit 1
}

command -v cargo >/dev/null 2>&1 ||
    fail "cargo is not installed (or not in PATH)" "install Rust 1.95 or newer with rustup, open a new shell, run again"
for compiler in cc c++; do
    command -v "$compiler" >/dev/null 2>&1 ||
        fail "there is no C compiler ($compiler), which some crates and every link need" "apt install build-essential"
done

target=${CARGO_TARGET_DIR:-target}
mkdir -p "$target"
if [ ! -d "$target/release" ]; then
    free=$(df -Pk "$target" | awk 'NR == 2 { print int($4 / 1000000) }')
    [ "$free" -ge "$GIGABYTES_FOR_A_FIRST_BUILD" ] ||
        fail "$target has $free GB free, and a first build takes up to $GIGABYTES_FOR_A_FIRST_BUILD GB" \
            "free some space, or set CARGO_TARGET_DIR to a folder on a larger disk"
fi

# Asking without the network first keeps a warm machine offline; the crates of other systems are left out.
host=$(rustc -vV | sed -n 's/^host: //p')
if ! cargo fetch --quiet --locked --offline --target "$host" 2>/dev/null; then
    echo "fetching the crates of Cargo.lock" >&2
    cargo fetch --locked --target "$host" ||
        fail "cargo could not fetch the crates of Cargo.lock (see above)" \
            "check the network (or mend Cargo.lock, if cargo says so) and run again; what has arrived is kept"
fi
