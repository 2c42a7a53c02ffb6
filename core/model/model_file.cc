#include "core/model/model_file.h"

#include "core/base/file_io.h"
#include "core/base/status_macros.h"
#include "core/model/check_tensors.h"
#include "core/model/safetensors.h"

namespace sgpsam {

absl::StatusOr<TensorFile> ReadModelFile(const std::string& path) {
  ASSIGN_OR_RETURN(TensorFile file, ReadSafetensorsFile(path));
  const absl::StatusOr<ModelConfig> config = ReadModelConfig(file);
  RETURN_IF_ERROR(WithPath(config.ok() ? CheckTensors(file, *config) : config.status(), path));
  return file;
}

}  // namespace sgpsam
