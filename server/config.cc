#include "server/config.h"

#include <limits.h>
#include <unistd.h>

#include "absl/flags/flag.h"
#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "core/base/pem_files.h"
#include "core/base/status_macros.h"
#include "server/program/address.h"

using sgpsam::AdmissionOptions;
using sgpsam::PipelineOptions;
using sgpsam::ServerConfig;
using sgpsam::WorkerPoolOptions;

ABSL_FLAG(std::string, model, "",
          "Model file (.safetensors), as sgpsam-model makes and imports it. Required.");
ABSL_FLAG(std::string, listen, ServerConfig().listen,
          "Address of the gRPC service; port 0 picks a free one.");
ABSL_FLAG(std::string, http_listen, ServerConfig().http_listen,
          "Address of /metrics, /healthz and /readyz; port 0 picks a free one.");
ABSL_FLAG(std::string, tls_cert, "",
          "Certificate of the gRPC port in PEM, and those that lead to its authority: it then speaks TLS and "
          "nothing else. Replaced files are noticed.");
ABSL_FLAG(std::string, tls_key, "", "The certificate's private key in PEM, without a passphrase.");
ABSL_FLAG(std::string, tls_client_ca, "",
          "Authorities in PEM: a caller must show a certificate that one of them signed.");
ABSL_FLAG(std::vector<std::string>, device, {"auto"},
          "auto, cpu or cuda:N; a comma-separated list starts one worker for each.");
ABSL_FLAG(std::string, precision, "auto",
          "auto (bf16 where the hardware multiplies it faster), fp32 or bf16.");
ABSL_FLAG(int, threads, 0, "Processor cores that each worker computes on; 0 means all.");
ABSL_FLAG(
    std::string, self_test, sgpsam::WorkerOptions().self_test,
    "Before it serves, a worker compares what was chosen with float32 on the processor. Where they differ: "
    "fallback computes in float32 instead (a device is refused), refuse ends the server, off does not ask.");
ABSL_FLAG(std::string, worker_binary, "", "sgpsam-worker; by default the one next to this executable.");
ABSL_FLAG(uint64_t, max_volume_bytes, PipelineOptions().max_volume_bytes, "Largest volume, in bytes.");
ABSL_FLAG(int, max_in_flight, ServerConfig().max_in_flight, "Requests that run at the same time.");
ABSL_FLAG(int, max_calls, AdmissionOptions().max_calls,
          "Open calls (uploading, waiting, running, sending); more are refused.");
ABSL_FLAG(uint64_t, max_bytes_in_flight, AdmissionOptions().max_bytes,
          "Announced volume bytes of all open calls; more are refused.");
ABSL_FLAG(int, max_batch, WorkerPoolOptions().max_batch,
          "Patches that run together on one device; 0 means 1 on a processor, 4 on a GPU.");
ABSL_FLAG(uint64_t, volume_cache_bytes, PipelineOptions().volume_cache_bytes, "Cache of decoded volumes.");
ABSL_FLAG(uint64_t, embedding_cache_bytes, PipelineOptions().embedding_cache_bytes, "Cache of embeddings.");
ABSL_FLAG(uint64_t, logits_cache_bytes, PipelineOptions().logits_cache_bytes, "Cache of mask logits.");
ABSL_FLAG(uint64_t, grpc_memory_bytes, ServerConfig().grpc_memory_bytes,
          "Bound on gRPC's own buffers, all connections together.");
ABSL_FLAG(absl::Duration, drain_timeout, ServerConfig().drain_timeout,
          "How long running calls may go on after SIGTERM.");

namespace sgpsam {
namespace {

absl::Status Wrong(absl::string_view flag, absl::string_view allowed) {
  return absl::InvalidArgumentError(absl::StrCat("--", flag, " must be ", allowed));
}

absl::Status CheckDevice(absl::string_view device) {
  int number = 0;
  if (device == "auto" || device == "cpu") return absl::OkStatus();
  if (absl::ConsumePrefix(&device, "cuda:") && absl::SimpleAtoi(device, &number) && number >= 0) {
    return absl::OkStatus();
  }
  return Wrong("device", "auto, cpu or cuda:N, or a comma-separated list of them");
}

absl::Status CheckWorkers(const WorkerOptions& workers) {
  if (workers.model.empty()) return Wrong("model", "given: the path of a model file");
  if (workers.devices.empty()) return CheckDevice("");
  for (const std::string& device : workers.devices) RETURN_IF_ERROR(CheckDevice(device));
  if (workers.precision != "auto" && workers.precision != "fp32" && workers.precision != "bf16") {
    return Wrong("precision", "auto, fp32 or bf16");
  }
  if (workers.self_test != "fallback" && workers.self_test != "refuse" && workers.self_test != "off") {
    return Wrong("self_test", "fallback, refuse or off");
  }
  if (workers.threads < 0 || workers.threads > 1024) return Wrong("threads", "0 to 1024");
  return absl::OkStatus();
}

// Something is wrong with the file of a flag.
absl::Status OfFlag(absl::string_view flag, const absl::Status& status) {
  if (status.ok()) return status;
  return absl::InvalidArgumentError(absl::StrCat("--", flag, ": ", status.message()));
}

absl::Status CheckTls(const TlsFiles& tls) {
  if (tls.certificate.empty() != tls.key.empty()) {
    return tls.key.empty() ? Wrong("tls_key", "given with --tls_cert")
                           : Wrong("tls_cert", "given with --tls_key");
  }
  if (tls.mutual()) {
    if (!tls.enabled()) return Wrong("tls_cert", "given with --tls_client_ca, and --tls_key with it");
    RETURN_IF_ERROR(OfFlag("tls_client_ca", CheckCertificates(tls.client_ca)));
  }
  if (!tls.enabled()) return absl::OkStatus();
  RETURN_IF_ERROR(OfFlag("tls_cert", CheckCertificates(tls.certificate)));
  RETURN_IF_ERROR(OfFlag("tls_key", CheckPrivateKey(tls.key)));
  return OfFlag("tls_key", CheckKeyBelongs(tls.key, tls.certificate));
}

absl::Status Check(const ServerConfig& config) {
  RETURN_IF_ERROR(CheckWorkers(config.workers));
  if (!ParseAddress(config.listen).ok()) return Wrong("listen", "host:port");
  if (!ParseAddress(config.http_listen).ok()) return Wrong("http_listen", "host:port");
  RETURN_IF_ERROR(CheckTls(config.tls));
  if (config.max_in_flight < 1 || config.max_in_flight > 1024) return Wrong("max_in_flight", "1 to 1024");
  if (config.admission.max_calls < 1) return Wrong("max_calls", "at least 1");
  if (config.pool.max_batch < 0 || config.pool.max_batch > 64) return Wrong("max_batch", "0 to 64");
  if (config.pipeline.max_volume_bytes < 1) return Wrong("max_volume_bytes", "at least 1");
  if (config.admission.max_bytes < config.pipeline.max_volume_bytes) {
    return Wrong("max_bytes_in_flight", "at least --max_volume_bytes");
  }
  if (config.grpc_memory_bytes < (uint64_t{64} << 20)) return Wrong("grpc_memory_bytes", "at least 67108864");
  if (config.drain_timeout < absl::ZeroDuration()) return Wrong("drain_timeout", "a duration such as 30s");
  return absl::OkStatus();
}

// The worker in the folder of this executable, wherever that was installed.
std::string DefaultWorkerBinary() {
  char path[PATH_MAX];
  const ssize_t size = readlink("/proc/self/exe", path, sizeof(path));
  const absl::string_view self(path, size > 0 ? static_cast<size_t>(size) : 0);
  return absl::StrCat(self.substr(0, self.rfind('/') + 1), "sgpsam-worker");
}

}  // namespace

const Program& ServerProgram() {
  static const auto* const program = new Program{
      "sgpsam-server",
      "segments lesions in 3D medical images over gRPC.\n\n  sgpsam-server --model=weights.safetensors",
      "server/config.cc", "SGPSAM_", "SGPSAM_GATEWAY_"};
  return *program;
}

absl::StatusOr<ServerConfig> ConfigFromFlags() {
  ServerConfig config;
  config.listen = absl::GetFlag(FLAGS_listen);
  config.http_listen = absl::GetFlag(FLAGS_http_listen);
  config.tls = {absl::GetFlag(FLAGS_tls_cert), absl::GetFlag(FLAGS_tls_key),
                absl::GetFlag(FLAGS_tls_client_ca)};
  config.max_in_flight = absl::GetFlag(FLAGS_max_in_flight);
  config.grpc_memory_bytes = absl::GetFlag(FLAGS_grpc_memory_bytes);
  config.drain_timeout = absl::GetFlag(FLAGS_drain_timeout);
  config.workers = {absl::GetFlag(FLAGS_worker_binary), absl::GetFlag(FLAGS_model),
                    absl::GetFlag(FLAGS_device),        absl::GetFlag(FLAGS_precision),
                    absl::GetFlag(FLAGS_threads),       absl::GetFlag(FLAGS_self_test)};
  if (config.workers.binary.empty()) config.workers.binary = DefaultWorkerBinary();
  config.pool.max_batch = absl::GetFlag(FLAGS_max_batch);
  config.admission = {absl::GetFlag(FLAGS_max_calls), absl::GetFlag(FLAGS_max_bytes_in_flight)};
  config.pipeline.max_volume_bytes = absl::GetFlag(FLAGS_max_volume_bytes);
  config.pipeline.volume_cache_bytes = absl::GetFlag(FLAGS_volume_cache_bytes);
  config.pipeline.embedding_cache_bytes = absl::GetFlag(FLAGS_embedding_cache_bytes);
  config.pipeline.logits_cache_bytes = absl::GetFlag(FLAGS_logits_cache_bytes);
  config.pipeline.software_version = std::string(SoftwareVersion());
  RETURN_IF_ERROR(Check(config));
  return config;
}

}  // namespace sgpsam
