// prepare: the patch that the model will see of a volume, and where it lies.
#include "core/transform/prepare.h"

#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "core/base/reason.h"
#include "core/base/status_macros.h"
#include "core/engine/engine.h"
#include "core/model_file/safetensors.h"
#include "core/transform/placement.h"
#include "core/transform/resolve_prompts.h"
#include "tools/commands/commands.h"
#include "tools/commands/parse.h"
#include "tools/commands/read_volume.h"
#include "tools/commands/tensor_values.h"

namespace sgpsam::tools {
namespace {

constexpr int64_t kPatch = PatchSizes().patch;  // SAM-Med3D's, as is the spacing

struct Options {
  std::string volume, out;
  std::string begin, point, label;  // one of them
  double label_value = 1;
};

absl::StatusOr<Placement> PlaceByLabel(const Options& options, const Geometry& geometry) {
  ASSIGN_OR_RETURN(const Volume labels, ReadVolume(options.label));
  auto placement = SameGrid(geometry, labels.geometry())
                       ? PlaceAroundLabel(labels, options.label_value, kPatch, kUsualSpacingMm)
                       : absl::InvalidArgumentError("its grid is not the volume's");
  if (placement.ok()) return placement;
  return Prefixed(placement.status(), absl::StrCat(options.label, ": "));
}

absl::StatusOr<Placement> Place(const Options& options, const Geometry& geometry) {
  if (!options.begin.empty())
    return PlaceAtBegin(geometry, *ParseWholeTriple(options.begin), kPatch, kUsualSpacingMm);
  if (!options.label.empty()) return PlaceByLabel(options, geometry);
  const auto [x, y, z] = *ParseTriple(options.point);
  ASSIGN_OR_RETURN(const VoxelIndex index, ResolvePosition(geometry, WorldPoint{x, y, z}));
  return PlaceAround(geometry, index, kPatch, kUsualSpacingMm);
}

TensorFile Describe(const Patch& patch, const Geometry& geometry, const Placement& placement) {
  const int64_t side = placement.patch;
  const NamedTensor roi = TensorOf<float>(patch.values, {1, 1, side, side, side});
  TensorFile file;
  file.tensors["roi"] = roi;
  file.tensors["input"] = roi;  // as `run` and the golden data call it
  file.tensors["roi_affine_ras"] = TensorOf<double>(PatchAffineRas(geometry, placement), {4, 4});
  file.tensors["roi_begin_ijk"] = TensorOf<int64_t>(placement.begin, {3});
  file.tensors["canonical_shape"] = TensorOf<int64_t>(placement.grid.shape, {3});
  file.tensors["canonical_affine_ras"] =
      TensorOf<double>(CanonicalAffineRas(geometry, placement.grid, placement.spacing_mm), {4, 4});
  return file;
}

absl::Status Prepare(const Options& options) {
  ASSIGN_OR_RETURN(const Volume volume, ReadVolume(options.volume));
  ASSIGN_OR_RETURN(const Placement placement, Place(options, volume.geometry()));
  const auto patch = PreparePatch(volume, placement);
  if (!patch.ok()) return Prefixed(patch.status(), absl::StrCat(options.volume, ": "));
  RETURN_IF_ERROR(WriteSafetensorsFile(Describe(*patch, volume.geometry(), placement), options.out));
  const auto& [i, j, k] = placement.begin;
  std::printf("wrote %s: patch at %lld,%lld,%lld of the volume at %g mm\n", options.out.c_str(),
              static_cast<long long>(i), static_cast<long long>(j), static_cast<long long>(k),
              placement.spacing_mm);
  return absl::OkStatus();
}

}  // namespace

void AddPrepare(CLI::App& app, Action& chosen) {
  CLI::App* command = app.add_subcommand(
      "prepare", "Cut the patch that the model sees out of a volume, and say where it lies.");
  auto options = std::make_shared<Options>();
  command
      ->add_option("--volume", options->volume, "NIfTI file (.nii, .nii.gz), or folder of one DICOM series")
      ->required();
  CLI::Option_group* place = command->add_option_group("place", "Where the patch lies; exactly one");
  place
      ->add_option("--begin", options->begin,
                   "Its first voxel in the volume resampled to 1.5 mm, RAS+; may be negative")
      ->check(IsWholeTriple());
  place->add_option("--point", options->point, "Its centre in the patient: LPS millimetres, as DICOM counts")
      ->check(IsTriple());
  CLI::Option* label =
      place->add_option("--around-label", options->label,
                        "A label on the volume's grid: its bounding box is the centre, as in SAM-Med3D");
  place->require_option(1);
  command->add_option("--label-value", options->label_value, "The value that the label has")
      ->needs(label)
      ->capture_default_str();
  command
      ->add_option("--out", options->out,
                   "Safetensors file to write: roi (and the same as input), roi_affine_ras, roi_begin_ijk, "
                   "canonical_*")
      ->required();
  command->callback([options, &chosen] { chosen = [options] { return Prepare(*options); }; });
}

}  // namespace sgpsam::tools
