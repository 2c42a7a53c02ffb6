// Which files make the cases of a data set's folder, and the way to a file that does not leave the folder.
// For DatasetFolder. No state; names in the folder and in dataset.json are hostile.
#ifndef SGPSAM_TOOLS_LEARN_CASES_DATASET_FILES_H_
#define SGPSAM_TOOLS_LEARN_CASES_DATASET_FILES_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "tools/learn/cases/dataset_json.h"

namespace sgpsam {

// Paths relative to the folder, as dataset.json has them or by nnU-Net's rules; the files may be absent.
struct CaseFiles {
  std::string id;
  std::string image;
  std::string label;
};

// All training cases, sorted by id. `channel` chooses between image files where each channel has its own.
// nnU-Net's are found by name in imagesTr (ID_0000.nii.gz) and labelsTr (ID.nii.gz) unless they are listed; a
// case that one of the two folders lacks is among them, so that reading it says so. Names that start with a
// dot are none. INVALID_ARGUMENT if there are no cases, if two have one id, if an id has control characters
// or if there are not as many as dataset.json announces; NOT_FOUND without imagesTr and labelsTr.
absl::StatusOr<std::vector<CaseFiles>> FindCaseFiles(const std::string& folder, const DatasetJson& dataset,
                                                     int64_t channel);

// The file's real path. INVALID_ARGUMENT if `relative` is absolute, has a "..", or leads out of the folder by
// a symbolic link; NOT_FOUND if nothing is there. The caller says which file it is.
absl::StatusOr<std::string> ResolveInside(const std::string& folder, absl::string_view relative);

}  // namespace sgpsam

#endif  // SGPSAM_TOOLS_LEARN_CASES_DATASET_FILES_H_
