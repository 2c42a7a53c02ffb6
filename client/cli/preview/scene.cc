#include "client/cli/preview/scene.h"

#include <cmath>
#include <map>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "core/base/byte_buffer.h"
#include "core/base/status_macros.h"
#include "core/dicom/seg_reader.h"
#include "core/dicom/series_reader.h"
#include "core/raw/nifti.h"
#include "sgpsam/volume.h"

namespace sgpsam::cli {
namespace {

constexpr int kMaxLabels = 255;

// For labels of a NIfTI file, which has no colours of its own.
constexpr std::array<std::array<uint8_t, 3>, 6> kPalette = {
    {{255, 64, 64}, {64, 200, 255}, {255, 210, 60}, {120, 230, 90}, {235, 110, 255}, {255, 150, 60}}};

struct Source {
  Volume volume;
  std::optional<SeriesInfo> series;
};

absl::StatusOr<Volume> ReadNiftiPart(const client::Volume& file) {
  ASSIGN_OR_RETURN(ByteBuffer bytes, ByteBuffer::CopyOf(file.parts().front()));
  return ReadNifti(std::move(bytes));
}

absl::StatusOr<Source> ReadSource(const std::string& path) {
  ASSIGN_OR_RETURN(const client::Volume input, client::Volume::FromPath(path));
  Source source;
  if (input.kind() == client::Volume::Kind::kNifti) {
    ASSIGN_OR_RETURN(source.volume, ReadNiftiPart(input));
    return source;
  }
  std::vector<ByteBuffer> files;
  for (const std::string& part : input.parts()) {
    ASSIGN_OR_RETURN(ByteBuffer file, ByteBuffer::CopyOf(part));
    files.push_back(std::move(file));
  }
  ASSIGN_OR_RETURN(DicomStudy study, ReadSeries(std::move(files), SeriesLimits(), CallContext()));
  source.volume = std::move(study.volume);
  source.series = std::move(study.info);
  return source;
}

absl::StatusOr<std::vector<DrawnSegment>> LabelsOf(const Volume& labels) {
  const Shape& shape = labels.geometry().shape();
  std::map<int, Mask> masks;
  for (int64_t k = 0; k < shape.k; ++k) {
    for (int64_t j = 0; j < shape.j; ++j) {
      for (int64_t i = 0; i < shape.i; ++i) {
        const double value = labels.at(i, j, k);
        if (value == 0) continue;
        if (value != std::floor(value) || value < 0 || value > kMaxLabels) {
          return absl::InvalidArgumentError("the segmentation's voxels must be labels from 0 to 255");
        }
        masks.try_emplace(static_cast<int>(value), shape).first->second.Set(i, j, k);
      }
    }
  }
  std::vector<DrawnSegment> segments;
  for (auto& [label, mask] : masks) {
    const size_t colour = static_cast<size_t>(label - 1) % kPalette.size();
    segments.push_back({labels.geometry(), std::move(mask), kPalette[colour]});
  }
  return segments;
}

absl::StatusOr<std::vector<DrawnSegment>> ReadSegments(const std::string& path, const Source& source) {
  ASSIGN_OR_RETURN(const client::Volume file, client::Volume::FromPath(path));
  if (file.kind() == client::Volume::Kind::kNifti) {
    ASSIGN_OR_RETURN(const Volume labels, ReadNiftiPart(file));
    return LabelsOf(labels);
  }
  if (!source.series) {
    return absl::InvalidArgumentError(
        "a DICOM-SEG can be shown only over the DICOM series that it was made from");
  }
  const Geometry& geometry = source.volume.geometry();
  ASSIGN_OR_RETURN(std::vector<ReadSegment> read,
                   ReadSeg(file.parts().front(), *source.series, geometry.shape()));
  std::vector<DrawnSegment> segments;
  for (ReadSegment& segment : read) segments.push_back({geometry, std::move(segment.mask), segment.rgb});
  return segments;
}

}  // namespace

absl::StatusOr<Scene> LoadScene(const std::string& source_path, const std::string& segmentation_path) {
  ASSIGN_OR_RETURN(Source source, ReadSource(source_path));
  ASSIGN_OR_RETURN(std::vector<DrawnSegment> segments, ReadSegments(segmentation_path, source));
  return Scene{std::move(source.volume), source.series ? source.series->modality : "", std::move(segments)};
}

}  // namespace sgpsam::cli
