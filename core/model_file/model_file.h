// A model file as everything but the import reads it: safetensors, whose tensors are those of the
// configuration in its metadata (check_tensors.h).
#ifndef SGPSAM_CORE_MODEL_FILE_MODEL_FILE_H_
#define SGPSAM_CORE_MODEL_FILE_MODEL_FILE_H_

#include <string>

#include "absl/status/statusor.h"
#include "core/model_file/named_tensors.h"

namespace sgpsam {

// Errors name the file and what in it is wrong; of a checkpoint of PyTorch they say how to make a model file.
absl::StatusOr<TensorFile> ReadModelFile(const std::string& path);

}  // namespace sgpsam

#endif  // SGPSAM_CORE_MODEL_FILE_MODEL_FILE_H_
