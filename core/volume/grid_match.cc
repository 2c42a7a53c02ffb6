#include "core/volume/grid_match.h"

#include <algorithm>
#include <cmath>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"
#include "core/base/reason.h"
#include "core/base/status_macros.h"
#include "core/volume/world_vector.h"

namespace sgpsam {
namespace {

constexpr char kAxisNames[] = "ijk";

std::array<int64_t, 3> Sizes(const Geometry& geometry) {
  return {geometry.shape().i, geometry.shape().j, geometry.shape().k};
}

std::array<WorldPoint, 3> Directions(const Geometry& geometry) {
  std::array<WorldPoint, 3> directions = geometry.steps();
  for (WorldPoint& d : directions) {
    d = d / Length(d);
  }
  return directions;
}

// Of each of the label's axes: the image's axis along which it runs, and +1 or -1 for the way it does.
struct AxisPairs {
  std::array<size_t, 3> axis{};
  std::array<int, 3> sign{};
};

AxisPairs PairAxes(const Geometry& label, const Geometry& image) {
  const std::array<WorldPoint, 3> l = Directions(label), m = Directions(image);
  AxisPairs pairs;
  for (size_t a = 0; a < 3; ++a) {
    for (size_t b = 1; b < 3; ++b) {
      if (std::abs(Dot(l[a], m[b])) > std::abs(Dot(l[a], m[pairs.axis[a]]))) pairs.axis[a] = b;
    }
    pairs.sign[a] = Dot(l[a], m[pairs.axis[a]]) < 0 ? -1 : 1;
  }
  return pairs;
}

absl::Status Differs(absl::string_view what) {
  return InvalidArgument(Reason::kMaskMismatch, absl::StrCat("its grid is not the image's: ", what));
}

absl::Status CheckShape(const Geometry& label, const Geometry& image, const AxisPairs& pairs) {
  const std::array<int64_t, 3> l = Sizes(label), m = Sizes(image);
  if (l[0] == m[pairs.axis[0]] && l[1] == m[pairs.axis[1]] && l[2] == m[pairs.axis[2]])
    return absl::OkStatus();
  return Differs(absl::StrFormat("the shape is %d x %d x %d voxels, the image's is %d x %d x %d", l[0], l[1],
                                 l[2], m[0], m[1], m[2]));
}

// What an axis that is a little too long or a little turned does is largest at its far end.
absl::Status CheckAxis(const Geometry& label, const Geometry& image, const AxisPairs& pairs, size_t a,
                       double tolerance) {
  const size_t b = pairs.axis[a];
  const double steps = static_cast<double>(std::max<int64_t>(Sizes(label)[a] - 1, 1));
  WorldPoint l = Directions(label)[a];
  const WorldPoint m = Directions(image)[b];
  l = {l.x * pairs.sign[a], l.y * pairs.sign[a], l.z * pairs.sign[a]};
  if (Distance(l, m) * steps > tolerance) {
    const double degrees = 2 * std::asin(std::min(1.0, Distance(l, m) / 2)) * 180 / M_PI;
    return Differs(absl::StrFormat("the direction of its axis %c is %.3g degrees off the image's axis %c",
                                   kAxisNames[a], degrees, kAxisNames[b]));
  }
  const double mine = label.spacing_mm()[a], other = image.spacing_mm()[b];
  if (std::abs(mine - other) / other * steps > tolerance) {
    return Differs(absl::StrFormat("the spacing along its axis %c is %.6g mm, the image's is %.6g mm",
                                   kAxisNames[a], mine, other));
  }
  return absl::OkStatus();
}

// The image's first voxel, in the label's grid.
VoxelIndex ImageCorner(const Geometry& label, const AxisPairs& pairs) {
  const std::array<int64_t, 3> sizes = Sizes(label);
  const auto at = [&](size_t a) { return pairs.sign[a] > 0 ? 0.0 : static_cast<double>(sizes[a] - 1); };
  return {at(0), at(1), at(2)};
}

absl::Status CheckOrigin(const Geometry& label, const Geometry& image, const AxisPairs& pairs,
                         double tolerance) {
  const double away = Distance(label.ToWorld(ImageCorner(label, pairs)), image.origin());
  const std::array<double, 3> spacing = image.spacing_mm();
  if (away <= tolerance * *std::min_element(spacing.begin(), spacing.end())) return absl::OkStatus();
  return Differs(absl::StrFormat("the origin is %.4g mm from the image's", away));
}

// Small differences of origin, spacing and direction add up, at one of the corners most of all.
absl::Status CheckCorners(const Geometry& label, const Geometry& image, const AxisPairs& pairs,
                          double tolerance) {
  const std::array<int64_t, 3> sizes = Sizes(label);
  double most = 0;
  for (int corner = 0; corner < 8; ++corner) {
    std::array<double, 3> at{}, expected{};
    for (size_t a = 0; a < 3; ++a) {
      const auto far = static_cast<double>(sizes[a] - 1);
      at[a] = (corner >> a) & 1 ? far : 0;
      expected[pairs.axis[a]] = pairs.sign[a] > 0 ? at[a] : far - at[a];
    }
    const VoxelIndex found = image.ToVoxel(label.ToWorld({at[0], at[1], at[2]}));
    most = std::max({most, std::abs(found.i - expected[0]), std::abs(found.j - expected[1]),
                     std::abs(found.k - expected[2])});
  }
  if (most <= tolerance) return absl::OkStatus();
  return Differs(absl::StrFormat("its corners lie up to %.3g voxels from the image's", most));
}

}  // namespace

absl::StatusOr<GridMap> MatchGrids(const Geometry& label, const Geometry& image, double tolerance) {
  const AxisPairs pairs = PairAxes(label, image);
  if (pairs.axis[0] == pairs.axis[1] || pairs.axis[0] == pairs.axis[2] || pairs.axis[1] == pairs.axis[2]) {
    return Differs("the direction of its axes is another");
  }
  RETURN_IF_ERROR(CheckShape(label, image, pairs));
  for (size_t a = 0; a < 3; ++a) RETURN_IF_ERROR(CheckAxis(label, image, pairs, a, tolerance));
  RETURN_IF_ERROR(CheckOrigin(label, image, pairs, tolerance));
  if (tolerance > 0) RETURN_IF_ERROR(CheckCorners(label, image, pairs, tolerance));
  const Shape& shape = image.shape();
  const std::array<int64_t, 3> strides{1, shape.i, shape.i * shape.j};
  GridMap map;
  for (size_t a = 0; a < 3; ++a) {
    map.strides[a] = pairs.sign[a] * strides[pairs.axis[a]];
    if (pairs.sign[a] < 0) map.first += (Sizes(label)[a] - 1) * strides[pairs.axis[a]];
  }
  return map;
}

Mask MaskOnGrid(const Mask& mask, const GridMap& map, const Shape& image) {
  const Shape& shape = mask.shape();
  Mask placed(image);
  const auto end = static_cast<uint64_t>(shape.voxels());
  for (uint64_t n = mask.NextVoxel(0); n < end; n = mask.NextVoxel(n + 1)) {
    const auto from = static_cast<int64_t>(n);
    const int64_t i = from % shape.i, j = from / shape.i % shape.j, k = from / (shape.i * shape.j);
    const int64_t to = map.first + i * map.strides[0] + j * map.strides[1] + k * map.strides[2];
    placed.Set(to % image.i, to / image.i % image.j, to / (image.i * image.j));
  }
  return placed;
}

}  // namespace sgpsam
