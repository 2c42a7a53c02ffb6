#include "tools/learn/cases/targets.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "core/base/byte_buffer.h"
#include "core/base/status_macros.h"
#include "core/volume/components.h"
#include "core/volume/voxel_runs.h"
#include "tools/learn/cases/case.h"

namespace sgpsam {
namespace {

// The target of each component, 0 for those that are left out.
std::vector<int64_t> NumberTargets(const Components& components, const TargetChoice& options) {
  std::vector<int64_t> target_of(components.voxels.size(), 0);
  int64_t count = 0;
  for (size_t c = 0; c < target_of.size(); ++c) {
    if (components.voxels[c] < options.min_voxels) continue;
    if (options.each == TargetChoice::Each::kComponent || count == 0) ++count;
    target_of[c] = count;
  }
  return target_of;
}

void Paint(const VoxelRun& run, const GridMap& map, uint16_t target, uint16_t* samples) {
  int64_t at = map.first + run.begin * map.strides[0] + run.j * map.strides[1] + run.k * map.strides[2];
  for (int32_t i = run.begin; i < run.end; ++i, at += map.strides[0]) samples[at] = target;
}

}  // namespace

absl::StatusOr<Targets> MakeTargets(const Mask& label, const GridMap& map, const Geometry& image,
                                    const TargetChoice& options) {
  const Components components = FindComponents(label, Connectivity::k26);
  const std::vector<int64_t> target_of = NumberTargets(components, options);
  Targets targets;
  targets.components = static_cast<int64_t>(components.count());
  if (!target_of.empty()) targets.count = *std::max_element(target_of.begin(), target_of.end());
  if (targets.count > Case::kMaxTargets) {
    return absl::InvalidArgumentError(absl::StrCat("the label has ", targets.count, " components, more than ",
                                                   Case::kMaxTargets, ": leave the smallest ones out"));
  }
  const size_t voxels = static_cast<size_t>(image.shape().voxels());
  ASSIGN_OR_RETURN(ByteBuffer bytes, ByteBuffer::Zeroed(voxels * sizeof(uint16_t)));
  auto* samples = reinterpret_cast<uint16_t*>(bytes.data());
  for (size_t c = 0; c < components.count(); ++c) {
    if (target_of[c] == 0) continue;
    for (const VoxelRun& run : components.runs_of(c)) {
      Paint(run, map, static_cast<uint16_t>(target_of[c]), samples);
    }
  }
  ASSIGN_OR_RETURN(targets.volume, Volume::Create(image, SampleType::kUint16, std::move(bytes)));
  return targets;
}

}  // namespace sgpsam
