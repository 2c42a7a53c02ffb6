#include "tools/learn/evaluation/calibration.h"

#include <algorithm>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace sgpsam {
namespace {

constexpr size_t kGroups = 8;

struct Group {
  double expected = 0, dice = 0, masks = 0;  // means, of so many

  void Add(const Group& other) {
    const double all = masks + other.masks;
    expected = (expected * masks + other.expected * other.masks) / all;
    dice = (dice * masks + other.dice * other.masks) / all;
    masks = all;
  }
};

std::vector<CalibrationPoint> MasksOf(absl::Span<const LesionScores> lesions) {
  std::vector<CalibrationPoint> masks;
  for (const LesionScores& lesion : lesions) {
    for (size_t n = 0; n < kScoredClicks.size(); ++n) {
      if (lesion.expected[n] && lesion.dice[n]) {
        masks.push_back({std::clamp(*lesion.expected[n], 0.0, 1.0), *lesion.dice[n]});
      }
    }
  }
  std::stable_sort(masks.begin(), masks.end(), [](const CalibrationPoint& a, const CalibrationPoint& b) {
    return a.expected < b.expected;
  });
  return masks;
}

}  // namespace

absl::StatusOr<std::vector<CalibrationPoint>> FitCalibration(absl::Span<const LesionScores> lesions) {
  const std::vector<CalibrationPoint> masks = MasksOf(lesions);
  if (masks.size() < kLeastCalibrationMasks) {
    return absl::FailedPreconditionError(
        absl::StrCat("only ", masks.size(), " masks say what to expect of them; ", kLeastCalibrationMasks,
                     " are the least to calibrate by"));
  }
  std::vector<Group> groups;
  for (size_t g = 0; g < kGroups; ++g) {
    Group group;
    for (size_t n = g * masks.size() / kGroups; n < (g + 1) * masks.size() / kGroups; ++n) {
      group.Add({masks[n].expected, masks[n].dice, 1});
    }
    groups.push_back(group);
    while (groups.size() > 1 && (groups.back().dice < groups[groups.size() - 2].dice ||
                                 groups.back().expected <= groups[groups.size() - 2].expected)) {
      groups[groups.size() - 2].Add(groups.back());
      groups.pop_back();
    }
  }
  std::vector<CalibrationPoint> curve;
  for (const Group& group : groups) curve.push_back({group.expected, group.dice});
  if (!IsCalibration(curve)) {
    return absl::FailedPreconditionError("what is expected of these masks says nothing of their Dice");
  }
  return curve;
}

}  // namespace sgpsam
