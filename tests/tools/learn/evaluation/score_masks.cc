// score_masks A B TOLERANCE_MM: Dice and normalised surface Dice of the voxels above 0 in two NIfTI files.
// For simpleitk_test.py.
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <string>

#include "core/base/status_macros.h"
#include "core/raw/nifti.h"
#include "tests/support/mask_shapes.h"
#include "tests/support/test_files.h"
#include "tools/learn/evaluation/overlap.h"
#include "tools/learn/evaluation/surface_dice.h"

namespace sgpsam {
namespace {

absl::Status PrintScores(const std::string& path_a, const std::string& path_b, double tolerance_mm) {
  ASSIGN_OR_RETURN(const Volume volume_a, ReadNifti(ReadTestBuffer(path_a)));
  ASSIGN_OR_RETURN(const Volume volume_b, ReadNifti(ReadTestBuffer(path_b)));
  const auto above_0 = [](const Volume& volume) {
    return MaskWhere(volume.geometry().shape(), [&](const Voxel& v) { return volume.at(v.i, v.j, v.k) > 0; });
  };
  const Mask a = above_0(volume_a), b = above_0(volume_b);
  ASSIGN_OR_RETURN(const double dice, Dice(a, b));
  ASSIGN_OR_RETURN(const double nsd, SurfaceDice(a, b, volume_a.geometry().spacing_mm(), tolerance_mm));
  std::printf("%.17g %.17g\n", dice, nsd);
  return absl::OkStatus();
}

}  // namespace
}  // namespace sgpsam

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  const absl::Status status = sgpsam::PrintScores(argv[1], argv[2], std::atof(argv[3]));
  if (!status.ok()) std::cerr << status.message() << "\n";
  return status.ok() ? 0 : 1;
}
