// The library against a service that does what the test says. What a real server does with it is in
// tests/e2e.
#include "sgpsam/client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <thread>

#include "absl/synchronization/notification.h"
#include "core/base/digest.h"
#include "tests/client/scripted_service.h"
#include "tests/support/silent_server.h"

namespace sgpsam::client {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr size_t kMiB = size_t{1} << 20;

Volume SomeSamples(size_t size) {
  std::string bytes(size, '\0');
  for (size_t n = 0; n < size; ++n) bytes[n] = static_cast<char>(n * 31 + (n >> 12));
  RawGrid grid;
  grid.shape = {static_cast<uint32_t>(size / 2), 1, 1};
  return Volume::FromSamples(grid, std::move(bytes));
}

SegmentRequest OneClick(Volume volume) {
  SegmentRequest request(std::move(volume));
  request.targets = {{.clicks = {{Position::Voxel(1, 0, 0)}}}};
  return request;
}

absl::StatusOr<SegmentResult> Call(const ScriptedService& service, const SegmentRequest& request,
                                   const ProgressCallback& progress = nullptr) {
  return Client::Connect(service.address())->Segment(request, progress);
}

// Reads chunks until `size` bytes have come or the client has ended its side.
std::string ReadPayload(ScriptedService::Stream& stream, size_t size, size_t* largest = nullptr) {
  std::string payload;
  v1::SegmentRequest request;
  while (payload.size() < size && stream.Read(&request)) {
    payload += request.chunk().data();
    if (largest) *largest = std::max(*largest, request.chunk().data().size());
  }
  return payload;
}

TEST(Client, SendsNothingBehindARefusedHeader) {
  bool more = true;
  ScriptedService service([&](grpc::ServerContext&, auto& stream) {
    ReadHeader(stream);
    return grpc::Status(grpc::StatusCode::INVALID_ARGUMENT, "target 1 has no positive prompt");
  });
  const auto result = Call(service, OneClick(SomeSamples(8 * kMiB)), [&](const Progress&) { more = false; });
  EXPECT_EQ(result.status(), absl::InvalidArgumentError("target 1 has no positive prompt"));
  EXPECT_TRUE(more) << "progress was reported, so something was uploaded";
}

TEST(Client, NamesTheVolumeByDigestAndUploadsNothingIfTheServerHasIt) {
  v1::SegmentHeader header;
  ScriptedService service([&](grpc::ServerContext&, auto& stream) {
    header = ReadHeader(stream);
    Accept(stream);
    Answer(stream, "mask", 4);
    return grpc::Status::OK;
  });
  const Volume volume = SomeSamples(3 * kMiB);
  const auto result = Call(service, OneClick(volume));
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(header.volume().delivery(), v1::DELIVERY_BY_DIGEST);
  EXPECT_EQ(header.volume().size_bytes(), 3 * kMiB);
  EXPECT_EQ(header.volume().sha256(), Sha256::Of(volume.parts()[0]).ToBytes());
  EXPECT_EQ(result->uploaded_bytes, 0u);
  EXPECT_EQ(result->file, "mask");
  EXPECT_EQ(result->request_id, "r1");
  EXPECT_EQ(result->targets.at(0).voxels, 7u);
}

TEST(Client, UploadsUnseenWhatTheServerLacksInChunksOfOneMebibyte) {
  const Volume volume = SomeSamples(5 * kMiB / 2);
  std::string received;
  size_t largest = 0;
  bool ended = false;
  ScriptedService service([&](grpc::ServerContext&, auto& stream) {
    const uint64_t size = ReadHeader(stream).volume().size_bytes();
    Accept(stream);
    AskForVolume(stream);
    received = ReadPayload(stream, size, &largest);
    v1::SegmentRequest rest;
    ended = !stream.Read(&rest);
    Answer(stream, "mask", 4);
    return grpc::Status::OK;
  });
  const auto result = Call(service, OneClick(volume));
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_TRUE(received == volume.parts()[0]);
  EXPECT_EQ(largest, kMiB);
  EXPECT_TRUE(ended) << "the client must end its side behind the payload";
  EXPECT_EQ(result->uploaded_bytes, volume.size_bytes());
}

TEST(Client, SendsAllFilesOfASeriesInTheOrderOfTheirSizes) {
  const std::vector<std::string> files = {"second file", "a", std::string(kMiB + 1, 'x')};
  v1::SegmentHeader header;
  std::string received;
  ScriptedService service([&](grpc::ServerContext&, auto& stream) {
    header = ReadHeader(stream);
    Accept(stream);
    AskForVolume(stream);
    received = ReadPayload(stream, header.volume().size_bytes());
    Answer(stream, "seg", 3);
    return grpc::Status::OK;
  });
  ASSERT_TRUE(Call(service, OneClick(Volume::FromDicom(files))).ok());
  EXPECT_THAT(header.volume().dicom().file_sizes_bytes(), ElementsAre(11, 1, kMiB + 1));
  EXPECT_TRUE(received == files[0] + files[1] + files[2]);
  const std::vector<Digest> digests = {Sha256::Of(files[0]), Sha256::Of(files[1]), Sha256::Of(files[2])};
  EXPECT_EQ(header.volume().sha256(), DigestOfSet(digests).ToBytes());
}

TEST(Client, UploadsRightAwayWhenToldNotToAsk) {
  v1::SegmentHeader header;
  std::string received;
  ScriptedService service([&](grpc::ServerContext&, auto& stream) {
    header = ReadHeader(stream);
    Accept(stream);
    received = ReadPayload(stream, header.volume().size_bytes());
    Answer(stream, "", 0);
    return grpc::Status::OK;
  });
  SegmentRequest request = OneClick(SomeSamples(2000));
  request.upload_without_asking = true;
  ASSERT_TRUE(Call(service, request).ok());
  EXPECT_EQ(header.volume().delivery(), v1::DELIVERY_PAYLOAD);
  EXPECT_EQ(received.size(), 2000u);
}

TEST(Client, StopsAnUploadAtOnceWhenTheServerRefusesIt) {
  ScriptedService service([&](grpc::ServerContext&, auto& stream) {
    ReadHeader(stream);
    Accept(stream);
    AskForVolume(stream);
    ReadPayload(stream, 2 * kMiB);
    return grpc::Status(grpc::StatusCode::RESOURCE_EXHAUSTED, "no memory for this volume");
  });
  std::atomic<uint64_t> sent = 0;
  const auto result =
      Call(service, OneClick(SomeSamples(64 * kMiB)), [&](const Progress& p) { sent = p.bytes_done; });
  EXPECT_EQ(result.status(), absl::ResourceExhaustedError("no memory for this volume"));
  EXPECT_LT(sent, 32 * kMiB);
}

TEST(Client, SendsLogitsOnlyWhenAskedForThem) {
  std::string sent;
  ScriptedService service([&](grpc::ServerContext&, auto& stream) {
    EXPECT_EQ(ReadHeader(stream).targets(0).prompts().previous_logits().sha256(), std::string(32, 'L'));
    Accept(stream);
    AskForLogits(stream, 0);
    v1::SegmentRequest request;
    stream.Read(&request);
    sent = request.logits().samples();
    Answer(stream, "", 0);
    return grpc::Status::OK;
  });
  SegmentRequest request = OneClick(SomeSamples(10));
  request.targets[0].previous = PreviousLogits{std::string(32, 'L'), std::vector<float>(32 * 32 * 32, -2.5f)};
  ASSERT_TRUE(Call(service, request).ok());
  EXPECT_EQ(sent.size(), 131072u);
  EXPECT_EQ(sent.substr(0, 4), std::string("\x00\x00\x20\xc0", 4));  // -2.5f, little endian
}

TEST(Client, SaysSoWhenTheServerForgotLogitsThatItCannotSend) {
  ScriptedService service([&](grpc::ServerContext& context, auto& stream) {
    ReadHeader(stream);
    Accept(stream);
    AskForLogits(stream, 0);
    v1::SegmentRequest request;
    stream.Read(&request);
    EXPECT_TRUE(context.IsCancelled());
    return grpc::Status::CANCELLED;
  });
  SegmentRequest request = OneClick(SomeSamples(10));
  request.targets[0].previous = PreviousLogits{std::string(32, 'L'), {}};
  const auto result = Call(service, request);
  EXPECT_EQ(result.status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(result.status().message()), HasSubstr("target 1"));
}

TEST(Client, RefusesLogitsThatAreNoneBeforeCalling) {
  SegmentRequest request = OneClick(SomeSamples(10));
  request.targets[0].previous = PreviousLogits{"", {}};
  const auto result = Client::Connect("127.0.0.1:1")->Segment(request);
  EXPECT_EQ(result.status(), absl::InvalidArgumentError("previous logits have neither digest nor samples"));
}

TEST(Client, IsCancelledFromAnotherThread) {
  absl::Notification waiting;
  ScriptedService service([&](grpc::ServerContext& context, auto& stream) {
    ReadHeader(stream);
    Accept(stream);
    waiting.Notify();
    v1::SegmentRequest request;
    stream.Read(&request);
    EXPECT_TRUE(context.IsCancelled());
    return grpc::Status::CANCELLED;
  });
  const SegmentRequest request = OneClick(SomeSamples(10));
  std::thread other([&] {
    waiting.WaitForNotification();
    request.cancel.Now();
  });
  EXPECT_EQ(Call(service, request).status().code(), absl::StatusCode::kCancelled);
  other.join();
}

TEST(Client, IsCancelledWhileItWaitsForItsConnection) {
  const SilentServer server;
  const SegmentRequest request = OneClick(SomeSamples(10));
  std::thread other([&] { request.cancel.Now(); });
  EXPECT_EQ(Client::Connect(server.address())->Segment(request).status().code(),
            absl::StatusCode::kCancelled);
  other.join();
}

TEST(Client, CancelsAnUploadThatIsHeldUp) {
  absl::Notification stop_reading;
  ScriptedService service([&](grpc::ServerContext&, auto& stream) {
    ReadHeader(stream);
    Accept(stream);
    AskForVolume(stream);
    stop_reading.WaitForNotification();
    return grpc::Status::CANCELLED;
  });
  const SegmentRequest request = OneClick(SomeSamples(64 * kMiB));
  std::atomic<bool> cancelled = false;
  const auto result = Call(service, request, [&](const Progress&) {
    if (!cancelled.exchange(true)) request.cancel.Now();
  });
  stop_reading.Notify();
  EXPECT_EQ(result.status().code(), absl::StatusCode::kCancelled);
}

TEST(Client, DoesNotStartWhatIsCancelledAlready) {
  ScriptedService service([](grpc::ServerContext&, auto& stream) {
    ReadHeader(stream);
    Accept(stream);
    Answer(stream, "", 0);
    return grpc::Status::OK;
  });
  const SegmentRequest request = OneClick(SomeSamples(10));
  request.cancel.Now();
  EXPECT_EQ(Call(service, request).status().code(), absl::StatusCode::kCancelled);
}

TEST(Client, EndsAtItsDeadline) {
  absl::Notification over;
  ScriptedService service([&](grpc::ServerContext&, auto& stream) {
    ReadHeader(stream);
    Accept(stream);
    over.WaitForNotification();
    return grpc::Status::OK;
  });
  SegmentRequest request = OneClick(SomeSamples(10));
  request.deadline = absl::Now() + absl::Milliseconds(200);
  EXPECT_EQ(Call(service, request).status().code(), absl::StatusCode::kDeadlineExceeded);
  over.Notify();
}

TEST(Client, SaysUnavailableWhenNobodyListens) {
  const auto result = Client::Connect("127.0.0.1:1")->Segment(OneClick(SomeSamples(10)));
  EXPECT_EQ(result.status().code(), absl::StatusCode::kUnavailable);
}

TEST(Client, ReportsProgressOfUploadStagesAndDownload) {
  ScriptedService service([](grpc::ServerContext&, auto& stream) {
    const uint64_t size = ReadHeader(stream).volume().size_bytes();
    Accept(stream);
    AskForVolume(stream);
    ReadPayload(stream, size);
    v1::SegmentResponse response;
    response.mutable_progress()->set_stage(v1::STAGE_QUEUE);
    response.mutable_progress()->set_queue_position(3);
    response.mutable_progress()->set_expected_seconds(1.5);
    stream.Write(response);
    Answer(stream, "12345", 5);
    return grpc::Status::OK;
  });
  std::vector<Progress> seen;
  ASSERT_TRUE(Call(service, OneClick(SomeSamples(kMiB)), [&](const Progress& p) { seen.push_back(p); }).ok());
  const auto count = [&](Stage stage) {
    return std::count_if(seen.begin(), seen.end(), [&](const Progress& p) { return p.stage == stage; });
  };
  EXPECT_EQ(count(Stage::kReceive), 1);
  ASSERT_EQ(count(Stage::kQueue), 1);
  EXPECT_EQ(count(Stage::kSend), 1);
  const auto queue = std::find_if(seen.begin(), seen.end(), [](auto& p) { return p.stage == Stage::kQueue; });
  EXPECT_EQ(queue->queue_position, 3u);
  EXPECT_EQ(queue->expected, absl::Seconds(1.5));
  EXPECT_EQ(seen.back().bytes_done, 5u);
}

TEST(Client, DoesNotTakeAShortResult) {
  ScriptedService service([](grpc::ServerContext&, auto& stream) {
    ReadHeader(stream);
    Accept(stream);
    Answer(stream, "abc", 4);
    return grpc::Status::OK;
  });
  EXPECT_EQ(Call(service, OneClick(SomeSamples(10))).status().code(), absl::StatusCode::kDataLoss);
}

TEST(Client, DoesNotTakeALongerResultThanAnnounced) {
  ScriptedService service([](grpc::ServerContext&, auto& stream) {
    ReadHeader(stream);
    Accept(stream);
    Answer(stream, "abcde", 4);
    return grpc::Status::OK;
  });
  const auto result = Call(service, OneClick(SomeSamples(10)));
  EXPECT_EQ(result.status().code(), absl::StatusCode::kInternal);
  EXPECT_THAT(std::string(result.status().message()), HasSubstr("longer than announced"));
}

TEST(Client, DoesNotTakeSilenceForAResult) {
  ScriptedService service([](grpc::ServerContext&, auto&) { return grpc::Status::OK; });
  EXPECT_EQ(Call(service, OneClick(SomeSamples(10))).status().code(), absl::StatusCode::kDataLoss);
}

TEST(Client, RunsManyCallsAtOnceOverOneConnection) {
  ScriptedService service([](grpc::ServerContext&, auto& stream) {
    const uint64_t size = ReadHeader(stream).volume().size_bytes();
    Accept(stream);
    AskForVolume(stream);
    const std::string digest = Sha256::Of(ReadPayload(stream, size)).ToHex();
    Answer(stream, digest, digest.size());
    return grpc::Status::OK;
  });
  const auto client = Client::Connect(service.address());
  std::vector<std::thread> callers;
  for (size_t n = 1; n <= 8; ++n) {
    callers.emplace_back([&client, n] {
      const Volume volume = SomeSamples(n * 500'000);
      const auto result = client->Segment(OneClick(volume));
      ASSERT_TRUE(result.ok()) << result.status();
      EXPECT_EQ(result->file, Sha256::Of(volume.parts()[0]).ToHex());
    });
  }
  for (std::thread& caller : callers) caller.join();
}

TEST(Client, DescribesTheModel) {
  ScriptedService service(nullptr);
  const auto model = Client::Connect(service.address())->DescribeModel(absl::Now() + absl::Seconds(20));
  ASSERT_TRUE(model.ok()) << model.status();
  EXPECT_EQ(model->model.name, "scripted");
  EXPECT_THAT(model->patch_voxels, ElementsAre(128, 128, 128));
}

}  // namespace
}  // namespace sgpsam::client
