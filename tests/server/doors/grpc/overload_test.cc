// Callers who leave, wait too long or come in crowds, and workers that die: what the others notice.
#include <fstream>
#include <future>
#include <thread>

#include "tests/server/test_server.h"

namespace sgpsam {
namespace {

// Holds every encode until the test opens the gate.
struct HeldServer {
  explicit HeldServer(ServerConfig config = TestConfig()) : server(std::move(config), Hooks()) {}
  ~HeldServer() { gate.Open(); }

  FakeEngineHooks Hooks() {
    FakeEngineHooks hooks;
    hooks.encode = [this](absl::Span<const Patch* const>) {
      gate.Pass();
      return absl::OkStatus();
    };
    return hooks;
  }

  Gate gate{false};
  TestServer server;
};

v1::SegmentHeader BigHeader() {
  v1::SegmentHeader header;
  AddRaw(header, {1024, 1024, 4}, 1, v1::SAMPLE_TYPE_UINT8);
  header.mutable_volume()->set_size_bytes(4 << 20);
  AddVoxelPoint(*header.add_targets(), 1, 1, 1);
  return header;
}

TEST(Overload, AClientGoneInMidUploadIsForgotten) {
  TestServer server;
  {
    grpc::ClientContext context;
    const auto stream = server.stub().Segment(&context);
    stream->Write(HeaderMessage(BigHeader()));
    v1::SegmentResponse accepted;
    ASSERT_TRUE(stream->Read(&accepted));
    stream->Write(ChunkMessage(std::string(1 << 20, 'x')));
    context.TryCancel();
    EXPECT_EQ(stream->Finish().error_code(), grpc::CANCELLED);
  }
  ExpectSoon(server, "sgpsam_requests_total{code=\"CANCELLED\",kind=\"raw\"} 1");
  ExpectSoon(server, "sgpsam_requests_in_flight 0");
  ExpectStillWorks(server);
}

TEST(Overload, AClientGoneWhileItsRequestRunsLeavesItsPlace) {
  HeldServer held;
  grpc::ClientContext context;
  const auto stream = held.server.stub().Segment(&context);
  stream->Write(HeaderMessage(RampHeader()));
  stream->Write(ChunkMessage(RampPayload()));
  held.gate.AwaitArrivals(1);
  context.TryCancel();
  EXPECT_EQ(stream->Finish().error_code(), grpc::CANCELLED);
  ExpectSoon(held.server, "sgpsam_requests_in_flight 0");
  held.gate.Open();
  ExpectStillWorks(held.server);
}

// One job thread, and the first call's encode holds it.
struct OneThread : HeldServer {
  static ServerConfig Config() {
    ServerConfig config = TestConfig();
    config.max_in_flight = 1;
    return config;
  }
  OneThread() : HeldServer(Config()) { gate.AwaitArrivals(1); }
  ~OneThread() {
    gate.Open();
    first.join();
  }

  std::thread first{[this] { EXPECT_TRUE(Segment(server.stub(), RampHeader(), RampPayload()).status.ok()); }};
};

// Sends all that a call needs and returns once the server has said that everything is there.
std::unique_ptr<SegmentStream> SendWhole(TestServer& server, grpc::ClientContext& context,
                                         const v1::SegmentHeader& header) {
  auto stream = server.stub().Segment(&context);
  stream->Write(HeaderMessage(header));
  stream->Write(ChunkMessage(RampPayload()));
  v1::SegmentResponse response;
  while (stream->Read(&response) && !response.has_progress()) {
  }
  EXPECT_TRUE(response.has_progress());
  return stream;
}

TEST(Overload, ACallThatIsCancelledWhileItWaitsForAThreadLeavesItsPlaceAtOnce) {
  OneThread held;
  grpc::ClientContext context;
  const auto waiting = SendWhole(held.server, context, RampHeader());
  ExpectSoon(held.server, "sgpsam_requests_in_flight 2");
  context.TryCancel();
  EXPECT_EQ(waiting->Finish().error_code(), grpc::CANCELLED);
  ExpectSoon(held.server, "sgpsam_requests_in_flight 1");  // the gauge falls after the place is free
}

TEST(Overload, ACallWhoseDeadlinePassesWhileItWaitsForAThreadLeavesItsPlaceAtOnce) {
  OneThread held;
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::milliseconds(500));
  const auto waiting = SendWhole(held.server, context, RampHeader());
  EXPECT_EQ(waiting->Finish().error_code(), grpc::DEADLINE_EXCEEDED);
  ExpectSoon(held.server, "sgpsam_requests_in_flight 1");
}

TEST(Overload, AStatCallOvertakesBatchCallsThatWaitForAThread) {
  Gate first(false), others(false);
  std::atomic<int> encodes{0};
  FakeEngineHooks hooks;
  hooks.encode = [&](absl::Span<const Patch* const>) {
    const int number = ++encodes;
    if (number == 1) first.Pass();
    if (number > 2) others.Pass();
    return absl::OkStatus();
  };
  TestServer server(OneThread::Config(), hooks);
  std::thread running([&] { EXPECT_TRUE(Segment(server.stub(), RampHeader(), RampPayload()).status.ok()); });
  first.AwaitArrivals(1);
  v1::SegmentHeader batch = RampHeader(), stat = RampHeader();  // a patch of its own each
  batch.set_priority(v1::PRIORITY_BATCH);
  batch.mutable_targets(0)->mutable_prompts()->mutable_points(0)->mutable_voxel()->set_i(2);
  stat.set_priority(v1::PRIORITY_STAT);
  stat.mutable_targets(0)->mutable_prompts()->mutable_points(0)->mutable_voxel()->set_i(18);
  grpc::ClientContext batch_context, stat_context;
  const auto finish = [](SegmentStream& stream) {
    Exchange exchange;
    FinishExchange(stream, "", "", exchange);
    return exchange.status.ok();
  };
  const auto done = [](const std::future<bool>& call) {
    return call.wait_for(std::chrono::seconds(0)) == std::future_status::ready;
  };
  const auto earlier = SendWhole(server, batch_context, batch);
  const auto later = SendWhole(server, stat_context, stat);
  auto batch_call = std::async(std::launch::async, finish, std::ref(*earlier));
  auto stat_call = std::async(std::launch::async, finish, std::ref(*later));
  first.Open();
  others.AwaitArrivals(1);  // the third encode has begun: the second call is done
  running.join();
  while (!done(stat_call) && !done(batch_call)) std::this_thread::yield();
  EXPECT_TRUE(done(stat_call));
  EXPECT_FALSE(done(batch_call));
  others.Open();
  EXPECT_TRUE(stat_call.get() && batch_call.get());
}

TEST(Overload, ADeadlineThatPassesInTheQueueIsDeadlineExceeded) {
  HeldServer held;
  std::thread first(
      [&] { EXPECT_TRUE(Segment(held.server.stub(), RampHeader(), RampPayload()).status.ok()); });
  held.gate.AwaitArrivals(1);  // the only engine is busy from now on
  v1::SegmentHeader other = RampHeader();
  other.mutable_targets(0)->mutable_prompts()->mutable_points(0)->mutable_voxel()->set_i(2);  // another patch
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::milliseconds(200));
  const auto stream = held.server.stub().Segment(&context);
  stream->Write(HeaderMessage(other));
  stream->Write(ChunkMessage(RampPayload()));
  Exchange exchange;
  FinishExchange(*stream, "", "", exchange);
  EXPECT_EQ(exchange.status.error_code(), grpc::DEADLINE_EXCEEDED);
  ExpectSoon(held.server, "sgpsam_requests_total{code=\"DEADLINE_EXCEEDED\",kind=\"raw\"} 1");
  held.gate.Open();
  first.join();
  ExpectStillWorks(held.server);
}

TEST(Overload, OneCallTooManyIsResourceExhaustedBeforeItsPayload) {
  ServerConfig config = TestConfig();
  config.admission.max_calls = 1;
  HeldServer held(config);
  std::thread first(
      [&] { EXPECT_TRUE(Segment(held.server.stub(), RampHeader(), RampPayload()).status.ok()); });
  held.gate.AwaitArrivals(1);
  const Exchange refused = Segment(held.server.stub(), RampHeader(), RampPayload());
  EXPECT_THAT(refused.status, IsStatus(grpc::RESOURCE_EXHAUSTED, "busy with 1 calls"));
  EXPECT_EQ(refused.uploaded_bytes, 0u);
  held.gate.Open();
  first.join();
  ExpectSoon(held.server, "sgpsam_requests_in_flight 0");
  ExpectStillWorks(held.server);
}

TEST(Overload, OneByteTooManyInFlightIsResourceExhaustedBeforeItsPayload) {
  ServerConfig config = TestConfig();
  config.admission.max_bytes = RampPayload().size() * 2 - 1;
  HeldServer held(config);
  std::thread first(
      [&] { EXPECT_TRUE(Segment(held.server.stub(), RampHeader(), RampPayload()).status.ok()); });
  held.gate.AwaitArrivals(1);
  const Exchange refused = Segment(held.server.stub(), RampHeader(), RampPayload());
  EXPECT_THAT(refused.status, IsStatus(grpc::RESOURCE_EXHAUSTED, "cannot take 11520 more"));
  EXPECT_EQ(refused.uploaded_bytes, 0u);
  held.gate.Open();
  first.join();
}

int ThreadsOfThisProcess() {
  std::ifstream status("/proc/self/status");
  std::string word;
  while (status >> word && word != "Threads:") {
  }
  int threads = 0;
  status >> threads;
  return threads;
}

TEST(Overload, IdleUploadsHoldNoThread) {
  ServerConfig config = TestConfig();
  config.max_in_flight = 1;
  TestServer server(config);
  ExpectStillWorks(server);
  const int before = ThreadsOfThisProcess();
  std::vector<std::unique_ptr<grpc::ClientContext>> contexts;
  std::vector<std::unique_ptr<SegmentStream>> idle;
  for (int n = 0; n < 50; ++n) {
    contexts.push_back(std::make_unique<grpc::ClientContext>());
    idle.push_back(server.stub().Segment(contexts.back().get()));
    idle.back()->Write(HeaderMessage(BigHeader()));
    v1::SegmentResponse accepted;
    ASSERT_TRUE(idle.back()->Read(&accepted));
  }
  EXPECT_LE(ThreadsOfThisProcess(), before + 8);  // gRPC may start some of its own, whatever the calls
  ExpectStillWorks(server);
  for (const auto& context : contexts) context->TryCancel();
  for (const auto& stream : idle) stream->Finish();
}

TEST(Faults, AWorkerThatDiesOnceIsNotNoticedByTheCaller) {
  std::atomic<int> encodes{0};
  FakeEngineHooks hooks;
  hooks.encode = [&](absl::Span<const Patch* const>) {
    return ++encodes == 1 ? absl::UnavailableError("the worker died") : absl::OkStatus();
  };
  TestServer server(TestConfig(), hooks);
  const Exchange call = Segment(server.stub(), RampHeader(), RampPayload());
  EXPECT_TRUE(call.status.ok()) << call.status.error_message();
  EXPECT_EQ(encodes, 2);
  EXPECT_TRUE(server.MetricsShow("sgpsam_worker_restarts_total{device=\"cpu\"} 1"));
}

TEST(Faults, ARequestThatKillsEveryWorkerIsAnErrorOfItsOwn) {
  std::atomic<bool> deadly{true};
  FakeEngineHooks hooks;
  hooks.encode = [&](absl::Span<const Patch* const>) {
    return deadly ? absl::UnavailableError("the worker died") : absl::OkStatus();
  };
  TestServer server(TestConfig(), hooks);
  const Exchange call = Segment(server.stub(), RampHeader(), RampPayload());
  EXPECT_THAT(call.status, IsStatus(grpc::INTERNAL, ""));
  deadly = false;
  ExpectSoon(server, "sgpsam_worker_restarts_total{device=\"cpu\"} 2");
  while (!server.IsReady()) std::this_thread::yield();
  ExpectStillWorks(server);
}

}  // namespace
}  // namespace sgpsam
