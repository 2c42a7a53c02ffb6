#include "server/segment/mask_prompt.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <array>
#include <string>
#include <utility>

namespace sgpsam {
namespace {

using ::testing::HasSubstr;

std::string Deflate(const std::string& bytes) {
  uLongf size = compressBound(bytes.size());
  std::string deflated(size, '\0');
  compress(reinterpret_cast<Bytef*>(deflated.data()), &size, reinterpret_cast<const Bytef*>(bytes.data()),
           bytes.size());
  deflated.resize(size);
  return deflated;
}

const Shape kShape{5, 4, 3};  // 60 voxels, 8 bytes

DeflatedMask InOrder(std::string zlib_bits) { return {std::move(zlib_bits), kShape, AxisOrder::kIFastest}; }

TEST(InflateMask, ReadsWhatACallerDeflated) {
  Mask mask(kShape);
  mask.Set(1, 2, 0);
  mask.Set(4, 3, 2);
  const auto read =
      InflateMask(kShape, InOrder(Deflate(std::string(mask.bits().begin(), mask.bits().end()))));
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->bits(), mask.bits());
}

TEST(InflateMask, ReordersWhatLiesKFastest) {
  Mask mask(kShape);
  std::string bits(8, '\0');
  for (const auto& [i, j, k] : {std::array<int64_t, 3>{1, 2, 0}, {4, 3, 2}, {0, 0, 1}, {3, 0, 2}}) {
    mask.Set(i, j, k);
    const int64_t n = (i * kShape.j + j) * kShape.k + k;
    bits[static_cast<size_t>(n / 8)] = static_cast<char>(bits[static_cast<size_t>(n / 8)] | (1 << (n % 8)));
  }
  const auto read = InflateMask(kShape, {Deflate(bits), kShape, AxisOrder::kKFastest});
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->bits(), mask.bits());
}

TEST(InflateMask, RefusesAnotherShapeOfEqualSize) {
  const std::string bits = Deflate(std::string(8, '\0'));
  for (const Shape& shape : {Shape{3, 4, 5}, Shape{4, 5, 3}, Shape{60, 1, 1}, Shape{0, 0, 0}}) {
    for (const AxisOrder order : {AxisOrder::kIFastest, AxisOrder::kKFastest}) {
      const absl::Status status = InflateMask(kShape, {bits, shape, order}).status();
      EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
      EXPECT_THAT(std::string(status.message()), HasSubstr("the volume's is 5 x 4 x 3"));
    }
  }
}

TEST(InflateMask, RefusesEverythingElse) {
  const std::string good = Deflate(std::string(8, '\0'));
  const std::string bad[] = {"",
                             "not zlib",
                             Deflate(std::string(7, '\0')),
                             Deflate(std::string(9, '\0')),
                             Deflate(std::string(100 << 20, '\0')),  // a bomb
                             good.substr(0, good.size() - 1),
                             good + "more",
                             Deflate(std::string(7, '\0') + '\x10')};  // a bit after the last voxel
  for (const std::string& bytes : bad) {
    EXPECT_EQ(InflateMask(kShape, InOrder(bytes)).status().code(), absl::StatusCode::kInvalidArgument)
        << bytes.size();
  }
  EXPECT_TRUE(InflateMask(kShape, InOrder(good)).ok());
}

}  // namespace
}  // namespace sgpsam
