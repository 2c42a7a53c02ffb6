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

void NoteBox(const ResolvedPrompts& prompts, BoxUse box_use, absl::Span<const Placement> looked_at,
             std::vector<std::string>& notes) {
  if (box_use == BoxUse::kCorners) {
    if (AnyHolds(looked_at, prompts.box->a) && AnyHolds(looked_at, prompts.box->b)) return;
    notes.push_back("the box reaches beyond what was looked at; only the part inside was used");
    return;
  }
  notes.push_back(
      prompts.FirstPositive() != nullptr
          ? "the box was not used: this model has not learned boxes, and a positive point is given"
          : "the box was used as a click in its middle: this model has not learned boxes");
}

// `what`: the points with these numbers, unless there are none.
void NotePoints(absl::string_view what, const std::vector<size_t>& numbers, std::vector<std::string>& notes) {
  if (numbers.empty()) return;
  notes.push_back(
      absl::StrCat(what, ": ", numbers.size() == 1 ? "point " : "points ", absl::StrJoin(numbers, ", ")));
}

void NotePoints(const ResolvedPrompts& prompts, absl::Span<const Placement> looked_at, const Mask& found,
                std::vector<std::string>& notes) {
  std::vector<size_t> unseen, left_out, taken_in;
  const bool empty = found.CountVoxels() == 0;
  for (size_t n = 0; n < prompts.points.size(); ++n) {
    const ResolvedPoint& point = prompts.points[n];
    if (!point.positive && !AnyHolds(looked_at, point.at)) {
      unseen.push_back(n + 1);
    } else if (!empty && !IsObeyed(found, point)) {
      (point.positive ? left_out : taken_in).push_back(n + 1);
    }
  }
  NotePoints("without effect, being negative and beyond all that was looked at", unseen, notes);
  NotePoints("not in the mask although positive", left_out, notes);
  NotePoints("in the mask although negative", taken_in, notes);
}

}  // namespace

std::vector<std::string> NotesOnPrompts(const ResolvedPrompts& prompts, BoxUse box_use,
                                        absl::Span<const Placement> looked_at, const Mask& found) {
  std::vector<std::string> notes;
  if (prompts.box) NoteBox(prompts, box_use, looked_at, notes);
  if (prompts.mask && !AllCovered(*prompts.mask, looked_at)) {
    notes.push_back("the mask prompt reaches beyond what was looked at; only the part inside was used");
  }
  if (!prompts.previous_logits.empty() && !prompts.previous_patch) {
    notes.push_back(
        "the previous logits came without the patch that they lie on; they were taken to lie where the other "
        "prompts are");
  }
  NotePoints(prompts, looked_at, found, notes);
  return notes;
}

}  // namespace sgpsam
