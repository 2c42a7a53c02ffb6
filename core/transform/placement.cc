#include "core/transform/placement.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "core/base/reason.h"
#include "core/transform/axis_map.h"
#include "core/transform/prompt_extent.h"

namespace sgpsam {
namespace {

using Matrix3 = std::array<std::array<double, 3>, 3>;  // [row][column]

std::array<int64_t, 3> Sizes(const Shape& shape) { return {shape.i, shape.j, shape.k}; }

// Columns: the unit direction of each source axis, in RAS.
Matrix3 DirectionsRas(const Geometry& geometry) {
  const std::array<double, 3> spacing = geometry.spacing_mm();
  Matrix3 m{};
  for (int s = 0; s < 3; ++s) {
    const WorldPoint& step = geometry.steps()[s];
    m[0][s] = -step.x / spacing[s];
    m[1][s] = -step.y / spacing[s];
    m[2][s] = step.z / spacing[s];
  }
  return m;
}

// Transposed inverse: cofactors over the determinant.
Matrix3 InverseTransposed(const Matrix3& m) {
  Matrix3 cofactors{};
  for (int r = 0; r < 3; ++r) {
    for (int c = 0; c < 3; ++c) {
      const int r1 = (r + 1) % 3, r2 = (r + 2) % 3, c1 = (c + 1) % 3, c2 = (c + 2) % 3;
      cofactors[r][c] = m[r1][c1] * m[r2][c2] - m[r1][c2] * m[r2][c1];
    }
  }
  const double det = m[0][0] * cofactors[0][0] + m[0][1] * cofactors[0][1] + m[0][2] * cofactors[0][2];
  for (auto& row : cofactors) {
    for (double& value : row) value /= det;
  }
  return cofactors;
}

// The orthogonal matrix closest to `m` (its polar factor), by Newton's iteration; right-angled
// directions come back unchanged but for rounding.
Matrix3 ClosestRotation(Matrix3 m) {
  constexpr int kIterations = 20;  // converges quadratically; Geometry bounds how singular m can be
  for (int n = 0; n < kIterations; ++n) {
    const Matrix3 other = InverseTransposed(m);
    for (int r = 0; r < 3; ++r) {
      for (int c = 0; c < 3; ++c) m[r][c] = (m[r][c] + other[r][c]) / 2;
    }
  }
  return m;
}

// For each source axis in turn the RAS axis that it changes most, among those not taken yet
// (nibabel's io_orientation, which the reference uses).
void AssignAxes(const Geometry& geometry, CanonicalGrid& grid) {
  const Matrix3 rotation = ClosestRotation(DirectionsRas(geometry));
  std::array<bool, 3> taken{};
  for (int s = 0; s < 3; ++s) {
    int best = -1;
    for (int a = 0; a < 3; ++a) {
      if (taken[a]) continue;
      if (best < 0 || std::abs(rotation[a][s]) > std::abs(rotation[best][s])) best = a;
    }
    taken[best] = true;
    grid.source_axis[best] = s;
    grid.flipped[best] = rotation[best][s] < 0;
  }
}

// Canonical voxels along an axis. The reference's ceil, but a whole number stays one whatever the
// rounding error of the spacing.
int64_t ResampledSize(int64_t size, double source_per_voxel) {
  if (size == 1) return 1;
  const double exact = static_cast<double>(size) / source_per_voxel;
  return std::max<int64_t>(1, static_cast<int64_t>(std::ceil(exact * (1 - 1e-9))));
}

// Source index of a canonical coordinate along canonical axis `a`, and back.
double CanonicalToSource(const CanonicalGrid& grid, int a, double canonical) {
  const int s = grid.source_axis[a];
  const double along = grid.flipped[a] ? static_cast<double>(grid.shape[a] - 1) - canonical : canonical;
  return grid.first_source[s] + along * grid.source_per_voxel[s];
}

double SourceToCanonical(const CanonicalGrid& grid, int a, double source) {
  const int s = grid.source_axis[a];
  const double along = (source - grid.first_source[s]) / grid.source_per_voxel[s];
  return grid.flipped[a] ? static_cast<double>(grid.shape[a] - 1) - along : along;
}

double Component(const VoxelIndex& index, int axis) {
  return axis == 0 ? index.i : axis == 1 ? index.j : index.k;
}

std::array<double, 16> AffineRas(const Geometry& geometry, const CanonicalGrid& grid, double spacing_mm,
                                 const std::array<double, 3>& first_voxel) {
  std::array<double, 16> affine{};
  VoxelIndex origin;
  const std::array<double, 3> spacing = geometry.spacing_mm();
  for (int a = 0; a < 3; ++a) {
    const int s = grid.source_axis[a];
    (s == 0 ? origin.i : s == 1 ? origin.j : origin.k) = CanonicalToSource(grid, a, first_voxel[a]);
    const WorldPoint& step = geometry.steps()[s];
    const double scale = (grid.flipped[a] ? -spacing_mm : spacing_mm) / spacing[s];
    affine[a] = -step.x * scale;
    affine[4 + a] = -step.y * scale;
    affine[8 + a] = step.z * scale;
  }
  const WorldPoint world = geometry.ToWorld(origin);
  affine[3] = -world.x;
  affine[7] = -world.y;
  affine[11] = world.z;
  affine[15] = 1;
  return affine;
}

// Which source indices of one axis the canonical grid samples, and at which canonical voxels.
struct SampledAxis {
  std::vector<int64_t> first, last;  // by source index; first > last: never sampled
};

SampledAxis SampleAxis(const CanonicalGrid& grid, int a, int64_t source_size) {
  SampledAxis axis;
  axis.first.assign(source_size, 1);
  axis.last.assign(source_size, 0);
  for (int64_t c = 0; c < grid.shape[a]; ++c) {
    const int64_t source = NearestVoxel(CanonicalToSource(grid, a, static_cast<double>(c)));
    if (source < 0 || source >= source_size) continue;
    if (axis.first[source] > axis.last[source]) axis.first[source] = c;
    axis.last[source] = c;
  }
  return axis;
}

// Inclusive bounds, by source axis.
struct Bounds {
  std::array<int64_t, 3> low{{INT64_MAX, INT64_MAX, INT64_MAX}};
  std::array<int64_t, 3> high{{-1, -1, -1}};
  bool empty() const { return high[0] < 0; }
  void Add(int64_t i, int64_t j, int64_t k) {
    low = {std::min(low[0], i), std::min(low[1], j), std::min(low[2], k)};
    high = {std::max(high[0], i), std::max(high[1], j), std::max(high[2], k)};
  }
};

std::vector<int64_t> AllIndices(int64_t size) {
  std::vector<int64_t> all(size);
  for (int64_t n = 0; n < size; ++n) all[n] = n;
  return all;
}

Bounds BoundsOf(const Mask& mask, const std::array<std::vector<int64_t>, 3>& indices) {
  Bounds bounds;
  for (int64_t k : indices[2]) {
    for (int64_t j : indices[1]) {
      for (int64_t i : indices[0]) {
        if (mask.at(i, j, k)) bounds.Add(i, j, k);
      }
    }
  }
  return bounds;
}

// The point of the lattice that is nearest to a focus: kLatticeVoxels apart along each axis of the volume
// that is not thinner than that, from the origin of patient coordinates, which a volume without its first
// voxels has at the same place, and one that is stored the other way round.
VoxelIndex NearestOfLattice(const VoxelIndex& focus, const Geometry& geometry, const CanonicalGrid& grid,
                            double spacing_mm) {
  constexpr double kTie = 1e-6;  // half way is one way, whatever the last bit says
  const VoxelIndex origin = geometry.ToVoxel({0, 0, 0});
  const std::array<double, 3> mm = geometry.spacing_mm();
  const std::array<int64_t, 3> sizes = Sizes(geometry.shape());
  std::array<double, 3> at{};
  for (int a = 0; a < 3; ++a) {
    const int s = grid.source_axis[a];
    at[s] = Component(focus, s);
    const double lattice =
        (grid.flipped[a] ? -1 : 1) * kLatticeVoxels * spacing_mm / mm[s];  // in source voxels
    if (static_cast<double>(sizes[s]) < std::abs(lattice)) continue;  // no voxel of the grid might lie in it
    const double steps = (Component(focus, s) - Component(origin, s)) / lattice;
    at[s] = Component(origin, s) + lattice * std::floor(steps + 0.5 + kTie);
  }
  return {at[0], at[1], at[2]};
}

// Moves the grid so that one of its voxels lies on `focus`. What lies in the volume is counted anew: the
// source index of the first such voxel is in [-0.5, source_per_voxel - 0.5). The focus is rounded, because a
// position that was given in the patient's millimetres comes back with a rounding error,
// and is to give the same grid.
void HangOn(const VoxelIndex& focus, const Geometry& geometry, CanonicalGrid& grid) {
  constexpr double kSteps = 1024;
  const std::array<int64_t, 3> sizes = Sizes(geometry.shape());
  for (int a = 0; a < 3; ++a) {
    const int s = grid.source_axis[a];
    const double step = grid.source_per_voxel[s], at = std::round(Component(focus, s) * kSteps) / kSteps;
    const double first = at - step * std::floor((at + 0.5) / step);
    const double count = std::ceil((static_cast<double>(sizes[s]) - 0.5 - first) / step);
    grid.first_source[s] = first;
    grid.shape[a] = std::max<int64_t>(1, static_cast<int64_t>(count));
  }
}

}  // namespace

CanonicalGrid MakeCanonicalGrid(const Geometry& geometry, double spacing_mm) {
  CanonicalGrid grid;
  AssignAxes(geometry, grid);
  const std::array<double, 3> spacing = geometry.spacing_mm();
  const std::array<int64_t, 3> sizes = Sizes(geometry.shape());
  for (int s = 0; s < 3; ++s) grid.source_per_voxel[s] = spacing_mm / spacing[s];
  for (int a = 0; a < 3; ++a) {
    const int s = grid.source_axis[a];
    grid.shape[a] = ResampledSize(sizes[s], grid.source_per_voxel[s]);
    grid.first_source[s] =
        grid.shape[a] == 1 ? 0.5 * static_cast<double>(sizes[s] - 1) : 0.5 * (grid.source_per_voxel[s] - 1);
  }
  return grid;
}

VoxelIndex PatchToSource(const Placement& placement, const std::array<double, 3>& patch_voxel) {
  std::array<double, 3> source{};
  for (int a = 0; a < 3; ++a) {
    const double canonical = static_cast<double>(placement.begin[a]) + patch_voxel[a];
    source[placement.grid.source_axis[a]] = CanonicalToSource(placement.grid, a, canonical);
  }
  return {source[0], source[1], source[2]};
}

std::array<double, 3> SourceToPatch(const Placement& placement, const VoxelIndex& source) {
  std::array<double, 3> patch{};
  for (int a = 0; a < 3; ++a) {
    const double along = Component(source, placement.grid.source_axis[a]);
    patch[a] = SourceToCanonical(placement.grid, a, along) - static_cast<double>(placement.begin[a]);
  }
  return patch;
}

std::array<double, 16> CanonicalAffineRas(const Geometry& geometry, const CanonicalGrid& grid,
                                          double spacing_mm) {
  return AffineRas(geometry, grid, spacing_mm, {0, 0, 0});
}

std::array<double, 16> PatchAffineRas(const Geometry& geometry, const Placement& placement) {
  return AffineRas(geometry, placement.grid, placement.spacing_mm,
                   {static_cast<double>(placement.begin[0]), static_cast<double>(placement.begin[1]),
                    static_cast<double>(placement.begin[2])});
}

absl::StatusOr<Placement> PlacePatch(const Geometry& geometry, const ResolvedPrompts& prompts, int64_t patch,
                                     double spacing_mm, GridOrigin origin) {
  if (prompts.previous_patch) {
    return PlaceAtPosition(geometry, {prompts.previous_patch->centre, spacing_mm}, patch, origin);
  }
  if (const std::optional<VoxelIndex> focus = FocusOf(prompts)) {
    return PlaceAround(geometry, *focus, patch, spacing_mm, origin);
  }
  if (prompts.mask.has_value()) return PlaceAroundMask(geometry, *prompts.mask, patch, spacing_mm, origin);
  return InvalidArgument(
      Reason::kNoPositivePrompt,
      "nothing says where to look: give at least one positive point, scribble or box, a line, a mask, or "
      "previous logits with the patch that they lie on");
}

PatchPosition PositionOf(const Geometry& geometry, const ResolvedPrompts& prompts,
                         const Placement& placement) {
  if (prompts.previous_patch) return {prompts.previous_patch->centre, placement.spacing_mm};
  if (const std::optional<VoxelIndex> focus = FocusOf(prompts)) {
    return {geometry.ToWorld(*focus), placement.spacing_mm};
  }
  const auto middle = static_cast<double>(placement.patch / 2);
  return {geometry.ToWorld(PatchToSource(placement, {middle, middle, middle})), placement.spacing_mm};
}

Placement PlaceAtPosition(const Geometry& geometry, const PatchPosition& position, int64_t patch,
                          GridOrigin origin) {
  return PlaceAround(geometry, geometry.ToVoxel(position.centre), patch, position.spacing_mm, origin);
}

Placement PlaceAround(const Geometry& geometry, const VoxelIndex& centre, int64_t patch, double spacing_mm,
                      GridOrigin origin) {
  Placement placement = PlaceAtBegin(geometry, {0, 0, 0}, patch, spacing_mm);
  placement.origin = origin;
  VoxelIndex middle = centre;
  if (origin == GridOrigin::kFocus) {
    middle = NearestOfLattice(centre, geometry, placement.grid, spacing_mm);
    HangOn(middle, geometry, placement.grid);
  }
  const std::array<double, 3> canonical = SourceToPatch(placement, middle);
  for (int a = 0; a < 3; ++a) placement.begin[a] = NearestVoxel(canonical[a]) - patch / 2;
  return placement;
}

Placement PlaceAtBegin(const Geometry& geometry, const std::array<int64_t, 3>& begin, int64_t patch,
                       double spacing_mm) {
  Placement placement;
  placement.grid = MakeCanonicalGrid(geometry, spacing_mm);
  placement.begin = begin;
  placement.patch = patch;
  placement.spacing_mm = spacing_mm;
  return placement;
}

absl::StatusOr<Placement> PlaceAroundMask(const Geometry& geometry, const Mask& mask, int64_t patch,
                                          double spacing_mm, GridOrigin origin) {
  if (!(mask.shape() == geometry.shape())) {
    return InvalidArgument(Reason::kMaskMismatch, "the mask must have the volume's shape");
  }
  Placement placement = PlaceAtBegin(geometry, {0, 0, 0}, patch, spacing_mm);
  const std::array<int64_t, 3> sizes = Sizes(geometry.shape());
  std::array<SampledAxis, 3> axes;  // by canonical axis
  std::array<std::vector<int64_t>, 3> sampled;
  for (int a = 0; a < 3; ++a) {
    const int s = placement.grid.source_axis[a];
    axes[a] = SampleAxis(placement.grid, a, sizes[s]);
    for (int64_t n = 0; n < sizes[s]; ++n) {
      if (axes[a].first[n] <= axes[a].last[n]) sampled[s].push_back(n);
    }
  }
  const Bounds bounds = BoundsOf(mask, sampled);
  if (!bounds.empty() && origin == GridOrigin::kVolume) {
    for (int a = 0; a < 3; ++a) {
      const int s = placement.grid.source_axis[a];
      const int64_t x = bounds.low[s], y = bounds.high[s];
      const int64_t low = std::min(axes[a].first[x], axes[a].first[y]);
      const int64_t high = std::max(axes[a].last[x], axes[a].last[y]);
      // The box ends after its last voxel; half a voxel too much is dropped.
      placement.begin[a] = (low + high + 1) / 2 - patch / 2;
    }
    return placement;
  }
  // Or a mask finer than the grid, which may fall between its samples.
  const Bounds all = BoundsOf(mask, {AllIndices(sizes[0]), AllIndices(sizes[1]), AllIndices(sizes[2])});
  if (all.empty()) {
    return InvalidArgument(Reason::kEmptyMask, "the mask is empty: it must mark at least one voxel");
  }
  const auto middle = [&all](int s) { return static_cast<double>(all.low[s] + all.high[s]) / 2; };
  return PlaceAround(geometry, {middle(0), middle(1), middle(2)}, patch, spacing_mm, origin);
}

absl::StatusOr<Placement> PlaceAroundLabel(const Volume& labels, double label, int64_t patch,
                                           double spacing_mm) {
  const Shape& shape = labels.geometry().shape();
  Mask mask(shape);
  bool found = false;
  VisitSamples(labels, [&](const auto* samples) {
    for (int64_t k = 0; k < shape.k; ++k) {
      for (int64_t j = 0; j < shape.j; ++j) {
        for (int64_t i = 0; i < shape.i; ++i) {
          if (static_cast<double>(*samples++) != label) continue;
          mask.Set(i, j, k);
          found = true;
        }
      }
    }
  });
  if (!found) return absl::NotFoundError(absl::StrCat("no voxel has the label ", label));
  return PlaceAroundMask(labels.geometry(), mask, patch, spacing_mm);
}

}  // namespace sgpsam
