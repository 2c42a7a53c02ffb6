#include "server/doors/grpc/upload.h"

#include <gtest/gtest.h>

#include <numeric>
#include <string>

#include "absl/synchronization/notification.h"

namespace sgpsam {
namespace {

UploadPlan PlanOf(std::vector<uint64_t> sizes, bool set = false) {
  UploadPlan plan;
  plan.size_bytes = std::accumulate(sizes.begin(), sizes.end(), uint64_t{0});
  plan.part_sizes = std::move(sizes);
  plan.digest_of_set = set;
  return plan;
}

std::string Noise(size_t size) {
  std::string bytes(size, '\0');
  for (size_t n = 0; n < size; ++n) bytes[n] = static_cast<char>(n * 2654435761u >> 13);
  return bytes;
}

TEST(Upload, CutsChunksIntoPartsWhereverTheyFall) {
  JobThreads digests(1, Clock::Real());
  const std::string payload = Noise(10000);
  for (const size_t chunk : {1, 7, 999, 10000}) {
    const auto upload = std::make_shared<Upload>(PlanOf({1, 4000, 999, 5000}), digests);
    for (size_t at = 0; at < payload.size(); at += chunk) {
      ASSERT_TRUE(upload->Append(payload.substr(at, chunk)).ok());
    }
    ASSERT_TRUE(upload->complete());
    const auto received = upload->Take();
    ASSERT_TRUE(received.ok());
    ASSERT_EQ(received->parts.size(), 4u);
    EXPECT_EQ(received->parts[0].view(), payload.substr(0, 1));
    EXPECT_EQ(received->parts[3].view(), payload.substr(5000));
  }
}

TEST(Upload, ComputesTheDigestBesideALongUpload) {
  JobThreads digests(1, Clock::Real());
  const std::string payload = Noise(40 << 20);
  const auto upload = std::make_shared<Upload>(PlanOf({payload.size()}), digests);
  for (size_t at = 0; at < payload.size(); at += 1 << 20) {
    ASSERT_TRUE(upload->Append(absl::string_view(payload).substr(at, 1 << 20)).ok());
  }
  const auto received = upload->Take();
  ASSERT_TRUE(received.ok());
  EXPECT_EQ(received->digest, Sha256::Of(payload));
}

// Digest threads work a stretch at a time, which ends nowhere in particular.
TEST(Upload, DigestsPartsThatAreLongerThanAStretch) {
  JobThreads digests(1, Clock::Real(), ThreadPriority::kBackground);
  const std::string payload = Noise((9 << 20) + 4321);
  const std::vector<uint64_t> sizes{5, (8 << 20) + 1, payload.size() - 6 - (8 << 20)};
  const auto upload = std::make_shared<Upload>(PlanOf(sizes, /*set=*/true), digests);
  ASSERT_TRUE(upload->Append(payload).ok());
  std::vector<Digest> parts;
  size_t at = 0;
  for (const uint64_t size : sizes) {
    parts.push_back(Sha256::Of(absl::string_view(payload).substr(at, size)));
    at += size;
  }
  const auto received = upload->Take();
  ASSERT_TRUE(received.ok());
  EXPECT_EQ(received->digest, DigestOfSet(parts));
}

// The last chunk wakes a digest thread while whoever takes the payload already waits for its digest.
TEST(Upload, IsTakenOnlyAfterADigestThreadThatIsJustStarting) {
  JobThreads digests(1, Clock::Real()), jobs(1, Clock::Real());
  const std::string payload = Noise(4 << 20);
  const Digest expected = Sha256::Of(payload);
  for (int n = 0; n < 200; ++n) {
    const auto upload = std::make_shared<Upload>(PlanOf({payload.size()}), digests);
    ASSERT_TRUE(upload->Append(payload).ok());
    absl::Notification taken;
    jobs.Submit([&] {
      const auto received = upload->Take();
      EXPECT_TRUE(received.ok() && received->digest == expected);
      taken.Notify();
    });
    taken.WaitForNotification();
  }
}

// However long the digest threads are busy with others.
TEST(Upload, HoldsNothingOnceItsCallHasLetGoOfIt) {
  absl::Notification others_done;
  JobThreads digests(1, Clock::Real());
  digests.Submit([&] { others_done.WaitForNotification(); });
  auto upload = std::make_shared<Upload>(PlanOf({size_t{9} << 20}), digests);
  ASSERT_TRUE(upload->Append(Noise(8 << 20)).ok());
  const std::weak_ptr<Upload> watch = upload;
  upload->Abandon();
  upload = nullptr;
  EXPECT_TRUE(watch.expired());
  others_done.Notify();
}

TEST(Upload, GivesASeriesTheDigestOfItsSetWhateverTheOrder) {
  JobThreads digests(1, Clock::Real());
  const std::string a = Noise(100), b = Noise(200);
  const auto one = std::make_shared<Upload>(PlanOf({100, 200}, true), digests);
  ASSERT_TRUE(one->Append(a + b).ok());
  const auto other = std::make_shared<Upload>(PlanOf({200, 100}, true), digests);
  ASSERT_TRUE(other->Append(b + a).ok());
  const auto digest = one->Take()->digest;
  EXPECT_EQ(digest, other->Take()->digest);
  EXPECT_EQ(digest, DigestOfSet({Sha256::Of(a), Sha256::Of(b)}));
}

TEST(Upload, RefusesAByteTooManyAndAnotherDigest) {
  JobThreads digests(1, Clock::Real());
  UploadPlan plan = PlanOf({100});
  plan.expected = Sha256::Of("something else");
  const auto upload = std::make_shared<Upload>(plan, digests);
  EXPECT_EQ(upload->Append(Noise(101)).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(upload->received(), 0u);
  ASSERT_TRUE(upload->Append(Noise(100)).ok());
  EXPECT_EQ(upload->Append("x").code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(upload->Take().status().code(), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace sgpsam
