#!/bin/sh
# Installs the Debian packages named as arguments that are missing, after saying so.
set -eu
missing=
for p in "$@"; do
    dpkg-query -W -f '${Status}\n' "$p" 2>/dev/null | grep -q 'ok installed' || missing="$missing $p"
done
[ -n "$missing" ] || exit 0
as_root=
if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null || {
        echo "sauma needs these Debian packages:$missing" >&2
        echo "There is no sudo here: as root, run" >&2
        echo "    apt-get install --no-install-recommends$missing" >&2
        echo "and then the same make again." >&2
        exit 1
    }
    as_root=sudo
fi
echo "sauma: installing from Debian with apt-get:$missing"
export DEBIAN_FRONTEND=noninteractive
$as_root apt-get update -qq
# shellcheck disable=SC2086
$as_root apt-get install -y -qq --no-install-recommends -o Dpkg::Use-Pty=0 $missing >/dev/null
