// Text from a data set's files, made safe and short for a message. A pure function.
#ifndef SGPSAM_TOOLS_LEARN_CASES_QUOTED_H_
#define SGPSAM_TOOLS_LEARN_CASES_QUOTED_H_

#include <string>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace sgpsam {

inline std::string Quoted(absl::string_view text) {
  constexpr size_t kMaxQuoted = 200;
  return absl::StrCat("\"", absl::Utf8SafeCHexEscape(text.substr(0, kMaxQuoted)),
                      text.size() > kMaxQuoted ? "…\"" : "\"");
}

}  // namespace sgpsam

#endif  // SGPSAM_TOOLS_LEARN_CASES_QUOTED_H_
