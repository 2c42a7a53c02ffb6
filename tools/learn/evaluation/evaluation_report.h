// What an evaluation found: the scores of each lesion, and their means with confidence intervals for all
// lesions and for each size. report_formats.h writes it down. Pure functions; thread-safe.
#ifndef SGPSAM_TOOLS_LEARN_EVALUATION_EVALUATION_REPORT_H_
#define SGPSAM_TOOLS_LEARN_EVALUATION_EVALUATION_REPORT_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/types/span.h"
#include "tools/learn/evaluation/bootstrap.h"
#include "tools/learn/evaluation/size_bins.h"

namespace sgpsam {

// After how many clicks a lesion is scored.
inline constexpr std::array<int, 3> kScoredClicks{1, 3, 5};

struct GateScore {
  double score = 0;  // 0 to 1
  bool open = false;
};

struct LesionScores {
  std::string case_id;  // which volume
  int lesion_id = 0;    // which lesion of it
  double diameter_mm = 0;
  // 0 to 1, after each of kScoredClicks; a lesion that needs no further click keeps its score. nullopt while
  // every click was refused: there is no mask to score.
  std::array<std::optional<double>, kScoredClicks.size()> dice{}, nsd{};
  // What was expected of those masks by Dice, and with what confidence; nullopt: not told.
  std::array<std::optional<double>, kScoredClicks.size()> expected{}, confidence{};
  // What each of the right clicks that were tried after the first answer changed of its Dice.
  std::vector<double> added{};
  std::vector<GateScore> gates{};  // of each module in the encoder's order; empty where there are none
  // How many clicks were refused by what was measured, by the reason's name (core/base/reason.h);
  // the mask stayed as it was.
  std::map<std::string, int> refused{};
  std::array<int64_t, 3> first_click{};  // the voxel
  std::vector<double> ball{};  // Dice of the ball of each radius around it (ball.h); empty: not known
};

struct PassedOver {
  std::string case_id, reason;
};

// What was measured.
struct MeasuredModel {
  std::string name, version, weights_sha256;  // the last in hexadecimal digits
  std::string precision;                      // that it computed in
};

// Results are given for all lesions (group 0), then for each of kSizeBins.
inline constexpr size_t kSizeGroups = 1 + kSizeBins.size();

// nullopt without lesions.
using MeansBySize = std::array<std::optional<MeanInterval>, kSizeGroups>;

struct GateMeans {
  MeansBySize score;
  MeansBySize open_rate;  // the share of lesions for which the gate was open
};

// A ball of one radius around each first click.
struct BallMean {
  double radius_mm = 0;
  MeanInterval dice;
};

// The radius for all sizes is the best one for all lesions, and each size's the best one for that size:
// chosen on the very lesions that it is measured on, which flatters the ball.
struct BestBalls {
  double radius_mm = 0;  // best for all
  MeansBySize dice;      // with that
  std::array<std::optional<BallMean>, kSizeGroups> by_size;
};

// What one more right click, at random, changes of the Dice after the first.
struct AddedClicks {
  size_t clicks = 0;
  double mean = 0, worst_hundredth = 0;  // the second: a hundredth of them, rounded down, change it to less
};

struct RefusedFor {
  int clicks = 0, lesions = 0;
};

// The masks whose confidence lies in one tenth of 0 to 1.
struct ConfidenceTenth {
  size_t masks = 0;
  double said = 0, dice = 0;  // means: their confidence, and what they are worth
};

// Means are over the lesions that have a value.
struct EvaluationReport {
  std::string set;                    // its name; set by whoever made it
  std::string clicks;                 // how they were chosen; set by whoever ran it
  std::vector<LesionScores> lesions;  // as given
  std::array<MeansBySize, kScoredClicks.size()> dice, nsd;
  std::vector<GateMeans> gates;              // of each module
  std::array<size_t, kSizeGroups> counts{};  // lesions
  // Of these without a mask, as every click until then was refused.
  std::array<std::array<size_t, kSizeGroups>, kScoredClicks.size()> without_mask{};
  std::map<std::string, RefusedFor> refused;  // by reason
  std::optional<AddedClicks> added;           // nullopt: none were tried
  // Of all scored masks; tenths without any are left out.
  std::vector<ConfidenceTenth> confidence;
  std::optional<BestBalls> balls;       // for the lesions that have a mask after the first click
  int64_t crumbs = 0, min_voxels = 1;   // targets of fewer voxels, left out; set by whoever ran it
  size_t cases = 0;                     // volumes with at least one lesion
  std::vector<PassedOver> passed_over;  // cases that could not be measured; set by whoever read them
  std::optional<MeasuredModel> model;   // set by whoever ran it
  BootstrapOptions bootstrap;
};

// The most modules of any lesion.
size_t MostGates(absl::Span<const LesionScores> lesions);

// Lesions with the same case_id are one case to the bootstrap.
EvaluationReport MakeReport(std::vector<LesionScores> lesions, const BootstrapOptions& options = {});

}  // namespace sgpsam

#endif  // SGPSAM_TOOLS_LEARN_EVALUATION_EVALUATION_REPORT_H_
