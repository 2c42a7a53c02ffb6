// A volume from disk: a NIfTI file, or a folder (or single file) of one DICOM series.
#ifndef SGPSAM_TOOLS_COMMANDS_READ_VOLUME_H_
#define SGPSAM_TOOLS_COMMANDS_READ_VOLUME_H_

#include <string>

#include "absl/status/statusor.h"
#include "core/volume/volume.h"

namespace sgpsam::tools {

// Errors name the path. Of a folder, every regular file directly in it is read.
absl::StatusOr<Volume> ReadVolume(const std::string& path);

}  // namespace sgpsam::tools

#endif  // SGPSAM_TOOLS_COMMANDS_READ_VOLUME_H_
