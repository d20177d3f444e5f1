# shellcheck shell=bash
# Sourced by the programs of tests/load and by tests/real/run: makes the release build and the contract's python modules where they are
# missing, and runs a python program on them. PARTNER_BUILD names a build folder that is taken as it is. Bash.

root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.." && pwd -P)
python=/usr/bin/python3

fail() {
    printf 'error: %s\n' "$1" >&2
    exit 1
}

build_program() {
    build=${PARTNER_BUILD-}
    if [ -z "$build" ]; then
        build=$root/build/release
        mkdir -p "$build"
        printf 'building partnerd and partner (release)\n' >&2
        (cd -- "$root" && cmake --preset release && cmake --build "$build" --target partnerd partner load_client change_client \
            make_registry watch_latency push_stream) >"$build/measure.log" 2>&1 </dev/null || fail "the build failed: see $build/measure.log"
    fi
    [ -x "$build/partnerd" ] || fail "there is no $build/partnerd"
}

contract_make() {
    mkdir -p "$build/python"
    (cd -- "$root/proto" && protoc -I. --python_out="$build/python" partner/v1/*.proto google/rpc/*.proto) ||
        fail "protoc could not compile the contract for python"
}

# measure FILE ARGUMENTS...: runs FILE with the harness of the integration tests at hand.
measure() {
    build_program
    contract_make
    PARTNER_BUILD=$build PARTNER_PRESET=release PYTHONDONTWRITEBYTECODE=1 \
        PYTHONPATH=$build/python:$root/tests/integration exec "$python" "$@"
}
