#include "client/cli/mask_prompt.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "core/raw/nifti_write.h"
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

  absl::StatusOr<client::MaskPrompt> Read(const std::string& mask,
                                          std::optional<int> segment = std::nullopt) {
    return ReadMaskPrompt(client::Volume::FromPath(volume_).value(), {mask, segment}, warnings_);
  }

  std::vector<std::string> warnings_;
  const Geometry geometry_ = TestGeometry({8, 3, 2}, {1, 1.5, 3}, {5, 6, 7});
  void SetUp() override {
    TemporaryFolder::SetUp();
    volume_ = WriteMask("volume.nii", geometry_, 1);
  }
  std::string volume_;
};

TEST_F(MaskPromptTest, HoldsEveryVoxelThatIsNotZeroOnTheVolumesGrid) {
  const auto prompt = Read(WriteMask("mask.nii", geometry_, 3));
  ASSERT_TRUE(prompt.ok()) << prompt.status();
  EXPECT_EQ(prompt->bits, std::string(6, '\xf8'));  // i = 3 to 7 of 8
  EXPECT_THAT(prompt->shape, ::testing::ElementsAre(8u, 3u, 2u));
  EXPECT_THAT(warnings_, ::testing::ElementsAre(HasSubstr("its 2 segments count together")));
}

TEST_F(MaskPromptTest, TakesTheSegmentThatIsAskedFor) {
  const std::string mask = WriteMask("mask.nii", geometry_, 3);
  const auto second = Read(mask, 2);
  ASSERT_TRUE(second.ok()) << second.status();
  EXPECT_EQ(second->bits, std::string(6, '\xe0'));  // i = 5 to 7
  EXPECT_THAT(warnings_, ::testing::IsEmpty());
  const absl::Status absent = Read(mask, 3).status();
  EXPECT_EQ(absent.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(absent.message()), HasSubstr("it has no segment 3, only: 1, 2"));
}

// As nibabel's as_closest_canonical writes it: i and j run the other way.
TEST_F(MaskPromptTest, ReordersAMaskWhoseAxesRunTheOtherWay) {
  const Geometry turned =
      *Geometry::Create({8, 3, 2}, geometry_.ToWorld({7, 2, 0}), {{{-1, 0, 0}, {0, -1.5, 0}, {0, 0, 3}}});
  const auto prompt = Read(WriteMask("mask.nii", turned, 3));
  ASSERT_TRUE(prompt.ok()) << prompt.status();
  EXPECT_EQ(prompt->bits, std::string(6, '\x1f'));  // i = 0 to 4
}

TEST_F(MaskPromptTest, ReordersAMaskWithItsAxesInAnotherOrder) {
  const Geometry transposed =
      *Geometry::Create({2, 3, 8}, geometry_.origin(), {{{0, 0, 3}, {0, 1.5, 0}, {1, 0, 0}}});
  const Volume mask =
      TestVolume<int16_t>(transposed, [](int64_t, int64_t, int64_t k) { return k >= 3 ? 1 : 0; });
  const auto prompt = Read(Write("mask.nii", *WriteNifti(mask)));
  ASSERT_TRUE(prompt.ok()) << prompt.status();
  EXPECT_EQ(prompt->bits, std::string(6, '\xf8'));
}

TEST_F(MaskPromptTest, RefusesAMaskOnAnotherGrid) {
  for (const Geometry& other : {TestGeometry({8, 3, 2}, {1, 1.5, 3}, {5, 6, 7.4}),
                                TestGeometry({8, 3, 2}, {1, 1.5, 2}, {5, 6, 7}), TestGeometry({8, 2, 3})}) {
    const auto bits = Read(WriteMask("mask.nii", other, 3));
    EXPECT_EQ(bits.status().code(), absl::StatusCode::kFailedPrecondition);
    EXPECT_THAT(std::string(bits.status().message()), HasSubstr("grid"));
  }
}

TEST_F(MaskPromptTest, NamesTheFileThatIsNoMask) {
  EXPECT_THAT(std::string(Read(Path("absent.nii")).status().message()), HasSubstr("absent.nii"));
  const std::string text = Write("text.nii", "text");
  EXPECT_THAT(std::string(Read(text).status().message()), HasSubstr("text.nii"));
}

}  // namespace
}  // namespace sgpsam::cli
