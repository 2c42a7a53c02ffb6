#include "client/cli/preview/scene.h"

#include <cmath>
#include <map>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/base/byte_buffer.h"
#include "core/base/file_io.h"
#include "core/base/reason.h"
#include "core/base/status_macros.h"
#include "core/dicom/seg/seg_reader.h"
#include "core/dicom/series/series_reader.h"
#include "core/raw/nifti.h"
#include "core/volume/grid_match.h"
#include "core/volume/segment_colours.h"
#include "sgpsam/volume.h"

namespace sgpsam::cli {
namespace {

constexpr int kMaxLabels = 255;

struct Source {
  Volume volume;
  std::optional<SeriesInfo> series;
};

absl::StatusOr<Volume> ReadNiftiPart(const client::Volume& file) {
  ASSIGN_OR_RETURN(ByteBuffer bytes, ByteBuffer::CopyOf(file.parts().front()));
  return ReadNifti(std::move(bytes));
}

absl::StatusOr<Source> ReadSource(const client::Volume& input) {
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
  absl::StatusOr<DicomSeries> read = ReadSeries(std::move(files), SeriesLimits(), CallContext());
  if (!read.ok()) {
    return WithMessage(read.status(), input.WithFileNames(std::string(read.status().message())));
  }
  source.volume = std::move(read->volume);
  source.series = std::move(read->info);
  return source;
}

absl::StatusOr<std::vector<DrawnSegment>> LabelsOf(const Volume& labels, const Geometry& image) {
  const absl::StatusOr<GridMap> map = MatchGrids(labels.geometry(), image, kMaskGridTolerance);
  if (!map.ok()) {
    return FailedPrecondition(
        Reason::kMaskMismatch,
        absl::StrCat(map.status().message(), "; resample it to the image's voxels first"));
  }
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
    segments.push_back(
        {label, "", SegmentColour(static_cast<size_t>(label - 1)), MaskOnGrid(mask, *map, image.shape())});
  }
  return segments;
}

// Fills in what `scene`, which has its volume, shows of a segmentation.
absl::Status AddSegmentation(const std::string& path, const std::optional<SeriesInfo>& series, Scene& scene) {
  const Geometry& geometry = scene.volume.geometry();
  ASSIGN_OR_RETURN(ByteBuffer file, ReadFile(path));
  if (absl::EndsWithIgnoreCase(path, ".nii") || absl::EndsWithIgnoreCase(path, ".nii.gz")) {
    ASSIGN_OR_RETURN(const Volume labels, ReadNifti(std::move(file)));
    ASSIGN_OR_RETURN(scene.segments, LabelsOf(labels, geometry));
    return absl::OkStatus();
  }
  ASSIGN_OR_RETURN(ReadSegmentation read, ReadSeg(file.view(), series ? &*series : nullptr, geometry));
  for (ReadSegment& segment : read.segments) {
    scene.segments.push_back(
        {segment.number, std::move(segment.label), segment.rgb, std::move(segment.mask)});
  }
  scene.warnings = std::move(read.warnings);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Scene> LoadScene(const client::Volume& source_volume, const std::string& segmentation_path) {
  ASSIGN_OR_RETURN(Source source, ReadSource(source_volume));
  Scene scene{std::move(source.volume), source.series ? source.series->modality : "", {}, {}, {}};
  RETURN_IF_ERROR(WithPath(AddSegmentation(segmentation_path, source.series, scene), segmentation_path));
  return scene;
}

}  // namespace sgpsam::cli
