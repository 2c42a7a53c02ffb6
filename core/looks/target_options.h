// How a caller may bound and steer the looks at one target. Plain values.
#ifndef SGPSAM_CORE_LOOKS_TARGET_OPTIONS_H_
#define SGPSAM_CORE_LOOKS_TARGET_OPTIONS_H_

#include <optional>

#include "core/looks/look_policy.h"

namespace sgpsam {

struct TargetOptions {
  // 1 to LookPolicy.most_patches, in all looks; 1: the first patch alone, neither followed nor looked at
  // again.
  int max_patches = kLookPolicy.default_patches;
  // Of the patches; nothing: that of the previous logits, else the model's first spacing.
  std::optional<double> spacing_mm = std::nullopt;
  // Look at other spacings, too: by the Ladder, if the model has learned from finer patches than those of
  // kUsualSpacingMm, else once more at what is small. Nothing: if the model has, and no spacing is given.
  std::optional<bool> auto_spacing = std::nullopt;
  // Within max_patches: looks at other spacings than the first patch's, and steps along a lesion over the
  // faces of its patch; each 0 to LookPolicy.most_patches - 1. Nothing: max_patches alone counts.
  std::optional<int> max_looks = std::nullopt;
  std::optional<int> max_steps = std::nullopt;
  // Whether the look that counts is averaged with up to four more, a cell of the decoder's grid beside it,
  // each of them one of max_patches. Nothing: it is not.
  std::optional<bool> average_looks = std::nullopt;
};

}  // namespace sgpsam

#endif  // SGPSAM_CORE_LOOKS_TARGET_OPTIONS_H_
