// Where a patch lies in its volume, and the grids between which values move. Pure functions.
//
// The grid is the reference's (SAM-Med3D utils/infer_utils.py): the volume resampled to 1.5 mm (or another
// spacing) with size ceil(n * old / new) (a single slice stays one) and origin shifted by
// 0.5 * (new / old - 1) voxels, then flipped and permuted to the closest RAS+ orientation; a patch is a
// cube of it, of 128^3 for SAM-Med3D.
// That is GridOrigin::kVolume. With kFocus the patch is laid around a point of a lattice instead,
// kLatticeVoxels apart, that hangs on the origin of patient coordinates: the one that is nearest to the
// focus. So neither where the volume begins nor a click a little further moves its samples.
// Where the volume's axes are not at right angles (gantry tilt) neither are the grid's.
#ifndef SGPSAM_CORE_TRANSFORM_PLACEMENT_H_
#define SGPSAM_CORE_TRANSFORM_PLACEMENT_H_

#include <array>
#include <cstdint>

#include "absl/status/statusor.h"
#include "core/engine/engine.h"
#include "core/transform/prompts.h"
#include "core/volume/geometry.h"
#include "core/volume/mask.h"
#include "core/volume/volume.h"

namespace sgpsam {

// As many voxels as a token of the shipped model has: from one point of the lattice to the next tokens hold
// the same samples.
inline constexpr double kLatticeVoxels = 8;

// The volume's canonical grid: which source axis each canonical axis runs along, which way, how fine.
struct CanonicalGrid {
  std::array<int, 3> source_axis{{0, 1, 2}};  // canonical axis a runs along source axis source_axis[a]
  std::array<bool, 3> flipped{{false, false, false}};
  std::array<int64_t, 3> shape{{1, 1, 1}};            // canonical voxels, RAS+ order
  std::array<double, 3> source_per_voxel{{1, 1, 1}};  // source voxels per canonical voxel, by source axis
  // The source index of the canonical voxel that is nearest to source index 0, by source axis: both grids
  // begin at the same face (reference), unless a single canonical voxel is all there is; its centre is the
  // volume's. Of a grid that hangs on a focus, the first that lies in the volume.
  std::array<double, 3> first_source{{0, 0, 0}};
};

struct Placement {
  CanonicalGrid grid;
  std::array<int64_t, 3> begin{{0, 0, 0}};  // patch voxel 0 in the canonical grid; may be negative
  int64_t patch = 0;                        // voxels on each side
  double spacing_mm = 0;                    // of them
  GridOrigin origin = GridOrigin::kVolume;  // what the grid hangs on
};

CanonicalGrid MakeCanonicalGrid(const Geometry& geometry, double spacing_mm);

// The source index (continuous) of a patch voxel (continuous), and back.
VoxelIndex PatchToSource(const Placement& placement, const std::array<double, 3>& patch_voxel);
std::array<double, 3> SourceToPatch(const Placement& placement, const VoxelIndex& source);

// RAS+ affine (row-major 4x4) of the canonical grid, and of the patch: what NIfTI tools expect.
std::array<double, 16> CanonicalAffineRas(const Geometry& geometry, const CanonicalGrid& grid,
                                          double spacing_mm);
std::array<double, 16> PatchAffineRas(const Geometry& geometry, const Placement& placement);

// Centres a patch on the prompts' focus: the previous patch, else FocusOf (prompt_extent.h), else the centre
// of the mask's bounding box. INVALID_ARGUMENT if there is none of them, or an empty mask. Later clicks do
// not move the patch, so a refinement finds the cached embedding again.
absl::StatusOr<Placement> PlacePatch(const Geometry& geometry, const ResolvedPrompts& prompts, int64_t patch,
                                     double spacing_mm, GridOrigin origin);

// The canonical voxel nearest to `centre` becomes the patch's voxel patch / 2.
Placement PlaceAround(const Geometry& geometry, const VoxelIndex& centre, int64_t patch, double spacing_mm,
                      GridOrigin origin = GridOrigin::kVolume);

// Where PlacePatch has laid a patch for these prompts: their focus itself where that is a position, so that
// PlaceAtPosition lays the same patch there again, and at any other spacing the one that the prompts had
// placed.
PatchPosition PositionOf(const Geometry& geometry, const ResolvedPrompts& prompts,
                         const Placement& placement);
// `position` is one that ResolvePrompts took, or PositionOf gave.
Placement PlaceAtPosition(const Geometry& geometry, const PatchPosition& position, int64_t patch,
                          GridOrigin origin);

// Patch voxel 0 lies on canonical voxel `begin`; negative where the patch sticks out.
Placement PlaceAtBegin(const Geometry& geometry, const std::array<int64_t, 3>& begin, int64_t patch,
                       double spacing_mm);

// Centres on the bounding box of a mask, as the reference does with a label: the box is taken on the
// canonical grid after nearest resampling, and a centre between two voxels is lowered. With kFocus it is the
// middle of the mask's own voxels.
// INVALID_ARGUMENT for an empty mask or one of another shape.
absl::StatusOr<Placement> PlaceAroundMask(const Geometry& geometry, const Mask& mask, int64_t patch,
                                          double spacing_mm, GridOrigin origin = GridOrigin::kVolume);

// The same for the voxels of `labels` that have the value `label`. NOT_FOUND if there is none.
absl::StatusOr<Placement> PlaceAroundLabel(const Volume& labels, double label, int64_t patch,
                                           double spacing_mm);

}  // namespace sgpsam

#endif  // SGPSAM_CORE_TRANSFORM_PLACEMENT_H_
