#include "core/transform/prompt_refusals.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "core/base/reason.h"
#include "core/transform/prompts.h"

namespace sgpsam {

absl::Status OfPoint(const absl::Status& status, size_t n) {
  return Prefixed(WithDetail(status, "point", absl::StrCat(n + 1)), absl::StrCat("point ", n + 1, ": "));
}

absl::Status OfPrompt(const char* kind, const absl::Status& status, size_t n) {
  const std::string number = absl::StrCat(n + 1);
  return Prefixed(WithDetail(WithDetail(status, "prompt", kind), "number", number),
                  absl::StrCat(kind, " ", number, ": "));
}

absl::Status TooManyPoints() {
  return InvalidArgument(Reason::kTooManyPoints,
                         absl::StrCat("a target takes at most ", kMaxPoints, " points"));
}

}  // namespace sgpsam
