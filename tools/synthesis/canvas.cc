#include "tools/synthesis/canvas.h"

#include <tuple>
#include <utility>

#include "core/base/status_macros.h"

namespace sgpsam::synthesis {
namespace {

constexpr float kAir = -1000;
constexpr float kMaxSubVoxels = 8;  // along one axis

int SubVoxels(float spacing, float side) {
  return static_cast<int>(std::clamp(std::round(spacing / side), 1.0f, kMaxSubVoxels));
}

// First and one past the last of `size` voxels whose middles lie between low and high.
std::pair<int64_t, int64_t> Along(float first, float spacing, int64_t size, float low, float high) {
  const auto from = static_cast<int64_t>(std::clamp(std::ceil((low - first) / spacing), 0.0f, 1e6f));
  const auto last = static_cast<int64_t>(std::clamp(std::floor((high - first) / spacing), -1.0f, 1e6f));
  return {std::min(from, size), std::min(last + 1, size)};
}

}  // namespace

Bounds View::bounds() const {
  const BodyPoint half{spacing_mm[0] / 2, spacing_mm[1] / 2, spacing_mm[2] / 2};
  return {first - half, At(shape.i - 1, shape.j - 1, shape.k - 1) + half};
}

VoxelRange VoxelsIn(const View& view, const Bounds& bounds) {
  VoxelRange range;
  const auto& [dx, dy, dz] = view.spacing_mm;
  std::tie(range.i0, range.i1) = Along(view.first.x, dx, view.shape.i, bounds.low.x, bounds.high.x);
  std::tie(range.j0, range.j1) = Along(view.first.y, dy, view.shape.j, bounds.low.y, bounds.high.y);
  std::tie(range.k0, range.k1) = Along(view.first.z, dz, view.shape.k, bounds.low.z, bounds.high.z);
  return range;
}

PartialVolume::PartialVolume(const std::array<float, 3>& spacing_mm, float sub_voxel_mm) {
  const auto& [dx, dy, dz] = spacing_mm;
  const int ni = SubVoxels(dx, sub_voxel_mm), nj = SubVoxels(dy, sub_voxel_mm),
            nk = SubVoxels(dz, sub_voxel_mm);
  const auto middle = [](int m, int n, float spacing) {
    return ((static_cast<float>(m) + 0.5f) / static_cast<float>(n) - 0.5f) * spacing;
  };
  for (int k = 0; k < nk; ++k) {
    for (int j = 0; j < nj; ++j) {
      for (int i = 0; i < ni; ++i) {
        offsets_.push_back({middle(i, ni, dx), middle(j, nj, dy), middle(k, nk, dz)});
      }
    }
  }
  const float edge = std::cbrt(dx * dy * dz / static_cast<float>(offsets_.size()));
  per_edge_ = 1 / edge;
  reach_mm_ = 0.5f * (std::sqrt(dx * dx + dy * dy + dz * dz) + edge);
}

absl::StatusOr<Canvas> Canvas::Create(const View& view) {
  ASSIGN_OR_RETURN(ByteBuffer hu, ByteBuffer::Zeroed(view.voxels() * sizeof(float)));
  ASSIGN_OR_RETURN(ByteBuffer structures, ByteBuffer::Zeroed(view.voxels()));
  auto* values = reinterpret_cast<float*>(hu.data());
  std::fill(values, values + view.voxels(), kAir);
  return Canvas(view, std::move(hu), std::move(structures));
}

void Canvas::FillTube(const Tube& tube, absl::Span<const Layer> layers) {
  for (const Layer& layer : layers) {
    for (const Capsule& segment : tube) {
      Fill(
          segment.bounds(), [&](const BodyPoint& p) { return segment.Distance(p); }, {layer}, 1.05f);
    }
  }
}

}  // namespace sgpsam::synthesis
