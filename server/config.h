// Everything that can be set on sgpsam-server: one struct of the parts' own options. Every flag may also
// stand in a --flagfile or in the environment as SGPSAM_<NAME>; the command line wins.
#ifndef SGPSAM_SERVER_CONFIG_H_
#define SGPSAM_SERVER_CONFIG_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "core/batching/worker_pool.h"
#include "server/access/server_credentials.h"
#include "server/program/flags.h"
#include "server/schedule/admission.h"
#include "server/segment/segment_pipeline.h"

namespace sgpsam {

struct WorkerOptions {
  std::string binary;                        // sgpsam-worker
  std::string model;                         // weights, .safetensors
  std::vector<std::string> devices{"auto"};  // one worker each: "auto", "cpu" or "cuda:N"
  std::string precision = "auto";            // "auto", "fp32" or "bf16"
  int threads = 0;                           // processor cores of each worker; 0: all
  std::string self_test = "fallback";        // "fallback", "refuse" or "off" (core/torch/torch_engine.h)
};

struct ServerConfig {
  std::string listen = "127.0.0.1:50051";      // gRPC
  std::string http_listen = "127.0.0.1:9464";  // metrics and probes
  TlsFiles tls;                                // of the gRPC port
  WorkerOptions workers;
  WorkerPoolOptions pool;
  PipelineOptions pipeline;
  AdmissionOptions admission;
  int max_in_flight = 16;                            // requests that run together: job threads
  uint64_t grpc_memory_bytes = uint64_t{512} << 20;  // gRPC's own buffers, all connections together
  absl::Duration drain_timeout = absl::Seconds(30);
};

// The program's name and flags, for ReadFlags: the environment's variables are SGPSAM_<NAME>.
const Program& ServerProgram();

// The checked configuration that the flags hold now. INVALID_ARGUMENT names the flag.
absl::StatusOr<ServerConfig> ConfigFromFlags();

}  // namespace sgpsam

#endif  // SGPSAM_SERVER_CONFIG_H_
