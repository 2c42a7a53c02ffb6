#include "tools/synthesis/dataset.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "core/base/byte_buffer.h"
#include "core/base/folder_in_progress.h"
#include "core/base/status_macros.h"
#include "core/raw/nifti_write.h"
#include "nlohmann/json.hpp"
#include "tools/synthesis/lesion_json.h"

namespace sgpsam::synthesis {
namespace {

using Json = nlohmann::ordered_json;

constexpr int64_t kMostCases = 100000;

absl::Status Check(const DatasetOptions& options) {
  if (options.cases < 1 || options.cases > kMostCases) {
    return absl::InvalidArgumentError(absl::StrCat("a synthetic data set has 1 to ", kMostCases, " cases"));
  }
  if (options.run_seed > kMaxRunSeed) {
    return absl::InvalidArgumentError(absl::StrCat("the seed is 0 to ", kMaxRunSeed));
  }
  return absl::OkStatus();
}

// What nnU-Net calls the labels: one value per meaning, however many lesions there are.
absl::StatusOr<Volume> SemanticLabels(const SyntheticCase& made, Content content) {
  const Volume& source = content == Content::kShapes ? made.structures : made.lesions;
  ASSIGN_OR_RETURN(ByteBuffer labels, ByteBuffer::CopyOf(source.samples().view()));
  const uint8_t* shapes = made.shapes.samples().data();
  for (size_t n = 0; n < labels.size(); ++n) {
    uint8_t& label = labels.data()[n];
    label =
        content == Content::kShapes ? (shapes[n] != 0 ? kShapeLabel : label) : std::min<uint8_t>(label, 1);
  }
  return Volume::Create(source.geometry(), SampleType::kUint8, std::move(labels));
}

Json LabelNames(Content content) {
  Json names = {{"background", 0}};
  if (content == Content::kLesions) names["lesion"] = 1;
  if (content == Content::kShapes) {
    for (int n = 1; n < kStructures; ++n) names[std::string(StructureName(static_cast<Structure>(n)))] = n;
    names["shape"] = kShapeLabel;
  }
  return names;
}

Json CaseJson(const WrittenCase& written, const Geometry& geometry) {
  const Shape& shape = geometry.shape();
  const std::array<double, 3> spacing = geometry.spacing_mm();
  return {{"id", written.id},
          {"seed", written.seed},
          {"shape", {shape.i, shape.j, shape.k}},
          {"spacing_mm", spacing},
          {"lesions", LesionsJson(written.lesions, geometry.voxel_ml())}};
}

Json DatasetJson(const DatasetOptions& options, Json cases) {
  return {
      {"name", absl::StrCat("sgpsam synthetic ", SplitName(options.split))},
      {"description", "Synthetic images, made by `sgpsam-model synthesize`: there are no patients in them."},
      {"channel_names", {{"0", "CT"}}},
      {"labels", LabelNames(ContentOf(options.split))},
      {"numTraining", options.cases},
      {"file_ending", ".nii.gz"},
      {"synthetic",
       {{"split", std::string(SplitName(options.split))},
        {"seed", options.run_seed},
        {"cases", std::move(cases)}}}};
}

}  // namespace

Content ContentOf(Split split) { return split == Split::kPretrain ? Content::kShapes : Content::kLesions; }

absl::StatusOr<std::vector<WrittenCase>> WriteDataset(const DatasetOptions& options,
                                                      const std::string& folder) {
  RETURN_IF_ERROR(Check(options));
  ASSIGN_OR_RETURN(const std::unique_ptr<FolderInProgress> out, FolderInProgress::Create(folder));
  RETURN_IF_ERROR(out->AddFolder("imagesTr"));
  RETURN_IF_ERROR(out->AddFolder("labelsTr"));
  std::vector<WrittenCase> all;
  Json descriptions = Json::array();
  CaseOptions one = options.options;
  one.content = ContentOf(options.split);
  for (int64_t index = 0; index < options.cases; ++index) {
    one.seed = CaseSeed(options.split, options.run_seed, static_cast<uint32_t>(index));
    ASSIGN_OR_RETURN(SyntheticCase made, SynthesizeCase(one));
    ASSIGN_OR_RETURN(const Volume labels, SemanticLabels(made, one.content));
    ASSIGN_OR_RETURN(const std::string image_file, WriteNiftiGz(made.image));
    ASSIGN_OR_RETURN(const std::string label_file, WriteNiftiGz(labels));
    const std::string id =
        absl::StrFormat("synthetic_%s_%d_%05d", SplitName(options.split), options.run_seed, index);
    RETURN_IF_ERROR(out->AddFile(absl::StrCat("imagesTr/", id, "_0000.nii.gz"), image_file));
    RETURN_IF_ERROR(out->AddFile(absl::StrCat("labelsTr/", id, ".nii.gz"), label_file));
    all.push_back({id, one.seed, std::move(made.lesion_list)});
    descriptions.push_back(CaseJson(all.back(), made.image.geometry()));
  }
  RETURN_IF_ERROR(out->AddFile("dataset.json", DatasetJson(options, std::move(descriptions)).dump(2) + "\n"));
  RETURN_IF_ERROR(out->Commit());
  return all;
}

}  // namespace sgpsam::synthesis
