// What an evaluation found: the scores of each lesion, and their means with confidence intervals for all
// lesions and for each size. report_formats.h writes it down. Pure functions; thread-safe.
#ifndef SGPSAM_TOOLS_LEARN_EVALUATION_EVALUATION_REPORT_H_
#define SGPSAM_TOOLS_LEARN_EVALUATION_EVALUATION_REPORT_H_

#include <array>
#include <cstddef>
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
  // 0 to 1, after each of kScoredClicks; a lesion that needs no further click keeps its score.
  std::array<double, kScoredClicks.size()> dice{}, nsd{};
  std::vector<GateScore> gates;  // of each module in the encoder's order; empty where there are none
  int refused_clicks = 0;        // by what was measured; the mask stayed as it was
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

struct EvaluationReport {
  std::vector<LesionScores> lesions;  // as given
  std::array<MeansBySize, kScoredClicks.size()> dice, nsd;
  std::vector<GateMeans> gates;              // of each module
  std::array<size_t, kSizeGroups> counts{};  // lesions
  size_t cases = 0;                          // volumes with at least one lesion
  std::vector<PassedOver> passed_over;       // cases that could not be measured; set by whoever read them
  std::optional<MeasuredModel> model;        // set by whoever ran it
  BootstrapOptions bootstrap;
};

// The most modules of any lesion.
size_t MostGates(absl::Span<const LesionScores> lesions);

// Lesions with the same case_id are one case to the bootstrap.
EvaluationReport MakeReport(std::vector<LesionScores> lesions, const BootstrapOptions& options = {});

}  // namespace sgpsam

#endif  // SGPSAM_TOOLS_LEARN_EVALUATION_EVALUATION_REPORT_H_
