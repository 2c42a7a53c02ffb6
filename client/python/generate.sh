#!/bin/sh
# Makes src/sgpsam/v1 from the contract, to be committed: run it after a change of proto/.
# The compiler is Debian 12's, as for C++ (3.21): what it makes runs with every newer protobuf and grpcio.
set -eu
cd "$(dirname "$0")"
out=${1:-src}
protoc -I ../../proto --python_out="$out" --pyi_out="$out" --grpc_python_out="$out" \
  --plugin=protoc-gen-grpc_python="$(command -v grpc_python_plugin)" sgpsam/v1/segmentation.proto
protoc -I ../../proto --python_out="$out" --pyi_out="$out" sgpsam/v1/error_details.proto
