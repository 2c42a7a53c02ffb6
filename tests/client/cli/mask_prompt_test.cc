#include "client/cli/mask_prompt.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "core/raw/nifti.h"
#include "tests/support/synthetic_volume.h"
#include "tests/support/temporary_folder.h"

namespace sgpsam::cli {
namespace {

using ::testing::HasSubstr;

class MaskPromptTest : public TemporaryFolder {
 protected:
  std::string WriteMask(const std::string& name, const Geometry& geometry, int64_t from) {
    const Volume volume = TestVolume<int16_t>(geometry, [from](int64_t i, int64_t, int64_t) {
      return i < from ? 0 : i < from + 2 ? 1 : 2;
    });
    return Write(name, *WriteNifti(volume));
  }

  const Geometry geometry_ = TestGeometry({8, 3, 2}, {1, 1.5, 3}, {5, 6, 7});
  void SetUp() override {
    TemporaryFolder::SetUp();
    volume_ = WriteMask("volume.nii", geometry_, 1);
  }
  std::string volume_;
};

TEST_F(MaskPromptTest, HoldsEveryVoxelThatIsNotZeroOnTheVolumesGrid) {
  const auto bits = ReadMaskPrompt(volume_, WriteMask("mask.nii", geometry_, 3));
  ASSERT_TRUE(bits.ok()) << bits.status();
  EXPECT_EQ(*bits, std::string(6, '\xf8'));  // i = 3 to 7 of 8
}

TEST_F(MaskPromptTest, RefusesAMaskOnAnotherGrid) {
  for (const Geometry& other : {TestGeometry({8, 3, 2}, {1, 1.5, 3}, {5, 6, 7.1}),
                                TestGeometry({8, 3, 2}, {1, 1.5, 2}, {5, 6, 7}), TestGeometry({8, 2, 3})}) {
    const auto bits = ReadMaskPrompt(volume_, WriteMask("mask.nii", other, 3));
    EXPECT_EQ(bits.status().code(), absl::StatusCode::kFailedPrecondition);
    EXPECT_THAT(std::string(bits.status().message()), HasSubstr("grid"));
  }
}

TEST_F(MaskPromptTest, NamesTheFileThatIsNoMask) {
  EXPECT_THAT(std::string(ReadMaskPrompt(volume_, Path("absent.nii")).status().message()),
              HasSubstr("absent.nii"));
  const std::string text = Write("text.nii", "text");
  EXPECT_THAT(std::string(ReadMaskPrompt(volume_, text).status().message()), HasSubstr("text.nii"));
}

}  // namespace
}  // namespace sgpsam::cli
