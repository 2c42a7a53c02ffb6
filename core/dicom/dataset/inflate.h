// Bounded inflation of Deflated Explicit VR Little Endian (PS3.5 A.5) and of Deflated Image Frame Compression
// (A.4). Pure functions; bytes are hostile.
#ifndef SGPSAM_CORE_DICOM_DATASET_INFLATE_H_
#define SGPSAM_CORE_DICOM_DATASET_INFLATE_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/base/byte_buffer.h"

namespace sgpsam {

// Inflates a raw deflate stream. INVALID_ARGUMENT if it is damaged, cut off, or larger than `max_bytes`
// when inflated: a bomb costs no more than that.
absl::StatusOr<ByteBuffer> InflateRaw(absl::string_view deflated, size_t max_bytes);

// The same, of one frame of `bytes` bytes, which a padding byte may follow.
absl::Status InflateFrame(absl::string_view deflated, size_t bytes, std::vector<uint8_t>& samples);

}  // namespace sgpsam

#endif  // SGPSAM_CORE_DICOM_DATASET_INFLATE_H_
