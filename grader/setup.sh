#!/bin/sh
# Install what the kit needs on Debian and Ubuntu: the packages listed in grader/packages and, for
# instructors, in grader/instructor/packages. Of a|b, whichever this release has. Does nothing when
# nothing is missing.
set -eu
cd "$(dirname "$0")"

lists=packages
[ ! -f instructor/packages ] || lists="packages instructor/packages"
# shellcheck disable=SC2086 # the lists are words
wanted=$(sed -e 's/#.*//' -e 's/ .*//' -e '/^$/d' $lists)
# shellcheck disable=SC2086
every=$(echo $wanted | tr '|' ' ')

if ! command -v dpkg-query >/dev/null; then
    echo "setup: neither Debian nor Ubuntu: install these, or use the dev container:" >&2
    # shellcheck disable=SC2086
    sed -e '/^#/d' $lists >&2
    exit 1
fi

# shellcheck disable=SC2086 # a package is a word
installed=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' $every 2>/dev/null || true)
missing=
for package in $wanted; do
    echo "$installed" | grep -qxE "installed ($package)" || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

sudo=
[ "$(id -u)" -eq 0 ] || sudo=sudo
if [ -n "$sudo" ] && ! command -v sudo >/dev/null; then
    echo "setup: run this as root, there is no sudo: apt-get install$missing" >&2
    exit 1
fi
echo "setup: installing$missing"
export DEBIAN_FRONTEND=noninteractive
$sudo apt-get update -q
names=
for package in $missing; do
    # Of alternatives, the first that apt knows.
    for name in $(echo "$package" | tr '|' ' '); do
        if [ "$name" = "$package" ] || apt-cache show "$name" >/dev/null 2>&1; then
            names="$names $name"
            break
        fi
    done
done
# shellcheck disable=SC2086
$sudo apt-get install -q -y --no-install-recommends $names
