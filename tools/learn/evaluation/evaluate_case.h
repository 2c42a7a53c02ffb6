// One case, segmented as a server does it and clicked as a reader would,
// and what the masks are worth. One thread at a time.
#ifndef SGPSAM_TOOLS_LEARN_EVALUATION_EVALUATE_CASE_H_
#define SGPSAM_TOOLS_LEARN_EVALUATION_EVALUATE_CASE_H_

#include <cstdint>
#include <optional>
#include <set>
#include <vector>

#include "absl/status/statusor.h"
#include "core/engine/engine.h"
#include "core/looks/engine_patch_model.h"
#include "core/looks/target_segmenter.h"
#include "core/transform/prompts.h"
#include "core/volume/mask.h"
#include "core/volume/volume.h"
#include "tools/learn/cases/case.h"
#include "tools/learn/evaluation/click_simulator.h"
#include "tools/learn/evaluation/evaluation_report.h"
#include "tools/learn/evaluation/score_csv.h"

namespace sgpsam {

struct CaseAnswer {
  Mask mask;                           // on the image's grid
  std::vector<float> logits;           // for Prompts.previous_logits of the next call
  std::optional<PatchPosition> patch;  // for its previous_patch
  std::vector<GateScore> gates;
  // TargetSegmentation's; nothing: not told.
  std::optional<double> expected_dice{}, confidence{};
};

// What answers a reader's clicks on one image.
class CaseSegmenter {
 public:
  virtual ~CaseSegmenter() = default;
  // INVALID_ARGUMENT: these prompts are refused, for a reason that is on the status (core/base/reason.h).
  virtual absl::StatusOr<CaseAnswer> Segment(const Prompts& prompts) = 0;
};

// An engine in this process, by the path that the server takes.
class EngineSegmenter final : public CaseSegmenter {
 public:
  // `engine` and `source`, whose image it is, outlive it.
  EngineSegmenter(Engine& engine, const Case& source, const TargetOptions& options)
      : image_(source.image), options_(options), model_(engine, source.image, source.modality) {}

  absl::StatusOr<CaseAnswer> Segment(const Prompts& prompts) override;

 private:
  const Volume& image_;
  const TargetOptions options_;
  EnginePatchModel model_;
};

struct EvaluateOptions {
  ClickStrategy clicks = ClickStrategy::kCentre;
  uint64_t seed = 0;            // of random clicks
  int64_t min_voxels = 1;       // of a target: smaller ones are crumbs of an outline, and left out
  std::set<int64_t> targets{};  // only these; empty: all
  // Right clicks at random that are tried one by one after the first answer,
  // half in the truth and half beside it: LesionScores.added.
  int added_clicks = 0;
};

// Every target of the case that is large enough: the first click in it, each next one in what is still wrong,
// with the logits of the call before, up to the last of kScoredClicks. A target whose mask needs no further
// click keeps its scores. A click that is refused, as beyond what the patches see or where there is nothing
// to see, leaves the mask as it is, and is counted by its reason; until there is a mask there is no score.
// The same case and options always give the same clicks, whichever cases are beside it.
absl::StatusOr<ScoredCase> EvaluateCase(const Case& source, CaseSegmenter& segmenter,
                                        const EvaluateOptions& options);

}  // namespace sgpsam

#endif  // SGPSAM_TOOLS_LEARN_EVALUATION_EVALUATE_CASE_H_
