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

// Second pass: slice by slice into the volume; each file's bytes die with its slice.
absl::Status DecodeSlices(std::vector<ByteBuffer>& files, const std::vector<SliceHeader>& headers,
                          const std::vector<size_t>& order, SampleType type, const CallContext& call,
                          ByteBuffer& volume) {
  std::vector<uint8_t> stored;
  uint8_t* out = volume.data();
  for (size_t n : order) {
    RETURN_IF_ERROR(CheckAlive(call));
    const SliceHeader& header = headers[n];
    const absl::StatusOr<DicomFile> file = DicomFile::Open(files[n].view());
    if (!file.ok()) return InFile(n + 1, file.status());
    const absl::Status decoded = DecodePixels(*file, header.layout, stored);
    if (!decoded.ok()) return InFile(n + 1, decoded);
    RescaleSlice(stored.data(), {header.layout, {header.slope, header.intercept}}, type, out);
    out += header.layout.samples() * BytesPerSample(type);
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

SampleType TypeOf(const std::vector<SliceHeader>& headers) {
  std::vector<SliceScale> scales;
  for (const SliceHeader& header : headers)
    scales.push_back({header.layout, {header.slope, header.intercept}});
  return ChooseSampleType(scales);
}

absl::StatusOr<ByteBuffer> AllocateVolume(const PixelLayout& layout, size_t slices, SampleType type,
                                          const SeriesLimits& limits) {
  // At most 2^28 samples of 4 bytes a slice: no overflow for any number of files that exists.
  const uint64_t bytes = uint64_t{layout.samples()} * slices * BytesPerSample(type);
  if (bytes > limits.max_volume_bytes) {
    return absl::InvalidArgumentError(absl::StrCat("the series decodes to ", bytes, " bytes; at most ",
                                                   limits.max_volume_bytes, " are taken"));
  }
  return ByteBuffer::Zeroed(bytes);
}

}  // namespace

absl::StatusOr<DicomStudy> ReadSeries(std::vector<ByteBuffer> files, const SeriesLimits& limits,
                                      const CallContext& call) {
  RETURN_IF_ERROR(CheckLimits(files, limits));
  ASSIGN_OR_RETURN(const std::vector<SliceHeader> headers, ReadHeaders(files, call));
  RETURN_IF_ERROR(CheckOneSeries(headers));
  std::vector<SlicePlane> planes;
  for (const SliceHeader& header : headers) planes.push_back(header.plane);
  const PixelLayout& layout = headers[0].layout;
  ASSIGN_OR_RETURN(SeriesGeometry place, PlaceSlices(planes, layout.rows, layout.columns));

  DicomStudy study;
  study.warnings = std::move(place.warnings);
  const size_t first = place.order[0];
  ASSIGN_OR_RETURN(const DicomFile first_file, DicomFile::Open(files[first].view()));
  study.info = SummariseSeries(first_file, headers, place.order, study.warnings);

  const SampleType type = TypeOf(headers);
  ASSIGN_OR_RETURN(ByteBuffer samples, AllocateVolume(layout, files.size(), type, limits));
  RETURN_IF_ERROR(DecodeSlices(files, headers, place.order, type, call, samples));
  ASSIGN_OR_RETURN(study.volume, Volume::Create(place.geometry, type, std::move(samples)));
  return study;
}

}  // namespace sgpsam
