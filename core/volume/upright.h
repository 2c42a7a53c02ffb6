// A stack that leans (gantry tilt) on a grid at right angles, for readers that know no other. Pure functions.
#ifndef SGPSAM_CORE_VOLUME_UPRIGHT_H_
#define SGPSAM_CORE_VOLUME_UPRIGHT_H_

#include <cstdint>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/volume/geometry.h"
#include "core/volume/mask.h"
#include "core/volume/volume.h"

namespace sgpsam {

// Slices stay where they are: only their pixels' raster moves, by a part of a pixel, so that those of all
// slices lie above each other.
struct UprightGrid {
  Geometry geometry;  // at right angles; as wide as the leaning stack reaches
  double shift_i = 0,
         shift_j = 0;  // voxel i, j, k of the stack lies at i + shift_i * k - first_i, and so on for j
  int64_t first_i = 0, first_j = 0;
};

// The grid of a stack whose rows and columns are at right angles; of an upright one its own.
// FAILED_PRECONDITION where they are not, INVALID_ARGUMENT where it would have more voxels than a volume may.
absl::StatusOr<UprightGrid> MakeUpright(const Geometry& stack);

// INVALID_ARGUMENT if the volume would need more than `max_bytes` on the grid.
absl::Status CheckUprightBytes(const Volume& volume, const UprightGrid& grid, uint64_t max_bytes);

// Linear between the pixels of a slice; the volume's least value where it has none. In its own sample type,
// rounded. INVALID_ARGUMENT as CheckUprightBytes.
absl::StatusOr<Volume> OnUprightGrid(const Volume& volume, const UprightGrid& grid, uint64_t max_bytes);

// The nearest pixel's.
Mask OnUprightGrid(const Mask& mask, const UprightGrid& grid);

}  // namespace sgpsam

#endif  // SGPSAM_CORE_VOLUME_UPRIGHT_H_
