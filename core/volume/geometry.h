// Where voxels lie in the patient. Plain values; immutable after creation; safe to share.
// Axes are named i j k (voxels: column, row, slice) or x y z (LPS mm) and carried by distinct types.
#ifndef SGPSAM_CORE_VOLUME_GEOMETRY_H_
#define SGPSAM_CORE_VOLUME_GEOMETRY_H_

#include <array>
#include <cstdint>

#include "absl/status/statusor.h"

namespace sgpsam {

// A position in the patient, LPS millimetres.
struct WorldPoint {
  double x = 0, y = 0, z = 0;
};

// A continuous position in a voxel grid; the centre of the first voxel is 0,0,0.
struct VoxelIndex {
  double i = 0, j = 0, k = 0;
};

// Voxels along i, j, k.
struct Shape {
  int64_t i = 0, j = 0, k = 0;
  int64_t voxels() const { return i * j * k; }  // cannot overflow: Geometry::Create bounds each axis
  friend bool operator==(const Shape& a, const Shape& b) { return a.i == b.i && a.j == b.j && a.k == b.k; }
};

// The affine map from voxel indices to the patient: world = origin + i*step[0] + j*step[1] + k*step[2].
// The steps need not be at right angles (gantry tilt), only independent.
class Geometry {
 public:
  // Largest number of voxels on one axis, and in one volume: 2^33 voxels of 2 bytes are 16 GiB.
  static constexpr int64_t kMaxAxis = 16384;
  static constexpr int64_t kMaxVoxels = int64_t{1} << 33;

  Geometry() = default;  // one voxel of 1 mm at the origin

  // INVALID_ARGUMENT for a shape out of range, a number that is not finite, a step shorter than
  // 1e-4 mm or longer than 1e4 mm, or steps that are not independent (singular direction).
  static absl::StatusOr<Geometry> Create(Shape shape, WorldPoint origin,
                                         const std::array<WorldPoint, 3>& steps);

  const Shape& shape() const { return shape_; }
  const WorldPoint& origin() const { return origin_; }
  const std::array<WorldPoint, 3>& steps() const { return steps_; }  // mm per voxel, by axis

  std::array<double, 3> spacing_mm() const;  // length of each step
  double voxel_ml() const;                   // |det| of the steps / 1000

  WorldPoint ToWorld(const VoxelIndex& index) const;
  VoxelIndex ToVoxel(const WorldPoint& point) const;

  // True if the index lies in the volume: from -0.5 to shape - 0.5 on every axis.
  bool Contains(const VoxelIndex& index) const;

 private:
  Shape shape_{1, 1, 1};
  WorldPoint origin_;
  std::array<WorldPoint, 3> steps_{{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}};
  std::array<WorldPoint, 3> inverse_{{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}};  // rows: voxels per mm
};

// True if both have the same shape and their outermost voxels lie within 0.01 mm of each other.
bool SameGrid(const Geometry& a, const Geometry& b);

}  // namespace sgpsam

#endif  // SGPSAM_CORE_VOLUME_GEOMETRY_H_
