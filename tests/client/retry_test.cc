// What is sent again, when and where. The rules by themselves, and the library against services that refuse
// as the test says, over real connections.
#include "client/cpp/retry.h"

#include <gmock/gmock.h>
#include <google/protobuf/duration.pb.h>
#include <google/protobuf/wrappers.pb.h>
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/synchronization/notification.h"
#include "sgpsam/client.h"
#include "sgpsam/v1/error_details.pb.h"
#include "tests/client/scripted_service.h"

namespace sgpsam::client {
namespace {

using ::testing::ElementsAre;
using Kind = Failure::Kind;

constexpr absl::Time kNow = absl::UnixEpoch();

Failure Failed(Kind kind, std::optional<absl::Duration> wait = std::nullopt) {
  return {absl::UnavailableError("x"), kind, wait};
}

// In seconds, of the attempts that fail so; -1: there is no further one.
std::vector<double> Waits(Attempts attempts, const std::vector<Failure>& failures) {
  std::vector<double> waits;
  for (const Failure& failure : failures) {
    const auto wait = attempts.WaitAfter(failure, kNow, 0.5);
    waits.push_back(wait ? absl::ToDoubleSeconds(*wait) : -1);
  }
  return waits;
}

Attempts Four(size_t servers, absl::Time deadline = absl::InfiniteFuture()) { return {4, servers, deadline}; }

TEST(Attempts, WaitTwiceAsLongEachTimeAndEndAtTheirNumber) {
  EXPECT_THAT(Waits(Four(1), std::vector<Failure>(4, Failed(Kind::kUnavailable))), ElementsAre(1, 2, 4, -1));
  EXPECT_THAT(Waits({1, 1, absl::InfiniteFuture()}, {Failed(Kind::kUnavailable)}), ElementsAre(-1));
}

TEST(Attempts, AreSpreadByAFifth) {
  EXPECT_EQ(Four(1).WaitAfter(Failed(Kind::kUnavailable), kNow, 0), absl::Milliseconds(800));
  EXPECT_EQ(Four(1).WaitAfter(Failed(Kind::kUnavailable), kNow, 1), absl::Milliseconds(1200));
}

TEST(Attempts, GoToAnotherServerAtOnceAndWaitOnceAllWereTried) {
  EXPECT_THAT(Waits(Four(3), std::vector<Failure>(4, Failed(Kind::kUnavailable))), ElementsAre(0, 0, 1, -1));
}

TEST(Attempts, WaitAsLongAsTheServerAskedUpToAMinute) {
  EXPECT_THAT(Waits(Four(2), {Failed(Kind::kUnavailable, absl::Seconds(7)),
                              Failed(Kind::kUnavailable, absl::ZeroDuration()),
                              Failed(Kind::kUnavailable, absl::Seconds(61))}),
              ElementsAre(7, 0, -1));
}

TEST(Attempts, NeverPassTheDeadline) {
  EXPECT_THAT(Waits(Four(1, kNow + absl::Milliseconds(1500)),
                    {Failed(Kind::kUnavailable), Failed(Kind::kUnavailable)}),
              ElementsAre(1, -1));
}

TEST(Attempts, DoNotWaitForAServerThatWasNeverThereButForOneThatWent) {
  EXPECT_THAT(Waits(Four(1), {Failed(Kind::kUnreachable)}), ElementsAre(-1));
  EXPECT_THAT(Waits(Four(5), std::vector<Failure>(5, Failed(Kind::kUnreachable))),
              ElementsAre(0, 0, 0, 0, -1));
  EXPECT_THAT(
      Waits(Four(1), {Failed(Kind::kUnavailable), Failed(Kind::kUnreachable), Failed(Kind::kUnreachable)}),
      ElementsAre(1, 2, 4));
}

TEST(Attempts, EndWithWhatIsFinal) { EXPECT_THAT(Waits(Four(3), {Failed(Kind::kFinal)}), ElementsAre(-1)); }

// ---------------------------------------------------------------------- against services

SegmentRequest OneClick(const std::string& samples = std::string(4000, 's')) {
  RawGrid grid;
  grid.shape = {static_cast<uint32_t>(samples.size() / 2), 1, 1};
  SegmentRequest request(Volume::FromSamples(grid, samples));
  request.targets = {{.clicks = {{Position::Voxel(1, 0, 0)}}}};
  return request;
}

grpc::Status GoodAnswer(ScriptedService::Stream& stream) {
  ReadHeader(stream);
  Accept(stream);
  AskForVolume(stream);
  v1::SegmentRequest rest;
  while (stream.Read(&rest)) {
  }
  Answer(stream, "mask", 4);
  return grpc::Status::OK;
}

std::string RetryInfo(absl::Duration delay) {
  google::protobuf::Duration value;
  value.set_seconds(absl::ToInt64Seconds(delay));
  value.set_nanos(static_cast<int32_t>(absl::ToInt64Nanoseconds(delay % absl::Seconds(1))));
  google::protobuf::BytesValue info;  // google.rpc.RetryInfo on the wire
  info.set_value(value.SerializeAsString());
  v1::RpcStatus details;
  details.add_details()->set_type_url("type.googleapis.com/google.rpc.RetryInfo");
  details.mutable_details(0)->set_value(info.SerializeAsString());
  return details.SerializeAsString();
}

// Refuses the first calls, and answers from then on.
struct Refusing {
  int calls = 1;
  grpc::StatusCode code = grpc::StatusCode::UNAVAILABLE;
  std::string details = RetryInfo(absl::Milliseconds(1)), pushback = {};
  std::atomic<int> seen{0};

  grpc::Status operator()(grpc::ServerContext& context, ScriptedService::Stream& stream) {
    if (++seen > calls) return GoodAnswer(stream);
    ReadHeader(stream);
    if (!pushback.empty()) context.AddTrailingMetadata("grpc-retry-pushback-ms", pushback);
    return grpc::Status(code, "not now", details);
  }
};

absl::StatusOr<SegmentResult> Ask(const std::string& targets, const SegmentRequest& request,
                                  int max_attempts = 4) {
  return Client::Connect(targets, {.max_attempts = max_attempts})->Segment(request);
}

TEST(Retry, SendsTheWholeRequestAgainWhenTheServerAskedForIt) {
  for (const auto code : {grpc::StatusCode::UNAVAILABLE, grpc::StatusCode::RESOURCE_EXHAUSTED}) {
    Refusing refusing{.calls = 3, .code = code};
    ScriptedService service(std::ref(refusing));
    const auto result = Ask(service.address(), OneClick());
    ASSERT_TRUE(result.ok()) << result.status();
    EXPECT_EQ(result->uploaded_bytes, 4000u);
    EXPECT_EQ(refusing.seen, 4);
  }
}

TEST(Retry, EndsAtTheNumberOfAttemptsWithTheServersError) {
  Refusing refusing{.calls = 9};
  ScriptedService service(std::ref(refusing));
  EXPECT_EQ(Ask(service.address(), OneClick(), 3).status().message(), "not now");
  EXPECT_EQ(refusing.seen, 3);
  EXPECT_FALSE(Ask(service.address(), OneClick(), 1).ok());
  EXPECT_EQ(refusing.seen, 4);
}

TEST(Retry, TakesThePushbackOfTheTrailingMetadata) {
  Refusing refusing{.calls = 2, .details = "", .pushback = "1"};
  ScriptedService service(std::ref(refusing));
  EXPECT_TRUE(Ask(service.address(), OneClick()).ok());
  EXPECT_EQ(refusing.seen, 3);
}

TEST(Retry, APushbackThatForbidsItOrIsNoNumberEndsTheCall) {
  for (const char* pushback : {"-1", "soon"}) {
    Refusing refusing{.pushback = pushback};
    ScriptedService service(std::ref(refusing));
    EXPECT_EQ(Ask(service.address(), OneClick()).status().code(), absl::StatusCode::kUnavailable);
    EXPECT_EQ(refusing.seen, 1) << pushback;
  }
}

TEST(Retry, TheLongerOfBothWaitsCounts) {
  Refusing refusing{.details = RetryInfo(absl::Hours(1)), .pushback = "1"};
  ScriptedService service(std::ref(refusing));
  EXPECT_FALSE(Ask(service.address(), OneClick()).ok());
  EXPECT_EQ(refusing.seen, 1);
}

TEST(Retry, ThatWouldPassTheDeadlineIsNotWaitedFor) {
  Refusing refusing{.details = RetryInfo(absl::Seconds(50))};
  ScriptedService service(std::ref(refusing));
  SegmentRequest request = OneClick();
  request.deadline = absl::Now() + absl::Seconds(40);
  EXPECT_EQ(Ask(service.address(), request).status().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(refusing.seen, 1);
}

TEST(Retry, WhatIsWrongWithTheRequestIsNotSentAgain) {
  for (const auto code : {grpc::StatusCode::INVALID_ARGUMENT, grpc::StatusCode::INTERNAL}) {
    Refusing refusing{.code = code};
    ScriptedService service(std::ref(refusing));
    EXPECT_FALSE(Ask(service.address(), OneClick()).ok());
    EXPECT_EQ(refusing.seen, 1);
  }
  // Exhausted, and nobody says that it is for now only: too large a message, for instance.
  Refusing refusing{.code = grpc::StatusCode::RESOURCE_EXHAUSTED, .details = ""};
  ScriptedService service(std::ref(refusing));
  EXPECT_FALSE(Ask(service.address(), OneClick()).ok());
  EXPECT_EQ(refusing.seen, 1);
}

TEST(Retry, ACancelEndsTheWait) {
  absl::Notification refused;
  ScriptedService service([&](grpc::ServerContext&, ScriptedService::Stream& stream) {
    ReadHeader(stream);
    refused.Notify();  // a second call would end the test here
    return grpc::Status(grpc::StatusCode::UNAVAILABLE, "not now", RetryInfo(absl::Seconds(60)));
  });
  const SegmentRequest request = OneClick();
  std::thread caller(
      [&] { EXPECT_EQ(Ask(service.address(), request).status().code(), absl::StatusCode::kCancelled); });
  refused.WaitForNotification();
  request.cancel.Now();
  caller.join();
}

// ---------------------------------------------------------------------- several servers

TEST(SeveralServers, VolumesGoRoundAndStayWhereTheyAre) {
  std::vector<std::unique_ptr<ScriptedService>> services;
  std::vector<std::string> addresses, asked;
  for (int n = 0; n < 3; ++n) {
    services.push_back(std::make_unique<ScriptedService>([&, n](grpc::ServerContext&, auto& stream) {
      asked.push_back(absl::StrCat(n));
      return GoodAnswer(stream);
    }));
    addresses.push_back(services.back()->address());
  }
  const auto client = Client::Connect(absl::StrJoin(addresses, ", "));
  ASSERT_TRUE(client.ok());
  for (const char name : {'a', 'b', 'c', 'c', 'b', 'a'}) {
    ASSERT_TRUE(client->Segment(OneClick(std::string(64, name))).ok());
  }
  ASSERT_EQ(asked.size(), 6u);
  EXPECT_THAT(std::vector<std::string>(asked.begin(), asked.begin() + 3),
              ::testing::UnorderedElementsAre("0", "1", "2"));
  EXPECT_EQ(std::vector<std::string>(asked.begin(), asked.begin() + 3),
            std::vector<std::string>(asked.rbegin(), asked.rbegin() + 3));
}

TEST(SeveralServers, AnotherRunBeginsAtTheSameServer) {
  std::atomic<int> first{0}, second{0};
  ScriptedService one([&](grpc::ServerContext&, auto& stream) { return ++first, GoodAnswer(stream); });
  ScriptedService two([&](grpc::ServerContext&, auto& stream) { return ++second, GoodAnswer(stream); });
  const std::string targets = absl::StrCat(one.address(), ",", two.address());
  for (int run = 0; run < 3; ++run) ASSERT_TRUE(Ask(targets, OneClick()).ok());
  EXPECT_EQ(first * second, 0);
}

TEST(SeveralServers, OneThatIsGoneOrBusyIsPassedOverAtOnce) {
  Refusing refusing{.calls = 99, .details = ""};
  ScriptedService busy(std::ref(refusing));
  std::atomic<int> answered{0};
  ScriptedService good([&](grpc::ServerContext&, auto& stream) { return ++answered, GoodAnswer(stream); });
  const std::string targets = absl::StrCat("127.0.0.1:1,", busy.address(), ",", good.address());
  for (int n = 0; n < 6; ++n) {
    ASSERT_TRUE(Ask(targets, OneClick(std::string(64, static_cast<char>('a' + n)))).ok());
  }
  EXPECT_EQ(answered, 6);
}

TEST(SeveralServers, ACallBeginsAnewAfterHalfAnAnswer) {
  std::atomic<int> calls{0};
  const auto half_at_first = [&](grpc::ServerContext&, ScriptedService::Stream& stream) {
    if (calls++ > 0) return GoodAnswer(stream);
    ReadHeader(stream);
    Accept(stream);
    Answer(stream, "ha", 4);
    return grpc::Status(grpc::StatusCode::UNAVAILABLE, "the worker is gone");
  };
  ScriptedService one(half_at_first), two(half_at_first);
  const auto result = Ask(absl::StrCat(one.address(), ",", two.address()), OneClick());
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->file, "mask");
  EXPECT_EQ(calls, 2);
}

TEST(SeveralServers, AreNamedWithoutGaps) {
  for (const char* targets : {"", ",", "a:1,", ",a:1", "a:1,,b:2"}) {
    EXPECT_EQ(Client::Connect(targets).status().code(), absl::StatusCode::kInvalidArgument) << targets;
  }
  EXPECT_EQ(Client::Connect("a:1", {.max_attempts = 0}).status().code(), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace sgpsam::client
