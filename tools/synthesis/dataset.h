// Made-up cases as a data set that others can train on: nnU-Net v2's folder (imagesTr, labelsTr,
// dataset.json), which the Medical Segmentation Decathlon's tools read after a change of dataset.json.
#ifndef SGPSAM_TOOLS_SYNTHESIS_DATASET_H_
#define SGPSAM_TOOLS_SYNTHESIS_DATASET_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "tools/synthesis/synthetic_case.h"

namespace sgpsam::synthesis {

struct DatasetOptions {
  Split split = Split::kTrain;
  uint32_t run_seed = 0;  // at most kMaxRunSeed
  int64_t cases = 1;      // 1 to 100,000: with indices 0, 1, …
  CaseOptions options;    // of each; its seed and content follow from the above
};

struct WrittenCase {
  std::string id;  // synthetic_SPLIT_RUNSEED_INDEX
  uint64_t seed = 0;
  std::vector<Lesion> lesions;
};

// Label values: of Split::kPretrain the structures, and kShapeLabel for all shapes; otherwise 1 for lesions.
constexpr uint8_t kShapeLabel = kStructures;

// Of a case of the split: shapes for pretraining, lesions otherwise.
Content ContentOf(Split split);

// The folder appears when all cases are in it, or not at all. dataset.json says that the data are synthetic,
// how they were made and which lesions they have. INVALID_ARGUMENT for options out of range and as
// SynthesizeCase; errors of the file system name the file.
absl::StatusOr<std::vector<WrittenCase>> WriteDataset(const DatasetOptions& options,
                                                      const std::string& folder);

}  // namespace sgpsam::synthesis

#endif  // SGPSAM_TOOLS_SYNTHESIS_DATASET_H_
