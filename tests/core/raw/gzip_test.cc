#include "core/raw/gzip.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "tests/support/nifti_builder.h"

namespace sgpsam {
namespace {

std::string Text(size_t size) {
  std::string text;
  for (size_t n = 0; n < size; ++n) text.push_back(static_cast<char>('a' + n * n % 23));
  return text;
}

// Everything that a source gives, in pieces of `piece` bytes.
absl::StatusOr<std::string> ReadAll(absl::string_view compressed, size_t piece = 1000) {
  GzipSource source(compressed);
  std::string out;
  std::vector<uint8_t> buffer(piece);
  while (true) {
    const absl::StatusOr<size_t> got = source.Read(buffer.data(), piece);
    if (!got.ok()) return got.status();
    out.append(reinterpret_cast<const char*>(buffer.data()), *got);
    if (*got < piece) return out;
  }
}

TEST(GzipSource, InflatesInPiecesOfAnySize) {
  const std::string text = Text(100'003);
  const std::string file = Gzipped(text);
  for (const size_t piece : {size_t{1}, size_t{7}, size_t{65536}, size_t{200'000}}) {
    EXPECT_EQ(ReadAll(file, piece).value(), text) << piece;
  }
}

TEST(GzipSource, JoinsMembers) { EXPECT_EQ(ReadAll(Gzipped("one ") + Gzipped("two")).value(), "one two"); }

TEST(GzipSource, IgnoresPaddingBehindTheFile) {
  EXPECT_EQ(ReadAll(Gzipped("text") + std::string(512, '\0')).value(), "text");
}

TEST(GzipSource, RefusesATruncatedFileWhereverItEnds) {
  const std::string file = Gzipped(Text(5000));
  for (size_t size = 0; size < file.size(); ++size) {
    EXPECT_EQ(ReadAll(file.substr(0, size)).status().code(), absl::StatusCode::kInvalidArgument) << size;
  }
}

TEST(GzipSource, RefusesAWrongChecksum) {
  std::string file = Gzipped(Text(5000));
  file[file.size() - 6] ^= 1;
  EXPECT_EQ(ReadAll(file).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(GzipSource, InflatesNoMoreThanItIsAskedFor) {
  // A bomb costs what is read of it.
  const std::string bomb = Gzipped(std::string(50'000'000, '\0'));
  GzipSource source(bomb);
  uint8_t start[16];
  EXPECT_EQ(source.Read(start, sizeof(start)).value(), sizeof(start));
}

TEST(GzipSink, WritesWhatGzipSourceReads) {
  const std::string text = Text(300'000);
  GzipSink sink;
  ASSERT_TRUE(sink.Write(text.substr(0, 1)).ok());
  ASSERT_TRUE(sink.Write("").ok());
  ASSERT_TRUE(sink.Write(text.substr(1)).ok());
  const std::string file = sink.Finish().value();
  EXPECT_TRUE(IsGzip(file));
  EXPECT_EQ(ReadAll(file).value(), text);
}

TEST(GzipSink, WritesRunsOfZerosOfAnyLengthBetweenText) {
  const std::string text = Text(3000);
  for (const size_t zeros : {0, 1, 511, 16383, 16384, 16385, 40'000, 1'000'003}) {
    GzipSink sink;
    std::string expected;
    for (int round = 0; round < 3; ++round) {
      ASSERT_TRUE(sink.WriteZeros(zeros).ok());
      ASSERT_TRUE(sink.WriteZeros(zeros).ok());
      ASSERT_TRUE(sink.Write(text).ok());
      expected += std::string(2 * zeros, '\0') + text;
    }
    ASSERT_TRUE(sink.WriteZeros(zeros).ok());
    EXPECT_EQ(ReadAll(sink.Finish().value()).value(), expected + std::string(zeros, '\0')) << zeros;
  }
}

TEST(GzipSink, CountsAndSumsMoreZerosThan32BitsHold) {
  constexpr uint64_t kZeros = (uint64_t{1} << 32) + 5;
  GzipSink sink;
  ASSERT_TRUE(sink.Write("x").ok());
  ASSERT_TRUE(sink.WriteZeros(kZeros).ok());
  const std::string file = sink.Finish().value();
  EXPECT_LT(file.size(), kZeros / 150);
  uLong power = crc32(0, reinterpret_cast<const Bytef*>("\0"), 1);  // of 2^n zeros
  uLong five = crc32(0, reinterpret_cast<const Bytef*>("\0\0\0\0\0"), 5);
  for (int n = 0; n < 32; ++n) power = crc32_combine(power, power, z_off_t{1} << n);
  uLong crc = crc32(0, reinterpret_cast<const Bytef*>("x"), 1);
  crc = crc32_combine(crc32_combine(crc, power, z_off_t{1} << 32), five, 5);
  uint32_t trailer[2] = {};
  std::memcpy(trailer, file.data() + file.size() - sizeof(trailer), sizeof(trailer));
  EXPECT_EQ(trailer[0], crc);
  EXPECT_EQ(trailer[1], 6u);  // 1 + kZeros, modulo 2^32
}

}  // namespace
}  // namespace sgpsam
