// Our model file -> a PyTorch checkpoint that SAM-Med3D's own code loads, modules included for whoever knows
// them. Called by `sgpsam-model export`; import_checkpoint.h reads it back.
#ifndef SGPSAM_CORE_CHECKPOINT_EXPORT_CHECKPOINT_H_
#define SGPSAM_CORE_CHECKPOINT_EXPORT_CHECKPOINT_H_

#include <string>

#include "absl/status/status.h"
#include "core/model_file/named_tensors.h"

namespace sgpsam {

// The top dict holds the network under `model_state_dict` with the reference's names in its order, so that a
// strict load_state_dict takes it; the modules, if there are any, under `sgpm_state_dict`; and the
// configuration as JSON under `sgpsam_config`. All tensors are of `type` (kFloat32, kFloat16 or kBfloat16).
// INVALID_ARGUMENT for tensors that are not those of the configuration, or values that `type` does not have;
// nothing is left at `path` then, nor when the disk is full.
absl::Status ExportCheckpoint(TensorFile model, TensorType type, const std::string& path);

}  // namespace sgpsam

#endif  // SGPSAM_CORE_CHECKPOINT_EXPORT_CHECKPOINT_H_
