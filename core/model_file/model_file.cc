#include "core/model_file/model_file.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "core/base/file_io.h"
#include "core/base/status_macros.h"
#include "core/model_file/check_tensors.h"
#include "core/model_file/safetensors.h"

namespace sgpsam {
namespace {

// How torch.save's files begin: as a zip file (since PyTorch 1.6), or with a pickle.
bool LooksLikeACheckpoint(const std::string& path) {
  const absl::StatusOr<InputFile> file = InputFile::Open(path);
  char first[4];
  if (!file.ok() || !file->Read(0, first, sizeof(first)).ok()) return false;
  const absl::string_view start(first, sizeof(first));
  return start == absl::string_view("PK\x03\x04", 4) ||
         (start[0] == '\x80' && start[1] >= 2 && start[1] <= 5);
}

}  // namespace

absl::StatusOr<TensorFile> ReadModelFile(const std::string& path) {
  absl::StatusOr<TensorFile> read = ReadSafetensorsFile(path);
  if (absl::IsInvalidArgument(read.status()) && LooksLikeACheckpoint(path)) {
    return absl::InvalidArgumentError(absl::StrCat(
        path, ": a checkpoint of PyTorch, no model file; make one of it with `sgpsam-model import`"));
  }
  RETURN_IF_ERROR(read.status());
  TensorFile file = *std::move(read);
  const absl::StatusOr<ModelConfig> config = ReadModelConfig(file);
  RETURN_IF_ERROR(WithPath(config.ok() ? CheckTensors(file, *config) : config.status(), path));
  return file;
}

}  // namespace sgpsam
