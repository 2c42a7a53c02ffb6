// A mask prompt as it travels (zlib over packed bits) -> Mask. Pure function; bytes are hostile.
#ifndef SGPSAM_CORE_PIPELINE_MASK_PROMPT_H_
#define SGPSAM_CORE_PIPELINE_MASK_PROMPT_H_

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/volume/mask.h"

namespace sgpsam {

// INVALID_ARGUMENT unless the bytes are one zlib stream that inflates to exactly the mask of `shape`.
// Never writes more than that, so a bomb costs what an honest mask costs.
absl::StatusOr<Mask> InflateMask(const Shape& shape, absl::string_view zlib_bits);

}  // namespace sgpsam

#endif  // SGPSAM_CORE_PIPELINE_MASK_PROMPT_H_
