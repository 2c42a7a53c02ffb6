#include "tools/learn/cases/crop_cache.h"

#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/synthetic_volume.h"
#include "tests/support/temporary_folder.h"

namespace sgpsam {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

constexpr Shape kShape{40, 20, 10};
constexpr double kMargin = 2;  // mm; voxels have 1.5

// Case 0 has two targets far from each other, case 1 has one, case 2 cannot be read. Counts what is read.
class Source final : public CaseSource {
 public:
  int64_t size() const override { return 3; }
  std::string id(int64_t index) const override { return "patient-" + std::to_string(index); }
  absl::StatusOr<Case> Read(int64_t index) const override {
    ++reads;
    if (index == 2) return absl::InvalidArgumentError("patient-2: broken");
    const auto target = [index](int64_t i, int64_t j, int64_t k) {
      if (j != 5 || k != 5) return 0;
      return i == 5 ? 1 : index == 0 && i == 30 ? 2 : 0;
    };
    const auto image = [this, index](int64_t i, int64_t, int64_t) { return i + 100 * index + shift; };
    return Case{id(index),
                TestVolume<int16_t>(TestGeometry(kShape), image),
                TestVolume<uint16_t>(TestGeometry(kShape), target),
                2 - index,
                {},
                "CT"};
  }
  absl::StatusOr<std::string> Stamp(int64_t index) const override { return id(index) + stamps[index]; }

  mutable int reads = 0;
  double shift = 0;
  std::map<int64_t, std::string> mutable stamps;
};

class CropCacheTest : public TemporaryFolder {
 protected:
  CropCache Open(double margin_mm = kMargin) {
    return CropCache::Open(source_, Path("cache"), margin_mm,
                           [this](const absl::Status& status) { complaints_.emplace_back(status.message()); })
        .value();
  }

  const std::shared_ptr<Source> source_ = std::make_shared<Source>();
  std::vector<std::string> complaints_;
};

TEST_F(CropCacheTest, HoldsTheCropsOfEveryCaseThatCanBeRead) {
  const CropCache cache = Open();
  EXPECT_EQ(complaints_, std::vector<std::string>{"patient-2: broken"});
  ASSERT_EQ(cache.size(), 3);
  const std::vector<std::string> ids{"patient-0#1", "patient-0#2", "patient-1#1"};
  for (int64_t n = 0; n < 3; ++n) {
    EXPECT_EQ(cache.id(n), ids[static_cast<size_t>(n)]);
    const Case crop = cache.Read(n).value();
    EXPECT_EQ(crop.id, cache.id(n));
    EXPECT_EQ(crop.modality, "CT");
    EXPECT_EQ(crop.target_count, 1);
    EXPECT_TRUE(crop.image.geometry().shape() == (Shape{5, 5, 5}));
    EXPECT_EQ(crop.targets.at(2, 2, 2), 1);
    EXPECT_EQ(crop.image.at(2, 2, 2), (n == 1 ? 30 : 5) + (n == 2 ? 100 : 0));
  }
  EXPECT_EQ(cache.Read(3).status().code(), absl::StatusCode::kOutOfRange);
}

TEST_F(CropCacheTest, IsWrittenOnce) {
  Open();
  source_->reads = 0;
  source_->shift = 1000;  // would be seen
  const CropCache again = Open();
  EXPECT_EQ(source_->reads, 1) << "the broken one alone";
  EXPECT_EQ(again.Read(0)->image.at(2, 2, 2), 5);
  EXPECT_EQ(Open(kMargin - 1).Read(0)->image.geometry().shape().i, 5) << "a wider margin will do";
}

TEST_F(CropCacheTest, IsWrittenAgainWhereTheCaseOrTheMarginChanged) {
  Open();
  source_->reads = 0;
  source_->shift = 1000;
  source_->stamps[1] = "changed";
  EXPECT_EQ(Open().Read(2)->image.at(2, 2, 2), 1105);
  EXPECT_EQ(source_->reads, 2);
  EXPECT_EQ(Open(2 * kMargin).Read(0)->image.geometry().shape().i, 7);
}

TEST_F(CropCacheTest, SaysNothingOfTheCasesInItsNamesAndIsForItsOwner) {
  Open();
  int files = 0;
  for (const auto& entry : fs::directory_iterator(Path("cache"))) {
    ++files;
    EXPECT_EQ(entry.path().filename().string().find("patient"), std::string::npos);
    EXPECT_EQ(entry.status().permissions() & (fs::perms::group_all | fs::perms::others_all), fs::perms::none);
    EXPECT_THAT(Read(entry.path().string()), testing::Not(HasSubstr("patient")));
  }
  EXPECT_EQ(files, 2 + 2 * 3);
  EXPECT_EQ(fs::status(Path("cache")).permissions() & (fs::perms::group_all | fs::perms::others_all),
            fs::perms::none);
}

TEST_F(CropCacheTest, IsRefusedBelowAVersionControlledFolder) {
  fs::create_directories(folder_ / "project/.git");
  const auto quiet = [](const absl::Status&) {};
  const absl::Status status = CropCache::Open(source_, Path("project/build/cache"), kMargin, quiet).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("version-controlled"));
  Write("file", "");
  EXPECT_FALSE(CropCache::Open(source_, Path("file"), kMargin, quiet).ok());
}

TEST_F(CropCacheTest, SaysSoWhereAFileWasChanged) {
  const CropCache cache = Open();
  for (const auto& entry : fs::directory_iterator(Path("cache"))) {
    if (entry.path().extension() == ".nii") fs::resize_file(entry.path(), 400);
  }
  for (int64_t n = 0; n < 3; ++n) EXPECT_FALSE(cache.Read(n).ok());
}

// Each case as likely, within it each target.
TEST_F(CropCacheTest, IsDrawnFromAsWholeCasesAre) {
  const CropCache cache = Open();
  Random random(1);
  std::map<int64_t, int> drawn;
  constexpr int kDraws = 20000;
  for (int n = 0; n < kDraws; ++n) ++drawn[cache.Draw(random)];
  EXPECT_NEAR(drawn[0], kDraws / 4, 310);
  EXPECT_NEAR(drawn[1], kDraws / 4, 310);
  EXPECT_NEAR(drawn[2], kDraws / 2, 360);
}

}  // namespace
}  // namespace sgpsam
