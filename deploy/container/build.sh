#!/usr/bin/env bash
# `make container`: builds the images of deploy/Dockerfile from the programs in build/release, runs the demo
# request between server and client, and lets the gateway ask the server. As root on Debian 12; needs no
# container daemon and no image registry: buildah builds and runs in a chroot, the base image comes from
# debootstrap. Everything stays in build/containers.
#
#     deploy/container/build.sh           BASE=IMAGE starts from another base image
set -euo pipefail
cd "$(dirname "$0")/../.."
work=$PWD/build/containers
base=${BASE:-localhost/debian:bookworm-slim}
export BUILDAH_ISOLATION=chroot BUILDAH_HISTORY=false

die() { echo "container: $*" >&2; exit 1; }
b() { buildah --root "$work/storage" --runroot "$work/run" --storage-driver vfs "$@"; }

install_tools() {
  command -v buildah >/dev/null && command -v debootstrap >/dev/null && return
  [ "$(id -u)" = 0 ] || die "needs root and the Debian packages buildah and debootstrap"
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends buildah debootstrap >/dev/null
}

# Debian's minimal system, from the archive that this machine's apt uses; security updates included.
make_base() {
  b images -q "$base" >/dev/null 2>&1 && return
  [ -z "${BASE:-}" ] || return 0   # the caller's own image: buildah pulls it
  echo "container: base image by debootstrap"
  local tree=$work/base mirror container
  mirror=$(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' 'Release: bookworm' | head -1)
  rm -rf "$tree"
  debootstrap --variant=minbase bookworm "$tree" ${mirror:+"$mirror"} > "$work/debootstrap.log"
  sed -n 's/^deb \([^ ]*\) bookworm main.*/deb \1-security bookworm-security main/p' "$tree/etc/apt/sources.list" \
    > "$tree/etc/apt/sources.list.d/security.list"
  rm -rf "$tree"/var/lib/apt/lists/* "$tree"/var/cache/apt/* "$tree"/usr/share/{doc,man,locale}/*
  container=$(b from scratch)
  b add -q "$container" "$tree" / >/dev/null
  b config --cmd /bin/bash "$container"
  b commit -q --rm "$container" "$base" >/dev/null
  rm -rf "$tree"
}

collect_programs() {
  [ -n "${BUILD:-}" ] || make --no-print-directory programs
  deploy/container/collect.sh "${BUILD:-build/release}" build/container
}

build_image() {
  echo "container: image sgpsam-$1"
  b bud --quiet --layers=false --network host --file deploy/Dockerfile --build-arg BASE="$base" \
    --build-arg PROGRAMS=prebuilt --target "$1" --tag "localhost/sgpsam-$1" . > "$work/image-$1.log" 2>&1 ||
    die "sgpsam-$1 could not be built; see $work/image-$1.log"
}

# The demo's series and model; `demo` is where the images' user may write.
make_input() {
  local model=${BUILD:-build/release}/bin/sgpsam-model
  mkdir -p "$work/models" "$work/demo/series"
  cp deploy/models/sgpsam-lesions.safetensors "$work/models/model.safetensors"
  "$model" synthesize --seed 3 --lesions 1 --diameter 32 --organ liver --out "$work/demo/series" > "$work/demo/series.json"
  chmod -R a+rX "$work/models" "$work/demo"
  chmod a+w "$work/demo"
}

entry_point() { b inspect --type image --format '{{index .OCIv1.Config.Entrypoint 0}}' "$1"; }

# start NAME CONTAINER OPTION...: the program of an image, from its line that it is ready; sets `started`.
start() {
  local name=$1 container=$2; shift 2
  : > "$work/$name.out"
  b run --network host "$@" --volume "$work/demo:/demo" "$container" -- \
    sh -c "echo \$\$ > /demo/$name.pid; exec \"\$0\"" "$(entry_point "localhost/sgpsam-$name")" \
    > "$work/$name.out" 2> "$work/$name.log" < /dev/null &
  started=$!
  await_ready "$name" "$started"
}

await_ready() {
  for _ in $(seq 1200); do
    grep -q '^ready ' "$work/$1.out" && return
    kill -0 "$2" 2>/dev/null || break
    sleep 0.1
  done
  tail -5 "$work/$1.log" >&2
  die "the $1 did not become ready"
}

# The process itself, if it runs: buildah does not pass a signal on.
running() {
  local pid
  pid=$(cat "$work/demo/$1.pid" 2>/dev/null) && [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = "sgpsam-$1" ] && echo "$pid"
}

stop() { ! running "$1" > /dev/null || kill -TERM "$(running "$1")"; }

server_address() { sed -n 's/^ready grpc=\([^ ]*\).*/\1/p' "$work/server.out"; }

segment() {
  local point
  point=$(python3 -c 'import json, sys; print(*json.load(open(sys.argv[1]))["lesions"][0]["centre_lps_mm"], sep=",")' \
    "$work/demo/series.json")
  b run --network host --volume "$work/demo:/data" "$1" -- "$(entry_point localhost/sgpsam-client)" segment /data/series \
    --server "$(server_address)" --point="$point" --label Lesion \
    --out /data/lesion.dcm < /dev/null
}

# The gateway answers a viewer who claims a session only if the server behind it answers.
claim_session() {
  python3 - "$(sed -n 's/^ready nninteractive=//p' "$work/gateway.out")" <<'END'
import json, sys, urllib.request
claimed = urllib.request.urlopen(urllib.request.Request(f"http://{sys.argv[1]}/claim", method="POST"), timeout=30)
print("container: the gateway gave a session of", json.load(claimed)["idle_timeout_seconds"], "s")
END
}

check_seg() {
  dciodvfy "$work/demo/lesion.dcm" > "$work/dciodvfy.log" 2>&1 || true
  grep -q Segmentation "$work/dciodvfy.log" || die "the answer is not a DICOM-SEG; see $work/dciodvfy.log"
  ! grep -i '^Error' "$work/dciodvfy.log" || die "dciodvfy refuses the SEG"
  echo "container: DICOM-SEG of $(stat -c %s "$work/demo/lesion.dcm") bytes, accepted by dciodvfy"
}

# All of the storage is ours: working containers and the images of the stages on the way go.
clean_up() {
  stop gateway
  stop server
  b rm --all > /dev/null
  b rmi --prune > /dev/null
}

mkdir -p "$work"
rm -rf "$work/demo"
install_tools
trap clean_up EXIT
make_base
collect_programs
build_image server
build_image gateway
build_image client
make_input
server_container=$(b from localhost/sgpsam-server)
gateway_container=$(b from localhost/sgpsam-gateway)
client_container=$(b from localhost/sgpsam-client)
start server "$server_container" --env SGPSAM_LISTEN=127.0.0.1:0 --env SGPSAM_HTTP_LISTEN=127.0.0.1:0 \
  --volume "$work/models:/models:ro"
server=$started
echo "container: $(cat "$work/server.out") as user $(stat -c %u "/proc/$(running server)")"
segment "$client_container"
check_seg
start gateway "$gateway_container" --env SGPSAM_GATEWAY_NNINTERACTIVE_LISTEN=127.0.0.1:0 \
  --env SGPSAM_GATEWAY_SERVER="$(server_address)"
claim_session
stop gateway
wait "$started" || die "the gateway did not end with 0"
stop server
wait "$server" || die "the server did not drain"
echo "container: server drained and exited with 0"
b images --format 'container: {{.Name}} {{.Size}}' | grep sgpsam
