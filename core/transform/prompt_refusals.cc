#include "core/transform/prompt_refusals.h"

#include "absl/strings/str_cat.h"
#include "core/base/reason.h"
#include "core/engine/engine.h"

namespace sgpsam {

absl::Status OfPoint(const absl::Status& status, size_t n) {
  return Prefixed(WithDetail(status, "point", absl::StrCat(n + 1)), absl::StrCat("point ", n + 1, ": "));
}

absl::Status OfBox(const absl::Status& status) {
  return Prefixed(WithDetail(status, "prompt", "box"), "box: ");
}

absl::Status TooManyPoints() {
  return InvalidArgument(Reason::kTooManyPoints, absl::StrCat("a target takes at most ", kMaxClicks,
                                                              " points, the one of a box or mask included"));
}

}  // namespace sgpsam
