#include "tools/learn/evaluation/evaluate_case.h"

#include <gtest/gtest.h>

#include <functional>
#include <utility>
#include <vector>

#include "core/base/reason.h"
#include "tests/support/synthetic_volume.h"

namespace sgpsam {
namespace {

constexpr Shape kShape{12, 10, 8};

// Target 1 has 27 voxels, target 2 has 2, target 3 has 8.
double Target(int64_t i, int64_t j, int64_t k) {
  if (i < 3 && j < 3 && k < 3) return 1;
  if (i >= 10 && j == 9 && k == 7) return 2;
  return i >= 6 && i < 8 && j >= 5 && j < 7 && k >= 4 && k < 6 ? 3 : 0;
}

Case ThreeTargets() {
  return {"three",
          TestVolume<int16_t>(TestGeometry(kShape), [](int64_t i, int64_t, int64_t) { return i; }),
          TestVolume<uint16_t>(TestGeometry(kShape), Target),
          3,
          {}};
}

Mask MaskOf(const std::vector<int64_t>& targets) {
  Mask mask(kShape);
  for (int64_t k = 0; k < kShape.k; ++k) {
    for (int64_t j = 0; j < kShape.j; ++j) {
      for (int64_t i = 0; i < kShape.i; ++i) {
        for (const int64_t target : targets) {
          if (Target(i, j, k) == static_cast<double>(target)) mask.Set(i, j, k);
        }
      }
    }
  }
  return mask;
}

// Answers as a test says; remembers what it was asked.
class Scripted final : public CaseSegmenter {
 public:
  using Answer = std::function<absl::StatusOr<Mask>(const Prompts& prompts, size_t call)>;
  explicit Scripted(Answer answer) : answer_(std::move(answer)) {}

  absl::StatusOr<CaseAnswer> Segment(const Prompts& prompts) override {
    asked.push_back(prompts.points);
    absl::StatusOr<Mask> mask = answer_(prompts, asked.size());
    if (!mask.ok()) return mask.status();
    return CaseAnswer{*std::move(mask), {}, std::nullopt, {}};
  }

  std::vector<std::vector<PointPrompt>> asked;

 private:
  const Answer answer_;
};

TEST(EvaluateCase, LeavesCrumbsOutAndCountsThem) {
  Scripted all([](const Prompts&, size_t) { return MaskOf({1}); });
  const ScoredCase scored = EvaluateCase(ThreeTargets(), all, {.min_voxels = 8}).value();
  EXPECT_EQ(scored.case_id, "three");
  EXPECT_EQ(scored.crumbs, 1);
  ASSERT_EQ(scored.lesions.size(), 2u);
  EXPECT_EQ(scored.lesions[0].lesion_id, 1);
  EXPECT_EQ(scored.lesions[1].lesion_id, 3) << "numbers do not depend on what is left out";
  EXPECT_EQ(scored.lesions[0].dice[0], 1);
  EXPECT_EQ(scored.lesions[0].first_click, (std::array<int64_t, 3>{1, 1, 1}));
  EXPECT_EQ(scored.lesions[0].ball.size(), 69u);
  EXPECT_EQ(EvaluateCase(ThreeTargets(), all, {})->crumbs, 0);
}

TEST(EvaluateCase, CountsRefusedClicksByReasonAndScoresNoMaskThatIsNotThere) {
  Scripted deaf([](const Prompts&, size_t) { return InvalidArgument(Reason::kEmptyMask, "nothing to see"); });
  const LesionScores never = EvaluateCase(ThreeTargets(), deaf, {.min_voxels = 20})->lesions.at(0);
  EXPECT_EQ(never.refused, (std::map<std::string, int>{{"EMPTY_MASK", 5}}));
  for (const auto& score : never.dice) EXPECT_FALSE(score.has_value());

  Scripted late([](const Prompts&, size_t call) -> absl::StatusOr<Mask> {
    if (call <= 2) return absl::InvalidArgumentError("no");
    return MaskOf({1});
  });
  const LesionScores then = EvaluateCase(ThreeTargets(), late, {.min_voxels = 20})->lesions.at(0);
  EXPECT_EQ(then.refused, (std::map<std::string, int>{{"UNNAMED", 2}}));
  EXPECT_FALSE(then.dice[0].has_value());
  EXPECT_EQ(then.dice[1], 1);
  EXPECT_EQ(then.dice[2], 1);
}

TEST(EvaluateCase, EndsOnAnErrorThatIsNoRefusal) {
  Scripted broken([](const Prompts&, size_t) { return absl::UnavailableError("gone"); });
  EXPECT_EQ(EvaluateCase(ThreeTargets(), broken, {}).status().code(), absl::StatusCode::kUnavailable);
}

TEST(EvaluateCase, TriesRightClicksAfterTheFirstAnswer) {
  const Mask truth = MaskOf({1}), nothing(kShape);
  // Each added click spoils or mends: a positive one leaves the truth, a negative one nothing.
  const auto answer = [&](const Prompts& prompts, size_t) -> absl::StatusOr<Mask> {
    return prompts.points.back().positive ? truth : nothing;
  };
  Scripted model(answer), plain(answer);
  const auto options = [](int added) {
    return EvaluateOptions{.min_voxels = 20, .targets = {1}, .added_clicks = added};
  };
  const LesionScores scores = EvaluateCase(ThreeTargets(), model, options(6))->lesions.at(0);
  EXPECT_EQ(scores.added, (std::vector<double>{0, -1, 0, -1, 0, -1}));
  for (size_t call = 1; call <= 6; ++call) {
    ASSERT_EQ(model.asked[call].size(), 2u) << "the first click and one more";
    const auto& voxel = std::get<VoxelIndex>(model.asked[call][1].position);
    const bool inside =
        truth.at(static_cast<int64_t>(voxel.i), static_cast<int64_t>(voxel.j), static_cast<int64_t>(voxel.k));
    EXPECT_EQ(model.asked[call][1].positive, inside) << "a right one";
  }
  EXPECT_EQ(EvaluateCase(ThreeTargets(), plain, options(0))->lesions.at(0).dice, scores.dice);
}

// Random clicks follow from the seed, the case's name and the target, not from the other cases.
TEST(EvaluateCase, ClicksAtRandomByItsSeed) {
  const auto clicks = [](uint64_t seed, const std::string& id) {
    Scripted none([](const Prompts&, size_t) { return Mask(kShape); });
    Case source = ThreeTargets();
    source.id = id;
    EXPECT_TRUE(EvaluateCase(source, none, {ClickStrategy::kRandom, seed, 8}).ok());
    std::vector<std::array<double, 3>> places;
    for (const PointPrompt& point : none.asked[4]) {
      const auto& voxel = std::get<VoxelIndex>(point.position);
      places.push_back({voxel.i, voxel.j, voxel.k});
    }
    return places;
  };
  EXPECT_EQ(clicks(1, "a"), clicks(1, "a"));
  EXPECT_NE(clicks(1, "a"), clicks(2, "a"));
  EXPECT_NE(clicks(1, "a"), clicks(1, "b"));
}

}  // namespace
}  // namespace sgpsam
