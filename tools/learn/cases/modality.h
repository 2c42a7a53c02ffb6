// Which modality an image is of, in DICOM's defined terms (PS3.3 C.7.3.1.1.1): "CT",
// "MR", "PT". Pure functions.
#ifndef SGPSAM_TOOLS_LEARN_CASES_MODALITY_H_
#define SGPSAM_TOOLS_LEARN_CASES_MODALITY_H_

#include <string>

#include "absl/strings/string_view.h"

namespace sgpsam {

// What a data set's name of a channel says: "CT", "MRI", "T1w", "FLAIR", "FDG-PET". Empty if it says nothing
// ("zscore") or two things ("PET/CT").
std::string ModalityOfChannel(absl::string_view name);

// Whether it can be a value of DICOM's Modality: 1 to 16 capital letters, digits or underscores.
bool IsModality(absl::string_view text);

}  // namespace sgpsam

#endif  // SGPSAM_TOOLS_LEARN_CASES_MODALITY_H_
