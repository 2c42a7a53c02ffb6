#include "server/segment/decoded_volume.h"

#include <cstdint>
#include <utility>

#include "core/base/status_macros.h"
#include "core/dicom/series/series_reader.h"
#include "core/raw/nifti.h"

namespace sgpsam {

size_t DecodedVolume::cost() const {
  constexpr size_t kVolumeBytes = size_t{8} << 10, kSliceBytes = 512;
  const auto slices = series ? static_cast<size_t>(volume.geometry().shape().k) : 0;
  return volume.samples().capacity() + kVolumeBytes + slices * kSliceBytes;
}

absl::StatusOr<DecodedVolume> DecodeVolume(const VolumeDescription& description, Payload payload,
                                           uint64_t max_volume_bytes, const CallContext& call) {
  DecodedVolume decoded;
  decoded.modality = description.modality;
  switch (description.kind) {
    case VolumeKind::kDicom: {
      SeriesLimits limits;
      limits.max_volume_bytes = max_volume_bytes;
      ASSIGN_OR_RETURN(DicomSeries read, ReadSeries(std::move(payload), limits, call, description.series));
      decoded.volume = std::move(read.volume);
      decoded.modality = read.info.modality;
      decoded.series = std::move(read.info);
      decoded.warnings = std::move(read.warnings);
      decoded.passed_over = std::move(read.passed_over);
      break;
    }
    case VolumeKind::kNifti: {
      ASSIGN_OR_RETURN(decoded.volume, ReadNifti(std::move(payload.at(0)), {max_volume_bytes}));
      break;
    }
    case VolumeKind::kRaw: {
      ASSIGN_OR_RETURN(decoded.volume, ReadRaw(description.raw, std::move(payload.at(0))));
      break;
    }
  }
  return decoded;
}

}  // namespace sgpsam
