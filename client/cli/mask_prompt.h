// What `--mask FILE` sends: a mask to correct, as bits on the grid of the volume that it belongs to.
#ifndef SGPSAM_CLIENT_CLI_MASK_PROMPT_H_
#define SGPSAM_CLIENT_CLI_MASK_PROMPT_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "client/cli/prompt_arguments.h"
#include "sgpsam/client.h"

namespace sgpsam::cli {

// `source`: the DICOM series or NIfTI that is to be segmented; it is decoded for its grid. `mask`:
// a DICOM-SEG or NIfTI labels on its voxels, of which one segment or all together count. What was assumed is
// added to `warnings`. FAILED_PRECONDITION for a segment that it does not have; else as LoadScene.
absl::StatusOr<client::MaskPrompt> ReadMaskPrompt(const client::Volume& source, const MaskChoice& mask,
                                                  std::vector<std::string>& warnings);

}  // namespace sgpsam::cli

#endif  // SGPSAM_CLIENT_CLI_MASK_PROMPT_H_
