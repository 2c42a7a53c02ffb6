// dataset.json, the description of a data set in either of two layouts, brought to one form:
// - Medical Segmentation Decathlon (medicaldecathlon.com): "training" lists image and label of every case,
//   "labels" is {"1": "liver"}, "modality" names the channels of a 4D image;
// - nnU-Net v2 (its documentation/dataset_format.md): "labels" is {"liver": 1}, or {"whole": [1, 2]} for a
//   region, "channel_names" names the channels, which are files of their own; cases are found by file name
//   or listed in "dataset".
// The layout is told by the keys. Pure functions; the text is hostile.
#ifndef SGPSAM_TOOLS_LEARN_CASES_DATASET_JSON_H_
#define SGPSAM_TOOLS_LEARN_CASES_DATASET_JSON_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace sgpsam {

enum class DatasetLayout { kMsd, kNnunet };

struct DatasetLabel {
  static constexpr int64_t kMaxValue = 65535;

  std::string name;
  std::vector<int64_t> values;  // 0 to kMaxValue, at least one; more of a region
};

struct ListedCase {
  std::string id;
  std::vector<std::string> images;  // as written: MSD one path, nnU-Net one for every channel
  std::string label;
};

struct DatasetJson {
  DatasetLayout layout = DatasetLayout::kMsd;
  std::vector<DatasetLabel> labels;         // with the background, if it is listed
  std::vector<std::string> channels;        // their names, by number; at least one
  std::vector<ListedCase> cases;            // none: the folders tell (nnU-Net only)
  std::string file_ending = ".nii.gz";      // nnU-Net's images and labels
  std::optional<uint64_t> announced_cases;  // nnU-Net's numTraining
};

// The most a description may have: 100,000 listed cases and some.
inline constexpr size_t kMaxDatasetJsonBytes = size_t{32} << 20;

// INVALID_ARGUMENT says what is wrong with which key. Paths are not looked at here.
absl::StatusOr<DatasetJson> ParseDatasetJson(absl::string_view text);

}  // namespace sgpsam

#endif  // SGPSAM_TOOLS_LEARN_CASES_DATASET_JSON_H_
