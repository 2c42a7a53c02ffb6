// What a model expects of its masks against what they are worth. Pure functions; thread-safe.
#ifndef SGPSAM_TOOLS_LEARN_EVALUATION_CALIBRATION_H_
#define SGPSAM_TOOLS_LEARN_EVALUATION_CALIBRATION_H_

#include <cstddef>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "core/engine/calibration.h"
#include "tools/learn/evaluation/evaluation_report.h"

namespace sgpsam {

// The fewest masks that a curve is fitted to.
inline constexpr size_t kLeastCalibrationMasks = 40;

// A curve through the means of eight groups of masks, equally large but for one mask, by what was expected of
// them; neighbouring groups whose Dice would fall become one. All scored masks of all lesions count alike,
// so that one that needs no further click counts again.
// FAILED_PRECONDITION: there are fewer masks than the least number with an expected Dice,
// or the same is expected of nearly all.
absl::StatusOr<std::vector<CalibrationPoint>> FitCalibration(absl::Span<const LesionScores> lesions);

}  // namespace sgpsam

#endif  // SGPSAM_TOOLS_LEARN_EVALUATION_CALIBRATION_H_
