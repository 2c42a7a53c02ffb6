#include "tools/learn/cases/painted_cases.h"

#include <gtest/gtest.h>

#include <cmath>
#include <memory>
#include <vector>

#include "tests/support/synthetic_volume.h"

namespace sgpsam {
namespace {

constexpr Shape kShape{96, 80, 40};

bool Air(int64_t i) { return i >= 64; }

// Noise of 100 +- 20 in air of -1000, and two targets; number 2 is a piece of one that is not the case's own.
Case Source(const std::string& id) {
  const Geometry grid = TestGeometry(kShape, {1, 1, 2.5});
  const auto image = [](int64_t i, int64_t j, int64_t k) {
    if (Air(i)) return -1000.0;
    Random random(static_cast<uint64_t>(i + 1000 * j + 1000000 * k));
    return 100 + 20 * random.Normal();
  };
  const auto target = [](int64_t i, int64_t j, int64_t k) {
    if (i >= 20 && i < 26 && j >= 20 && j < 26 && k >= 10 && k < 14) return 1;
    return i >= 40 && i < 43 && j < 3 && k < 3 ? 2 : 0;
  };
  return {id, TestVolume<int16_t>(grid, image), TestVolume<uint16_t>(grid, target), 1, {}, "CT"};
}

template <typename Visit>
void ForEachVoxel(const Visit& visit) {
  for (int64_t k = 0; k < kShape.k; ++k) {
    for (int64_t j = 0; j < kShape.j; ++j) {
      for (int64_t i = 0; i < kShape.i; ++i) visit(i, j, k);
    }
  }
}

TEST(PaintLesions, LeavesWhatTheCaseHasAsItIs) {
  const Case before = Source("a");
  const Case after = PaintLesions(Source("a"), 4, Random(1)).value();
  ASSERT_GE(after.target_count, 3) << "there is room";
  EXPECT_EQ(after.id, "a");
  EXPECT_EQ(after.modality, "CT");
  std::vector<int> voxels(static_cast<size_t>(after.target_count) + 2, 0);
  ForEachVoxel([&](int64_t i, int64_t j, int64_t k) {
    const auto was = before.targets.at(i, j, k), is = after.targets.at(i, j, k);
    ++voxels.at(static_cast<size_t>(is));
    if (was == 0) return;
    EXPECT_EQ(is, was == 1 ? 1 : static_cast<double>(after.target_count) + 1) << "pieces of others come last";
    EXPECT_EQ(after.image.at(i, j, k), before.image.at(i, j, k));
  });
  for (size_t n = 1; n < voxels.size(); ++n) EXPECT_GE(voxels[n], n == 1 ? 144 : 8) << n;
}

// Inside, each differs from what was there in one direction by some
// standard deviations, and keeps its texture.
TEST(PaintLesions, ChangesTheImageWhereTheTruthIs) {
  const Case before = Source("a");
  int seen = 0;
  for (uint64_t seed = 1; seed <= 6; ++seed) {
    const Case after = PaintLesions(Source("a"), 2, Random(seed)).value();
    for (int64_t target = 2; target <= after.target_count; ++target) {
      double sum = 0, squares = 0, count = 0, in_air = 0;
      ForEachVoxel([&](int64_t i, int64_t j, int64_t k) {
        if (after.targets.at(i, j, k) != static_cast<double>(target)) return;
        const double change = after.image.at(i, j, k) - before.image.at(i, j, k);
        sum += change;
        squares += change * change;
        ++count;
        in_air += Air(i) ? 1 : 0;
      });
      ++seen;
      EXPECT_GT(std::abs(sum / count), 0.4 * 20) << seed;
      EXPECT_LT(squares / count - sum / count * (sum / count), sum / count * (sum / count))
          << "of one direction";
      EXPECT_LT(in_air, 0.5 * count) << "painted into nothing";
    }
    double far = 0;
    ForEachVoxel([&](int64_t i, int64_t j, int64_t k) {
      if (after.image.at(i, j, k) != before.image.at(i, j, k)) ++far;
    });
    EXPECT_LT(far, 0.5 * static_cast<double>(kShape.voxels()));
  }
  EXPECT_GE(seen, 6);
}

TEST(PaintLesions, PaintsNothingWhereThereIsNoRoom) {
  Case full = Source("a");
  full.targets = TestVolume<uint16_t>(full.image.geometry(), [](int64_t, int64_t, int64_t) { return 1; });
  const Case after = PaintLesions(std::move(full), 3, Random(1)).value();
  EXPECT_EQ(after.target_count, 1);
}

class OneCase final : public CaseSource {
 public:
  int64_t size() const override { return 40; }
  std::string id(int64_t index) const override { return "case-" + std::to_string(index); }
  absl::StatusOr<Case> Read(int64_t index) const override { return Source(id(index)); }
};

TEST(PaintedCases, AreAlwaysTheSameAndHaveTheShareThatWasAskedFor) {
  const auto source = std::make_shared<OneCase>();
  const PaintedCases painted(source, 0.5, 7), others(source, 0.5, 8), none(source, 0, 7);
  const Case first = painted.Read(3).value(), again = painted.Read(3).value(), other = others.Read(3).value();
  const auto same = [](const Case& a, const Case& b) {
    bool all = true;
    ForEachVoxel([&](int64_t i, int64_t j, int64_t k) {
      all =
          all && a.image.at(i, j, k) == b.image.at(i, j, k) && a.targets.at(i, j, k) == b.targets.at(i, j, k);
    });
    return all;
  };
  EXPECT_TRUE(same(first, again));
  EXPECT_FALSE(same(first, other));
  EXPECT_TRUE(same(none.Read(3).value(), Source("case-3")));
  int64_t targets = 0;
  for (int64_t n = 0; n < 12; ++n) targets += painted.Read(n)->target_count;
  EXPECT_NEAR(static_cast<double>(targets), 24, 3);  // one of each case's own, one painted
}

}  // namespace
}  // namespace sgpsam
