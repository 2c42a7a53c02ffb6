// PyTorch's checkpoints since version 1.6. For pth_reader.cc; bytes are hostile.
#ifndef SGPSAM_CORE_CHECKPOINT_ZIP_PTH_H_
#define SGPSAM_CORE_CHECKPOINT_ZIP_PTH_H_

#include "absl/status/statusor.h"
#include "core/base/file_io.h"
#include "core/checkpoint/pth_layouts.h"

namespace sgpsam {

// A zip file: PREFIX/data.pkl and PREFIX/data/KEY. INVALID_ARGUMENT naming file and reason: damaged,
// TorchScript, no checkpoint.
absl::StatusOr<PthFile> OpenZipPth(InputFile file);

}  // namespace sgpsam

#endif  // SGPSAM_CORE_CHECKPOINT_ZIP_PTH_H_
