# shellcheck shell=bash disable=SC2034
# Sourced by quickstart, tests/run and .ci/run: which Debian packages each needs, how to get those that are missing, and
# how to say what is being done. Debian 12. Bash.

# What building partnerd and partner needs.
packages_build=(
    gcc libc6-dev cmake ninja-build pkg-config python3
    libevent-dev libnghttp2-dev libssl-dev
    protobuf-c-compiler libprotobuf-c-dev protobuf-compiler libprotobuf-dev
    libpq-dev libjansson-dev libutf8proc-dev libxxhash-dev libcsv-dev libinih-dev zlib1g-dev iso-codes
)
# What running it needs beside those.
packages_run=(postgresql-15 curl)
# What the tests need beside all of these.
packages_test=(libcmocka-dev python3-grpcio python3-protobuf clang nodejs npm openssl)
# What .ci/run needs beside all of these.
packages_ci=(clang-format-14 shellcheck git)

step() { printf '\n== %s\n' "$*"; }
say() { printf '   %s\n' "$*"; }
# die REASON WHAT_TO_DO
die() {
    printf '\nerror: %s\n' "$1" >&2
    [ $# -lt 2 ] || printf 'what to do: %s\n' "$2" >&2
    exit 1
}

# as_root COMMAND...: as it is for root, else by sudo.
as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo -- "$@"
    else
        die "this needs root's rights, and there is no sudo: $*" "run it as root, or install sudo"
    fi
}

# package_has NAME: installed, or what it is for is there by another way (a newer compiler, another node).
package_has() {
    case $1 in
    nodejs) command -v node >/dev/null && return 0 ;;
    npm) command -v npm >/dev/null && return 0 ;;
    clang) command -v clang >/dev/null && return 0 ;;
    esac
    [ "$(dpkg-query --show --showformat='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

# packages_install NAME...: installs those that are missing, and names them before.
packages_install() {
    local name missing=() cluster=/etc/postgresql/15/main clusters_before=yes
    if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
        die "this is no Debian: there is no apt-get" "use Debian 12, or install by hand what packaging/packages.sh lists"
    fi
    for name in "$@"; do
        package_has "$name" || missing+=("$name")
    done
    if [ ${#missing[@]} = 0 ]; then
        say "all ${#} packages are there"
        return
    fi
    say "to install: ${missing[*]}"
    say "(this can take a minute or two)"
    [ -e "$cluster" ] || clusters_before=no
    apt_get_all "${missing[@]}"
    if [ "$clusters_before" = no ] && [ -e "$cluster" ]; then
        packages_drop_cluster
    fi
}

apt_quiet() { # ARGUMENT... ; apt-get's output is kept for when it fails
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o Dpkg::Use-Pty=0 "$@" >"$apt_log" 2>&1 </dev/null
}

apt_get_all() {
    local lists=(/var/lib/apt/lists/*_Packages*)
    apt_log=$(mktemp)
    if [ -e "${lists[0]}" ] && apt_quiet install --no-install-recommends "$@"; then
        rm -f -- "$apt_log"
        return
    fi
    say "fetching the lists of packages first, as they are missing or old"
    apt_quiet update || apt_failed "apt-get update failed" "is the network there, and /etc/apt/sources.list right?"
    apt_quiet install --no-install-recommends "$@" ||
        apt_failed "apt-get could not install: $*" "this needs Debian 12 (bookworm)"
    rm -f -- "$apt_log"
}

apt_failed() {
    tail -n 20 "$apt_log" >&2
    rm -f -- "$apt_log"
    die "$1" "see the messages above; $2"
}

# Debian's postgresql-15 makes and starts a database of its own when it is first installed. Nobody asked for it: it is
# minutes old and empty, so it goes again. One that was there before is never touched.
packages_drop_cluster() {
    say "installing PostgreSQL has made and started an empty database '15/main'; removing that one again"
    as_root pg_dropcluster --stop 15 main </dev/null ||
        die "the database '15/main', just made by the package, could not be removed" \
            "remove it by hand: pg_dropcluster --stop 15 main"
}
