#!/usr/bin/env bash
# Installs what the build needs: Debian packages (as root on Debian 12), the pinned wheels of torch and C-Blosc2 into
# build/deps/torch and build/deps/blosc2 and, with `tests`, a pinned Python environment into build/deps/venv and helm into
# build/deps/helm; with `cuda`, NVIDIA's libraries for LibTorch on a GPU (2.4 GB), which the driver is not among.
# Anywhere else it names what is missing and goes on if nothing is. Safe to repeat; seconds when done.
#
#     deploy/setup.sh [build|cuda|tests]        default: tests
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

# install_python COMMAND TARGET REQUIREMENTS: runs COMMAND TARGET REQUIREMENTS unless TARGET was made from these.
install_python() {
  local target=$2 requirements=$3
  local stamp="$target.stamp"
  if [ -d "$target" ] && cmp -s "$requirements" "$stamp"; then return 0; fi
  echo "setup: $(basename "$target") from $requirements"
  rm -rf "$target" "$stamp"
  "$@"
  cp "$requirements" "$stamp"
}

install_wheels() {
  python3 -m venv "$deps/pip"
  "$deps/pip/bin/pip" install -q --disable-pip-version-check --no-deps --require-hashes --target "$1" -r "$2"
  rm -rf "$deps/pip"
}

install_venv() {
  python3 -m venv "$1"
  "$1/bin/pip" install -q --disable-pip-version-check --require-hashes -r "$2"
}

install_packages
install_python install_wheels "$deps/torch" deploy/requirements/torch.txt
install_python install_wheels "$deps/blosc2" deploy/requirements/blosc2.txt
if [ "$what" = cuda ]; then
  install_python install_wheels "$deps/cuda" deploy/requirements/cuda.txt
  cp -rlf "$deps/cuda/nvidia/." "$deps/torch/nvidia/"  # LibTorch looks for them nowhere else
fi
if [ "$what" = tests ]; then
  install_python install_venv "$deps/venv" deploy/requirements/tests.txt
  install_python install_wheels "$deps/client-oldest" deploy/requirements/client-oldest.txt
  tests/deploy/install_helm.sh
fi
