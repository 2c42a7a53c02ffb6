#include "core/volume/upright.h"

#include <algorithm>
#include <cmath>
#include <type_traits>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "core/base/reason.h"
#include "core/base/status_macros.h"
#include "core/volume/world_vector.h"

namespace sgpsam {
namespace {

constexpr double kMaxSkew = 1e-3;  // cosine between rows and columns
constexpr double kNoShift = 1e-6;  // voxels over the whole stack: a stack that does not lean

// Along one axis: which voxels of the upright grid the stack reaches.
struct Reach {
  double shift = 0;
  int64_t first = 0, count = 0;
};

Reach ReachOf(double shift, int64_t count, int64_t slices) {
  const double over = shift * static_cast<double>(slices - 1);
  if (std::abs(over) < kNoShift) return {0, 0, count};
  const auto first = static_cast<int64_t>(std::floor(std::min(0.0, over)));
  const auto last = count - 1 + static_cast<int64_t>(std::ceil(std::max(0.0, over)));
  return {shift, first, last - first + 1};
}

// A place on one axis of a slice, as its two neighbours and how far it lies from the first.
struct Between {
  int64_t a = 0, b = 0;
  double f = 0;
  bool inside = false;
};

Between Find(double at, int64_t count) {
  if (at < -0.5 || at > static_cast<double>(count) - 0.5) return {};
  const double clamped = std::clamp(at, 0.0, static_cast<double>(count - 1));
  const auto a = static_cast<int64_t>(std::floor(clamped));
  return {a, std::min(a + 1, count - 1), clamped - static_cast<double>(a), true};
}

template <typename T>
void MoveSlice(const T* slice, const Shape& from, double i0, double j0, T background, const Shape& to,
               T* out) {
  for (int64_t j = 0; j < to.j; ++j) {
    const Between y = Find(j0 + static_cast<double>(j), from.j);
    for (int64_t i = 0; i < to.i; ++i, ++out) {
      const Between x = Find(i0 + static_cast<double>(i), from.i);
      *out = background;
      if (!x.inside || !y.inside) continue;
      const T *top = slice + y.a * from.i, *bottom = slice + y.b * from.i;
      const double upper = (1 - x.f) * static_cast<double>(top[x.a]) + x.f * static_cast<double>(top[x.b]);
      const double lower =
          (1 - x.f) * static_cast<double>(bottom[x.a]) + x.f * static_cast<double>(bottom[x.b]);
      const double value = (1 - y.f) * upper + y.f * lower;
      *out = static_cast<T>(std::is_integral_v<T> ? std::round(value) : value);
    }
  }
}

// Where pixel 0, 0 of the upright slice k lies on the stack's slice.
double StartI(const UprightGrid& grid, int64_t k) {
  return static_cast<double>(grid.first_i) - grid.shift_i * static_cast<double>(k);
}
double StartJ(const UprightGrid& grid, int64_t k) {
  return static_cast<double>(grid.first_j) - grid.shift_j * static_cast<double>(k);
}

// At most Geometry::kMaxVoxels of 8 bytes: no overflow.
uint64_t BytesOn(const UprightGrid& grid, SampleType type) {
  return static_cast<uint64_t>(grid.geometry.shape().voxels()) * BytesPerSample(type);
}

}  // namespace

absl::StatusOr<UprightGrid> MakeUpright(const Geometry& stack) {
  const auto& [row, column, step] = stack.steps();
  const double row_2 = Dot(row, row), column_2 = Dot(column, column);
  if (std::abs(Dot(row, column)) > kMaxSkew * std::sqrt(row_2 * column_2)) {
    return FailedPrecondition(
        Reason::kUprightNotPossible,
        "there is no upright grid for this volume: its rows and columns are not at right angles");
  }
  const Shape& shape = stack.shape();
  const Reach i = ReachOf(Dot(step, row) / row_2, shape.i, shape.k);
  const Reach j = ReachOf(Dot(step, column) / column_2, shape.j, shape.k);
  const WorldPoint origin =
      stack.origin() + row * static_cast<double>(i.first) + column * static_cast<double>(j.first);
  const WorldPoint upright = step - row * i.shift - column * j.shift;
  ASSIGN_OR_RETURN(Geometry geometry,
                   Geometry::Create({i.count, j.count, shape.k}, origin, {row, column, upright}));
  return UprightGrid{geometry, i.shift, j.shift, i.first, j.first};
}

absl::Status CheckUprightBytes(const Volume& volume, const UprightGrid& grid, uint64_t max_bytes) {
  const uint64_t bytes = BytesOn(grid, volume.sample_type());
  if (bytes <= max_bytes) return absl::OkStatus();
  return InvalidArgument(
      Reason::kUprightNotPossible,
      absl::StrCat("on an upright grid the volume has ", bytes, " bytes; at most ", max_bytes, " are taken"));
}

absl::StatusOr<Volume> OnUprightGrid(const Volume& volume, const UprightGrid& grid, uint64_t max_bytes) {
  const Shape &from = volume.geometry().shape(), &to = grid.geometry.shape();
  RETURN_IF_ERROR(CheckUprightBytes(volume, grid, max_bytes));
  ASSIGN_OR_RETURN(ByteBuffer samples, ByteBuffer::Zeroed(BytesOn(grid, volume.sample_type())));
  VisitSamples(volume, [&](const auto* first) {
    using T = std::remove_cv_t<std::remove_pointer_t<decltype(first)>>;
    const T background = *std::min_element(first, first + from.voxels());
    T* out = reinterpret_cast<T*>(samples.data());
    for (int64_t k = 0; k < from.k; ++k) {
      MoveSlice(first + k * from.i * from.j, from, StartI(grid, k), StartJ(grid, k), background, to,
                out + k * to.i * to.j);
    }
  });
  return Volume::Create(grid.geometry, volume.sample_type(), std::move(samples));
}

Mask OnUprightGrid(const Mask& mask, const UprightGrid& grid) {
  const Shape& from = mask.shape();
  Mask moved(grid.geometry.shape());
  const auto slice = static_cast<uint64_t>(from.i * from.j), all = static_cast<uint64_t>(from.voxels());
  // Whole pixels: a voxel of the stack has one nearest place, and keeps its neighbours.
  for (uint64_t n = mask.NextVoxel(0); n < all; n = mask.NextVoxel(n + 1)) {
    const auto k = static_cast<int64_t>(n / slice), in_slice = static_cast<int64_t>(n % slice);
    const int64_t di = std::lround(-StartI(grid, k)), dj = std::lround(-StartJ(grid, k));
    moved.Set(in_slice % from.i + di, in_slice / from.i + dj, k);
  }
  return moved;
}

}  // namespace sgpsam
