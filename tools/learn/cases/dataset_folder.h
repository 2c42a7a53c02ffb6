// The training cases of a folder in the layout of the Medical Segmentation Decathlon or of nnU-Net v2
// (dataset_json.h): dataset.json, images in imagesTr and labels in labelsTr, all NIfTI.
#ifndef SGPSAM_TOOLS_LEARN_CASES_DATASET_FOLDER_H_
#define SGPSAM_TOOLS_LEARN_CASES_DATASET_FOLDER_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "core/raw/nifti.h"
#include "tools/learn/cases/case.h"
#include "tools/learn/cases/dataset_files.h"
#include "tools/learn/cases/dataset_json.h"
#include "tools/learn/cases/label_mask.h"
#include "tools/learn/cases/targets.h"

namespace sgpsam {

struct DatasetOptions {
  // By name or value, as ChooseLabel and ChooseChannel take them; empty: the only one.
  std::string label{};
  std::string channel{};
  // Case::modality; empty: what the channel's name says (modality.h).
  std::string modality{};
  TargetChoice targets{};
  // How far image and label may lie apart, in voxels: what rounding in headers does, no more.
  double grid_tolerance = 0.1;
};

// Immutable once opened; files are read again by every Read.
class DatasetFolder final : public CaseSource {
 public:
  // Reads dataset.json and finds the cases, but opens none of their files. NOT_FOUND without dataset.json;
  // INVALID_ARGUMENT for one that is broken or of another layout, for a label or channel that it does not
  // have or that is not clear without a choice, for options out of range, and as FindCaseFiles.
  static absl::StatusOr<DatasetFolder> Open(const std::string& folder, const DatasetOptions& options);

  int64_t size() const override { return static_cast<int64_t>(files_.size()); }
  std::string id(int64_t index) const override { return files_[static_cast<size_t>(index)].id; }

  // As CaseSource. NOT_FOUND for a missing file. INVALID_ARGUMENT for a path that leads out of the folder, a
  // file that is no sound NIfTI volume, an image with NaN or infinite voxels or with one value only, a label
  // with voxels that are no labels (MaskOfLabel), or whose grid is not the image's (MatchGrids).
  absl::StatusOr<Case> Read(int64_t index) const override;

  // Names, sizes and times of change of the case's files, and what is asked for in them.
  // NOT_FOUND for a missing file.
  absl::StatusOr<std::string> Stamp(int64_t index) const override;

  const std::string& folder() const { return folder_; }

 private:
  DatasetFolder() = default;
  absl::StatusOr<Volume> ReadImage(const std::string& file) const;
  absl::StatusOr<Targets> ReadTargets(const CaseFiles& files, const Geometry& image) const;

  std::string folder_;
  DatasetLayout layout_ = DatasetLayout::kMsd;
  DatasetOptions options_;
  std::vector<CaseFiles> files_;
  std::string label_name_;
  LabelValues values_;
  NiftiVolumeChoice image_volume_;  // in each image file
};

}  // namespace sgpsam

#endif  // SGPSAM_TOOLS_LEARN_CASES_DATASET_FOLDER_H_
