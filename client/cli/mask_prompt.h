// What `--mask FILE` sends: a mask to correct, as bits on the grid of the volume that it belongs to.
#ifndef SGPSAM_CLIENT_CLI_MASK_PROMPT_H_
#define SGPSAM_CLIENT_CLI_MASK_PROMPT_H_

#include <string>

#include "absl/status/statusor.h"

namespace sgpsam::cli {

// `source`: the DICOM folder or file, or NIfTI, that is to be segmented; it is decoded for its grid. `mask`:
// a DICOM-SEG of it, or NIfTI of which every voxel that is not 0 counts; several segments count together. The
// bits are client::Target::mask_bits. FAILED_PRECONDITION for a mask on another grid; otherwise as LoadScene.
absl::StatusOr<std::string> ReadMaskPrompt(const std::string& source, const std::string& mask);

}  // namespace sgpsam::cli

#endif  // SGPSAM_CLIENT_CLI_MASK_PROMPT_H_
