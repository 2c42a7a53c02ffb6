// Where a request's volume comes from, and what it is once it is decoded. Plain values;
// decoding is plain blocking code.
#ifndef SGPSAM_SERVER_SEGMENT_DECODED_VOLUME_H_
#define SGPSAM_SERVER_SEGMENT_DECODED_VOLUME_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "core/base/byte_buffer.h"
#include "core/base/call_context.h"
#include "core/base/digest.h"
#include "core/dicom/derived/series_info.h"
#include "core/dicom/folder/series_choice.h"
#include "core/raw/raw_codec.h"
#include "core/volume/volume.h"

namespace sgpsam {

enum class VolumeKind { kDicom, kNifti, kRaw };

// How the bytes of a volume are to be read: with their digest, all that a decoded volume depends on.
struct VolumeDescription {
  VolumeKind kind = VolumeKind::kDicom;
  RawDescription raw;    // kRaw only
  std::string series;    // kDicom only: which of several, as ReadSeries takes it; may be empty
  std::string modality;  // not kDicom, which says it itself: a defined term of Modality; empty: not known
};

// Shared by requests and the cache.
struct DecodedVolume {
  Volume volume;
  std::optional<SeriesInfo> series;  // DICOM only
  std::string modality;              // "CT", "MR", "PT"; empty: not known
  std::vector<std::string> warnings;
  std::vector<PassedOver> passed_over;  // DICOM only

  // What it costs a cache: the samples, the page that they begin on, and generously what is known of the
  // series and of each slice: a cache of volumes of a byte each would otherwise grow without an end.
  size_t cost() const;
};

// DICOM: one buffer per file; else exactly one.
using Payload = std::vector<ByteBuffer>;

// A request's volume: its bytes, or what an earlier request made of them.
struct VolumeInput {
  Digest digest;  // of the payload
  std::variant<Payload, std::shared_ptr<const DecodedVolume>> source;
};

// Empties the payload as it goes. The errors of ReadSeries, ReadNifti or ReadRaw.
absl::StatusOr<DecodedVolume> DecodeVolume(const VolumeDescription& description, Payload payload,
                                           uint64_t max_volume_bytes, const CallContext& call);

}  // namespace sgpsam

#endif  // SGPSAM_SERVER_SEGMENT_DECODED_VOLUME_H_
