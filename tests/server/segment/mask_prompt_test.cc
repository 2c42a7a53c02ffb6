#include "server/segment/mask_prompt.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <array>
#include <string>
#include <utility>

#include "core/base/reason.h"

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

DeflatedScribble Part(const Shape& part, const Voxel& first, const std::string& bits) {
  return {{Deflate(bits), part, AxisOrder::kIFastest}, first, /*positive=*/true};
}

TEST(InflateScribble, LaysAPartWhereItBegins) {
  // Of 3 x 2 x 1 voxels the first two, and the last.
  const auto scribble = InflateScribble(kShape, Part({3, 2, 1}, {2, 1, 1}, std::string(1, '\x23')));
  ASSERT_TRUE(scribble.ok()) << scribble.status();
  const Mask mask = MaskOf(kShape, scribble->runs);
  EXPECT_EQ(mask.CountVoxels(), 3u);
  EXPECT_TRUE(mask.at(2, 1, 1) && mask.at(3, 1, 1) && mask.at(4, 2, 1));
  EXPECT_TRUE(scribble->positive);
  DeflatedScribble reversed = Part({3, 2, 1}, {2, 1, 1}, std::string(1, '\x23'));
  reversed.part.order = AxisOrder::kKFastest;  // voxels 0,0,0; 0,1,0 and 2,1,0
  const Mask other = MaskOf(kShape, InflateScribble(kShape, reversed)->runs);
  EXPECT_TRUE(other.at(2, 1, 1) && other.at(2, 2, 1) && other.at(4, 2, 1));
}

TEST(InflateScribble, RefusesAPartThatReachesBeyondTheVolume) {
  const std::string bits(1, '\x01');
  for (const Voxel& first : {Voxel{3, 1, 1}, Voxel{2, 3, 1}, Voxel{2, 1, 3}, Voxel{4294967295, 0, 0}}) {
    const absl::Status status = InflateScribble(kShape, Part({3, 2, 1}, first, bits)).status();
    EXPECT_EQ(ReasonOf(status), Reason::kMaskMismatch) << status;
  }
}

TEST(InflateScribble, RefusesWhatMarksTooMuchBeforeItCostsMore) {
  const Shape large{4096, 1025, 1};
  const auto marked = [&](size_t bytes) {
    return InflateScribble(
               large, Part(large, {0, 0, 0}, std::string(bytes, '\x55') + std::string(524800 - bytes, '\0')))
        .status();
  };
  EXPECT_TRUE(marked(524800).ok());  // every other voxel of 4,198,400
  const Shape full{4096, 1025, 2};
  const absl::Status status =
      InflateScribble(full, Part(full, {0, 0, 0}, std::string(1049600, '\x7f'))).status();
  EXPECT_EQ(ReasonOf(status), Reason::kPromptTooLarge) << status;
  // What is left by others counts.
  const DeflatedScribble small = Part({3, 2, 1}, {2, 1, 1}, std::string(1, '\x23'));
  EXPECT_TRUE(InflateScribble(kShape, small, 3).ok());
  EXPECT_EQ(ReasonOf(InflateScribble(kShape, small, 2).status()), Reason::kPromptTooLarge);
}

TEST(CheckPart, BoundsWhatIsInflated) {
  EXPECT_TRUE(CheckPart(Part({1024, 1024, 512}, {}, "")).ok());
  EXPECT_EQ(ReasonOf(CheckPart(Part({1024, 1024, 513}, {}, ""))), Reason::kPromptTooLarge);
  EXPECT_EQ(ReasonOf(CheckPart(Part({1024, 0, 513}, {}, ""))), Reason::kMaskMismatch);
  EXPECT_EQ(ReasonOf(CheckPart(Part({int64_t{1} << 32, int64_t{1} << 32, 1}, {}, ""))),
            Reason::kMaskMismatch);
}

}  // namespace
}  // namespace sgpsam
