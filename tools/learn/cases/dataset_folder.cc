#include "tools/learn/cases/dataset_folder.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <type_traits>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "core/base/file_io.h"
#include "core/base/reason.h"
#include "core/base/status_macros.h"
#include "core/volume/grid_match.h"
#include "tools/learn/cases/dataset_choice.h"
#include "tools/learn/cases/modality.h"
#include "tools/learn/cases/quoted.h"

namespace sgpsam {
namespace {

constexpr char kDescription[] = "dataset.json";
// As read, compressed or not: above what a volume may have, and below what would take all memory.
constexpr uint64_t kMaxFileBytes = uint64_t{16} << 30;

// The status with the file that it is about.
absl::Status About(absl::string_view folder, absl::string_view file, const absl::Status& status) {
  return Prefixed(status, absl::StrCat(folder, "/", absl::Utf8SafeCHexEscape(file), ": "));
}

absl::StatusOr<ByteBuffer> ReadInside(const std::string& folder, const std::string& file,
                                      uint64_t max_bytes) {
  ASSIGN_OR_RETURN(const std::string path, ResolveInside(folder, file));
  return ReadFile(path, max_bytes);
}

absl::StatusOr<DatasetJson> ReadDescription(const std::string& folder) {
  ASSIGN_OR_RETURN(const ByteBuffer text, ReadInside(folder, kDescription, kMaxDatasetJsonBytes));
  return ParseDatasetJson(text.view());
}

absl::Status CheckOptions(const DatasetOptions& options) {
  if (options.targets.min_voxels < 1) {
    return absl::InvalidArgumentError("the least number of voxels of a target must be 1 or more");
  }
  if (!(options.grid_tolerance >= 0)) {
    return absl::InvalidArgumentError("the tolerance between image and label must be 0 or more voxels");
  }
  return absl::OkStatus();
}

std::vector<int64_t> AllValues(const DatasetJson& dataset) {
  std::vector<int64_t> values;
  for (const DatasetLabel& label : dataset.labels) {
    values.insert(values.end(), label.values.begin(), label.values.end());
  }
  return values;
}

// What to do about an image that has another number of volumes than it should.
const char* OnVolumes(DatasetLayout layout) {
  return layout == DatasetLayout::kMsd
             ? "\"modality\" in dataset.json must name every one of them, then one can be chosen"
             : "write every channel into a 3D file of its own";
}

// Finite, and not all the same.
template <typename T>
absl::Status CheckSamples(const T* samples, const Shape& shape) {
  T low = samples[0], high = samples[0];
  for (int64_t n = 0; n < shape.voxels(); ++n) {
    if constexpr (std::is_floating_point_v<T>) {
      if (!std::isfinite(samples[n])) {
        return absl::InvalidArgumentError(absl::StrFormat(
            "voxel %d %d %d is not a finite number: replace such voxels by the background's value",
            n % shape.i, n / shape.i % shape.j, n / shape.i / shape.j));
      }
    }
    low = std::min(low, samples[n]);
    high = std::max(high, samples[n]);
  }
  if (low < high) return absl::OkStatus();
  return absl::InvalidArgumentError("all voxels of the image have the same value");
}

absl::Status CheckImage(const Volume& image) {
  return VisitSamples(image, [&](auto* samples) { return CheckSamples(samples, image.geometry().shape()); });
}

}  // namespace

absl::StatusOr<DatasetFolder> DatasetFolder::Open(const std::string& folder, const DatasetOptions& options) {
  RETURN_IF_ERROR(CheckOptions(options));
  const absl::StatusOr<DatasetJson> dataset = ReadDescription(folder);
  if (!dataset.ok()) return About(folder, kDescription, dataset.status());
  const absl::StatusOr<DatasetLabel> label = ChooseLabel(*dataset, options.label);
  if (!label.ok()) return About(folder, kDescription, label.status());
  const absl::StatusOr<int64_t> channel = ChooseChannel(*dataset, options.channel);
  if (!channel.ok()) return About(folder, kDescription, channel.status());

  DatasetFolder source;
  source.folder_ = folder;
  source.options_ = options;
  if (options.modality.empty()) {
    source.options_.modality = ModalityOfChannel(dataset->channels[static_cast<size_t>(*channel)]);
  }
  source.layout_ = dataset->layout;
  source.label_name_ = label->name;
  source.values_ = {AllValues(*dataset), label->values};
  if (dataset->layout == DatasetLayout::kMsd) {
    source.image_volume_ = {*channel, static_cast<int64_t>(dataset->channels.size())};
  }
  ASSIGN_OR_RETURN(source.files_, FindCaseFiles(folder, *dataset, *channel));
  return source;
}

absl::StatusOr<Volume> DatasetFolder::ReadImage(const std::string& file) const {
  ASSIGN_OR_RETURN(ByteBuffer bytes, ReadInside(folder_, file, kMaxFileBytes));
  absl::StatusOr<Volume> image = ReadNiftiVolume(std::move(bytes), image_volume_);
  if (absl::IsOutOfRange(image.status())) {
    return absl::InvalidArgumentError(absl::StrCat(image.status().message(), ": ", OnVolumes(layout_)));
  }
  if (image.ok()) RETURN_IF_ERROR(CheckImage(*image));
  return image;
}

absl::StatusOr<Targets> DatasetFolder::ReadTargets(const CaseFiles& files, const Geometry& image) const {
  ASSIGN_OR_RETURN(ByteBuffer bytes, ReadInside(folder_, files.label, kMaxFileBytes));
  ASSIGN_OR_RETURN(const Volume labels, ReadNifti(std::move(bytes)));
  ASSIGN_OR_RETURN(const GridMap map, MatchGrids(labels.geometry(), image, options_.grid_tolerance));
  ASSIGN_OR_RETURN(const Mask mask, MaskOfLabel(labels, values_));
  ASSIGN_OR_RETURN(Targets targets, MakeTargets(mask, map, image, options_.targets));
  if (targets.count > 0) return targets;
  if (targets.components == 0) {
    return absl::FailedPreconditionError(absl::StrCat("label ", Quoted(label_name_), " occurs nowhere"));
  }
  return absl::FailedPreconditionError(absl::StrCat("no component of label ", Quoted(label_name_), " has ",
                                                    options_.targets.min_voxels, " or more voxels"));
}

absl::StatusOr<Case> DatasetFolder::Read(int64_t index) const {
  if (index < 0 || index >= size()) {
    return absl::OutOfRangeError(
        absl::StrCat(folder_, " has ", size(), " cases; there is no number ", index));
  }
  const CaseFiles& files = files_[static_cast<size_t>(index)];
  absl::StatusOr<Volume> image = ReadImage(files.image);
  if (!image.ok()) return About(folder_, files.image, image.status());
  absl::StatusOr<Targets> targets = ReadTargets(files, image->geometry());
  if (!targets.ok()) return About(folder_, files.label, targets.status());
  return Case{files.id, *std::move(image), std::move(targets->volume), targets->count, {}, options_.modality};
}

absl::StatusOr<std::string> DatasetFolder::Stamp(int64_t index) const {
  const CaseFiles& files = files_.at(static_cast<size_t>(index));
  std::string stamp =
      absl::StrCat(absl::StrJoin(values_.chosen, "+"), " of ", absl::StrJoin(values_.all, "+"), " channel ",
                   image_volume_.number, " ", options_.modality);
  for (const std::string& file : {files.image, files.label}) {
    absl::StatusOr<std::string> path = ResolveInside(folder_, file);
    if (!path.ok()) return About(folder_, file, path.status());
    struct stat status {};
    if (stat(path->c_str(), &status) != 0) {
      return About(folder_, file, absl::ErrnoToStatus(errno, "cannot be looked at"));
    }
    absl::StrAppend(&stamp, "\n", file, " ", status.st_size, " ", status.st_mtim.tv_sec, ".",
                    status.st_mtim.tv_nsec);
  }
  return stamp;
}

}  // namespace sgpsam
