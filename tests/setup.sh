# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# Sourced by tests/demo and tests/run: brings a fresh Debian 12 machine to the point where the tree is built.

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

packages="autoconf automake autopoint gettext gcc make pkg-config libc6-dev libsystemd-dev libudev-dev libglib2.0-dev
  libglib2.0-bin check libumockdev-dev umockdev libseccomp-dev libcurl4-openssl-dev libjson-glib-dev dbus lighttpd lighttpd-mod-openssl
  openssl groff-base man-db mandoc polkitd python3 python3-gi python3-pyftpdlib systemd xz-utils"

say() { printf '\n== %s\n' "$*"; }

# Missing packages, installed by root, or by a user with sudo.
setup_packages() {
  local missing=() p
  for p in $packages "$@"; do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$p" 2>/dev/null)" = installed ] || missing+=("$p")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  say "Installing what is missing"
  fold -s -w 78 <<<"${missing[*]}"
  local as_root=()
  if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null || {
      echo "These Debian packages are missing, and installing them needs root: ${missing[*]}" >&2
      return 1
    }
    as_root=(sudo)
  fi
  local log
  log=$(mktemp)
  { "${as_root[@]}" apt-get update -qq &&
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}"; } \
    >"$log" 2>&1 || { tail -n 40 "$log"; rm -f "$log"; return 1; }
  rm -f "$log"
}

# setup_build DIRECTORY [configure arguments]: builds the tree there. Shows the output of a step that fails.
setup_build() {
  local dir=$1 log
  shift
  [ ! -f "$top/config.status" ] || {
    echo "This tree was configured in place: run \"make distclean\" in $top first." >&2
    return 1
  }
  mkdir -p "$dir" && dir=$(cd "$dir" && pwd) && log=$dir/setup.log
  say "Building in ${dir#"$PWD"/} (log: setup.log there)"
  (
    { [ -x "$top/configure" ] || (cd "$top" && autoreconf -fi); } &&
      cd "$dir" && { [ -f Makefile ] || "$top/configure" "$@"; } && make -j"$(nproc)"
  ) >"$log" 2>&1 || { tail -n 40 "$log"; return 1; }
}
