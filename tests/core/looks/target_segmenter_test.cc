#include "core/looks/target_segmenter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <functional>
#include <limits>

#include "absl/strings/str_cat.h"
#include "core/base/random.h"
#include "core/base/reason.h"
#include "core/engine/engine.h"
#include "core/looks/engine_patch_model.h"
#include "core/transform/resolve_prompts.h"
#include "core/transform/restore.h"
#include "tests/support/synthetic_volume.h"
#include "tests/support/threshold_engine.h"

namespace sgpsam {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Gt;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Lt;
using ::testing::SizeIs;

// How far a point in mm from the first voxel lies inside a lesion; negative outside.
using Lesion = std::function<double(double, double, double)>;

Lesion Ellipsoid(const std::array<double, 3>& centre, const std::array<double, 3>& half_axes) {
  return [=](double x, double y, double z) {
    return 1 - std::hypot((x - centre[0]) / half_axes[0], (y - centre[1]) / half_axes[1],
                          (z - centre[2]) / half_axes[2]);
  };
}

// Canonical axes are the volume's own.
Geometry Grid(const Shape& shape, double spacing) {
  return SteppedGeometry(shape, {{{-spacing, 0, 0}, {0, -spacing, 0}, {0, 0, spacing}}});
}

// 100 outside of the lesion, 200 inside, what a voxel holds of it (by 27 samples) between.
Volume Scan(const Geometry& geometry, const Lesion& lesion) {
  const double mm = geometry.spacing_mm()[0];
  return TestVolume<int16_t>(geometry, [&](int64_t i, int64_t j, int64_t k) {
    int inside = 0;
    for (int n = 0; n < 27; ++n) {
      const auto at = [mm](int64_t v, int third) {
        return (static_cast<double>(v) + (third - 1) / 3.0) * mm;
      };
      inside += lesion(at(i, n / 9), at(j, n / 3 % 3), at(k, n % 3)) > 0 ? 1 : 0;
    }
    return 100 + 100 * inside / 27.0;
  });
}

double Dice(const Mask& mask, const Geometry& geometry, const Lesion& lesion) {
  const double mm = geometry.spacing_mm()[0];
  const Shape& shape = geometry.shape();
  double both = 0, truth = 0;
  for (int64_t k = 0; k < shape.k; ++k) {
    for (int64_t j = 0; j < shape.j; ++j) {
      for (int64_t i = 0; i < shape.i; ++i) {
        if (lesion(mm * static_cast<double>(i), mm * static_cast<double>(j), mm * static_cast<double>(k)) <=
            0) {
          continue;
        }
        ++truth;
        both += mask.at(i, j, k) ? 1 : 0;
      }
    }
  }
  return 2 * both / (truth + static_cast<double>(mask.CountVoxels()));
}

Prompts ClickAt(double i, double j, double k) {
  Prompts prompts;
  prompts.points = {{VoxelIndex{i, j, k}, true}};
  return prompts;
}

// Notes what is asked of the model that it wraps, and may change its answers.
class WatchedModel : public PatchModel {
 public:
  explicit WatchedModel(PatchModel& model) : model_(model) {}

  const ModelInfo& info() const override { return model_.info(); }
  absl::StatusOr<EmbeddedPatch> Embed(const Placement& placement) override {
    placements.push_back(placement);
    return model_.Embed(placement);
  }
  absl::StatusOr<MaskLogits> Decode(DecodeInput input) override {
    inputs.push_back(input);
    absl::StatusOr<MaskLogits> logits = model_.Decode(std::move(input));
    if (change && logits.ok()) change(placements.size(), *logits);
    return logits;
  }
  absl::Status Compute(Stage stage, absl::FunctionRef<absl::Status()> step) override {
    return compute ? compute(stage, step) : PatchModel::Compute(stage, step);
  }

  std::vector<std::array<int64_t, 3>> Begins() const {
    std::vector<std::array<int64_t, 3>> begins;
    for (const Placement& placement : placements) begins.push_back(placement.begin);
    return begins;
  }

  std::vector<Placement> placements;
  std::vector<DecodeInput> inputs;
  std::function<void(size_t patch, MaskLogits&)> change;  // patch counts from 1
  std::function<absl::Status(Stage, absl::FunctionRef<absl::Status()>)> compute;

 private:
  PatchModel& model_;
};

// A lesion of 105 x 27 x 27 mm; a patch has 48 mm.
class LargeLesionTest : public testing::Test {
 protected:
  absl::StatusOr<TargetSegmentation> Run(const TargetOptions& options, PatchModel& model) const {
    return SegmentTarget(geometry_, click_, options, model);
  }
  TargetSegmentation MustRun(const TargetOptions& options, PatchModel& model) const {
    absl::StatusOr<TargetSegmentation> found = Run(options, model);
    EXPECT_TRUE(found.ok()) << found.status();
    return found.ok() ? *std::move(found) : TargetSegmentation();
  }
  static TargetOptions AtMost(int patches) {
    TargetOptions options;
    options.max_patches = patches;
    return options;
  }

  const Geometry geometry_ = Grid({100, 60, 60}, 1.5);
  const Lesion lesion_ = Ellipsoid({75, 45, 45}, {52.5, 13.5, 13.5});
  const Volume volume_ = Scan(geometry_, lesion_);
  const Prompts click_ = ClickAt(46, 30, 30);
  ThresholdEngine engine_;
  EnginePatchModel model_{engine_, volume_};
};

TEST_F(LargeLesionTest, IsFoundWholeWithSeveralPatches) {
  const TargetSegmentation found = MustRun({}, model_);
  EXPECT_GT(Dice(found.mask, geometry_, lesion_), 0.85);
  EXPECT_GT(found.patches, 2);
  EXPECT_LE(found.patches, kLookPolicy.default_patches);
  EXPECT_EQ(found.spacing_mm, 1.5);
  EXPECT_FALSE(found.touches_patch_border);
  EXPECT_THAT(found.warnings, IsEmpty());
}

TEST_F(LargeLesionTest, IsFollowedAsManyStepsAsAreAllowed) {
  for (const int steps : {0, 1, 2}) {
    TargetOptions options;
    options.max_steps = steps;
    const TargetSegmentation found = MustRun(options, model_);
    EXPECT_EQ(found.patches, 1 + steps);
    EXPECT_TRUE(found.touches_patch_border);
    EXPECT_THAT(found.warnings, Contains(HasSubstr(absl::StrCat(steps, " steps along it"))));
  }
  TargetOptions many;
  many.max_steps = 20;
  EXPECT_EQ(MustRun(many, model_).mask.bits(), MustRun({}, model_).mask.bits());
}

TEST_F(LargeLesionTest, IsCutAtThePatchWhereOneMustDo) {
  const TargetSegmentation cut = MustRun(AtMost(1), model_);
  EXPECT_EQ(cut.patches, 1);
  EXPECT_TRUE(cut.touches_patch_border);
  EXPECT_THAT(cut.warnings, IsEmpty());  // nobody asked for more
  EXPECT_LT(Dice(cut.mask, geometry_, lesion_), Dice(MustRun({}, model_).mask, geometry_, lesion_) - 0.1);
}

TEST_F(LargeLesionTest, SaysThatTheLimitCutItShort) {
  const TargetSegmentation found = MustRun(AtMost(2), model_);
  EXPECT_EQ(found.patches, 2);
  EXPECT_TRUE(found.touches_patch_border);
  ASSERT_THAT(found.warnings, SizeIs(1));
  EXPECT_THAT(found.warnings[0], HasSubstr("beyond the 2 patches"));
}

TEST_F(LargeLesionTest, IsFollowedInTheSameOrderEveryTime) {
  WatchedModel first(model_), second(model_);
  const TargetSegmentation a = MustRun({}, first), b = MustRun({}, second);
  EXPECT_EQ(first.Begins(), second.Begins());
  EXPECT_EQ(a.mask.bits(), b.mask.bits());
  // To both sides of the first, and on to the end that is further away; the other is reached.
  EXPECT_THAT(first.Begins(),
              ElementsAre(std::array<int64_t, 3>{30, 14, 14}, std::array<int64_t, 3>{14, 14, 14},
                          std::array<int64_t, 3>{46, 14, 14}, std::array<int64_t, 3>{62, 14, 14}));
}

TEST_F(LargeLesionTest, GivesFurtherPatchesWhatIsInSightAndWhatWasFound) {
  WatchedModel watched(model_);
  const TargetSegmentation found = MustRun({}, watched);
  ASSERT_THAT(watched.inputs, SizeIs(Gt(3)));
  EXPECT_THAT(watched.inputs[0].mask_logits, IsEmpty());
  EXPECT_EQ(watched.inputs[0].clicks[0].i, 16);
  // The click is the first voxel of the patch towards +i; in the two others one lies deep in what was found.
  EXPECT_EQ(watched.inputs[2].clicks.at(0).i, 0);
  EXPECT_THAT(watched.inputs[1].clicks.at(0).i, testing::AllOf(Gt(18), Lt(30)));
  EXPECT_THAT(watched.inputs[3].clicks.at(0).i, testing::AllOf(Gt(1), Lt(14)));
  EXPECT_NEAR(watched.inputs[3].clicks[0].j, 16, 3);
  const std::vector<float>& logits = watched.inputs[1].mask_logits;
  ASSERT_THAT(logits, SizeIs(16 * 16 * 16));
  const std::vector<float>& first = found.first.values;
  for (int64_t n = 0; n < 8 * 256; ++n) {
    EXPECT_EQ(logits[n], 0) << "towards -i nothing was seen yet";
    EXPECT_EQ(logits[n + 8 * 256], first[n]) << "and the other half is the first patch's";
  }
}

TEST_F(LargeLesionTest, EncodesNothingForASecondClick) {
  EXPECT_FALSE(MustRun({}, model_).embedding_cached);
  Prompts two = click_;
  two.points.push_back({VoxelIndex{50, 30, 45}, false});
  const auto again = SegmentTarget(geometry_, two, {}, model_);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_GT(again->patches, 2);
  EXPECT_TRUE(again->embedding_cached);
}

TEST_F(LargeLesionTest, IsLeftAloneOnceNobodyWaits) {
  WatchedModel watched(model_);
  watched.compute = [&](Stage stage, absl::FunctionRef<absl::Status()> step) {
    return watched.placements.size() < 2 || stage != Stage::kPrepare ? step() : absl::CancelledError("gone");
  };
  EXPECT_EQ(Run({}, watched).status(), absl::CancelledError("gone"));
  EXPECT_THAT(watched.placements, SizeIs(2));
}

TEST_F(LargeLesionTest, PassesOnTheErrorsOfTheModel) {
  class Broken : public WatchedModel {
   public:
    using WatchedModel::WatchedModel;
    absl::StatusOr<EmbeddedPatch> Embed(const Placement& placement) override {
      if (!placements.empty()) return absl::UnavailableError("no worker");
      return WatchedModel::Embed(placement);
    }
  } broken(model_);
  EXPECT_EQ(Run({}, broken).status(), absl::UnavailableError("no worker"));
}

TEST_F(LargeLesionTest, IsFollowedOnTheOtherSideWhereOneCannotBeEncoded) {
  const Volume hole = TestVolume<float>(geometry_, [&](int64_t i, int64_t j, int64_t k) {
    return i < 20 ? std::numeric_limits<double>::quiet_NaN() : volume_.at(i, j, k);
  });
  EnginePatchModel model(engine_, hole);
  const TargetSegmentation found = MustRun({}, model);
  EXPECT_TRUE(found.touches_patch_border);
  ASSERT_THAT(found.warnings, SizeIs(1));
  EXPECT_THAT(found.warnings[0], HasSubstr("not followed on one side"));
  EXPECT_TRUE(found.mask.at(80, 30, 30));
  EXPECT_FALSE(found.mask.at(18, 30, 30));
}

TEST_F(LargeLesionTest, KeepsItsFirstAnswerWhereFurtherPatchesFindNothingOrSomethingElse) {
  const TargetSegmentation one = MustRun(AtMost(1), model_);
  for (const float everywhere : {-9.0f, 9.0f}) {
    WatchedModel lost(model_);
    lost.change = [=](size_t patch, MaskLogits& logits) {
      if (patch > 1) std::fill(logits.values.begin(), logits.values.end(), everywhere);
    };
    const TargetSegmentation found = MustRun({}, lost);
    EXPECT_EQ(found.mask.bits(), one.mask.bits());
    EXPECT_EQ(found.patches, 3);
    EXPECT_TRUE(found.touches_patch_border);
  }
}

TEST_F(LargeLesionTest, TakesAPointThatAFurtherPatchSees) {
  Prompts prompts = click_;
  prompts.points.push_back({VoxelIndex{70, 30, 30}, true});
  const auto found = SegmentTarget(geometry_, prompts, {}, model_);
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_GT(Dice(found->mask, geometry_, lesion_), 0.85);
  EXPECT_THAT(SegmentTarget(geometry_, prompts, AtMost(1), model_).status().message(),
              HasSubstr("point 2: lies"));
  prompts.points[1].position = VoxelIndex{70, 55, 30};  // where nothing leads
  EXPECT_THAT(SegmentTarget(geometry_, prompts, {}, model_).status().message(), HasSubstr("point 2: lies"));
}

// The second of two calls, told where the first one's patch lay.
Prompts Refined(const TargetSegmentation& first, std::vector<PointPrompt> points) {
  Prompts prompts;
  prompts.points = std::move(points);
  prompts.previous_logits = first.first.values;
  prompts.previous_patch = first.first_patch;
  return prompts;
}

TEST_F(LargeLesionTest, IsRefinedByANegativePointAlone) {
  const TargetSegmentation first = MustRun({}, model_);
  WatchedModel watched(model_);
  const auto found = SegmentTarget(geometry_, Refined(first, {{VoxelIndex{50, 30, 45}, false}}), {}, watched);
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_EQ(watched.Begins().at(0), (std::array<int64_t, 3>{30, 14, 14}));
  EXPECT_EQ(watched.inputs[0].mask_logits, first.first.values);
  ASSERT_THAT(watched.inputs[0].clicks, SizeIs(2));
  EXPECT_FALSE(watched.inputs[0].clicks[0].positive);
  EXPECT_GT(Dice(found->mask, geometry_, lesion_), 0.85);
  EXPECT_TRUE(found->embedding_cached);
  EXPECT_THAT(found->warnings, IsEmpty());
}

TEST_F(LargeLesionTest, StaysOnItsPatchWhateverPointComesFirst) {
  const TargetSegmentation first = MustRun({}, model_);
  WatchedModel watched(model_);
  const auto found = SegmentTarget(
      geometry_, Refined(first, {{VoxelIndex{56, 30, 30}, true}, {VoxelIndex{46, 30, 30}, true}}), {},
      watched);
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_EQ(watched.Begins().at(0), (std::array<int64_t, 3>{30, 14, 14}));
  EXPECT_EQ(found->first_patch.centre.x, first.first_patch.centre.x);
  EXPECT_THAT(found->warnings, IsEmpty());
}

TEST_F(LargeLesionTest, SaysThatPreviousLogitsWereMovedOrTakenToLieSomewhere) {
  const TargetSegmentation first = MustRun({}, model_);
  Prompts prompts = Refined(first, {{VoxelIndex{46, 30, 30}, true}});
  TargetOptions coarser;
  coarser.spacing_mm = 3;
  const auto moved = SegmentTarget(geometry_, prompts, coarser, model_);
  ASSERT_TRUE(moved.ok()) << moved.status();
  EXPECT_EQ(moved->first_patch.spacing_mm, 3);
  ASSERT_THAT(moved->warnings, SizeIs(1));
  EXPECT_THAT(moved->warnings[0], HasSubstr("voxels of 1.5 mm and were resampled to 3 mm"));
  prompts.previous_patch.reset();
  const auto assumed = SegmentTarget(geometry_, prompts, {}, model_);
  ASSERT_TRUE(assumed.ok()) << assumed.status();
  ASSERT_THAT(assumed->warnings, SizeIs(1));
  EXPECT_THAT(assumed->warnings[0], HasSubstr("came without the patch"));
}

TEST_F(LargeLesionTest, SaysWhatBecameOfABox) {
  Prompts prompts = click_;
  prompts.boxes = {{VoxelIndex{15, 21, 21}, VoxelIndex{85, 39, 39}}};
  const auto both = SegmentTarget(geometry_, prompts, {}, model_);
  ASSERT_TRUE(both.ok()) << both.status();
  EXPECT_THAT(both->warnings, IsEmpty());
  ASSERT_THAT(both->prompt_uses, SizeIs(2));
  EXPECT_EQ(both->prompt_uses[0].clicks, 1);
  EXPECT_EQ(both->prompt_uses[1].kind, PromptKind::kBox);
  EXPECT_EQ(both->prompt_uses[1].clicks, 0);
  prompts.points.clear();
  EXPECT_EQ(SegmentTarget(geometry_, prompts, {}, model_)->prompt_uses.at(0).clicks, 1);
  ThresholdEngine engine(32, /*box_corner_embeddings=*/2);
  EnginePatchModel corners(engine, volume_);
  const auto cornered = SegmentTarget(geometry_, prompts, {}, corners);
  EXPECT_THAT(cornered->warnings, IsEmpty());
  EXPECT_TRUE(cornered->prompt_uses.at(0).box_corners);
  EXPECT_THAT(SegmentTarget(geometry_, prompts, AtMost(1), corners)->warnings,
              ElementsAre(HasSubstr("a box reaches beyond")));
}

TEST_F(LargeLesionTest, IsCutToABoxInAnswerToIt) {
  Prompts prompts = click_;
  prompts.boxes = {{VoxelIndex{36, 21, 21}, VoxelIndex{55, 39, 39}}};  // of 20 voxels along i
  const auto cut = SegmentTarget(geometry_, prompts, {}, model_);
  ASSERT_TRUE(cut.ok()) << cut.status();
  EXPECT_TRUE(cut->mask.at(34, 30, 30));
  EXPECT_FALSE(cut->mask.at(33, 30, 30));
  EXPECT_TRUE(cut->mask.at(57, 30, 30));
  EXPECT_FALSE(cut->mask.at(58, 30, 30));
  EXPECT_FALSE(cut->touches_patch_border);
  EXPECT_TRUE(cut->prompt_uses[1].confined);
  EXPECT_THAT(cut->warnings, testing::Contains(HasSubstr("outside of the box were cut off")));
  // Whoever goes on from the logits alone does not get it back.
  const PatchSizes& sizes = engine_.info().sizes;
  const Placement first = PlaceAtPosition(geometry_, cut->first_patch, sizes.patch, GridOrigin::kVolume);
  const Mask left = RestoreMask(OnePatch(cut->first.values, sizes, first), geometry_).mask;
  EXPECT_FALSE(left.at(31, 30, 30));
  EXPECT_TRUE(left.at(46, 30, 30));
  prompts.points.push_back({VoxelIndex{70, 30, 30}, true});  // a point outside says that it goes on
  EXPECT_GT(Dice(SegmentTarget(geometry_, prompts, {}, model_)->mask, geometry_, lesion_), 0.85);
}

TEST_F(LargeLesionTest, ObeysScribblesAndNegativeBoxes) {
  Prompts prompts = click_;
  prompts.boxes = {{VoxelIndex{60, 20, 20}, VoxelIndex{99, 40, 40}, /*positive=*/false}};
  prompts.scribbles = {{{{40, 45, 52, 30}}}, {{{20, 30, 30, 30}}, /*positive=*/false}};
  const auto found = SegmentTarget(geometry_, prompts, {}, model_);
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_FALSE(found->mask.at(60, 30, 30));
  EXPECT_TRUE(found->mask.at(59, 30, 30));
  for (int64_t i = 40; i < 45; ++i) EXPECT_TRUE(found->mask.at(i, 52, 30));
  for (int64_t i = 20; i < 30; ++i) EXPECT_FALSE(found->mask.at(i, 30, 30));
  EXPECT_EQ(found->enforced_prompts, 3);
  EXPECT_THAT(found->warnings, testing::Contains(HasSubstr("box 1, scribble 1, scribble 2")));
}

TEST_F(LargeLesionTest, IsNotLookedForWhereNothingIsAskedFor) {
  WatchedModel watched(model_);
  Prompts prompts;
  prompts.points = {{VoxelIndex{46, 30, 30}, false}};
  prompts.boxes = {{VoxelIndex{60, 20, 20}, VoxelIndex{99, 40, 40}, /*positive=*/false}};
  const auto nothing = SegmentTarget(geometry_, prompts, {}, watched);
  ASSERT_TRUE(nothing.ok()) << nothing.status();
  EXPECT_EQ(nothing->mask.CountVoxels(), 0u);
  EXPECT_EQ(nothing->patches, 0);
  EXPECT_THAT(watched.placements, IsEmpty());
  EXPECT_THAT(nothing->warnings, ElementsAre(HasSubstr("ask for nothing")));
  EXPECT_THAT(nothing->prompt_uses, SizeIs(2));
  EXPECT_TRUE(RestoreProbabilities(nothing->logits, geometry_).ok());
  // Its logits say nothing either, so that a positive click goes on as if it were the first.
  prompts.points.push_back({VoxelIndex{50, 30, 30}, true});
  prompts.boxes.clear();
  const TargetSegmentation plain = *SegmentTarget(geometry_, prompts, {}, model_);
  prompts.previous_logits = nothing->first.values;
  const auto second = SegmentTarget(geometry_, prompts, {}, model_);
  ASSERT_TRUE(second.ok()) << second.status();
  EXPECT_EQ(second->mask.bits(), plain.mask.bits());
  // Nothing at all is no request.
  EXPECT_FALSE(SegmentTarget(geometry_, {}, {}, model_).ok());
}

TEST_F(LargeLesionTest, IsEmptyWhereNegativePromptsLeaveNothingOfAMask) {
  Prompts prompts;
  prompts.mask.emplace(geometry_.shape());
  prompts.mask->Set(46, 30, 30);
  prompts.points = {{VoxelIndex{46, 30, 30}, false}};
  const auto nothing = SegmentTarget(geometry_, prompts, {}, model_);
  ASSERT_TRUE(nothing.ok()) << nothing.status();
  EXPECT_EQ(nothing->mask.CountVoxels(), 0u);
  EXPECT_THAT(nothing->warnings, ElementsAre(HasSubstr("leave nothing")));
}

TEST_F(LargeLesionTest, TellsEachPatchBeforeItIsMade) {
  class Counting : public WatchedModel {
   public:
    using WatchedModel::WatchedModel;
    void BeginPatch(int patch, int most) override { told.push_back({patch, most, placements.size()}); }
    struct Told {
      int patch, most;
      size_t placed;
    };
    std::vector<Told> told;
  } counting(model_);
  const TargetSegmentation found = MustRun(AtMost(6), counting);
  ASSERT_THAT(counting.told, SizeIs(found.patches));
  for (size_t n = 0; n < counting.told.size(); ++n) {
    EXPECT_EQ(counting.told[n].patch, static_cast<int>(n) + 1);
    EXPECT_EQ(counting.told[n].most, 6);
    EXPECT_EQ(counting.told[n].placed, n);
  }
}

TEST_F(LargeLesionTest, HasProbabilitiesThatAgreeWithItsMask) {
  const TargetSegmentation found = MustRun({}, model_);
  const absl::StatusOr<ByteBuffer> bytes = RestoreProbabilities(found.logits, geometry_);
  ASSERT_TRUE(bytes.ok());
  for (int64_t k = 0, n = 0; k < 60; ++k) {
    for (int64_t j = 0; j < 60; ++j) {
      for (int64_t i = 0; i < 100; ++i, ++n) {
        float probability = 0;
        std::memcpy(&probability, bytes->data() + 4 * n, sizeof(probability));
        ASSERT_EQ(probability > 0.5f, found.mask.at(i, j, k)) << i << " " << j << " " << k;
      }
    }
  }
}

TEST_F(LargeLesionTest, IsFoundByABoxInEitherWay) {
  Prompts prompts;
  prompts.boxes = {BoxPrompt{VoxelIndex{15, 21, 21}, VoxelIndex{85, 39, 39}}};
  for (const int corners : {0, 2}) {
    ThresholdEngine engine(32, corners);
    EnginePatchModel model(engine, volume_);
    WatchedModel watched(model);
    const auto found = SegmentTarget(geometry_, prompts, {}, watched);
    ASSERT_TRUE(found.ok()) << found.status();
    EXPECT_GT(Dice(found->mask, geometry_, lesion_), 0.85) << corners;
    for (const DecodeInput& input : watched.inputs) {
      EXPECT_EQ(input.box.has_value(), corners == 2);
      EXPECT_THAT(input.clicks, SizeIs(corners == 2 ? 0 : 1));
    }
  }
}

TEST(TargetSegmenter, FollowsALesionWithPatchesOf64Voxels) {
  const Geometry geometry = Grid({140, 70, 70}, 1.5);
  const Lesion lesion = Ellipsoid({105, 52, 52}, {52.5, 13.5, 13.5});
  const Volume volume = Scan(geometry, lesion);
  ThresholdEngine engine(64);
  EnginePatchModel model(engine, volume);
  const auto found = SegmentTarget(geometry, ClickAt(66, 35, 35), {}, model);
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_GT(Dice(found->mask, geometry, lesion), 0.9);
  EXPECT_EQ(found->patches, 2);
  EXPECT_FALSE(found->touches_patch_border);
  EXPECT_EQ(found->first.values.size(), 32u * 32 * 32);
}

// A ball of 8 mm in a scan of 0.6 mm.
class SmallLesionTest : public testing::Test {
 protected:
  TargetSegmentation MustRun(const TargetOptions& options, PatchModel& model) const {
    absl::StatusOr<TargetSegmentation> found = SegmentTarget(geometry_, click_, options, model);
    EXPECT_TRUE(found.ok()) << found.status();
    return found.ok() ? *std::move(found) : TargetSegmentation();
  }
  static TargetOptions Auto() {
    TargetOptions options;
    options.auto_spacing = true;
    return options;
  }
  double DiceOf(const TargetSegmentation& found) const { return Dice(found.mask, geometry_, lesion_); }

  const Geometry geometry_ = Grid({90, 90, 90}, 0.6);
  const Lesion lesion_ = Ellipsoid({27, 26, 28}, {4, 4, 4});
  const Volume volume_ = Scan(geometry_, lesion_);
  const Prompts click_ = ClickAt(42, 44, 46);
  ThresholdEngine engine_;
  EnginePatchModel model_{engine_, volume_};
};

TEST_F(SmallLesionTest, ComesOutBitByBitAsOnePatchGivesIt) {
  const ResolvedPrompts prompts = *ResolvePrompts(geometry_, model_.info().sizes, click_);
  const Placement placement = *PlacePatch(geometry_, prompts, 32, kUsualSpacingMm, GridOrigin::kVolume);
  DecodeInput input;
  input.embedding = model_.Embed(placement)->embedding;
  input.clicks = {{16, 16, 16, true}};
  const MaskLogits logits = *model_.Decode(input);
  const TargetSegmentation found = MustRun({}, model_);
  EXPECT_EQ(found.patches, 1);
  EXPECT_EQ(found.first.values, logits.values);
  EXPECT_EQ(found.first.iou_prediction, logits.iou_prediction);
  EXPECT_EQ(found.mask.bits(),
            RestoreMask(OnePatch(logits.values, model_.info().sizes, placement), geometry_).mask.bits());
  EXPECT_THAT(found.gate_scores, ElementsAre(0.75f));
}

// docs/inference.md, proto/README.md and --help promise this, and no more.
TEST_F(SmallLesionTest, HasTheSameMaskWithOnePatchOrManyWhereNoOtherSpacingIsLookedAt) {
  TargetOptions one, many;
  one.max_patches = 1;
  many.max_patches = kLookPolicy.most_patches;
  EXPECT_EQ(MustRun(one, model_).mask.bits(), MustRun(many, model_).mask.bits());
  one.auto_spacing = many.auto_spacing = true;
  EXPECT_NE(MustRun(one, model_).mask.bits(), MustRun(many, model_).mask.bits());
  EXPECT_EQ(MustRun(one, model_).mask.bits(), MustRun({}, model_).mask.bits());
}

TEST_F(SmallLesionTest, IsNotFollowedUnlessAVoxelOfItsMaskLiesOnAFace) {
  WatchedModel watched(model_);
  // One cell on a face, too faint next to its neighbours to mark a voxel.
  watched.change = [](size_t, MaskLogits& logits) {
    std::fill(logits.values.begin(), logits.values.end(), -1.0f);
    logits.values[(0 * 16 + 8) * 16 + 8] = 0.01f;
  };
  const TargetSegmentation found = MustRun({}, watched);
  EXPECT_LT(found.mask.CountVoxels(), 100u);  // the click and what turns with it
  EXPECT_EQ(found.patches, 1);
}

TEST_F(SmallLesionTest, IsFoundBetterByACloserLook) {
  const TargetSegmentation plain = MustRun({}, model_), closer = MustRun(Auto(), model_);
  EXPECT_EQ(closer.patches, 2);
  EXPECT_THAT(closer.spacing_mm, testing::AllOf(Gt(0.59), Lt(1.2)));
  EXPECT_GT(DiceOf(closer), DiceOf(plain) + 0.1) << DiceOf(plain) << " and then " << DiceOf(closer);
  EXPECT_EQ(closer.first.values, plain.first.values) << "what a refinement goes on from";
}

TEST_F(SmallLesionTest, IsLookedAtAgainAsOftenAsIsAllowed) {
  TargetOptions none = Auto(), one = Auto();
  none.max_looks = 0;
  one.max_looks = 1;
  EXPECT_EQ(MustRun(none, model_).mask.bits(), MustRun({}, model_).mask.bits());
  EXPECT_EQ(MustRun(none, model_).patches, 1);
  EXPECT_EQ(MustRun(one, model_).mask.bits(), MustRun(Auto(), model_).mask.bits());
}

TEST_F(SmallLesionTest, IsFoundBetterOnTheAverageOfAnUnsureModel) {
  TargetOptions options;
  options.average_looks = true;
  const auto run = [&](const TargetOptions& by) {
    WatchedModel unsure(model_);
    unsure.change = [](size_t call, MaskLogits& logits) {
      Random random(call + 1);
      for (float& logit : logits.values) logit += static_cast<float>(4 * random.Normal());
    };
    return MustRun(by, unsure);
  };
  const TargetSegmentation plain = run({}), averaged = run(options);
  EXPECT_EQ(averaged.patches, 5);
  EXPECT_GT(DiceOf(averaged), DiceOf(plain) + 0.05)
      << DiceOf(plain) << " and on the average " << DiceOf(averaged);
  options.max_patches = 1;
  EXPECT_EQ(run(options).mask.bits(), plain.mask.bits());
}

// Moved by whole cells, looks are not blurred: half cells cost a lesion of three cells a third of its Dice.
TEST_F(SmallLesionTest, LosesNothingOnTheAverageOfASureModel) {
  TargetOptions options;
  options.average_looks = true;
  const TargetSegmentation plain = MustRun({}, model_), averaged = MustRun(options, model_);
  EXPECT_EQ(averaged.patches, 5);
  EXPECT_GE(DiceOf(averaged), DiceOf(plain));
}

// A voxel in the middle of what the first mask lacks of the whole.
VoxelIndex MiddleOfWhatLacks(const TargetSegmentation& first, const TargetSegmentation& whole) {
  const Shape& shape = whole.mask.shape();
  std::vector<VoxelIndex> lacking;
  for (int64_t n = 0; n < shape.voxels(); ++n) {
    const int64_t i = n % shape.i, j = n / shape.i % shape.j, k = n / shape.i / shape.j;
    if (whole.mask.at(i, j, k) && !first.mask.at(i, j, k)) {
      lacking.push_back({static_cast<double>(i), static_cast<double>(j), static_cast<double>(k)});
    }
  }
  EXPECT_FALSE(lacking.empty());
  return lacking.empty() ? VoxelIndex{} : lacking[lacking.size() / 2];
}

// Patches of 24, 34 and 48 mm, and of 68 and 96 for those who need them; of a model that is sure but for the
// cells on a border.
class LadderTest : public testing::Test {
 protected:
  static constexpr int kLooks = 3, kCoarserLooks = 2;
  static constexpr float kSure = 5;

  absl::StatusOr<TargetSegmentation> Run(const Lesion& lesion, const Prompts& prompts,
                                         const TargetOptions& options = {}) {
    const Volume volume = Scan(geometry_, lesion);
    EnginePatchModel model(engine_, volume);
    WatchedModel watched(model);
    watched.change = [&](size_t patch, MaskLogits& logits) {
      for (float& logit : logits.values) logit *= kSure;
      if (change_) change_(patch, logits);
    };
    return SegmentTarget(geometry_, prompts, options, watched);
  }

  static TargetOptions FirstAlone() {
    TargetOptions options;
    options.auto_spacing = false;
    options.max_patches = 1;
    return options;
  }

  const Geometry geometry_ = Grid({100, 70, 70}, 1);
  const Prompts click_ = ClickAt(50, 35, 35);
  ThresholdEngine engine_{32, /*box_corner_embeddings=*/0, /*finest_spacing_mm=*/0.6,
                          /*first_spacing_mm=*/0.75, /*coarsest_spacing_mm=*/3};
  std::function<void(size_t patch, MaskLogits&)> change_;
};

TEST_F(LadderTest, LooksWiderAtALesionThatReachesOutOfItsPatch) {
  const Lesion lesion = Ellipsoid({50, 35, 35}, {20, 14, 14});
  const auto found = Run(lesion, click_), narrow = Run(lesion, click_, FirstAlone());
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_GE(found->spacing_mm, 1.5);
  EXPECT_LE(found->patches, kLooks + kCoarserLooks);
  EXPECT_GT(Dice(found->mask, geometry_, lesion), 0.9);
  ASSERT_TRUE(narrow.ok()) << narrow.status();
  EXPECT_EQ(narrow->spacing_mm, 0.75);
  EXPECT_TRUE(narrow->touches_patch_border);
  EXPECT_EQ(found->first_patch.spacing_mm, found->spacing_mm) << "what a refinement goes on from";
}

// Boxes and lines say how large the target is: narrower patches would show a part of it.
TEST_F(LadderTest, BeginsWhereThereIsRoomForABoxOrALine) {
  const Lesion lesion = Ellipsoid({50, 35, 35}, {15, 12, 12});
  const Volume volume = Scan(geometry_, lesion);
  EnginePatchModel model(engine_, volume);
  Prompts box, line;
  box.boxes = {{VoxelIndex{35, 23, 23}, VoxelIndex{65, 47, 47}}};
  line.lines = {{VoxelIndex{36, 35, 35}, VoxelIndex{64, 35, 35}}};
  for (const Prompts& prompts : {box, line}) {
    WatchedModel watched(model);
    const auto found = SegmentTarget(geometry_, prompts, {}, watched);
    ASSERT_TRUE(found.ok()) << found.status();
    ASSERT_FALSE(watched.placements.empty());
    EXPECT_THAT(watched.placements, SizeIs(1)) << "which has the room";
    EXPECT_GE(watched.placements[0].spacing_mm, 1.5);
    EXPECT_GT(Dice(found->mask, geometry_, lesion), 0.85);
  }
  TargetOptions asked;
  asked.spacing_mm = 0.75;
  const auto as_asked = SegmentTarget(geometry_, box, asked, model);
  ASSERT_TRUE(as_asked.ok()) << as_asked.status();
  EXPECT_EQ(as_asked->first_patch.spacing_mm, 0.75) << "who names a spacing gets it";
}

// A patch that shows nothing but lesion may lead a model to a mask that touches nothing.
TEST_F(LadderTest, TakesAWiderLookWhoseMaskIsLargerThanItsPatchIfThatIsSurer) {
  const Lesion lesion = Ellipsoid({50, 35, 35}, {20, 18, 18});
  float sure = 0.5f;
  change_ = [&](size_t patch, MaskLogits& logits) {
    if (patch > 1) return;
    std::fill(logits.values.begin(), logits.values.end(), -sure);
    for (int64_t k = 6; k < 10; ++k) logits.values[(8 * 16 + 8) * 16 + k] = sure;
  };
  const auto found = Run(lesion, click_);
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_GE(found->spacing_mm, 1.5);
  EXPECT_GT(Dice(found->mask, geometry_, lesion), 0.9);
  sure = 50;
  const auto kept = Run(lesion, click_);
  ASSERT_TRUE(kept.ok()) << kept.status();
  EXPECT_EQ(kept->spacing_mm, 0.75);
}

TEST_F(LadderTest, ClimbsNoFurtherThanTheUsualSpacingForALesionThatFits) {
  const Lesion lesion = Ellipsoid({50, 35, 35}, {8, 8, 8});
  const auto found = Run(lesion, click_);
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_FALSE(found->touches_patch_border);
  EXPECT_EQ(found->patches, kLooks);
  EXPECT_GT(Dice(found->mask, geometry_, lesion), 0.9);
}

// 54 x 52 x 52 mm, where a patch of the usual spacing has 48. The first patches show nothing else, and this
// model scales each by what it shows: there is nothing to encode.
TEST_F(LadderTest, ClimbsFurtherForALesionThatNeedsTheRoom) {
  const Lesion lesion = Ellipsoid({50, 35, 35}, {27, 26, 26});
  const auto found = Run(lesion, click_);
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_FALSE(found->touches_patch_border);
  EXPECT_LE(found->patches, kLooks + kCoarserLooks);
  EXPECT_GT(found->spacing_mm, 1.5);
  EXPECT_GT(Dice(found->mask, geometry_, lesion), 0.9);
}

// One click on a lesion, and what came of it.
class RefinedLadderTest : public LadderTest {
 protected:
  const Lesion lesion_ = Ellipsoid({50, 35, 35}, {9, 8, 8});
  const Volume volume_ = Scan(geometry_, lesion_);
  EnginePatchModel model_{engine_, volume_};
  const absl::StatusOr<TargetSegmentation> first_ = SegmentTarget(geometry_, click_, {}, model_);
};

// What the model is given on every rung is what it said before, on the grid of that rung;
// nothing is encoded again.
TEST_F(RefinedLadderTest, RefinesOnEveryRungWithThePreviousLogits) {
  ASSERT_TRUE(first_.ok()) << first_.status();
  WatchedModel watched(model_);
  const auto second =
      SegmentTarget(geometry_, Refined(*first_, {{VoxelIndex{50, 35, 45}, true}}), {}, watched);
  ASSERT_TRUE(second.ok()) << second.status();
  EXPECT_TRUE(second->embedding_cached);
  ASSERT_THAT(watched.inputs, SizeIs(kLooks));
  EXPECT_EQ(watched.placements[0].spacing_mm, first_->first_patch.spacing_mm);
  for (const DecodeInput& input : watched.inputs) {
    ASSERT_THAT(input.mask_logits, SizeIs(16 * 16 * 16));
    EXPECT_GT(input.mask_logits[(8 * 16 + 8) * 16 + 8], 0) << "the click of before";
  }
  EXPECT_GT(Dice(second->mask, geometry_, lesion_), 0.9);
}

// Clicks on what is right already change nothing, whatever the model says of them now, and cost one decode.
TEST_F(RefinedLadderTest, KeepsWhatNoClickContradicts) {
  ASSERT_TRUE(first_.ok()) << first_.status();
  WatchedModel watched(model_);
  watched.change = [](size_t, MaskLogits& logits) {
    for (float& logit : logits.values) logit += 1;  // the lesion's surroundings, too
  };
  const auto same = SegmentTarget(
      geometry_, Refined(*first_, {{VoxelIndex{50, 35, 35}, true}, {VoxelIndex{50, 35, 46}, false}}), {},
      watched);
  ASSERT_TRUE(same.ok()) << same.status();
  EXPECT_EQ(same->patches, 1);
  EXPECT_EQ(same->mask.bits(), first_->mask.bits());
  EXPECT_EQ(same->spacing_mm, first_->spacing_mm);
}

// A click next to the mask cannot mean all that a wider look shows, as sure as that may be.
TEST_F(RefinedLadderTest, TrustsNoLookThatGrowsBeyondWhatAClickCanMean) {
  const auto first = SegmentTarget(geometry_, click_, FirstAlone(), model_);
  ASSERT_TRUE(first.ok()) << first.status();
  WatchedModel watched(model_);
  watched.change = [&](size_t, MaskLogits& logits) {
    const bool wider = watched.placements.back().spacing_mm > first->first_patch.spacing_mm;
    for (float& logit : logits.values) logit = wider ? 8 : 2 * kSure * logit;
  };
  const auto second = SegmentTarget(
      geometry_, Refined(*first, {{VoxelIndex{50, 35, 35}, true}, {VoxelIndex{50, 35, 44}, true}}), {},
      watched);
  ASSERT_TRUE(second.ok()) << second.status();
  EXPECT_GE(watched.placements.back().spacing_mm, 1.5) << "which was looked at";
  EXPECT_GT(Dice(second->mask, geometry_, lesion_), 0.7) << "the lesion, and not all of a patch";
}

// Two things are wrong with the first answer, and a click is made in one of them.
TEST_F(LadderTest, ChangesWhatAClickAsksForAndNothingElse) {
  const Lesion lesion = Ellipsoid({50, 35, 35}, {9, 8, 8});
  const auto half = [](bool keep_left) {
    return [keep_left](size_t, MaskLogits& logits) {
      for (int64_t n = 0; n < 16 * 16 * 16; ++n) {
        const int64_t i = n / 256;  // 7 and 8 are the middle
        if (keep_left ? i > 9 : i < 6) logits.values[n] = -1;
      }
    };
  };
  const Volume volume = Scan(geometry_, lesion);
  EnginePatchModel model(engine_, volume);
  TargetOptions one = FirstAlone();
  const auto whole = SegmentTarget(geometry_, click_, one, model);
  WatchedModel lacking(model), other(model);
  lacking.change = half(true);
  const auto first = SegmentTarget(geometry_, click_, one, lacking);
  other.change = half(false);  // has what was lacking, and lacks the other side
  ASSERT_TRUE(whole.ok() && first.ok());
  ASSERT_LT(first->mask.CountVoxels(), whole->mask.CountVoxels());
  const VoxelIndex in_the_lacking = MiddleOfWhatLacks(*first, *whole);
  const auto second = SegmentTarget(geometry_, Refined(*first, {{in_the_lacking, true}}), one, other);
  ASSERT_TRUE(second.ok()) << second.status();
  EXPECT_GT(Dice(second->mask, geometry_, lesion), Dice(first->mask, geometry_, lesion));
  EXPECT_EQ(second->mask.bits(), whole->mask.bits());
}

// Of a model that says what its masks are worth, that counts, and not how clear its logits are.
TEST_F(LadderTest, BelievesAModelThatPredictsItsIoU) {
  const Lesion lesion = Ellipsoid({50, 35, 35}, {8, 8, 8});
  for (size_t believed = 1; believed <= kLooks; ++believed) {
    change_ = [&](size_t patch, MaskLogits& logits) {
      logits.iou_prediction = patch == believed ? 0.9f : 0.3f;
      for (float& logit : logits.values) logit *= patch == believed ? 0.2f : 5;
    };
    ThresholdEngine engine = engine_;
    engine.PredictIou();
    const Volume volume = Scan(geometry_, lesion);
    EnginePatchModel model(engine, volume);
    WatchedModel watched(model);
    watched.change = change_;
    const auto found = SegmentTarget(geometry_, click_, {}, watched);
    ASSERT_TRUE(found.ok()) << found.status();
    EXPECT_EQ(found->spacing_mm, watched.placements[believed - 1].spacing_mm);
    EXPECT_EQ(found->first.iou_prediction, 0.9f);
  }
}

// The lesion reaches out of the first patch, but what the wider looks find is not what was clicked on.
TEST_F(LadderTest, KeepsTheLookThatObeysThePoints) {
  const Lesion lesion = Ellipsoid({50, 35, 35}, {20, 14, 14});
  change_ = [](size_t patch, MaskLogits& logits) {
    if (patch == 1) return;
    std::fill(logits.values.begin(), logits.values.end(), -50);
    for (int64_t k = 1; k < 4; ++k) logits.values[(8 * 16 + 8) * 16 + k] = 50;
  };
  const auto found = Run(lesion, click_);
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_EQ(found->spacing_mm, 0.75);
  EXPECT_TRUE(found->mask.at(50, 35, 35));
  EXPECT_GT(Dice(found->mask, geometry_, lesion), 0.3);
}

TEST_F(LadderTest, SaysWhatToExpectOfAMask) {
  const Lesion lesion = Ellipsoid({50, 35, 35}, {8, 8, 8});
  const Volume volume = Scan(geometry_, lesion);
  for (const float iou : {0.25f, 0.75f}) {
    ThresholdEngine engine = engine_;
    engine.PredictIou({{0, 0}, {0.5, 0.4}, {1, 0.9}});
    EnginePatchModel model(engine, volume);
    WatchedModel watched(model);
    watched.change = [iou](size_t, MaskLogits& logits) { logits.iou_prediction = iou; };
    const auto found = SegmentTarget(geometry_, click_, {}, watched);
    ASSERT_TRUE(found.ok()) << found.status();
    const double expected = 2 * iou / (1 + iou);  // 0.4 and 0.857
    EXPECT_NEAR(found->expected_dice, expected, 1e-6);
    ASSERT_TRUE(found->confidence.has_value());
    EXPECT_NEAR(*found->confidence, expected < 0.5 ? 0.8 * expected : expected - 0.1, 1e-6);
    if (iou < 0.5) {
      EXPECT_THAT(found->warnings, ElementsAre(HasSubstr("not sure")));
    } else {
      EXPECT_THAT(found->warnings, IsEmpty());
    }
  }
  EXPECT_FALSE(Run(lesion, click_)->confidence.has_value());
  ThresholdEngine engine = engine_;
  engine.PredictIou({{0, 0.4}, {1, 0.9}});
  EnginePatchModel model(engine, volume);
  WatchedModel nothing(model);
  nothing.change = [](size_t, MaskLogits& logits) {
    std::fill(logits.values.begin(), logits.values.end(), -1.0f);
  };
  EXPECT_FALSE(SegmentTarget(geometry_, click_, {}, nothing)->confidence.has_value()) << "of nothing";
}

// At first it faintly marks nearly all of the patch; the wider looks are right.
TEST_F(LadderTest, BlendsInWhatWiderLooksSaw) {
  const Lesion lesion = Ellipsoid({50, 35, 35}, {8, 8, 8});
  change_ = [](size_t patch, MaskLogits& logits) {
    if (patch > 1) return;
    for (int64_t n = 0; n < 16 * 16 * 16; ++n) {
      const auto middle = [](int64_t cell) { return cell >= 1 && cell < 15; };
      logits.values[n] = middle(n / 256) && middle(n / 16 % 16) && middle(n % 16) ? 0.1f : -0.1f;
    }
  };
  const auto found = Run(lesion, click_);
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_GT(Dice(found->mask, geometry_, lesion), 0.8);
}

// Two wider looks deny, equally clearly, what the first marks faintly: believed where they are worth nearly
// as much, hardly heard where they are worth much less.
TEST_F(LadderTest, HearsOtherLooksTheLessTheLessTheyAreWorth) {
  const Lesion lesion = Ellipsoid({50, 35, 35}, {8, 8, 8});
  const Volume volume = Scan(geometry_, lesion);
  const auto logit_where_others_expect = [&](float iou) {
    ThresholdEngine engine = engine_;
    engine.PredictIou();
    EnginePatchModel model(engine, volume);
    WatchedModel watched(model);
    watched.change = [iou](size_t patch, MaskLogits& logits) {
      logits.iou_prediction = patch == 1 ? 0.8f : iou;
      std::fill(logits.values.begin(), logits.values.end(), -1.0f);
      const int64_t half = patch == 1 ? 4 : 1;  // the click is in all of them
      for (int64_t n = 0; n < 16 * 16 * 16; ++n) {
        const auto middle = [half](int64_t cell) { return cell >= 8 - half && cell < 8 + half; };
        if (middle(n / 256) && middle(n / 16 % 16) && middle(n % 16))
          logits.values[n] = patch == 1 ? 0.1f : 1;
      }
    };
    const auto found = SegmentTarget(geometry_, click_, {}, watched);
    EXPECT_TRUE(found.ok()) << found.status();
    return found.ok() ? found->logits.values[(5 * 16 + 5) * 16 + 5] : 0.0f;  // beside the click
  };
  EXPECT_LT(logit_where_others_expect(0.79f), 0);
  EXPECT_NEAR(logit_where_others_expect(0.2f), 0.1, 0.02);
}

// A mask on a single slice, between two of the widest look's.
TEST_F(LadderTest, TakesAMaskThatIsThinnerThanTheVoxelsOfAWiderLook) {
  const Lesion lesion = Ellipsoid({50, 35, 35}, {8, 8, 8});
  for (int64_t slice = 34; slice < 37; ++slice) {
    Prompts prompts;
    prompts.mask.emplace(geometry_.shape());
    for (int64_t i = 46; i < 55; ++i) {
      for (int64_t j = 31; j < 40; ++j) prompts.mask->Set(i, j, slice);
    }
    const auto found = Run(lesion, prompts);
    ASSERT_TRUE(found.ok()) << slice << ": " << found.status();
    EXPECT_GT(Dice(found->mask, geometry_, lesion), 0.8) << slice;
  }
}

TEST_F(LadderTest, SeesAPositivePointBesideItsFirstPatch) {
  const Lesion lesion = Ellipsoid({50, 35, 35}, {6, 6, 6});
  Prompts prompts = click_;
  prompts.points.push_back({VoxelIndex{66, 35, 35}, true});
  const auto found = Run(lesion, prompts);
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_TRUE(found->mask.at(66, 35, 35));
  EXPECT_LE(found->patches, kLooks + kCoarserLooks);
  EXPECT_TRUE(absl::IsInvalidArgument(Run(lesion, prompts, FirstAlone()).status()));
  // A wider patch has seen the point, though the fine one counts.
  change_ = [](size_t patch, MaskLogits& logits) {
    for (float& logit : logits.values) logit *= patch == 1 ? 1.0f : 0.02f;
  };
  TargetOptions usual;
  usual.max_looks = kLooks - 1;
  const auto fine = Run(lesion, prompts, usual);
  ASSERT_TRUE(fine.ok()) << fine.status();
  EXPECT_EQ(fine->spacing_mm, 0.75);
  EXPECT_TRUE(fine->mask.at(66, 35, 35));
}

// A correction beyond all patches of the first answer is gone to, with its own patch.
TEST_F(LadderTest, GoesToAPositivePointBeyondItsPatches) {
  const Geometry geometry = Grid({220, 60, 60}, 1);
  const Lesion lesion = Ellipsoid({110, 30, 30}, {100, 12, 12});
  const Volume volume = Scan(geometry, lesion);
  EnginePatchModel model(engine_, volume);
  WatchedModel middle(model);
  middle.change = [](size_t, MaskLogits& logits) {  // reaches no face
    for (int64_t n = 0; n < 16 * 16 * 16; ++n) {
      if (n / 256 < 5 || n / 256 > 10) logits.values[n] = -1;
    }
  };
  const auto first = SegmentTarget(geometry, ClickAt(110, 30, 30), {}, middle);
  ASSERT_TRUE(first.ok()) << first.status();
  const VoxelIndex far{185, 30, 30};
  WatchedModel watched(model);
  const auto second =
      SegmentTarget(geometry, Refined(*first, {{VoxelIndex{110, 30, 30}, true}, {far, true}}), {}, watched);
  ASSERT_TRUE(second.ok()) << second.status();
  EXPECT_TRUE(second->mask.at(185, 30, 30));
  EXPECT_GT(Dice(second->mask, geometry, lesion), Dice(first->mask, geometry, lesion) + 0.1);
  TargetOptions none;
  none.max_steps = 0;
  const auto refused = SegmentTarget(geometry, Refined(*first, {{far, true}}), none, model);
  EXPECT_EQ(ReasonOf(refused.status()), Reason::kPromptOutsidePatch);
}

// They lie on the first patch that the prompts place: every other look gets them resampled from there.
TEST_F(LadderTest, TakesLogitsWithoutTheirPatchFromTheFirstOne) {
  const Lesion lesion = Ellipsoid({50, 35, 35}, {8, 8, 8});
  const Volume volume = Scan(geometry_, lesion);
  EnginePatchModel model(engine_, volume);
  Prompts prompts = click_;
  prompts.points.push_back({VoxelIndex{50, 35, 45}, true});  // beside what is marked
  prompts.previous_logits = SegmentTarget(geometry_, click_, FirstAlone(), model)->first.values;
  WatchedModel watched(model);
  const auto found = SegmentTarget(geometry_, prompts, {}, watched);
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_THAT(found->warnings, Contains(HasSubstr("without the patch")));
  ASSERT_GE(watched.inputs.size(), static_cast<size_t>(kLooks));
  const auto marked = [](const DecodeInput& input) {
    return std::count_if(input.mask_logits.begin(), input.mask_logits.end(),
                         [](float logit) { return logit > 0; });
  };
  EXPECT_NEAR(marked(watched.inputs[2]), marked(watched.inputs[0]) / 8.0, marked(watched.inputs[0]) / 16.0);
}

TEST_F(LadderTest, EndsOnAnErrorOfTheDecoder) {
  struct Broken : WatchedModel {
    using WatchedModel::WatchedModel;
    absl::StatusOr<MaskLogits> Decode(DecodeInput input) override {
      if (placements.size() > 1) return absl::InvalidArgumentError("not finite");
      return WatchedModel::Decode(std::move(input));
    }
  };
  const Volume volume = Scan(geometry_, Ellipsoid({50, 35, 35}, {8, 8, 8}));
  EnginePatchModel model(engine_, volume);
  Broken broken(model);
  EXPECT_EQ(SegmentTarget(geometry_, click_, {}, broken).status().message(), "not finite");
}

// Only a patch of one even tone is worth a wider one: any other refusal of the first is the caller's to know.
TEST_F(LadderTest, EndsWhereTheFirstPatchIsRefusedForAnotherReason) {
  struct Refusing : WatchedModel {
    using WatchedModel::WatchedModel;
    absl::StatusOr<EmbeddedPatch> Embed(const Placement& placement) override {
      if (placements.empty()) {
        placements.push_back(placement);
        return InvalidArgument(reason, "refused");
      }
      return WatchedModel::Embed(placement);
    }
    Reason reason = Reason::kUnusableRegion;
  };
  const Lesion lesion = Ellipsoid({50, 35, 35}, {8, 8, 8});
  const Volume volume = Scan(geometry_, lesion);
  EnginePatchModel model(engine_, volume);
  Refusing refusing(model);
  refusing.reason = Reason::kInvalidGeometry;
  EXPECT_EQ(ReasonOf(SegmentTarget(geometry_, click_, {}, refusing).status()), Reason::kInvalidGeometry);
  EXPECT_THAT(refusing.placements, SizeIs(1));
  Refusing even(model);
  const auto found = SegmentTarget(geometry_, click_, {}, even);
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_GT(Dice(found->mask, geometry_, lesion), 0.8);
}

TEST_F(LadderTest, NeverTakesMorePatchesThanItMay) {
  for (const double half_axis : {5.0, 12.0, 30.0}) {
    const Lesion lesion = Ellipsoid({50, 35, 35}, {half_axis, 10, 10});
    for (int most = 1; most <= 8; ++most) {
      TargetOptions options;
      options.max_patches = most;
      const auto found = Run(lesion, click_, options);
      ASSERT_TRUE(found.ok()) << found.status();
      EXPECT_LE(found->patches, most);
      if (most == 1) {
        EXPECT_EQ(found->spacing_mm, 0.75) << "neither wider nor closer";
      }
    }
  }
}

// Unasked, but no finer than what the model has learned from, and not where a spacing is named.
TEST_F(SmallLesionTest, IsLookedAtCloserByAModelThatKnowsFinerPatches) {
  ThresholdEngine engine(32, /*box_corner_embeddings=*/0, /*finest_spacing_mm=*/1);
  EnginePatchModel model(engine, volume_);
  const TargetSegmentation unasked = MustRun({}, model);
  EXPECT_EQ(unasked.patches, 2);
  EXPECT_EQ(unasked.spacing_mm, 1);
  EXPECT_EQ(MustRun(Auto(), model).spacing_mm, 1);
  TargetOptions usual;
  usual.spacing_mm = 1.5;
  EXPECT_EQ(MustRun(usual, model).patches, 1);
}

TEST_F(SmallLesionTest, IsFoundBetterAtAFinerSpacing) {
  TargetOptions finer;
  finer.spacing_mm = 0.75;
  const TargetSegmentation found = MustRun(finer, model_);
  EXPECT_EQ(found.spacing_mm, 0.75);
  EXPECT_EQ(found.patches, 1);
  EXPECT_GT(DiceOf(found), DiceOf(MustRun({}, model_)) + 0.1);
}

TEST_F(SmallLesionTest, IsLookedAtAgainFromItsMiddleWithItsFirstLogits) {
  WatchedModel watched(model_);
  MustRun(Auto(), watched);
  ASSERT_THAT(watched.placements, SizeIs(2));
  const Placement& closer = watched.placements[1];
  const std::array<double, 3> middle = SourceToPatch(closer, {45, 26 / 0.6, 28 / 0.6});
  for (const double along : middle) EXPECT_NEAR(along, 16, 1.6);
  const DecodeInput& input = watched.inputs[1];
  ASSERT_THAT(input.clicks, SizeIs(1));
  const std::array<double, 3> click = SourceToPatch(closer, {42, 44, 46});
  EXPECT_NEAR(input.clicks[0].i, click[0], 0.51);
  EXPECT_GT(input.mask_logits[(8 * 16 + 8) * 16 + 8], 0);
  EXPECT_LT(input.mask_logits[0], 0);
}

TEST_F(SmallLesionTest, IsNotLookedAtAgainBeyondTheLimit) {
  TargetOptions one = Auto();
  one.max_patches = 1;
  const TargetSegmentation found = MustRun(one, model_);
  EXPECT_EQ(found.patches, 1);
  EXPECT_EQ(found.spacing_mm, 1.5);
}

TEST_F(SmallLesionTest, KeepsItsFirstMaskWhereACloserLookFindsNothingOrTooMuchOrAnotherThing) {
  const TargetSegmentation plain = MustRun({}, model_);
  using Change = std::function<void(MaskLogits&)>;
  const auto fill = [](float answer) -> Change {
    return [answer](MaskLogits& logits) { std::fill(logits.values.begin(), logits.values.end(), answer); };
  };
  const Change nothing = fill(-1), everything = fill(1);
  const Change another = [&](MaskLogits& logits) {
    nothing(logits);
    for (int64_t n = 0; n < 27; ++n) {  // 3^3 cells, not where the click is
      logits.values[((2 + n / 9) * 16 + 2 + n / 3 % 3) * 16 + 2 + n % 3] = 1;
    }
  };
  for (const Change& change : {nothing, everything, another}) {
    WatchedModel wrong(model_);
    wrong.change = [&](size_t patch, MaskLogits& logits) {
      if (patch == 2) change(logits);
    };
    const TargetSegmentation found = MustRun(Auto(), wrong);
    EXPECT_EQ(found.patches, 2);
    EXPECT_EQ(found.spacing_mm, 1.5);
    EXPECT_EQ(found.mask.bits(), plain.mask.bits());
    EXPECT_FALSE(found.touches_patch_border);
  }
}

TEST_F(SmallLesionTest, IsTheOnlyKindThatIsLookedAtAgain) {
  const Lesion large = Ellipsoid({27, 26, 28}, {9, 9, 9});
  const Volume volume = Scan(geometry_, large);
  EnginePatchModel model(engine_, volume);
  EXPECT_EQ(MustRun(Auto(), model).patches, 1);
}

TEST_F(SmallLesionTest, GivesTheClickAndLittleMoreWhereNothingIs) {
  const auto found = SegmentTarget(geometry_, ClickAt(20, 20, 20), Auto(), model_);
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_TRUE(found->mask.at(20, 20, 20));
  EXPECT_LT(found->mask.CountVoxels(), 100u);
  EXPECT_EQ(found->patches, 1);
  EXPECT_THAT(found->warnings, ElementsAre(HasSubstr("found nothing at the prompts")));
}

}  // namespace
}  // namespace sgpsam
