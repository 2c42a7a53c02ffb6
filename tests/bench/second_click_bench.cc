// The second click on a volume that the server knows: what a caller waits for beyond prompt+mask itself,
// and what it uploads. The engine is a fake of the real sizes, so that only the server is measured.
// Counters: p50_ms and p95_ms of (whole call at the client - prompt+mask), their parts
// restore and write as means, upload_bytes, encoded (must be 0). CPU is that of client, server and fake
// engine.
#include <benchmark/benchmark.h>
#include <grpcpp/create_channel.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "core/base/digest.h"
#include "server/app.h"
#include "tests/support/fake_engine.h"
#include "tests/support/segment_exchange.h"

namespace sgpsam {
namespace {

std::string Payload(const std::vector<uint32_t>& shape) {
  std::string payload(size_t{2} * shape[0] * shape[1] * shape[2], '\0');
  auto* const samples = reinterpret_cast<int16_t*>(payload.data());
  for (size_t n = 0; n < payload.size() / 2; ++n) samples[n] = static_cast<int16_t>(n % 997);
  return payload;
}

v1::SegmentHeader Header(const std::vector<uint32_t>& shape, v1::MaskFormat format,
                         const std::string& payload) {
  v1::SegmentHeader header;
  v1::RawVolume& raw = *header.mutable_volume()->mutable_raw();
  for (const uint32_t n : shape) raw.add_shape(n);
  for (int axis = 0; axis < 3; ++axis) raw.add_spacing_mm(1);
  raw.set_sample_type(v1::SAMPLE_TYPE_INT16);
  header.mutable_volume()->set_size_bytes(payload.size());
  header.mutable_volume()->set_sha256(Sha256::Of(payload).ToBytes());
  header.mutable_volume()->set_delivery(v1::DELIVERY_BY_DIGEST);
  header.mutable_output()->set_format(format);
  v1::VoxelPoint& point = *header.add_targets()->mutable_prompts()->add_points()->mutable_voxel();
  point.set_i(shape[0] / 2);
  point.set_j(shape[1] / 2);
  point.set_k(shape[2] / 2);
  return header;
}

double StageMs(const v1::SegmentResult& result, v1::Stage wanted) {
  for (const v1::StageTime& stage : result.stage_times()) {
    if (stage.stage() == wanted) return stage.seconds() * 1e3;
  }
  return 0;
}

void BM_SecondClick(benchmark::State& state, const std::vector<uint32_t>& shape, v1::MaskFormat format) {
  ServerConfig config;
  config.listen = config.http_listen = "127.0.0.1:0";
  const auto app = *App::Start(config, Clock::Real());
  std::vector<std::unique_ptr<Engine>> engines;
  engines.push_back(std::make_unique<FakeEngine>(FakeEngine::FullSizeModel()));
  if (!app->Serve(std::move(engines)).ok()) return state.SkipWithError("the server does not start");
  const auto stub = v1::SegmentationService::NewStub(
      grpc::CreateChannel(absl::StrCat("127.0.0.1:", app->grpc_port()), grpc::InsecureChannelCredentials()));
  std::string payload = Payload(shape);
  v1::SegmentHeader header = Header(shape, format, payload);
  if (!Segment(*stub, header, payload).status.ok()) return state.SkipWithError("the first click failed");
  payload.clear();

  std::vector<double> beyond;
  uint64_t uploaded = 0;
  int encoded = 0;
  double restore_ms = 0, write_ms = 0;
  for (auto _ : state) {
    v1::Prompts& prompts = *header.mutable_targets(0)->mutable_prompts();
    v1::PointPrompt second = prompts.points(0);
    second.mutable_voxel()->set_i(second.voxel().i() + static_cast<double>(beyond.size() % 20));
    if (prompts.points_size() == 1) prompts.add_points();
    *prompts.mutable_points(1) = second;
    const absl::Time start = absl::Now();
    const Exchange call = Segment(*stub, header, "");
    if (!call.result) return state.SkipWithError(call.status.error_message().c_str());
    beyond.push_back(absl::ToDoubleMilliseconds(absl::Now() - start) -
                     StageMs(*call.result, v1::STAGE_PROMPT_MASK));
    restore_ms += StageMs(*call.result, v1::STAGE_RESTORE);
    write_ms += StageMs(*call.result, v1::STAGE_WRITE);
    uploaded = HeaderMessage(header).ByteSizeLong() + call.uploaded_bytes;
    encoded += call.result->targets(0).embedding_cached() ? 0 : 1;
  }
  std::sort(beyond.begin(), beyond.end());
  state.counters["p50_ms"] = beyond[beyond.size() / 2];
  state.counters["p95_ms"] = beyond[beyond.size() * 95 / 100];
  state.counters["upload_bytes"] = static_cast<double>(uploaded);
  state.counters["encoded"] = encoded;
  state.counters["restore_ms"] = restore_ms / static_cast<double>(beyond.size());
  state.counters["write_ms"] = write_ms / static_cast<double>(beyond.size());
}

const std::vector<uint32_t> kHead = {256, 256, 160}, kBody = {512, 512, 300};
BENCHMARK_CAPTURE(BM_SecondClick, head_raw_bits, kHead, v1::MASK_FORMAT_RAW_BITS)
    ->UseRealTime()
    ->MeasureProcessCPUTime()
    ->Iterations(200)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(BM_SecondClick, head_nifti, kHead, v1::MASK_FORMAT_NIFTI)
    ->UseRealTime()
    ->MeasureProcessCPUTime()
    ->Iterations(200)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(BM_SecondClick, body_raw_bits, kBody, v1::MASK_FORMAT_RAW_BITS)
    ->UseRealTime()
    ->MeasureProcessCPUTime()
    ->Iterations(100)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(BM_SecondClick, body_nifti, kBody, v1::MASK_FORMAT_NIFTI)
    ->UseRealTime()
    ->MeasureProcessCPUTime()
    ->Iterations(100)
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace sgpsam
