// The safetensors container <-> TensorFile. Bytes are hostile: the header's length, every offset, shape
// product and overlap are checked before anything is allocated. Pure functions; each tensor's bytes are
// copied once.
#ifndef SGPSAM_CORE_MODEL_FILE_SAFETENSORS_H_
#define SGPSAM_CORE_MODEL_FILE_SAFETENSORS_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/model_file/named_tensors.h"

namespace sgpsam {

absl::StatusOr<TensorFile> ReadSafetensors(absl::string_view bytes);
absl::StatusOr<TensorFile> ReadSafetensorsFile(const std::string& path);
// Written under another name and renamed: a full disk leaves no half file.
absl::Status WriteSafetensorsFile(const TensorFile& file, const std::string& path);

}  // namespace sgpsam

#endif  // SGPSAM_CORE_MODEL_FILE_SAFETENSORS_H_
