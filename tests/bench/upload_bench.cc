// Uploads over loopback in chunks of 1 MiB: the real server against a bare gRPC stream that only keeps
// the bytes, same client, same process, one after the other.
//   BM_BareStream     gRPC's callback stream into a std::string that has the room reserved
//   BM_Server         admission, buffers, SHA-256; until the payload is known to be complete and right
#include <benchmark/benchmark.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/app.h"
#include "sgpsam/v1/segmentation.grpc.pb.h"
#include "tests/support/fake_engine.h"

namespace sgpsam {
namespace {

constexpr int64_t kVolumeBytes = int64_t{256} << 20;
constexpr size_t kChunkBytes = size_t{1} << 20;

// Accepts every header, keeps every byte, says so by a progress message, and ends.
class BareStream final : public v1::SegmentationService::CallbackService {
  class Call final : public grpc::ServerBidiReactor<v1::SegmentRequest, v1::SegmentResponse> {
   public:
    Call() { StartRead(&incoming_); }
    void OnReadDone(bool ok) override {
      if (!ok) return Finish(grpc::Status::OK);
      if (incoming_.has_header()) {
        bytes_.reserve(incoming_.header().volume().size_bytes());
        outgoing_.mutable_accepted();
        StartWrite(&outgoing_);
      } else {
        bytes_ += incoming_.chunk().data();
        if (bytes_.size() == static_cast<size_t>(kVolumeBytes)) {
          outgoing_.mutable_progress();
          return StartWriteAndFinish(&outgoing_, {}, grpc::Status::OK);
        }
      }
      StartRead(&incoming_);
    }
    void OnDone() override { delete this; }

   private:
    v1::SegmentRequest incoming_;
    v1::SegmentResponse outgoing_;
    std::string bytes_;
  };

  grpc::ServerBidiReactor<v1::SegmentRequest, v1::SegmentResponse>* Segment(
      grpc::CallbackServerContext*) override {
    return new Call();
  }
};

v1::SegmentRequest Header() {
  v1::SegmentRequest message;
  v1::SegmentHeader& header = *message.mutable_header();
  v1::RawVolume& raw = *header.mutable_volume()->mutable_raw();
  for (const uint32_t n : {512, 512, 512}) raw.add_shape(n);
  for (int axis = 0; axis < 3; ++axis) raw.add_spacing_mm(1);
  raw.set_sample_type(v1::SAMPLE_TYPE_INT16);
  header.mutable_volume()->set_size_bytes(kVolumeBytes);
  header.mutable_output()->set_format(v1::MASK_FORMAT_RAW_BITS);
  v1::VoxelPoint& point = *header.add_targets()->mutable_prompts()->add_points()->mutable_voxel();
  point.set_i(256);
  point.set_j(256);
  point.set_k(256);
  return message;
}

// From the first chunk to the server's word that it has them all.
void Upload(benchmark::State& state, int port) {
  const auto stub = v1::SegmentationService::NewStub(
      grpc::CreateChannel(absl::StrCat("127.0.0.1:", port), grpc::InsecureChannelCredentials()));
  v1::SegmentRequest chunk;
  std::string& data = *chunk.mutable_chunk()->mutable_data();
  for (size_t n = 0; n < kChunkBytes; ++n) data.push_back(static_cast<char>(n * 2654435761u >> 13));
  for (auto _ : state) {
    state.PauseTiming();
    grpc::ClientContext context;
    const auto stream = stub->Segment(&context);
    stream->Write(Header());
    v1::SegmentResponse response;
    if (!stream->Read(&response) || !response.has_accepted()) return state.SkipWithError("not accepted");
    state.ResumeTiming();
    for (int64_t sent = 0; sent < kVolumeBytes; sent += kChunkBytes) stream->Write(chunk);
    if (!stream->Read(&response) || !response.has_progress()) return state.SkipWithError("no progress");
    state.PauseTiming();
    context.TryCancel();
    stream->Finish();
    state.ResumeTiming();
  }
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations()) * kVolumeBytes);
}

void BM_BareStream(benchmark::State& state) {
  BareStream service;
  int port = 0;
  grpc::ServerBuilder builder;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
  builder.RegisterService(&service);
  const auto server = builder.BuildAndStart();
  Upload(state, port);
  server->Shutdown(std::chrono::system_clock::now());
}
BENCHMARK(BM_BareStream)
    ->UseRealTime()
    ->MeasureProcessCPUTime()
    ->Unit(benchmark::kMillisecond)
    ->Repetitions(9)
    ->ReportAggregatesOnly();

void BM_Server(benchmark::State& state) {
  ServerConfig config;
  config.listen = config.http_listen = "127.0.0.1:0";
  config.pipeline.volume_cache_bytes = 0;
  const auto app = *App::Start(config, Clock::Real());
  std::vector<std::unique_ptr<Engine>> engines;
  engines.push_back(std::make_unique<FakeEngine>(FakeEngine::FullSizeModel()));
  if (!app->Serve(std::move(engines)).ok()) return state.SkipWithError("the server does not start");
  Upload(state, app->grpc_port());
}
BENCHMARK(BM_Server)
    ->UseRealTime()
    ->MeasureProcessCPUTime()
    ->Unit(benchmark::kMillisecond)
    ->Repetitions(9)
    ->ReportAggregatesOnly();

}  // namespace
}  // namespace sgpsam
