#!/usr/bin/env bash
# Makes the root filesystem of a small Debian, for the tests and benchmarks that want a real one. It
# is made once: in .cache of the checkout, or at the path in REFLOCK_DEBIAN_ROOT.
set -euo pipefail

SUITE=bookworm
root=${REFLOCK_DEBIAN_ROOT:-$(realpath "$(dirname "$0")/..")/.cache/debian-root}
[ -d "$root" ] && exit

fail() {
  echo "debian-root: $1" >&2
  exit 1
}
[ "$(id -u)" = 0 ] || fail 'only root can make a root filesystem'
command -v debootstrap >/dev/null || fail 'debootstrap is not installed'

# From where this machine has its own packages; without an answer, from where debootstrap has them.
mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' \
  'Label: Debian' "Codename: $SUITE" 2>/dev/null | head -n 1 || true)

# Made aside and renamed, so that what lies at the path is whole. debootstrap mounts /proc there, and
# may be killed before it has unmounted it.
mkdir -p "$(dirname "$root")"
aside=$(mktemp -d "$root.XXXXXX")
trap 'rm -rf --one-file-system "$aside"' EXIT
debootstrap --variant=minbase "$SUITE" "$aside/root" ${mirror:+"$mirror"} >"$aside/log" ||
  fail "debootstrap has failed: $(tail -n 1 "$aside/log")"
# Somebody else may have been quicker.
mv -T "$aside/root" "$root" 2>/dev/null || [ -d "$root" ] || fail "cannot rename it to $root"
