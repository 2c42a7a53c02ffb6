#include "core/dicom/series_reader.h"

#include <algorithm>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "core/base/clock.h"
#include "core/base/status_macros.h"
#include "core/dicom/dicom_file.h"
#include "core/dicom/pixel_decoder.h"
#include "core/dicom/rescale.h"
#include "core/dicom/series_geometry.h"
#include "core/dicom/series_summary.h"
#include "core/dicom/slice_header.h"

namespace sgpsam {
namespace {

absl::Status InFile(size_t number, const absl::Status& status) {
  return absl::Status(status.code(), absl::StrCat("file ", number, ": ", status.message()));
}

absl::Status CheckAlive(const CallContext& call) { return call.Check(Clock::Real().Now()); }

SliceScale ScaleOf(const SliceHeader& header) { return {header.layout, {header.slope, header.intercept}}; }

absl::Status CheckVolumeBytes(uint64_t bytes, const SeriesLimits& limits) {
  if (bytes <= limits.max_volume_bytes) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("the series decodes to ", bytes, " bytes; at most ",
                                                 limits.max_volume_bytes, " are taken"));
}

// First pass: the headers only; nothing of the pixels is decoded or kept.
absl::StatusOr<std::vector<SliceHeader>> ReadHeaders(const std::vector<ByteBuffer>& files,
                                                     const CallContext& call) {
  std::vector<SliceHeader> headers;
  headers.reserve(files.size());
  for (size_t n = 0; n < files.size(); ++n) {
    RETURN_IF_ERROR(CheckAlive(call));
    const absl::StatusOr<DicomFile> file = DicomFile::Open(files[n].view());
    if (!file.ok()) return InFile(n + 1, file.status());
    absl::StatusOr<SliceHeader> header = ReadSliceHeader(*file, static_cast<int>(n + 1));
    if (!header.ok()) return InFile(n + 1, header.status());
    headers.push_back(*std::move(header));
  }
  return headers;
}

// The volume while it grows, slice by slice.
struct Growing {
  SampleType type = SampleType::kInt16;
  ByteBuffer bytes;
  size_t samples = 0;  // written so far

  uint8_t* end() { return bytes.data() + samples * BytesPerSample(type); }
};

template <typename Sample>
void CopyAsFloat(const uint8_t* from, size_t samples, float* to) {
  const auto* values = reinterpret_cast<const Sample*>(from);
  std::copy(values, values + samples, to);
}

// A value turned up that 16 bits do not hold: all samples become float32.
absl::Status Widen(const SeriesLimits& limits, Growing& volume) {
  const uint64_t bytes = volume.bytes.size() / BytesPerSample(volume.type) * sizeof(float);
  RETURN_IF_ERROR(CheckVolumeBytes(bytes, limits));
  ASSIGN_OR_RETURN(ByteBuffer wide, ByteBuffer::Zeroed(bytes));
  auto* to = reinterpret_cast<float*>(wide.data());
  if (volume.type == SampleType::kInt16) {
    CopyAsFloat<int16_t>(volume.bytes.data(), volume.samples, to);
  } else {
    CopyAsFloat<uint16_t>(volume.bytes.data(), volume.samples, to);
  }
  volume.bytes = std::move(wide);
  volume.type = SampleType::kFloat32;
  return absl::OkStatus();
}

// Second pass: slice by slice into the volume; each file's bytes die with its slice.
absl::Status DecodeSlices(std::vector<ByteBuffer>& files, const std::vector<SliceHeader>& headers,
                          const std::vector<size_t>& order, const SeriesLimits& limits,
                          const CallContext& call, Growing& volume) {
  std::vector<uint8_t> stored;
  for (size_t n : order) {
    RETURN_IF_ERROR(CheckAlive(call));
    const SliceHeader& header = headers[n];
    const absl::StatusOr<DicomFile> file = DicomFile::Open(files[n].view());
    if (!file.ok()) return InFile(n + 1, file.status());
    const absl::Status decoded = DecodePixels(*file, header.layout, stored);
    if (!decoded.ok()) return InFile(n + 1, decoded);
    const SliceScale scale = ScaleOf(header);
    if (!RescaleSlice(stored.data(), scale, volume.type, volume.end())) {
      RETURN_IF_ERROR(Widen(limits, volume));
      RescaleSlice(stored.data(), scale, volume.type, volume.end());
    }
    volume.samples += header.layout.samples();
    files[n] = ByteBuffer();
  }
  return absl::OkStatus();
}

absl::Status CheckLimits(const std::vector<ByteBuffer>& files, const SeriesLimits& limits) {
  if (files.empty()) return absl::InvalidArgumentError("the series has no files");
  if (files.size() > static_cast<size_t>(std::max(limits.max_files, 0))) {
    return absl::InvalidArgumentError(
        absl::StrCat("the series has ", files.size(), " files; at most ", limits.max_files, " are taken"));
  }
  return absl::OkStatus();
}

absl::StatusOr<Growing> AllocateVolume(const std::vector<SliceHeader>& headers, const SeriesLimits& limits) {
  std::vector<SliceScale> scales;
  scales.reserve(headers.size());
  for (const SliceHeader& header : headers) scales.push_back(ScaleOf(header));
  Growing volume;
  volume.type = ChooseSampleType(scales);
  // At most 2^28 samples of 4 bytes a slice: no overflow for any number of files that exists.
  const uint64_t bytes = uint64_t{headers[0].layout.samples()} * headers.size() * BytesPerSample(volume.type);
  RETURN_IF_ERROR(CheckVolumeBytes(bytes, limits));
  ASSIGN_OR_RETURN(volume.bytes, ByteBuffer::Zeroed(bytes));
  return volume;
}

}  // namespace

absl::StatusOr<DicomStudy> ReadSeries(std::vector<ByteBuffer> files, const SeriesLimits& limits,
                                      const CallContext& call) {
  RETURN_IF_ERROR(CheckLimits(files, limits));
  ASSIGN_OR_RETURN(const std::vector<SliceHeader> headers, ReadHeaders(files, call));
  RETURN_IF_ERROR(CheckOneSeries(headers));
  std::vector<SlicePlane> planes;
  planes.reserve(headers.size());
  for (const SliceHeader& header : headers) planes.push_back(header.plane);
  const PixelLayout& layout = headers[0].layout;
  ASSIGN_OR_RETURN(SeriesGeometry place, PlaceSlices(planes, layout.rows, layout.columns));

  DicomStudy study;
  study.warnings = std::move(place.warnings);
  {
    ASSIGN_OR_RETURN(const DicomFile first, DicomFile::Open(files[place.order[0]].view()));
    study.info = SummariseSeries(first, headers, place.order, study.warnings);
  }
  ASSIGN_OR_RETURN(Growing volume, AllocateVolume(headers, limits));
  RETURN_IF_ERROR(DecodeSlices(files, headers, place.order, limits, call, volume));
  ASSIGN_OR_RETURN(study.volume, Volume::Create(place.geometry, volume.type, std::move(volume.bytes)));
  return study;
}

}  // namespace sgpsam
