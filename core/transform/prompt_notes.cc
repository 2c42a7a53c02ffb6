#include "core/transform/prompt_notes.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/transform/axis_map.h"

namespace sgpsam {
namespace {

// The voxels of the volume that one patch covers, by source axis; ends excluded.
struct Covered {
  std::array<int64_t, 3> begin{}, end{};
  bool Contains(int64_t i, int64_t j, int64_t k) const {
    return i >= begin[0] && i < end[0] && j >= begin[1] && j < end[1] && k >= begin[2] && k < end[2];
  }
};

Covered CoveredBy(const Placement& placement, const Shape& shape) {
  const int64_t side = placement.patch;
  const std::array<SourceAxis, 3> axes = SourceAxes(placement, {side, side, side}, shape);
  Covered covered;
  for (int s = 0; s < 3; ++s) {
    covered.begin[s] = axes[s].begin;
    covered.end[s] = axes[s].end;
  }
  return covered;
}

bool Holds(const Placement& placement, const VoxelIndex& source) {
  const double last = static_cast<double>(placement.patch) - 0.5;
  const std::array<double, 3> at = SourceToPatch(placement, source);
  return std::all_of(at.begin(), at.end(), [last](double along) {
    return along >= -0.5 - kIndexTolerance && along <= last + kIndexTolerance;
  });
}

bool AnyHolds(absl::Span<const Placement> looked_at, const VoxelIndex& source) {
  return std::any_of(looked_at.begin(), looked_at.end(),
                     [&](const Placement& placement) { return Holds(placement, source); });
}

bool AllCovered(const Mask& mask, absl::Span<const Placement> looked_at) {
  const Shape& shape = mask.shape();
  std::vector<Covered> patches;
  for (const Placement& placement : looked_at) patches.push_back(CoveredBy(placement, shape));
  const auto end = static_cast<uint64_t>(shape.voxels());
  for (uint64_t voxel = mask.NextVoxel(0); voxel < end; voxel = mask.NextVoxel(voxel + 1)) {
    const auto n = static_cast<int64_t>(voxel);
    const int64_t i = n % shape.i, j = n / shape.i % shape.j, k = n / shape.i / shape.j;
    const auto covers = [&](const Covered& patch) { return patch.Contains(i, j, k); };
    if (std::none_of(patches.begin(), patches.end(), covers)) return false;
  }
  return true;
}

void NoteBoxes(const ResolvedPrompts& prompts, absl::Span<const Placement> looked_at,
               std::vector<std::string>& notes) {
  const auto beyond = [&](const ResolvedBox& box) {
    return box.positive && !(AnyHolds(looked_at, box.a) && AnyHolds(looked_at, box.b));
  };
  if (std::any_of(prompts.boxes.begin(), prompts.boxes.end(), beyond)) {
    notes.push_back("a box reaches beyond what was looked at; only the part inside was used");
  }
}

void NoteScribbles(const ResolvedPrompts& prompts, absl::Span<const Placement> looked_at, const Shape& shape,
                   std::vector<std::string>& notes) {
  std::vector<Covered> patches;
  for (const Placement& placement : looked_at) patches.push_back(CoveredBy(placement, shape));
  const auto seen = [&](const VoxelRun& run) {
    return std::any_of(patches.begin(), patches.end(), [&](const Covered& patch) {
      return patch.Contains(run.begin, run.j, run.k) && patch.Contains(run.end - 1, run.j, run.k);
    });
  };
  const auto beyond = [&](const ResolvedScribble& scribble) {
    return scribble.positive && !std::all_of(scribble.runs.begin(), scribble.runs.end(), seen);
  };
  if (std::any_of(prompts.scribbles.begin(), prompts.scribbles.end(), beyond)) {
    notes.push_back("a scribble reaches beyond what was looked at; there the mask is what it marks");
  }
}

// `what`: the points with these numbers, unless there are none.
void NotePoints(absl::string_view what, const std::vector<size_t>& numbers, std::vector<std::string>& notes) {
  if (numbers.empty()) return;
  notes.push_back(
      absl::StrCat(what, ": ", numbers.size() == 1 ? "point " : "points ", absl::StrJoin(numbers, ", ")));
}

void NotePoints(const ResolvedPrompts& prompts, absl::Span<const Placement> looked_at,
                std::vector<std::string>& notes) {
  std::vector<size_t> unseen;
  for (size_t n = 0; n < prompts.points.size(); ++n) {
    const ResolvedPoint& point = prompts.points[n];
    if (!point.positive && !AnyHolds(looked_at, point.at)) unseen.push_back(n + 1);
  }
  NotePoints("without effect, being negative and beyond all that was looked at", unseen, notes);
}

}  // namespace

std::vector<std::string> NotesOnPrompts(const ResolvedPrompts& prompts, absl::Span<const Placement> looked_at,
                                        const Shape& shape) {
  std::vector<std::string> notes;
  NoteBoxes(prompts, looked_at, notes);
  NoteScribbles(prompts, looked_at, shape, notes);
  if (prompts.mask && !AllCovered(*prompts.mask, looked_at)) {
    notes.push_back("the mask prompt reaches beyond what was looked at; only the part inside was used");
  }
  if (!prompts.previous_logits.empty() && !prompts.previous_patch) {
    notes.push_back(
        "the previous logits came without the patch that they lie on; they were taken to lie where the other "
        "prompts are");
  }
  NotePoints(prompts, looked_at, notes);
  return notes;
}

}  // namespace sgpsam
