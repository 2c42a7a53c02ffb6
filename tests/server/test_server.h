// A whole sgpsam-server in this process, on free ports, with a fake engine of 32 voxels a side and a
// real gRPC stub; and small volumes to send to it.
#ifndef SGPSAM_TESTS_SERVER_TEST_SERVER_H_
#define SGPSAM_TESTS_SERVER_TEST_SERVER_H_

#include <gmock/gmock.h>
#include <grpcpp/create_channel.h>
#include <gtest/gtest.h>

#include <cstring>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "server/app.h"
#include "sgpsam/v1/error_details.pb.h"
#include "tests/support/fake_engine.h"
#include "tests/support/http_client.h"
#include "tests/support/segment_exchange.h"

namespace sgpsam {

inline ServerConfig TestConfig() {
  ServerConfig config;
  config.listen = config.http_listen = "127.0.0.1:0";
  config.workers.model = "fake";
  config.pipeline.software_version = "test";
  config.drain_timeout = absl::Seconds(5);
  return config;
}

// Fine enough for the fake engine's balls to hit a cell of the decoder's grid.
inline ModelInfo TestModel() {
  ModelInfo model = FakeEngine::FullSizeModel();
  model.sizes = {.patch = 32, .embedding_channels = 4, .embedding_side = 2, .logits_side = 16};
  return model;
}

class TestServer {
 public:
  explicit TestServer(ServerConfig config = TestConfig(), FakeEngineHooks hooks = {},
                      ModelInfo model = TestModel())
      : TestServer(std::make_unique<FakeEngine>(std::move(model), std::move(hooks)), std::move(config)) {}

  explicit TestServer(std::unique_ptr<Engine> engine, ServerConfig config = TestConfig()) {
    auto started = App::Start(std::move(config), Clock::Real());
    EXPECT_TRUE(started.ok()) << started.status();
    app_ = *std::move(started);
    std::vector<std::unique_ptr<Engine>> engines;
    engines.push_back(std::move(engine));
    EXPECT_TRUE(app_->Serve(std::move(engines)).ok());
    channel_ = grpc::CreateChannel(absl::StrCat("127.0.0.1:", app_->grpc_port()),
                                   grpc::InsecureChannelCredentials());
    stub_ = v1::SegmentationService::NewStub(channel_);
  }

  App& app() { return *app_; }
  std::shared_ptr<grpc::Channel> channel() { return channel_; }
  v1::SegmentationService::Stub& stub() { return *stub_; }
  bool IsReady() { return HttpStatus(app_->http_port(), "/readyz") == 200; }
  bool MetricsShow(const std::string& line) { return absl::StrContains(app_->metrics().Text(), line + "\n"); }

 private:
  std::unique_ptr<App> app_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<v1::SegmentationService::Stub> stub_;
};

// 20 x 18 x 16 voxels of 2 mm: a ramp, so that it can be normalised.
inline std::string RampPayload() {
  std::vector<int16_t> samples(20 * 18 * 16);
  for (size_t n = 0; n < samples.size(); ++n) samples[n] = static_cast<int16_t>(n % 997 + 1);
  return std::string(reinterpret_cast<const char*>(samples.data()), samples.size() * sizeof(int16_t));
}

inline v1::RawVolume& AddRaw(v1::SegmentHeader& header, std::vector<uint32_t> shape, double spacing,
                             v1::SampleType type) {
  v1::RawVolume& raw = *header.mutable_volume()->mutable_raw();
  for (const uint32_t n : shape) raw.add_shape(n);
  for (int axis = 0; axis < 3; ++axis) raw.add_spacing_mm(spacing);
  raw.set_sample_type(type);
  return raw;
}

inline v1::PointPrompt& AddVoxelPoint(v1::Target& target, double i, double j, double k) {
  v1::PointPrompt& point = *target.mutable_prompts()->add_points();
  point.mutable_voxel()->set_i(i);
  point.mutable_voxel()->set_j(j);
  point.mutable_voxel()->set_k(k);
  return point;
}

// Segments the ramp with one click in its middle.
inline v1::SegmentHeader RampHeader() {
  v1::SegmentHeader header;
  AddRaw(header, {20, 18, 16}, 2, v1::SAMPLE_TYPE_INT16);
  header.mutable_volume()->set_size_bytes(RampPayload().size());
  header.mutable_output()->set_format(v1::MASK_FORMAT_RAW_BITS);
  AddVoxelPoint(*header.add_targets(), 10, 9, 8);
  return header;
}

inline std::string Sha256Of(const std::string& bytes) { return Sha256::Of(bytes).ToBytes(); }

// The server answers a good request, whatever went before.
inline void ExpectStillWorks(TestServer& server) {
  const Exchange good = Segment(server.stub(), RampHeader(), RampPayload());
  EXPECT_TRUE(good.status.ok()) << good.status.error_message();
  ASSERT_TRUE(good.result.has_value());
  EXPECT_GT(good.result->targets(0).voxels(), 0u);
}

// Waits for what another thread of the server does within moments; fails after ten seconds.
inline void ExpectSoon(TestServer& server, const std::string& metrics_line) {
  for (int n = 0; n < 1000 && !server.MetricsShow(metrics_line); ++n) absl::SleepFor(absl::Milliseconds(10));
  EXPECT_TRUE(server.MetricsShow(metrics_line)) << metrics_line;
}

MATCHER_P2(IsStatus, code, message_part, "") {
  *result_listener << "code " << arg.error_code() << ", message \"" << arg.error_message() << '"';
  return arg.error_code() == code && absl::StrContains(arg.error_message(), message_part);
}

// Of a refusal that a program can act on.
inline v1::ErrorInfo ErrorInfoOf(const grpc::Status& status) {
  v1::RpcStatus details;
  v1::ErrorInfo info;
  EXPECT_TRUE(details.ParseFromString(status.error_details()));
  EXPECT_EQ(details.details_size(), 1) << status.error_message();
  if (details.details_size() == 1) {
    EXPECT_TRUE(info.ParseFromString(details.details(0).value()));
  }
  return info;
}

}  // namespace sgpsam

#endif  // SGPSAM_TESTS_SERVER_TEST_SERVER_H_
