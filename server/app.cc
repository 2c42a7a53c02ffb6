#include "server/app.h"

#include <grpc/grpc.h>
#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/resource_quota.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include <atomic>
#include <mutex>
#include <thread>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "core/base/log.h"
#include "core/base/status_macros.h"
#include "core/batching/worker_pool.h"
#include "core/metrics/nvml.h"
#include "server/access/server_credentials.h"
#include "server/doors/admin/health.h"
#include "server/doors/admin/http_endpoint.h"
#include "server/doors/grpc/contract_limits.h"
#include "server/doors/grpc/segmentation_service.h"
#include "server/program/address.h"
#include "server/schedule/admission.h"
#include "server/schedule/job_threads.h"
#include "server/segment/segment_pipeline.h"

namespace sgpsam {
namespace {

// Calls on one connection; a caller that wants more opens another.
constexpr int kMaxStreamsPerConnection = 256;
// A silent caller is asked after kKeepaliveMs whether it is there, and given kKeepaliveTimeoutMs to answer.
// gRPC would ask after two hours, and twice only while nothing is sent to the caller.
constexpr int kKeepaliveMs = 60'000, kKeepaliveTimeoutMs = 20'000, kAnyNumberOfPings = 0;
// Callers may ask the same of us, every 10 s as client libraries and balancers do, while a call waits in
// silence and between calls: gRPC would take a ping in five minutes, and end the connection at the third one
// before.
constexpr int kMinPingIntervalMs = 1'000, kPingsWithoutCalls = 1;
// Reflection answers on gRPC's synchronous threads; nothing else does.
constexpr int kMaxGrpcThreads = 16;

// gRPC has these switches per process only.
void EnableHealthAndReflection() {
  static std::once_flag once;
  std::call_once(once, [] {
    grpc::EnableDefaultHealthCheckService(true);
    grpc::reflection::InitProtoReflectionServerBuilderPlugin();
  });
}

// gRPC inflates a message before it looks at its size, and volumes do not compress well: nobody needs it. A
// call with compressed messages is UNIMPLEMENTED, and should one come anyway, it is not inflated.
void RefuseCompression(grpc::ServerBuilder& builder) {
  builder.SetCompressionAlgorithmSupportStatus(GRPC_COMPRESS_DEFLATE, false);
  builder.SetCompressionAlgorithmSupportStatus(GRPC_COMPRESS_GZIP, false);
  builder.AddChannelArgument(GRPC_ARG_ENABLE_PER_MESSAGE_COMPRESSION, 0);
  builder.AddChannelArgument(GRPC_ARG_ENABLE_PER_MESSAGE_DECOMPRESSION, 0);
}

void ShowSelfTest(const ModelInfo& model, Metrics& metrics) {
  const SelfTestReport& report = model.self_test;
  metrics.SetSelfTest(model.device, {SelfTestResultName(report.result), report.seconds,
                                     report.embedding_error, report.logits_error, report.dice});
}

std::string WithPort(const std::string& address, int port) {
  return absl::StrCat(absl::string_view(address).substr(0, address.rfind(':') + 1), port);
}

}  // namespace

// Declared in dependency order, destroyed in reverse.
struct App::Parts {
  Parts(ServerConfig config, Clock& clock) : config(std::move(config)), clock(clock), metrics(clock) {}

  const ServerConfig config;
  Clock& clock;
  Metrics metrics;
  std::atomic<Health*> ready{nullptr};  // asked by the HTTP thread; null until the server serves
  std::unique_ptr<HttpEndpoint> http;
  std::unique_ptr<WorkerPool> pool;
  std::unique_ptr<SegmentPipeline> pipeline;
  std::unique_ptr<Admission> admission;
  std::unique_ptr<SegmentationService> service;  // calls refer to it until their job has ended
  std::unique_ptr<JobThreads> jobs, digests;
  std::unique_ptr<grpc::Server> server;
  std::unique_ptr<Health> health;
  int grpc_port = 0;

  bool IsReady() const {
    const Health* const health = ready.load();
    return health != nullptr && health->ready();
  }
  absl::Status OpenGrpc();
};

absl::StatusOr<std::unique_ptr<App>> App::Start(ServerConfig config, Clock& clock) {
  auto parts = std::make_unique<Parts>(std::move(config), clock);
  parts->metrics.SetBuildInfo(parts->config.pipeline.software_version);
  parts->metrics.AddSource(OpenNvml());
  ASSIGN_OR_RETURN(const auto address, ParseAddress(parts->config.http_listen));
  Parts* const raw = parts.get();
  ASSIGN_OR_RETURN(parts->http, HttpEndpoint::Start(
                                    address.first, address.second, parts->metrics,
                                    [raw] { return raw->IsReady(); }, clock));
  return std::unique_ptr<App>(new App(std::move(parts)));
}

App::App(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

App::~App() {
  Drain();
  parts_->http.reset();  // nobody asks for readiness any more
}

Metrics& App::metrics() { return parts_->metrics; }

absl::Status App::Serve(std::vector<std::unique_ptr<Engine>> engines) {
  Parts& parts = *parts_;
  const ServerConfig& config = parts.config;
  for (const auto& engine : engines) ShowSelfTest(engine->info(), parts.metrics);
  parts.pool = std::make_unique<WorkerPool>(std::move(engines), config.pool, parts.clock, parts.metrics);
  const ModelInfo& model = parts.pool->info();
  parts.metrics.SetModelInfo(model.name, model.version, model.weights_digest.ToHex(), model.precision);
  parts.pipeline =
      std::make_unique<SegmentPipeline>(config.pipeline, *parts.pool, parts.clock, parts.metrics);
  parts.admission = std::make_unique<Admission>(config.admission);
  parts.jobs = std::make_unique<JobThreads>(config.max_in_flight, parts.clock);
  parts.digests = std::make_unique<JobThreads>(1, parts.clock, ThreadPriority::kBackground);
  parts.service =
      std::make_unique<SegmentationService>(CallServices{*parts.pipeline,
                                                         *parts.pool,
                                                         *parts.admission,
                                                         *parts.jobs,
                                                         *parts.digests,
                                                         parts.clock,
                                                         parts.metrics,
                                                         {config.pipeline.max_volume_bytes, model.sizes}},
                                            config.pipeline.software_version);
  RETURN_IF_ERROR(parts.OpenGrpc());
  parts.health = std::make_unique<Health>(*parts.pool, *parts.server->GetHealthCheckService(), parts.clock);
  parts.ready = parts.health.get();
  return absl::OkStatus();
}

absl::Status App::Parts::OpenGrpc() {
  EnableHealthAndReflection();
  grpc::ResourceQuota quota("sgpsam-server");
  quota.Resize(config.grpc_memory_bytes);
  quota.SetMaxThreads(kMaxGrpcThreads);
  grpc::ServerBuilder builder;
  builder.SetResourceQuota(quota);
  builder.SetMaxReceiveMessageSize(kMaxMessageBytes);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, kMaxStreamsPerConnection);
  // A caller who vanished without a word, in mid-upload, keeps its place no longer than this.
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, kKeepaliveMs);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kKeepaliveTimeoutMs);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, kAnyNumberOfPings);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, kMinPingIntervalMs);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, kPingsWithoutCalls);
  RefuseCompression(builder);
  // Without this a second server on the same port would share its callers instead of failing.
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  builder.AddListeningPort(config.listen, MakeServerCredentials(config.tls), &grpc_port);
  builder.RegisterService(service.get());
  server = builder.BuildAndStart();
  if (server != nullptr && grpc_port != 0) return absl::OkStatus();
  return absl::UnavailableError(
      absl::StrCat("cannot listen on ", config.listen, "; choose another --listen"));
}

std::string App::Addresses() const {
  const ServerConfig& config = parts_->config;
  return absl::StrCat("grpc=", WithPort(config.listen, grpc_port()),
                      " http=", WithPort(config.http_listen, http_port()));
}

int App::grpc_port() const { return parts_->grpc_port; }
int App::http_port() const { return parts_->http->port(); }

void App::Drain() {
  if (parts_->server == nullptr) return;
  if (parts_->admission->closed()) return;
  parts_->admission->Close();
  if (parts_->health != nullptr) parts_->health->StopServing();
  Log(LogLevel::kInfo, "draining", {{"timeout", absl::FormatDuration(parts_->config.drain_timeout)}});
  // At once: the port closes, and GOAWAY tells clients on open connections, also those that a balancer pinned
  // to this server, to send their next call over another one. Running calls go on.
  const absl::Duration timeout = parts_->config.drain_timeout;
  std::thread shutdown([&] { parts_->server->Shutdown(absl::ToChronoTime(parts_->clock.Now() + timeout)); });
  parts_->admission->AwaitEmpty(timeout);
  // Nothing is worked on any more; what is still open, such as a watch on our health, would never end by
  // itself.
  grpc_server_cancel_all_calls(parts_->server->c_server());
  shutdown.join();
  Log(LogLevel::kInfo, "drained");
}

}  // namespace sgpsam
