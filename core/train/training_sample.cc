#include "core/train/training_sample.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "core/transform/patch_labels.h"
#include "core/transform/placement.h"
#include "core/transform/prepare.h"

namespace sgpsam {
namespace {

constexpr int kAttempts = 8;

// Every n-th voxel, so that about `most` are left.
void Thin(std::vector<uint64_t>& voxels, size_t most) {
  if (voxels.size() <= most) return;
  for (size_t n = 0; n < most; ++n) voxels[n] = voxels[n * voxels.size() / most];
  voxels.resize(most);
  voxels.shrink_to_fit();
}

VoxelIndex IndexOf(uint64_t offset, const Shape& shape) {
  const auto n = static_cast<int64_t>(offset);
  return {static_cast<double>(n % shape.i), static_cast<double>(n / shape.i % shape.j),
          static_cast<double>(n / shape.i / shape.j)};
}

Placement PlaceNear(const Geometry& geometry, const VoxelIndex& voxel, const SampleOptions& options,
                    int64_t patch, Random& random) {
  const double range = std::log(options.max_spacing_mm / options.min_spacing_mm);
  const double spacing = options.min_spacing_mm * std::exp(range * random.Uniform());
  Placement placement = PlaceAround(geometry, voxel, patch, spacing);
  for (int64_t& begin : placement.begin) {
    begin +=
        static_cast<int64_t>(random.Below(static_cast<uint64_t>(2 * options.jitter + 1))) - options.jitter;
  }
  return placement;
}

// The patch voxel of the click; nothing unless it lies in the truth.
bool PlaceClick(const Placement& placement, const VoxelIndex& voxel, const Mask& truth, Click& click) {
  std::array<int64_t, 3> index{};
  const std::array<double, 3> at = SourceToPatch(placement, voxel);
  for (int axis = 0; axis < 3; ++axis) {
    index[axis] = std::clamp<int64_t>(std::llround(at[axis]), 0, placement.patch - 1);
  }
  click = {static_cast<float>(index[0]), static_cast<float>(index[1]), static_cast<float>(index[2]), true};
  return truth.at(index[0], index[1], index[2]);
}

}  // namespace

ClickableCase::ClickableCase(Case source)
    : source_(std::move(source)), voxels_(static_cast<size_t>(source_.target_count)) {
  const auto count = static_cast<uint64_t>(source_.targets.geometry().shape().voxels());
  VisitSamples(source_.targets, [&](const auto* samples) {
    for (uint64_t n = 0; n < count; ++n) {
      const auto target = static_cast<int64_t>(samples[n]);
      if (target > 0 && target <= source_.target_count) voxels_[static_cast<size_t>(target - 1)].push_back(n);
    }
  });
  for (std::vector<uint64_t>& voxels : voxels_) Thin(voxels, kMostVoxels);
}

size_t ClickableCase::bytes() const {
  size_t sum = source_.image.samples().size() + source_.targets.samples().size();
  for (const std::vector<uint64_t>& voxels : voxels_) sum += voxels.size() * sizeof(uint64_t);
  return sum;
}

absl::StatusOr<TrainingSample> DrawSample(const ClickableCase& from, const SampleOptions& options,
                                          int64_t patch, Random& random) {
  const Case& source = from.source();
  const Geometry& geometry = source.image.geometry();
  for (int attempt = 0; attempt < kAttempts && source.target_count > 0; ++attempt) {
    const auto target = static_cast<int64_t>(random.Below(static_cast<uint64_t>(source.target_count))) + 1;
    const std::vector<uint64_t>& voxels = from.voxels(target);
    if (voxels.empty()) continue;
    const VoxelIndex voxel = IndexOf(voxels[random.Below(voxels.size())], geometry.shape());
    const Placement placement = PlaceNear(geometry, voxel, options, patch, random);
    TrainingSample sample;
    sample.truth = PatchLabels(source.targets, static_cast<double>(target), placement);
    if (sample.truth.CountVoxels() < static_cast<uint64_t>(options.min_voxels)) continue;
    if (!PlaceClick(placement, voxel, sample.truth, sample.click)) continue;
    ASSIGN_OR_RETURN(sample.patch, PreparePatch(source.image, placement));
    return sample;
  }
  return absl::NotFoundError(absl::StrCat("case ", source.id, " has no target of ", options.min_voxels,
                                          " voxels on the patch's grid"));
}

}  // namespace sgpsam
