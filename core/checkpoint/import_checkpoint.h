// A PyTorch checkpoint of SAM-Med3D -> our model file: checked by name and shape, float32, with its
// configuration. Called by `sgpsam-model import`.
#ifndef SGPSAM_CORE_CHECKPOINT_IMPORT_CHECKPOINT_H_
#define SGPSAM_CORE_CHECKPOINT_IMPORT_CHECKPOINT_H_

#include <string>

#include "absl/status/statusor.h"
#include "core/model_file/model_config.h"
#include "core/model_file/named_tensors.h"

namespace sgpsam {

// `config` says which model the checkpoint holds; its point embeddings (2, or 4 with box corners) are taken
// from the checkpoint, and its modules (none if sgpm.blocks is empty) are added fresh, which changes
// nothing that the model computes. A checkpoint by export_checkpoint.h brings its own configuration and
// modules, which then count; an empty sgpm.blocks leaves the modules out. INVALID_ARGUMENT listing every
// missing, unexpected and misshapen tensor by name and both shapes, or naming one that holds NaN or infinite
// values.
absl::StatusOr<TensorFile> ImportCheckpoint(const std::string& path, const ModelConfig& config);

}  // namespace sgpsam

#endif  // SGPSAM_CORE_CHECKPOINT_IMPORT_CHECKPOINT_H_
