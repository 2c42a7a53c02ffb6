#!/usr/bin/env bash
# Installs what the build needs: Debian packages (as root on Debian 12), the pinned torch wheel into
# build/deps/torch and, with `tests`, a pinned Python environment into build/deps/venv and helm into
# build/deps/helm.
# Anywhere else it names what is missing and goes on if nothing is. Safe to repeat; seconds when done.
#
#     deploy/setup.sh [build|tests]        default: tests
set -euo pipefail
cd "$(dirname "$0")/.."
what=${1:-tests}
deps=build/deps
mkdir -p "$deps"

wanted_packages() { sed 's/#.*//; /^[[:space:]]*$/d' deploy/packages.txt; }

missing_packages() {
  local package
  for package in $(wanted_packages); do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || echo "$package"
  done
}

is_debian_12() { [ -r /etc/os-release ] && grep -q '^VERSION_CODENAME=bookworm' /etc/os-release; }

install_packages() {
  local missing
  if ! command -v dpkg-query >/dev/null; then
    echo "setup: this is not a Debian system. The build needs what these Debian 12 packages hold:" >&2
    wanted_packages | paste -sd' ' >&2
    echo "setup: going on; CMake will name what it cannot find." >&2
    return 0
  fi
  missing=$(missing_packages | paste -sd' ')
  [ -z "$missing" ] && return 0
  if [ "$(id -u)" != 0 ] || ! is_debian_12; then
    echo "setup: not root, or not Debian 12, so nothing was installed. Please install:" >&2
    echo "    apt-get install --no-install-recommends $missing" >&2
    echo "and run this again." >&2
    exit 1
  fi
  echo "setup: installing $missing"
  apt-get update -qq
  # Services that come with a package (orthanc) must not start by themselves.
  local policy=/usr/sbin/policy-rc.d made_policy=
  if [ ! -e "$policy" ]; then printf '#!/bin/sh\nexit 101\n' > "$policy"; chmod +x "$policy"; made_policy=1; fi
  # shellcheck disable=SC2086
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
  [ -z "$made_policy" ] || rm -f "$policy"
}

# install_python TARGET REQUIREMENTS COMMAND…: runs COMMAND unless TARGET was made from these requirements.
install_python() {
  local target=$1 requirements=$2; shift 2
  local stamp="$target.stamp"
  if [ -d "$target" ] && cmp -s "$requirements" "$stamp"; then return 0; fi
  echo "setup: $(basename "$target") from $requirements"
  rm -rf "$target" "$stamp"
  "$@"
  cp "$requirements" "$stamp"
}

install_torch() {
  python3 -m venv "$deps/pip"
  "$deps/pip/bin/pip" install -q --disable-pip-version-check --no-deps --require-hashes \
    --target "$deps/torch" -r deploy/requirements/torch.txt
  rm -rf "$deps/pip"
}

install_venv() {
  python3 -m venv "$deps/venv"
  "$deps/venv/bin/pip" install -q --disable-pip-version-check --require-hashes -r deploy/requirements/tests.txt
}

install_packages
install_python "$deps/torch" deploy/requirements/torch.txt install_torch
if [ "$what" = tests ]; then
  install_python "$deps/venv" deploy/requirements/tests.txt install_venv
  tests/deploy/install_helm.sh
fi
