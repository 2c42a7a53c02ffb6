// The server's life: probes while the model loads, health and reflection while it serves, the drain.
#include "server/app.h"

#include <grpcpp/generic/generic_stub.h>

#include <thread>

#include "tests/server/test_server.h"

namespace sgpsam {
namespace {

// grpc.health.v1's HealthCheckRequest{service} and HealthCheckResponse{status}, by hand: SERVING is 1.
grpc::ByteBuffer HealthRequest(const std::string& service) {
  std::string bytes;
  if (!service.empty()) bytes = std::string("\x0a") + static_cast<char>(service.size()) + service;
  const grpc::Slice slice(bytes);
  return grpc::ByteBuffer(&slice, 1);
}

int HealthOf(TestServer& server, const std::string& service) {
  grpc::GenericStub stub(server.channel());
  grpc::ClientContext context;
  grpc::CompletionQueue queue;
  const auto call =
      stub.PrepareUnaryCall(&context, "/grpc.health.v1.Health/Check", HealthRequest(service), &queue);
  call->StartCall();
  grpc::ByteBuffer response;
  grpc::Status status;
  call->Finish(&response, &status, nullptr);
  void* tag = nullptr;
  bool ok = false;
  queue.Next(&tag, &ok);
  grpc::Slice slice;
  if (!status.ok() || !response.DumpToSingleSlice(&slice).ok() || slice.size() != 2) return -1;
  return slice.begin()[1];
}

TEST(App, IsAliveButNotReadyWhileTheModelLoads) {
  const auto app = App::Start(TestConfig(), Clock::Real());
  ASSERT_TRUE(app.ok()) << app.status();
  EXPECT_EQ(HttpStatus((*app)->http_port(), "/healthz"), 200);
  EXPECT_EQ(HttpStatus((*app)->http_port(), "/readyz"), 503);
  EXPECT_EQ(HttpStatus((*app)->http_port(), "/metrics"), 200);
}

TEST(App, SaysItIsReadyByEveryMeansOnceItServes) {
  TestServer server;
  EXPECT_EQ(HttpStatus(server.app().http_port(), "/readyz"), 200);
  EXPECT_EQ(HealthOf(server, ""), 1);
  EXPECT_EQ(HealthOf(server, "sgpsam.v1.SegmentationService"), 1);
  EXPECT_EQ(HealthOf(server, "another.Service"), -1);
  EXPECT_THAT(server.app().Addresses(),
              ::testing::MatchesRegex("grpc=127.0.0.1:[0-9]+ http=127.0.0.1:[0-9]+"));
  EXPECT_TRUE(server.MetricsShow("sgpsam_build_info{version=\"test\"} 1"));
}

TEST(App, OffersReflection) {
  TestServer server;
  grpc::GenericStub stub(server.channel());
  grpc::ClientContext context;
  grpc::CompletionQueue queue;
  void* tag = nullptr;
  bool ok = false;
  const auto call =
      stub.PrepareCall(&context, "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", &queue);
  call->StartCall(nullptr);
  queue.Next(&tag, &ok);
  const grpc::Slice list_services("\x3a\x01*", 3);  // ServerReflectionRequest{list_services: "*"}
  call->WriteLast(grpc::ByteBuffer(&list_services, 1), grpc::WriteOptions(), nullptr);
  queue.Next(&tag, &ok);
  grpc::ByteBuffer response;
  call->Read(&response, nullptr);
  queue.Next(&tag, &ok);
  ASSERT_TRUE(ok);
  grpc::Slice slice;
  ASSERT_TRUE(response.DumpToSingleSlice(&slice).ok());
  EXPECT_THAT(std::string(slice.begin(), slice.end()), ::testing::HasSubstr("sgpsam.v1.SegmentationService"));
  grpc::Status status;
  call->Finish(&status, nullptr);
  queue.Next(&tag, &ok);
}

TEST(App, RefusesAnAddressThatIsTaken) {
  TestServer server;
  ServerConfig config = TestConfig();
  config.http_listen = absl::StrCat("127.0.0.1:", server.app().http_port());
  EXPECT_EQ(App::Start(config, Clock::Real()).status().code(), absl::StatusCode::kUnavailable);

  config = TestConfig();
  config.listen = absl::StrCat("127.0.0.1:", server.app().grpc_port());
  const auto app = App::Start(config, Clock::Real());
  ASSERT_TRUE(app.ok());
  std::vector<std::unique_ptr<Engine>> engines;
  engines.push_back(std::make_unique<FakeEngine>());
  EXPECT_EQ((*app)->Serve(std::move(engines)).code(), absl::StatusCode::kUnavailable);
}

TEST(App, StopsBeingReadyAndRefusesCallsWhenNoWorkerIsAlive) {
  std::atomic<bool> broken{true};
  FakeEngineHooks hooks;
  hooks.encode = [&](absl::Span<const Patch* const>) {
    return broken ? absl::UnavailableError("died") : absl::OkStatus();
  };
  hooks.restart = [&] { return broken ? absl::UnavailableError("still broken") : absl::OkStatus(); };
  TestServer server(TestConfig(), hooks);
  grpc::ClientContext context;
  const auto stream = server.stub().Segment(&context);
  stream->Write(HeaderMessage(RampHeader()));
  stream->Write(ChunkMessage(RampPayload()));
  Exchange exchange;
  FinishExchange(*stream, "", "", exchange);
  EXPECT_THAT(exchange.status, IsStatus(grpc::UNAVAILABLE, "no worker is alive"));
  EXPECT_EQ(HttpStatus(server.app().http_port(), "/readyz"), 503);
  const Exchange next = Segment(server.stub(), RampHeader(), RampPayload());
  EXPECT_THAT(next.status, IsStatus(grpc::UNAVAILABLE, "no worker is ready"));
  EXPECT_FALSE(next.accepted);
  broken = false;
  while (!server.IsReady()) std::this_thread::yield();
  ExpectStillWorks(server);
}

TEST(Drain, FinishesTheRunningCallAndRefusesTheNext) {
  Gate gate(false);
  FakeEngineHooks hooks;
  hooks.encode = [&](absl::Span<const Patch* const>) {
    gate.Pass();
    return absl::OkStatus();
  };
  TestServer server(TestConfig(), hooks);
  Exchange running;
  std::thread caller([&] { running = Segment(server.stub(), RampHeader(), RampPayload()); });
  gate.AwaitArrivals(1);
  std::thread drain([&] { server.app().Drain(); });
  // GOAWAY ends the connection for new calls, and the port is closed.
  server.channel()->WaitForStateChange(GRPC_CHANNEL_READY, std::chrono::system_clock::time_point::max());
  EXPECT_THAT(Segment(server.stub(), RampHeader(), RampPayload()).status, IsStatus(grpc::UNAVAILABLE, ""));
  EXPECT_EQ(HttpStatus(server.app().http_port(), "/readyz"), 503);
  gate.Open();
  caller.join();
  drain.join();
  EXPECT_TRUE(running.status.ok()) << running.status.error_message();
}

TEST(Drain, SendsTheCallersOfOneConnectionToAnotherServer) {
  Gate gate(false);
  FakeEngineHooks hooks;
  hooks.encode = [&](absl::Span<const Patch* const>) {
    gate.Pass();
    return absl::OkStatus();
  };
  TestServer first(TestConfig(), hooks), second;
  Exchange running;
  std::thread caller([&] { running = Segment(first.stub(), RampHeader(), RampPayload()); });
  gate.AwaitArrivals(1);
  // As a balancer with one address would: all calls over one connection, to the first server as long as it
  // lasts.
  const auto pinned = grpc::CreateChannel(
      absl::StrCat("ipv4:127.0.0.1:", first.app().grpc_port(), ",127.0.0.1:", second.app().grpc_port()),
      grpc::InsecureChannelCredentials());
  ASSERT_TRUE(pinned->WaitForConnected(std::chrono::system_clock::time_point::max()));
  std::thread drain([&] { first.app().Drain(); });
  pinned->WaitForStateChange(GRPC_CHANNEL_READY, std::chrono::system_clock::time_point::max());
  const auto stub = v1::SegmentationService::NewStub(pinned);
  EXPECT_TRUE(Segment(*stub, RampHeader(), RampPayload()).status.ok());
  ExpectSoon(second, "sgpsam_requests_total{code=\"OK\",kind=\"raw\"} 1");
  gate.Open();
  caller.join();
  drain.join();
  EXPECT_TRUE(running.status.ok()) << running.status.error_message();
}

TEST(Drain, DoesNotWaitForThoseWhoWatchTheServersHealth) {
  ServerConfig config = TestConfig();
  config.drain_timeout = absl::Hours(10);
  TestServer server(config);
  grpc::GenericStub stub(server.channel());
  grpc::ClientContext context;
  grpc::CompletionQueue queue;
  void* tag = nullptr;
  bool ok = false;
  const auto watch = stub.PrepareCall(&context, "/grpc.health.v1.Health/Watch", &queue);
  watch->StartCall(nullptr);
  queue.Next(&tag, &ok);
  watch->WriteLast(HealthRequest(""), grpc::WriteOptions(), nullptr);
  queue.Next(&tag, &ok);
  const auto read = [&] {
    grpc::ByteBuffer answer;
    watch->Read(&answer, nullptr);
    queue.Next(&tag, &ok);
    return ok;
  };
  ASSERT_TRUE(read());
  server.app().Drain();
  while (read()) {
  }
  grpc::Status status;
  watch->Finish(&status, nullptr);
  queue.Next(&tag, &ok);
  EXPECT_FALSE(status.ok());
}

// Client libraries and balancers ask every 10 s whether the server is there; here about nine times as often.
TEST(Keepalive, LetsCallersAskOftenWhileACallWaitsAndBetweenCalls) {
  TestServer server;
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, 1'100);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  arguments.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  const auto connect = [&] {
    const auto channel = grpc::CreateCustomChannel(absl::StrCat("127.0.0.1:", server.app().grpc_port()),
                                                   grpc::InsecureChannelCredentials(), arguments);
    EXPECT_TRUE(channel->WaitForConnected(std::chrono::system_clock::time_point::max()));
    return channel;
  };
  const auto busy = connect(), idle = connect();
  const auto stub = v1::SegmentationService::NewStub(busy);
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(6));  // five pings
  const auto silent = stub->Segment(&context);
  silent->Write(HeaderMessage(RampHeader()));
  v1::SegmentResponse response;
  ASSERT_TRUE(silent->Read(&response));
  EXPECT_FALSE(silent->Read(&response));
  EXPECT_THAT(silent->Finish(), IsStatus(grpc::DEADLINE_EXCEEDED, ""));
  EXPECT_EQ(idle->GetState(false), GRPC_CHANNEL_READY);
}

TEST(Drain, CancelsWhatIsLeftAtTheTimeOutAndReturnsWhileUploadsAreOpen) {
  ServerConfig config = TestConfig();
  config.drain_timeout = absl::Milliseconds(100);
  TestServer server(config);
  grpc::ClientContext context;
  const auto idle = server.stub().Segment(&context);
  idle->Write(HeaderMessage(RampHeader()));
  v1::SegmentResponse accepted;
  ASSERT_TRUE(idle->Read(&accepted));
  server.app().Drain();
  EXPECT_FALSE(idle->Read(&accepted));
  EXPECT_FALSE(idle->Finish().ok());
}

}  // namespace
}  // namespace sgpsam
