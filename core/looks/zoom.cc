#include "core/looks/zoom.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "core/base/status_macros.h"
#include "core/looks/look_policy.h"
#include "core/looks/spacings.h"

namespace sgpsam {
namespace {

absl::Status ZoomIn(CloserLook closer_look, LookMaker& maker, Look& look) {
  if (look.restored.empty() || !maker.MayLookAgain()) return absl::OkStatus();
  const ModelInfo& model = maker.model();
  const double finest_mm = std::max(kLookPolicy.finest_spacing_mm, model.finest_spacing_mm);
  const std::optional<double> spacing_mm = FinerSpacing(LookMaker::LargestExtentMm(look), model.sizes.patch,
                                                        look.first.spacing_mm, maker.geometry(), finest_mm);
  if (!spacing_mm) return absl::OkStatus();
  ASSIGN_OR_RETURN(Look closer, maker.LookCloser(look, *spacing_mm));
  const LookQuality now = maker.QualityOf(closer), before = maker.QualityOf(look);
  // A lesion that was small and now reaches out of a patch three times its size has leaked.
  if (now.found && now.missed <= before.missed && !closer.restored.touches_patch_border) {
    closer.spread = std::move(look.spread);
    if (closer_look == CloserLook::kShown) closer.refine_from = std::move(look.refine_from);
    look = std::move(closer);
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Look> Zoom(double first_mm, bool closer, LookMaker& maker) {
  ASSIGN_OR_RETURN(Look look, maker.LookFirst(first_mm));
  RETURN_IF_ERROR(Finish(closer ? CloserLook::kShown : CloserLook::kNone, maker, look));
  return look;
}

absl::Status Finish(CloserLook closer, LookMaker& maker, Look& look) {
  if (maker.options().average_looks.value_or(false)) RETURN_IF_ERROR(maker.AverageShifted(look));
  // What is refined is what was shown, averaged or not.
  if (!look.tiles.empty()) look.refine_from.answer.values = look.tiles.front().logits;
  RETURN_IF_ERROR(maker.Follow(look));
  RETURN_IF_ERROR(maker.CheckPoints());
  return closer == CloserLook::kNone ? absl::OkStatus() : ZoomIn(closer, maker, look);
}

}  // namespace sgpsam
