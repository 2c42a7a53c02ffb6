#!/usr/bin/env bash
# Gathers what the images hold: the programs, the libraries of the torch wheel that they load, and the
# names of the Debian packages that have the rest. Asking the programs keeps all of it true.
#
#     deploy/container/collect.sh BUILD-FOLDER OUT-FOLDER      e.g. build/release build/container
set -euo pipefail
build=$1 out=$2
torch=$(realpath build/deps/torch)

libraries() { ldd "$@" | awk '$2 == "=>" && $3 ~ /^\// {print $3}' | sort -u; }

packages() {
  local library
  for library in $(libraries "$@"); do
    case $(realpath "$library") in
      "$torch"/*) ;;
      *) owner "$library" ;;
    esac
  done | sort -u
}

# Packages know their files by the path before or after the merge of / and /usr.
owner() {
  local real; real=$(realpath "$1")
  { dpkg-query -S "$real" 2>/dev/null || dpkg-query -S "${real#/usr}"; } | head -1 | cut -d: -f1
}

copy_programs() {
  local image=$1; shift
  mkdir -p "$out/$image/bin"
  local program
  for program in "$@"; do install -s "$build/bin/$program" "$out/$image/bin/"; done
  packages "${@/#/$build/bin/}" > "$out/$image/packages.txt"
}

rm -rf "$out"
copy_programs server sgpsam-server sgpsam-worker
copy_programs gateway sgpsam-gateway
copy_programs client sgpsam

# In the wheel's own layout, because its libraries find each other by relative paths.
libraries "$build/bin/sgpsam-worker" | while read -r library; do
  real=$(realpath -s "$library")
  [[ $real == "$torch"/* ]] || continue
  install -D "$real" "$out/server/lib/${real#"$torch"/}"
done
