#include "core/pipeline/mask_prompt.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <string>

namespace sgpsam {
namespace {

std::string Deflate(const std::string& bytes) {
  uLongf size = compressBound(bytes.size());
  std::string deflated(size, '\0');
  compress(reinterpret_cast<Bytef*>(deflated.data()), &size, reinterpret_cast<const Bytef*>(bytes.data()),
           bytes.size());
  deflated.resize(size);
  return deflated;
}

const Shape kShape{5, 4, 3};  // 60 voxels, 8 bytes

TEST(InflateMask, ReadsWhatACallerDeflated) {
  Mask mask(kShape);
  mask.Set(1, 2, 0);
  mask.Set(4, 3, 2);
  const auto read = InflateMask(kShape, Deflate(std::string(mask.bits().begin(), mask.bits().end())));
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->bits(), mask.bits());
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
                             Deflate(std::string(7, '\0') + '\x10')};  // a bit behind the last voxel
  for (const std::string& bytes : bad) {
    EXPECT_EQ(InflateMask(kShape, bytes).status().code(), absl::StatusCode::kInvalidArgument) << bytes.size();
  }
  EXPECT_TRUE(InflateMask(kShape, good).ok());
}

}  // namespace
}  // namespace sgpsam
