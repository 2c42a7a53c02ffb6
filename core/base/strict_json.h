// JSON from outside: model configurations, descriptions of datasets. What the parser itself would let pass is
// refused here: text without end, nesting without end, and an object that says two things under one key.
// A pure function.
#ifndef SGPSAM_CORE_BASE_STRICT_JSON_H_
#define SGPSAM_CORE_BASE_STRICT_JSON_H_

#include <cstddef>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "nlohmann/json_fwd.hpp"

namespace sgpsam {

// INVALID_ARGUMENT, with the byte or the key where there is one; the caller says of which text.
absl::StatusOr<nlohmann::json> ParseStrictJson(absl::string_view text, size_t max_bytes);

}  // namespace sgpsam

#endif  // SGPSAM_CORE_BASE_STRICT_JSON_H_
