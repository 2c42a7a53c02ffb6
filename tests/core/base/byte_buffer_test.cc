#include "core/base/byte_buffer.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <limits>
#include <utility>

namespace sgpsam {
namespace {

TEST(ByteBuffer, TakesExactlyItsCapacity) {
  ByteBuffer buffer = ByteBuffer::WithCapacity(5).value();
  EXPECT_TRUE(buffer.empty());
  EXPECT_TRUE(buffer.Append("abc").ok());
  EXPECT_EQ(buffer.Append("def").code(), absl::StatusCode::kOutOfRange);
  EXPECT_EQ(buffer.view(), "abc");
  EXPECT_TRUE(buffer.Append("de").ok());
  EXPECT_EQ(buffer.view(), "abcde");
  EXPECT_TRUE(buffer.Append("").ok());
}

TEST(ByteBuffer, IsZeroWhereNothingWasWritten) {
  const ByteBuffer buffer = ByteBuffer::Zeroed(10'000).value();
  EXPECT_EQ(buffer.size(), 10'000u);
  for (char c : buffer.view()) ASSERT_EQ(c, 0);
}

TEST(ByteBuffer, MovesItsBytesAlong) {
  ByteBuffer a = ByteBuffer::CopyOf("first").value();
  const uint8_t* data = a.data();
  ByteBuffer b = std::move(a);
  EXPECT_EQ(b.data(), data);
  ByteBuffer c = ByteBuffer::CopyOf("second").value();
  c = std::move(b);
  EXPECT_EQ(c.view(), "first");
}

TEST(ByteBuffer, KeepsARangeAtItsFront) {
  ByteBuffer buffer = ByteBuffer::CopyOf("headerbodytail").value();
  buffer.Keep(6, 4);
  EXPECT_EQ(buffer.view(), "body");
  buffer.Keep(0, 0);
  EXPECT_TRUE(buffer.empty());
}

TEST(ByteBuffer, OfNoBytesIsEmpty) {
  EXPECT_TRUE(ByteBuffer::WithCapacity(0)->Append("").ok());
  EXPECT_EQ(ByteBuffer::CopyOf("")->size(), 0u);
  EXPECT_EQ(ByteBuffer().view(), "");
}

TEST(ByteBuffer, SaysWhenThereIsNoAddressSpace) {
  EXPECT_EQ(ByteBuffer::WithCapacity(std::numeric_limits<size_t>::max() / 2).status().code(),
            absl::StatusCode::kResourceExhausted);
}

// Pages of this process that are in memory.
int64_t ResidentPages() {
  long total = 0, resident = 0;
  std::FILE* file = std::fopen("/proc/self/statm", "r");
  EXPECT_EQ(std::fscanf(file, "%ld %ld", &total, &resident), 2);
  std::fclose(file);
  return resident;
}

TEST(ByteBuffer, CostsOnlyThePagesThatWereWrittenAndGivesThemBack) {
  constexpr int64_t kPages = 20'000;
  const int64_t before = ResidentPages();
  {
    ByteBuffer buffer = ByteBuffer::Zeroed(size_t{kPages} * 4096).value();
    EXPECT_LT(ResidentPages() - before, kPages / 10);
    for (int64_t n = 0; n < kPages; ++n) buffer.data()[n * 4096] = 1;
    EXPECT_GE(ResidentPages() - before, kPages * 9 / 10);
  }
  EXPECT_LT(ResidentPages() - before, kPages / 10);
}

}  // namespace
}  // namespace sgpsam
