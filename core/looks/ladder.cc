#include "core/looks/ladder.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>
#include <vector>

#include "core/base/reason.h"
#include "core/base/status_macros.h"
#include "core/engine/engine.h"
#include "core/looks/blend_looks.h"
#include "core/looks/look_policy.h"
#include "core/looks/spacings.h"
#include "core/looks/zoom.h"
#include "core/transform/prompt_extent.h"

namespace sgpsam {
namespace {

class Climb {
 public:
  explicit Climb(LookMaker& maker) : maker_(maker) {}

  void Take(Look look) {
    widest_mm_ = std::max(widest_mm_, look.first.spacing_mm);
    if (look.tiles.empty()) return;
    const LookQuality quality = maker_.QualityOf(look);
    if (!best_) {
      best_ = std::move(look);
      quality_ = quality;
      return;
    }
    double worth_of_other = Worth(quality);
    if (BetterLook(quality, quality_)) {
      std::swap(look, *best_);
      worth_of_other = Worth(std::exchange(quality_, quality));
    }
    others_.push_back({std::move(look.merged), worth_of_other});
  }

  // Whether a patch of this spacing may show what the widest so far had no room for.
  bool NeedsRoomOf(double spacing_mm) const {
    if (spacing_mm <= widest_mm_) return false;
    if (!best_) return true;
    const double widest_patch_mm = static_cast<double>(best_->first.patch) * widest_mm_;
    return quality_.found && (quality_.cut_off ||
                              LookMaker::LargestExtentMm(*best_) > kLookPolicy.roomy_share * widest_patch_mm);
  }

  // The best look, with what the others saw. `why`: there is none.
  absl::StatusOr<Look> Best(const absl::Status& why) && {
    if (!best_) return why;
    for (OtherLook& other : others_) {
      const double less = Worth(quality_) - other.weight;
      other.weight = kLookPolicy.other_look * std::exp(-less / kLookPolicy.other_look_falloff);
    }
    RETURN_IF_ERROR(maker_.Blend(std::move(others_), *best_));
    return *std::move(best_);
  }

 private:
  LookMaker& maker_;
  std::optional<Look> best_;
  LookQuality quality_;            // of best_
  double widest_mm_ = 0;           // of the spacings that were tried
  std::vector<OtherLook> others_;  // with what they are worth, until they are blended in
};

}  // namespace

double NarrowestRung(const Geometry& geometry, const ResolvedPrompts& prompts, const ModelInfo& model) {
  const std::optional<double> extent_mm = SizeHintMm(geometry, prompts);
  if (!extent_mm) return model.first_spacing_mm;
  return SpacingWithRoom(*extent_mm, model.sizes.patch,
                         Rungs(model.first_spacing_mm, model.coarsest_spacing_mm));
}

absl::StatusOr<Look> Ladder(double first_mm, LookMaker& maker) {
  const ModelInfo& model = maker.model();
  Climb climb(maker);
  absl::StatusOr<Look> first = maker.LookFirst(first_mm);
  if (first.ok() && first->kept_whole && maker.SeesAllPoints(*first)) {
    RETURN_IF_ERROR(Finish(CloserLook::kNone, maker, *first));
    return *std::move(first);  // other looks would only resample it
  }
  if (first.ok()) {
    climb.Take(*std::move(first));
  } else if (ReasonOf(first.status()) != Reason::kUnusableRegion || !maker.MayLookAgain()) {
    return first.status();  // else a wider patch may show more than one even tone
  }
  const double narrowest = NarrowestRung(maker.geometry(), maker.prompts(), model);
  const bool sized = SaySize(maker.prompts());
  for (const double rung : Rungs(model.first_spacing_mm, model.coarsest_spacing_mm)) {
    if (rung == first_mm || rung < narrowest) continue;
    if (!maker.MayLookAgain()) break;
    if ((sized || rung > kUsualSpacingMm) && !climb.NeedsRoomOf(rung)) continue;
    ASSIGN_OR_RETURN(Look look, maker.LookAround(rung));
    climb.Take(std::move(look));
  }
  ASSIGN_OR_RETURN(Look look, std::move(climb).Best(first.status()));
  const bool finest_was_tried = model.first_spacing_mm <= model.finest_spacing_mm;
  RETURN_IF_ERROR(Finish(finest_was_tried ? CloserLook::kNone : CloserLook::kRefined, maker, look));
  return look;
}

}  // namespace sgpsam
