// A label file's voxels, checked, and those of the label that is asked for. A pure function.
#ifndef SGPSAM_TOOLS_LEARN_CASES_LABEL_MASK_H_
#define SGPSAM_TOOLS_LEARN_CASES_LABEL_MASK_H_

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "core/volume/mask.h"
#include "core/volume/volume.h"

namespace sgpsam {

// Each 0 to DatasetLabel::kMaxValue. 0, the background, is always among those that may occur.
struct LabelValues {
  std::vector<int64_t> all;     // what may occur
  std::vector<int64_t> chosen;  // some of them
};

// The voxels that have a chosen value, on the grid of `labels`. INVALID_ARGUMENT names the first voxel that
// is no label: not a number, not whole, negative, or a value that may not occur.
absl::StatusOr<Mask> MaskOfLabel(const Volume& labels, const LabelValues& values);

}  // namespace sgpsam

#endif  // SGPSAM_TOOLS_LEARN_CASES_LABEL_MASK_H_
