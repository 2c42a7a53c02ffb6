#include "core/transform/obey_prompts.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/types/span.h"
#include "core/transform/bend_logits.h"
#include "core/transform/patch_mask.h"
#include "core/transform/prepare_prompts.h"
#include "core/transform/prompt_extent.h"
#include "core/volume/components.h"

namespace sgpsam {
namespace {

using Runs = std::vector<VoxelRun>;

Voxel FirstOf(const VoxelRun& run) { return {run.begin, run.j, run.k}; }

// At most `most` voxels of some runs, evenly apart in their order.
std::vector<Voxel> Some(absl::Span<const VoxelRun> runs, uint64_t most) {
  const uint64_t voxels = CountVoxels(runs), count = std::min(most, voxels);
  std::vector<Voxel> some;
  uint64_t passed = 0;
  for (const VoxelRun& run : runs) {
    const auto length = static_cast<uint64_t>(run.end - run.begin);
    while (some.size() < count) {
      const uint64_t next = (2 * some.size() + 1) * voxels / (2 * count);
      if (next >= passed + length) break;
      some.push_back({run.begin + static_cast<int64_t>(next - passed), run.j, run.k});
    }
    passed += length;
  }
  return some;
}

// --- what is asked for

// Points and scribbles as sets of voxels. Boxes stay boxes.
struct Asked {
  Runs inside, outside;                 // of points and scribbles, in any order of theirs
  Runs last_inside, last_outside;       // of points, after the last one at each voxel
  std::vector<VoxelBox> kept, emptied;  // positive and negative boxes
};

Asked WhatIsAsked(const ResolvedPrompts& prompts, const Shape& shape) {
  Asked asked;
  for (const ResolvedPoint& point : prompts.points) {
    const VoxelRun voxel = RunAt(VoxelAt(point.at, shape));
    Runs& mine = point.positive ? asked.last_inside : asked.last_outside;
    Runs& other = point.positive ? asked.last_outside : asked.last_inside;
    mine = UnionOf(mine, {&voxel, 1});
    other = InFirstAlone(other, {&voxel, 1});
    Runs& all = point.positive ? asked.inside : asked.outside;
    all.push_back(voxel);
  }
  for (const ResolvedScribble& scribble : prompts.scribbles) {
    Runs& all = scribble.positive ? asked.inside : asked.outside;
    all.insert(all.end(), scribble.runs.begin(), scribble.runs.end());
  }
  asked.inside = Ordered(std::move(asked.inside));
  asked.outside = Ordered(std::move(asked.outside));
  for (const ResolvedBox& box : prompts.boxes)
    (box.positive ? asked.kept : asked.emptied).push_back(box.voxels);
  return asked;
}

// Voxels that are asked for in both ways.
uint64_t Contradictions(const Asked& asked) {
  Runs both = InBoth(asked.inside, asked.outside);
  for (const VoxelBox& box : asked.emptied) both = UnionOf(both, Inside(box, asked.inside));
  return CountVoxels(both);
}

PromptUse* FindUse(std::vector<PromptUse>& uses, PromptKind kind, size_t n) {
  const auto found = std::find_if(uses.begin(), uses.end(), [&](const PromptUse& use) {
    return use.kind == kind && use.number == n + 1;
  });
  return found == uses.end() ? nullptr : &*found;
}

// Which prompts the model's mask contradicts, and the voxels at which its logits are bent: those of points,
// and some of each scribble's. What agrees is among them too,
// since nothing is to be bent towards the opposite there.
std::vector<AskedVoxel> Contradicted(const ResolvedPrompts& prompts, const Mask& mask,
                                     absl::Span<const VoxelRun> runs, std::vector<PromptUse>& uses) {
  std::vector<AskedVoxel> bend;
  const auto enforce = [&](PromptKind kind, size_t n) {
    if (PromptUse* use = FindUse(uses, kind, n)) use->enforced = true;
  };
  for (size_t n = 0; n < prompts.boxes.size(); ++n) {
    const ResolvedBox& box = prompts.boxes[n];
    if (!box.positive && !Inside(box.voxels, runs).empty()) enforce(PromptKind::kBox, n);
  }
  for (size_t n = 0; n < prompts.scribbles.size(); ++n) {
    const ResolvedScribble& scribble = prompts.scribbles[n];
    const Runs wrong = scribble.positive ? InFirstAlone(scribble.runs, runs) : InBoth(scribble.runs, runs);
    if (!wrong.empty()) enforce(PromptKind::kScribble, n);
    for (const Voxel& at : Some(wrong.empty() ? scribble.runs : wrong, kScribbleClicks)) {
      bend.push_back({at, scribble.positive});
    }
  }
  for (size_t n = 0; n < prompts.points.size(); ++n) {
    const ResolvedPoint& point = prompts.points[n];
    if (!IsObeyed(mask, point)) enforce(PromptKind::kPoint, n);
    bend.push_back({VoxelAt(point.at, mask.shape()), point.positive});
  }
  return bend;
}

// --- boxes

// Of which voxels a box says anything, and which of those it lets stand.
struct Confinement {
  VoxelBox speaks_of;  // the volume, or of a box of one slice that slice of it
  VoxelBox stays;      // the box, grown
};

Confinement ConfinementOf(const ResolvedBox& box, const Shape& shape) {
  Confinement confinement{{{0, 0, 0}, {shape.i, shape.j, shape.k}}, box.voxels};
  const int flat_axis = FlatAxis(box, shape);
  const auto confine = [&](int axis, int64_t Voxel::*along) {
    VoxelBox &speaks_of = confinement.speaks_of, &stays = confinement.stays;
    int64_t &begin = stays.begin.*along, &end = stays.end.*along;
    if (axis == flat_axis) {
      speaks_of.begin.*along = begin;
      speaks_of.end.*along = end;
      return;
    }
    const auto margin = static_cast<int64_t>(std::ceil(kBoxMargin * static_cast<double>(end - begin)));
    begin = std::max<int64_t>(begin - margin, 0);
    end = std::min(end + margin, speaks_of.end.*along);
  };
  confine(0, &Voxel::i);
  confine(1, &Voxel::j);
  confine(2, &Voxel::k);
  return confinement;
}

// What of some voxels the boxes cut off: those that a box speaks of and none lets stand.
Runs CutOff(absl::Span<const VoxelRun> runs, absl::Span<const Confinement> boxes) {
  Runs spoken_of, stays;
  for (const Confinement& box : boxes) {
    spoken_of = UnionOf(spoken_of, Inside(box.speaks_of, runs));
    stays = UnionOf(stays, Inside(box.stays, runs));
  }
  return InFirstAlone(spoken_of, stays);
}

// Cuts what lies outside of the positive boxes, unless something positive lies there.
Runs Confined(const Geometry& geometry, const ResolvedPrompts& prompts, const Asked& asked, const Runs& runs,
              std::vector<PromptUse>& uses, Obedience& done) {
  std::vector<Confinement> boxes;
  for (const ResolvedBox& box : prompts.boxes) {
    if (box.positive) boxes.push_back(ConfinementOf(box, geometry.shape()));
  }
  if (boxes.empty() || !CutOff(asked.inside, boxes).empty()) return runs;
  const Runs cut = CutOff(runs, boxes);
  done.cut_voxels = CountVoxels(cut);
  if (cut.empty()) return runs;
  size_t next = 0;
  for (size_t n = 0; n < prompts.boxes.size(); ++n) {
    if (!prompts.boxes[n].positive) continue;
    const Confinement& box = boxes[next++];
    if (PromptUse* use = FindUse(uses, PromptKind::kBox, n)) {
      use->confined = !Inside(box.speaks_of, cut).empty();
    }
  }
  return InFirstAlone(runs, cut);
}

// --- voxels

Runs Enforced(const ResolvedPrompts& prompts, const Asked& asked, Runs runs) {
  for (const VoxelBox& box : asked.emptied) runs = InFirstAlone(runs, Inside(box, runs));
  for (const ResolvedScribble& scribble : prompts.scribbles) {
    runs = scribble.positive ? UnionOf(runs, scribble.runs) : InFirstAlone(runs, scribble.runs);
  }
  return UnionOf(InFirstAlone(runs, asked.last_outside), asked.last_inside);
}

// --- parts

double SquaredMm(const Voxel& voxel, const VoxelRun& run, const std::array<double, 3>& spacing) {
  const double i =
      static_cast<double>(std::clamp<int64_t>(voxel.i, run.begin, run.end - 1) - voxel.i) * spacing[0];
  const double j = static_cast<double>(run.j - voxel.j) * spacing[1];
  const double k = static_cast<double>(run.k - voxel.k) * spacing[2];
  return i * i + j * j + k * k;
}

// The component, other than that of the voxel itself, that comes nearest to it,
// if one comes as near as `reach_mm`.
std::optional<size_t> NearestTo(const Voxel& voxel, const Components& components, const Geometry& geometry,
                                double reach_mm) {
  const std::array<double, 3> spacing = geometry.spacing_mm();
  std::optional<size_t> nearest;
  double least = reach_mm * reach_mm;
  for (size_t c = 0; c < components.count(); ++c) {
    if (Holds(components.runs_of(c), voxel)) continue;
    for (const VoxelRun& run : components.runs_of(c)) {
      const double squared = SquaredMm(voxel, run, spacing);
      if (squared > least || (nearest && squared == least)) continue;
      least = squared;
      nearest = c;
    }
  }
  return nearest;
}

bool MarksAny(const Mask& mask, const VoxelRun& run) {
  for (int64_t i = run.begin; i < run.end; ++i) {
    if (mask.at(i, run.j, run.k)) return true;
  }
  return false;
}

bool AnyMarked(const std::optional<Mask>& mask, absl::Span<const VoxelRun> runs) {
  return mask &&
         std::any_of(runs.begin(), runs.end(), [&](const VoxelRun& run) { return MarksAny(*mask, run); });
}

// What is left without the parts that nothing asks for. `left_out`:
// voxels of positive points that the model's mask has not.
Runs AskedFor(const Geometry& geometry, const ResolvedPrompts& prompts, const PreviousAnswer& previous,
              const Asked& asked, absl::Span<const Voxel> left_out, double reach_mm, const Runs& runs,
              Obedience& done) {
  const Components components = FindComponents(runs);
  Runs marks = asked.inside;
  for (const ResolvedLine& line : prompts.lines) marks = UnionOf(marks, VoxelsOn(line, geometry.shape()));
  std::optional<Mask> previous_mask;
  bool restored = false;
  const auto marked_before = [&](absl::Span<const VoxelRun> mine) {
    if (!std::exchange(restored, true)) previous_mask = previous();
    return AnyMarked(previous_mask, mine);
  };
  std::vector<bool> kept(components.count());
  for (size_t c = 0; c < components.count(); ++c) {
    const absl::Span<const VoxelRun> mine = components.runs_of(c);
    const auto meets = [&](const VoxelBox& box) { return !Inside(box, mine).empty(); };
    kept[c] = !InBoth(mine, marks).empty() || std::any_of(asked.kept.begin(), asked.kept.end(), meets) ||
              AnyMarked(prompts.mask, mine) || marked_before(mine);
  }
  for (const Voxel& voxel : left_out) {
    if (const std::optional<size_t> answer = NearestTo(voxel, components, geometry, reach_mm))
      kept[*answer] = true;
  }
  Runs left;
  for (size_t c = 0; c < components.count(); ++c) {
    const absl::Span<const VoxelRun> mine = components.runs_of(c);
    if (kept[c]) {
      left.insert(left.end(), mine.begin(), mine.end());
    } else {
      ++done.dropped_components;
    }
  }
  return Ordered(std::move(left));
}

void Fill(const VoxelRun& run, bool inside, Mask& mask) {
  for (int64_t i = run.begin; i < run.end; ++i) {
    inside ? mask.Set(i, run.j, run.k) : mask.Clear(i, run.j, run.k);
  }
}

// Which of a set of cells hold a voxel of a patch's mask, and how many.
std::vector<int> CountByCell(const PatchMask& mask, int64_t logits_side) {
  const int64_t side = mask.side() / logits_side;
  std::vector<int> counts(static_cast<size_t>(logits_side * logits_side * logits_side));
  for (int64_t i = mask.low()[0]; i <= mask.high()[0]; ++i) {
    for (int64_t j = mask.low()[1]; j <= mask.high()[1]; ++j) {
      for (int64_t k = mask.low()[2]; k <= mask.high()[2]; ++k) {
        if (mask.at(i, j, k)) ++counts[(i / side * logits_side + j / side) * logits_side + k / side];
      }
    }
  }
  return counts;
}

}  // namespace

Obedience ObeyPrompts(const Geometry& geometry, const ResolvedPrompts& prompts,
                      const PreviousAnswer& previous, LogitsBox& logits, RestoredMask& restored,
                      std::vector<PromptUse>& uses) {
  Obedience done;
  const Asked asked = WhatIsAsked(prompts, geometry.shape());
  const Runs before = RunsIn(restored.box, restored.mask);
  done.found_nothing = before.empty();
  done.contradictions = Contradictions(asked);
  const std::vector<AskedVoxel> bend = Contradicted(prompts, restored.mask, before, uses);
  std::vector<Voxel> left_out;
  for (const VoxelRun& run : asked.last_inside) {
    for (Voxel at = FirstOf(run); at.i < run.end; ++at.i) {
      if (!Holds(before, at)) left_out.push_back(at);
    }
  }
  Runs runs = before;
  if (BendLogits(geometry, bend, logits) > 0) {
    for (const VoxelRun& run : before) Fill(run, false, restored.mask);
    restored = RestoreMaskInto(std::move(restored.mask), logits, geometry);
    runs = RunsIn(restored.box, restored.mask);
  }
  const Runs bent = runs;
  runs = Confined(geometry, prompts, asked, runs, uses, done);
  runs = Enforced(prompts, asked, std::move(runs));
  const double reach_mm =
      kAnswerCells * static_cast<double>(logits.cell_voxels()) * logits.placement.spacing_mm;
  runs = AskedFor(geometry, prompts, previous, asked, left_out, reach_mm, runs, done);
  done.removed = InFirstAlone(bent, runs);
  done.added = InFirstAlone(runs, bent);
  if (done.changed()) {
    for (const VoxelRun& run : done.removed) Fill(run, false, restored.mask);
    for (const VoxelRun& run : done.added) Fill(run, true, restored.mask);
    restored.box = BoundingBox(runs);
    restored.touches_patch_border =
        restored.touches_patch_border && TouchesBorder(restored.mask, restored.box, logits, geometry);
  }
  done.removed = InFirstAlone(before, runs);
  done.added = InFirstAlone(runs, before);
  done.enforced_prompts =
      std::count_if(uses.begin(), uses.end(), [](const PromptUse& use) { return use.enforced; });
  return done;
}

std::optional<Mask> PreviousMask(const Geometry& geometry, const ResolvedPrompts& prompts,
                                 const Placement& first, const PatchSizes& sizes) {
  if (prompts.previous_logits.empty()) return std::nullopt;
  const Placement from = prompts.previous_patch
                             ? PlaceAtPosition(geometry, *prompts.previous_patch, sizes.patch, first.origin)
                             : first;
  return RestoreMask(OnePatch(prompts.previous_logits, sizes, from), geometry).mask;
}

void KeepObedience(const Obedience& obedience, const Mask& mask, const Placement& placement,
                   const PatchSizes& sizes, std::vector<float>& logits) {
  if (!obedience.changed()) return;
  const Shape& shape = mask.shape();
  const std::vector<int> removed =
      CountByCell(SampleRuns(obedience.removed, shape, placement), sizes.logits_side);
  const std::vector<int> added =
      CountByCell(SampleRuns(obedience.added, shape, placement), sizes.logits_side);
  const std::vector<int> inside = CountByCell(SampleMask(mask, placement), sizes.logits_side);
  const int64_t side = sizes.patch / sizes.logits_side, whole = side * side * side;
  for (size_t n = 0; n < logits.size(); ++n) {
    const float certain = std::max(std::abs(logits[n]), static_cast<float>(kLeastBentLogit));
    if (removed[n] > 0 && inside[n] == 0 && logits[n] > 0) logits[n] = -certain;
    if (added[n] > 0 && inside[n] == whole && logits[n] <= 0) logits[n] = certain;
  }
}

std::vector<std::string> NotesOnObedience(const Obedience& obedience, const std::vector<PromptUse>& uses,
                                          const Geometry& geometry) {
  std::vector<std::string> notes;
  std::vector<std::string> names;
  for (const PromptUse& use : uses) {
    if (!use.enforced) continue;
    const char* kind = use.kind == PromptKind::kPoint ? "point"
                       : use.kind == PromptKind::kBox ? "box"
                                                      : "scribble";
    names.push_back(absl::StrCat(kind, " ", use.number));
  }
  if (obedience.found_nothing && !obedience.added.empty()) {
    notes.push_back("the model found nothing at the prompts; the mask is no more than they mark");
  } else if (!names.empty()) {
    notes.push_back(
        absl::StrCat("the model contradicted these prompts, and the mask was changed to obey them: ",
                     absl::StrJoin(names, ", ")));
  }
  if (obedience.contradictions > 0) {
    notes.push_back(absl::StrCat("prompts contradict each other at ", obedience.contradictions,
                                 obedience.contradictions == 1 ? " voxel" : " voxels",
                                 "; the later one counts"));
  }
  if (obedience.cut_voxels > 0) {
    notes.push_back(absl::StrFormat("%d voxels (%.3f ml) outside of the box were cut off",
                                    obedience.cut_voxels,
                                    static_cast<double>(obedience.cut_voxels) * geometry.voxel_ml()));
  }
  return notes;
}

}  // namespace sgpsam
