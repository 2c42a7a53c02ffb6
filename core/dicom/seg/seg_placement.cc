#include "core/dicom/seg/seg_placement.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "core/base/reason.h"

namespace sgpsam {
namespace {

using Triple = std::array<double, 3>;  // i j k

Triple VoxelAt(const Geometry& volume, const FramePlane& frame, double column, double row) {
  const WorldPoint &p = frame.position, &c = frame.column_step, &r = frame.row_step;
  const VoxelIndex at = volume.ToVoxel(
      {p.x + column * c.x + row * r.x, p.y + column * c.y + row * r.y, p.z + column * c.z + row * r.z});
  return {at.i, at.j, at.k};
}

// The axis along which a step runs, and +1 or -1 for the way it does.
struct Direction {
  size_t axis = 0;
  int sign = 1;
};

Direction DirectionOf(const Triple& from, const Triple& to) {
  Direction direction;
  Triple step{};
  for (size_t a = 0; a < 3; ++a) step[a] = to[a] - from[a];
  for (size_t a = 1; a < 3; ++a) {
    if (std::abs(step[a]) > std::abs(step[direction.axis])) direction.axis = a;
  }
  direction.sign = step[direction.axis] < 0 ? -1 : 1;
  return direction;
}

double Off(const Triple& at, const std::array<int64_t, 3>& voxel) {
  double most = 0;
  for (size_t a = 0; a < 3; ++a) most = std::max(most, std::abs(at[a] - static_cast<double>(voxel[a])));
  return most;
}

absl::Status OtherGrid(const std::string& what) {
  return FailedPrecondition(Reason::kMaskMismatch,
                            absl::StrCat(what, ": resample the segmentation to the voxels of the series"));
}

}  // namespace

absl::StatusOr<FramePlace> PlaceFrame(const FramePlane& frame, const Geometry& volume, double tolerance) {
  const Triple corner = VoxelAt(volume, frame, 0, 0);
  const Direction along = DirectionOf(corner, VoxelAt(volume, frame, 1, 0));
  const Direction down = DirectionOf(corner, VoxelAt(volume, frame, 0, 1));
  constexpr double kFar = 1e6;  // what is further away, or no number, is not rounded
  for (const double at : corner) {
    if (!(std::abs(at) < kFar)) return OtherGrid("a frame lies outside the volume");
  }
  if (along.axis == down.axis) return OtherGrid("a frame's rows do not run along the volume's axes");

  const std::array<int64_t, 3> first{std::llround(corner[0]), std::llround(corner[1]),
                                     std::llround(corner[2])};
  if (const double off = Off(corner, first); off > tolerance) {
    return OtherGrid(absl::StrFormat("a frame begins %.2g voxels away from a voxel of the volume", off));
  }
  std::array<int64_t, 3> last = first;
  last[along.axis] += along.sign * (frame.columns - 1);
  last[down.axis] += down.sign * (frame.rows - 1);
  std::array<int64_t, 3> row_end = first, column_end = first;
  row_end[along.axis] = last[along.axis];
  column_end[down.axis] = last[down.axis];
  const double off = std::max({Off(VoxelAt(volume, frame, frame.columns - 1, 0), row_end),
                               Off(VoxelAt(volume, frame, 0, frame.rows - 1), column_end),
                               Off(VoxelAt(volume, frame, frame.columns - 1, frame.rows - 1), last)});
  if (!(off <= tolerance)) {
    return OtherGrid(absl::StrFormat(
        "a frame has another pixel spacing or orientation than the volume: its corners lie %.3g voxels off",
        off));
  }

  const Shape& shape = volume.shape();
  const std::array<int64_t, 3> sizes{shape.i, shape.j, shape.k}, strides{1, shape.i, shape.i * shape.j};
  FramePlace place;
  for (size_t a = 0; a < 3; ++a) {
    if (std::min(first[a], last[a]) < 0 || std::max(first[a], last[a]) >= sizes[a]) {
      return OtherGrid(
          absl::StrFormat("a frame reaches beyond the volume: along %c to %d, where it has 0 to %d", "ijk"[a],
                          first[a] < 0 ? first[a] : last[a], sizes[a] - 1));
    }
    place.first += first[a] * strides[a];
  }
  place.column_stride = along.sign * strides[along.axis];
  place.row_stride = down.sign * strides[down.axis];
  place.across = 3 - along.axis - down.axis;
  place.slice = first[place.across];
  return place;
}

}  // namespace sgpsam
