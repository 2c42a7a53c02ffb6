#!/usr/bin/env bash
# What `make demo` runs once the programs are built: a server, a series, one click, a DICOM-SEG.
#
#     deploy/demo.sh [DICOM-FOLDER X,Y,Z [MODEL]]     click in patient coordinates, LPS mm
#
# Without arguments it segments a synthetic CT with the model in deploy/models.
set -euo pipefail
cd "$(dirname "$0")/.."
series=${1:-} point=${2:-} model=${3:-}
bin=build/release/bin out=build/demo
mkdir -p "$out"

die() { echo "demo: $*" >&2; exit 1; }
note() { printf '%-10s %s\n' "$1" "$2"; }
json() { python3 -c 'import json, sys; d = json.load(open(sys.argv[1])); print(eval(sys.argv[2], {"d": d}))' "$@"; }

if [ -n "$series" ] && [ -z "$point" ]; then
  die "DICOM= needs POINT=x,y,z too: a click inside the lesion, patient coordinates (LPS) in mm"
fi

model=${model:-deploy/models/sgpsam-lesions.safetensors}

if [ -z "$series" ]; then
  series=$out/series
  rm -rf "$series"
  "$bin/sgpsam-synthesize" synthesize --seed 3 --shape 256,256,96 --spacing 1.5,1.5,2.5 \
    --lesions 1 --diameter 32 --contrast=-50 --organ liver --out "$series" > "$out/series.json"
  point=$(json "$out/series.json" '",".join("%g" % v for v in d["lesions"][0]["centre_lps_mm"])')
  note series "$series ($(find "$series" -type f | wc -l) files, synthetic CT with one lesion)"
else
  note series "$series ($(find "$series" -type f | wc -l) files)"
fi
note click "$point (patient coordinates, LPS mm)"

"$bin/sgpsam-server" --model "$model" --listen 127.0.0.1:0 --http_listen 127.0.0.1:0 \
  > "$out/server.out" 2> "$out/server.log" &
server=$!
trap 'kill $server 2>/dev/null || true; wait $server 2>/dev/null || true' EXIT
for _ in $(seq 600); do
  grep -q '^ready ' "$out/server.out" && break
  kill -0 $server 2>/dev/null || { tail -5 "$out/server.log" >&2; die "the server did not start"; }
  sleep 0.1
done
grpc=$(sed -n 's/^ready grpc=\([^ ]*\).*/\1/p' "$out/server.out")
http=$(sed -n 's/^ready .*http=\([^ ]*\).*/\1/p' "$out/server.out")
[ -n "$grpc" ] || die "the server is not ready after 60 s; see $out/server.log"
note server "$("$bin/sgpsam" model --server "$grpc" | head -1)"

metrics() { python3 -c 'import sys, urllib.request; sys.stdout.write(urllib.request.urlopen(sys.argv[1]).read().decode())' "http://$http/metrics"; }
metrics > "$out/metrics.before"
rm -f "$out/lesion.dcm" "$out/lesion.png"
"$bin/sgpsam" segment "$series" --server "$grpc" --point="$point" --label "Lesion" --out "$out/lesion.dcm" ||
  [ $? = 6 ] # nothing was found, and that is what the picture shows
"$bin/sgpsam" preview "$series" "$out/lesion.dcm" --point="$point" --out "$out/lesion.png" >/dev/null
note picture "$out/lesion.png"
metrics > "$out/metrics.after"
note metrics "moved by this request, from http://$http/metrics:"
diff "$out/metrics.before" "$out/metrics.after" |
  sed -n 's/^> \(sgpsam_\(requests_total\|received_bytes_total\|stage_duration_seconds_sum{stage="\(encode\|prompt_mask\)"\).*\)/           \1/p' || true
kill -TERM $server
wait $server && note server "stopped (exit 0)"
trap - EXIT
