#!/usr/bin/env bash
# What `make bench` runs: the figures of docs/performance.md, but for those that name a command of their own.
# Takes some minutes; wants an otherwise idle machine.
#
#     tests/bench/run.sh [BUILD]        default: build/release
set -euo pipefail
cd "$(dirname "$0")/../.."
build=${1:-build/release}
python=build/deps/venv/bin/python
export SGPSAM_BIN_DIR=$build/bin

title() { printf '\n== %s\n' "$1"; }
google() { "$build/bin/$1" --benchmark_repetitions=5 --benchmark_report_aggregates_only=true "${@:2}" 2>/dev/null; }

grep -m1 'model name' /proc/cpuinfo | sed 's/.*: //'
printf '%s cores\n' "$(nproc)"
title "model, against the reference's way of computing it"
"$build/bin/model_bench"
title "preparing a patch, restoring a mask"
google prepare_bench
title "reading a series, writing a SEG"
google seg_bench
title "scores and simulated clicks"
google evaluation_bench
title "a step of training, against its forward pass"
google train_bench --benchmark_enable_random_interleaving=true
title "made-up cases"
google synthesize_bench
title "server and worker: the process boundary"
google worker_link_bench
title "upload over loopback, against a bare gRPC stream"
"$build/bin/upload_bench" --benchmark_enable_random_interleaving=true 2>/dev/null
title "second click on a cached volume"
"$build/bin/second_click_bench" 2>/dev/null
title "a click through the gateway"
"$python" tests/bench/gateway_click.py
title "peak memory for one volume"
"$python" tests/bench/server_memory.py
title "memory over 1,000 requests"
"$python" tests/bench/memory_growth.py
