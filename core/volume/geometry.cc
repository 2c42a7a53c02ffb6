#include "core/volume/geometry.h"

#include <cmath>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "core/base/reason.h"
#include "core/volume/world_vector.h"

namespace sgpsam {
namespace {

bool Finite(const WorldPoint& a) { return std::isfinite(a.x) && std::isfinite(a.y) && std::isfinite(a.z); }

absl::Status CheckShape(const Shape& shape) {
  for (int64_t n : {shape.i, shape.j, shape.k}) {
    if (n < 1 || n > Geometry::kMaxAxis) {
      return InvalidArgument(Reason::kInvalidGeometry, absl::StrCat("each axis of a volume has 1 to ",
                                                                    Geometry::kMaxAxis, " voxels, not ", n));
    }
  }
  if (shape.voxels() > Geometry::kMaxVoxels) {
    return InvalidArgument(
        Reason::kVolumeTooLarge,
        absl::StrCat("a volume has at most ", Geometry::kMaxVoxels, " voxels, not ", shape.voxels()));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Geometry> Geometry::Create(Shape shape, WorldPoint origin,
                                          const std::array<WorldPoint, 3>& steps) {
  if (absl::Status status = CheckShape(shape); !status.ok()) return status;
  if (!Finite(origin))
    return InvalidArgument(Reason::kInvalidGeometry, "the volume's origin is not a finite number");
  double product = 1;
  for (const WorldPoint& step : steps) {
    const double length = Finite(step) ? Length(step) : std::nan("");
    if (!(length >= 1e-4 && length <= 1e4)) {
      return InvalidArgument(Reason::kInvalidGeometry,
                             "a voxel's spacing must be a number from 0.0001 to 10000 mm");
    }
    product *= length;
  }
  const double det = Dot(steps[0], Cross(steps[1], steps[2]));
  if (!(std::abs(det) > 1e-3 * product)) {
    return InvalidArgument(
        Reason::kInvalidGeometry,
        "the volume's direction is singular: its three axes must point in independent directions");
  }
  Geometry geometry;
  geometry.shape_ = shape;
  geometry.origin_ = origin;
  geometry.steps_ = steps;
  geometry.inverse_ = {Cross(steps[1], steps[2]) * (1 / det), Cross(steps[2], steps[0]) * (1 / det),
                       Cross(steps[0], steps[1]) * (1 / det)};
  return geometry;
}

std::array<double, 3> Geometry::spacing_mm() const {
  return {Length(steps_[0]), Length(steps_[1]), Length(steps_[2])};
}

double Geometry::voxel_ml() const { return std::abs(Dot(steps_[0], Cross(steps_[1], steps_[2]))) / 1000; }

WorldPoint Geometry::ToWorld(const VoxelIndex& v) const {
  return {origin_.x + v.i * steps_[0].x + v.j * steps_[1].x + v.k * steps_[2].x,
          origin_.y + v.i * steps_[0].y + v.j * steps_[1].y + v.k * steps_[2].y,
          origin_.z + v.i * steps_[0].z + v.j * steps_[1].z + v.k * steps_[2].z};
}

VoxelIndex Geometry::ToVoxel(const WorldPoint& point) const {
  const WorldPoint d{point.x - origin_.x, point.y - origin_.y, point.z - origin_.z};
  return {Dot(inverse_[0], d), Dot(inverse_[1], d), Dot(inverse_[2], d)};
}

bool Geometry::Contains(const VoxelIndex& v) const {
  return v.i >= -0.5 && v.i <= shape_.i - 0.5 && v.j >= -0.5 && v.j <= shape_.j - 0.5 && v.k >= -0.5 &&
         v.k <= shape_.k - 0.5;
}

bool SameGrid(const Geometry& a, const Geometry& b) {
  constexpr double kSameGridMm = 1e-2;
  if (!(a.shape() == b.shape())) return false;
  const Shape& shape = a.shape();
  for (int corner = 0; corner < 8; ++corner) {
    const VoxelIndex index{static_cast<double>((corner & 1) != 0 ? shape.i - 1 : 0),
                           static_cast<double>((corner & 2) != 0 ? shape.j - 1 : 0),
                           static_cast<double>((corner & 4) != 0 ? shape.k - 1 : 0)};
    const WorldPoint p = a.ToWorld(index), q = b.ToWorld(index);
    if (Distance(p, q) > kSameGridMm) return false;
  }
  return true;
}

}  // namespace sgpsam
