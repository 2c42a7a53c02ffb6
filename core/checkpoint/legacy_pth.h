// PyTorch's checkpoints from before version 1.6. For pth_reader.cc; bytes are hostile.
#ifndef SGPSAM_CORE_CHECKPOINT_LEGACY_PTH_H_
#define SGPSAM_CORE_CHECKPOINT_LEGACY_PTH_H_

#include "absl/status/statusor.h"
#include "core/base/file_io.h"
#include "core/checkpoint/pth_layouts.h"

namespace sgpsam {

// Five pickles (a magic number, a version, facts about the machine, the object, the storages' keys), then
// each storage in the order of its key: the number of its elements in 8 bytes, and the elements, little
// endian (torch/serialization.py, _legacy_save). INVALID_ARGUMENT naming file and reason.
absl::StatusOr<PthFile> OpenLegacyPth(InputFile file);

}  // namespace sgpsam

#endif  // SGPSAM_CORE_CHECKPOINT_LEGACY_PTH_H_
