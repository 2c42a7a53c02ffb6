#!/usr/bin/env bash
# A user's project finds the installed package and calls a server with it.
#     install_test.sh BUILD_FOLDER SOURCE_FOLDER
set -euo pipefail
build=$1 source=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cmake --install "$build" --component client --prefix "$work/installed" >/dev/null
cmake -S "$source/client/cpp/example" -B "$work/build" -G Ninja -DCMAKE_PREFIX_PATH="$work/installed" >/dev/null
cmake --build "$work/build"

if grep -rlE 'grpc|protobuf|\.pb\.h' "$work/installed/include"; then
  echo "a public header shows gRPC or protobuf" >&2
  exit 1
fi
# Nobody listens on port 1: the example must say so, not crash.
printf '%128sDICM' '' > "$work/slice.dcm"
if "$work/build/segment" 127.0.0.1:1 "$work/slice.dcm" 0 0 0 "$work/out.dcm" 2> "$work/error"; then exit 1; fi
grep -q UNAVAILABLE "$work/error" || { cat "$work/error"; exit 1; }
"$work/installed/bin/sgpsam" --version
