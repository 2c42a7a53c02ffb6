#include "tools/learn/evaluation/evaluate_case.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/digest.h"
#include "core/base/random.h"
#include "core/base/reason.h"
#include "core/base/status_macros.h"
#include "core/volume/voxel_runs.h"
#include "tools/learn/evaluation/ball.h"
#include "tools/learn/evaluation/overlap.h"
#include "tools/learn/evaluation/size_bins.h"
#include "tools/learn/evaluation/surface_dice.h"

namespace sgpsam {
namespace {

Mask MaskOfTarget(const Volume& targets, int64_t target) {
  const Shape& shape = targets.geometry().shape();
  Mask mask(shape);
  VisitSamples(targets, [&](const auto* sample) {
    for (int64_t k = 0; k < shape.k; ++k) {
      for (int64_t j = 0; j < shape.j; ++j) {
        for (int64_t i = 0; i < shape.i; ++i, ++sample) {
          if (static_cast<int64_t>(*sample) == target) mask.Set(i, j, k);
        }
      }
    }
  });
  return mask;
}

constexpr char kNoReason[] = "UNNAMED";  // where a refusal has no reason for programs

uint64_t SeedOf(uint64_t seed, const std::string& case_id, int64_t target) {
  const Digest digest = Sha256::Of(absl::StrCat("clicks ", seed, " ", target, " ", case_id));
  uint64_t bits = 0;
  for (size_t n = 0; n < 8; ++n) bits = bits << 8 | digest.bytes[n];
  return bits;
}

PointPrompt ToPrompt(const SimulatedClick& click) {
  const auto& [i, j, k] = click.voxel;
  return {VoxelIndex{static_cast<double>(i), static_cast<double>(j), static_cast<double>(k)}, click.positive};
}

constexpr int64_t kBeside = 6;   // voxels
constexpr int kAttempts = 1000;  // at a voxel of a box beside the truth, which may fill nearly all of it

VoxelBox BoxBeside(const Mask& truth) {
  const Shape& shape = truth.shape();
  VoxelBox box{{shape.i, shape.j, shape.k}, {0, 0, 0}};
  for (const VoxelRun& run : RunsOf(truth)) {
    box.begin = {std::min<int64_t>(box.begin.i, run.begin), std::min<int64_t>(box.begin.j, run.j),
                 std::min<int64_t>(box.begin.k, run.k)};
    box.end = {std::max<int64_t>(box.end.i, run.end), std::max<int64_t>(box.end.j, run.j + 1),
               std::max<int64_t>(box.end.k, run.k + 1)};
  }
  box.begin = {std::max<int64_t>(0, box.begin.i - kBeside), std::max<int64_t>(0, box.begin.j - kBeside),
               std::max<int64_t>(0, box.begin.k - kBeside)};
  box.end = {std::min(shape.i, box.end.i + kBeside), std::min(shape.j, box.end.j + kBeside),
             std::min(shape.k, box.end.k + kBeside)};
  return box;
}

// One target on its way through the clicks.
class Reader {
 public:
  Reader(const Geometry& geometry, Mask truth, const EvaluateOptions& options, uint64_t seed,
         CaseSegmenter& segmenter)
      : geometry_(geometry),
        truth_(std::move(truth)),
        options_(options),
        random_(seed),
        segmenter_(segmenter),
        mask_(geometry.shape()) {}

  absl::StatusOr<LesionScores> ReadAll() {
    LesionScores scores;
    scores.diameter_mm = EquivalentDiameterMm(truth_.CountVoxels(), geometry_.voxel_ml());
    const ClickOptions click_options{options_.clicks, geometry_.spacing_mm()};
    std::optional<SimulatedClick> next = FirstClick(truth_, click_options, random_.Next());
    if (next) {
      scores.first_click = {next->voxel.i, next->voxel.j, next->voxel.k};
      scores.ball = BallDice(truth_, geometry_.spacing_mm(), next->voxel);
    }
    size_t scored = 0;
    for (int click = 1; scored < kScoredClicks.size(); ++click) {
      if (next) RETURN_IF_ERROR(Click(*next, scores));
      if (click == kScoredClicks[scored]) RETURN_IF_ERROR(Score(scored++, scores));
      if (click == 1 && has_mask_) RETURN_IF_ERROR(TryAdded(*scores.dice[0], scores));
      if (next) {
        ASSIGN_OR_RETURN(next, NextClick(truth_, mask_, click_options, random_.Next()));
      }
    }
    return scores;
  }

 private:
  absl::Status Click(const SimulatedClick& click, LesionScores& scores) {
    prompts_.points.push_back(ToPrompt(click));
    absl::StatusOr<CaseAnswer> answer = segmenter_.Segment(prompts_);
    if (CountRefusal(answer.status(), scores)) {
      prompts_.points.pop_back();  // a reader is told why, and keeps the mask
      return absl::OkStatus();
    }
    RETURN_IF_ERROR(answer.status());
    has_mask_ = true;
    mask_ = std::move(answer->mask);
    prompts_.previous_logits = std::move(answer->logits);
    prompts_.previous_patch = answer->patch;
    scores.gates = std::move(answer->gates);
    expected_ = answer->expected_dice;
    confidence_ = answer->confidence;
    return absl::OkStatus();
  }

  // False: this is no refusal.
  static bool CountRefusal(const absl::Status& status, LesionScores& scores) {
    if (!absl::IsInvalidArgument(status)) return false;
    const std::optional<ReasonInfo> reason = ReasonInfoOf(status);
    ++scores.refused[reason && !reason->name.empty() ? reason->name : kNoReason];
    return true;
  }

  // Right clicks next to the first, each by itself, as from a reader who helps where there is nothing to
  // help.
  absl::Status TryAdded(double before, LesionScores& scores) {
    if (options_.added_clicks == 0) return absl::OkStatus();
    const VoxelBox box = BoxBeside(truth_);
    Random random(random_.state());  // further clicks are the same with them and without
    for (int n = 0; n < options_.added_clicks; ++n) {
      const std::optional<SimulatedClick> click = RightClick(n % 2 == 0, box, random);
      if (!click) continue;
      Prompts prompts = prompts_;
      prompts.points.push_back(ToPrompt(*click));
      absl::StatusOr<CaseAnswer> answer = segmenter_.Segment(prompts);
      if (CountRefusal(answer.status(), scores)) continue;
      RETURN_IF_ERROR(answer.status());
      ASSIGN_OR_RETURN(const double after, Dice(truth_, answer->mask));
      scores.added.push_back(after - before);
    }
    return absl::OkStatus();
  }

  // In the truth, or beside it in the box.
  std::optional<SimulatedClick> RightClick(bool positive, const VoxelBox& box, Random& random) const {
    if (positive) return FirstClick(truth_, {ClickStrategy::kRandom, geometry_.spacing_mm()}, random.Next());
    const auto between = [&](int64_t begin, int64_t end) {
      return begin + static_cast<int64_t>(random.Below(static_cast<uint64_t>(end - begin)));
    };
    for (int attempt = 0; attempt < kAttempts; ++attempt) {
      const Voxel voxel{between(box.begin.i, box.end.i), between(box.begin.j, box.end.j),
                        between(box.begin.k, box.end.k)};
      if (!truth_.at(voxel.i, voxel.j, voxel.k)) return SimulatedClick{voxel, false};
    }
    return std::nullopt;
  }

  absl::Status Score(size_t at, LesionScores& scores) const {
    if (!has_mask_) return absl::OkStatus();
    ASSIGN_OR_RETURN(scores.dice[at], Dice(truth_, mask_));
    scores.expected[at] = expected_;
    scores.confidence[at] = confidence_;
    ASSIGN_OR_RETURN(scores.nsd[at], SurfaceDice(truth_, mask_, geometry_.spacing_mm()));
    return absl::OkStatus();
  }

  const Geometry& geometry_;
  const Mask truth_;
  const EvaluateOptions& options_;
  Random random_;
  CaseSegmenter& segmenter_;
  Prompts prompts_;
  Mask mask_;
  bool has_mask_ = false;
  std::optional<double> expected_, confidence_;  // of the mask
};

}  // namespace

absl::StatusOr<CaseAnswer> EngineSegmenter::Segment(const Prompts& prompts) {
  ASSIGN_OR_RETURN(TargetSegmentation result, SegmentTarget(image_.geometry(), prompts, options_, model_));
  CaseAnswer answer = {std::move(result.mask), std::move(result.first.values),
                       result.first_patch,     {},
                       result.expected_dice,   result.confidence};
  for (const float score : result.gate_scores) {
    answer.gates.push_back({score, score > model_.info().gate_threshold});
  }
  return answer;
}

absl::StatusOr<ScoredCase> EvaluateCase(const Case& source, CaseSegmenter& segmenter,
                                        const EvaluateOptions& options) {
  ScoredCase scored;
  scored.case_id = source.id;
  for (int64_t target = 1; target <= source.target_count; ++target) {
    if (!options.targets.empty() && options.targets.count(target) == 0) continue;
    Mask truth = MaskOfTarget(source.targets, target);
    if (truth.CountVoxels() < static_cast<uint64_t>(options.min_voxels)) {
      ++scored.crumbs;
      continue;
    }
    const uint64_t seed = SeedOf(options.seed, source.id, target);
    Reader reader(source.image.geometry(), std::move(truth), options, seed, segmenter);
    ASSIGN_OR_RETURN(LesionScores scores, reader.ReadAll());
    scores.case_id = source.id;
    scores.lesion_id = static_cast<int>(target);
    scored.lesions.push_back(std::move(scores));
  }
  return scored;
}

}  // namespace sgpsam
