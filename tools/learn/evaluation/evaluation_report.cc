#include "tools/learn/evaluation/evaluation_report.h"

#include <algorithm>
#include <functional>
#include <map>
#include <utility>

namespace sgpsam {
namespace {

bool InGroup(const LesionScores& lesion, size_t group) {
  return group == 0 || SizeBinOf(lesion.diameter_mm) == kSizeBins[group - 1];
}

// What is averaged; nullopt where a lesion has no such value.
using ValueOf = std::function<std::optional<double>(const LesionScores&)>;

MeansBySize Means(absl::Span<const LesionScores> lesions, const BootstrapOptions& options,
                  const ValueOf& value_of) {
  MeansBySize means;
  for (size_t group = 0; group < kSizeGroups; ++group) {
    std::map<std::string, std::vector<double>> by_case;
    for (const LesionScores& lesion : lesions) {
      const std::optional<double> value = value_of(lesion);
      if (value && InGroup(lesion, group)) by_case[lesion.case_id].push_back(*value);
    }
    std::vector<std::vector<double>> cases;
    cases.reserve(by_case.size());
    for (auto& [id, values] : by_case) cases.push_back(std::move(values));
    means[group] = BootstrapMean(cases, options);
  }
  return means;
}

GateMeans MeansOfGate(absl::Span<const LesionScores> lesions, const BootstrapOptions& options, size_t gate) {
  const auto mean_of = [&](double (*value_of)(const GateScore&)) {
    return Means(lesions, options, [&](const LesionScores& lesion) -> std::optional<double> {
      if (gate >= lesion.gates.size()) return std::nullopt;
      return value_of(lesion.gates[gate]);
    });
  };
  return {mean_of([](const GateScore& g) { return g.score; }),
          mean_of([](const GateScore& g) { return g.open ? 1.0 : 0.0; })};
}

size_t CountCases(absl::Span<const LesionScores> lesions) {
  std::vector<std::string> ids;
  for (const LesionScores& lesion : lesions) ids.push_back(lesion.case_id);
  std::sort(ids.begin(), ids.end());
  return static_cast<size_t>(std::unique(ids.begin(), ids.end()) - ids.begin());
}

}  // namespace

size_t MostGates(absl::Span<const LesionScores> lesions) {
  size_t most = 0;
  for (const LesionScores& lesion : lesions) most = std::max(most, lesion.gates.size());
  return most;
}

EvaluationReport MakeReport(std::vector<LesionScores> lesions, const BootstrapOptions& options) {
  EvaluationReport report;
  report.bootstrap = options;
  for (size_t n = 0; n < kScoredClicks.size(); ++n) {
    report.dice[n] = Means(lesions, options, [n](const LesionScores& lesion) { return lesion.dice[n]; });
    report.nsd[n] = Means(lesions, options, [n](const LesionScores& lesion) { return lesion.nsd[n]; });
  }
  for (size_t gate = 0; gate < MostGates(lesions); ++gate) {
    report.gates.push_back(MeansOfGate(lesions, options, gate));
  }
  for (size_t group = 0; group < kSizeGroups; ++group) {
    report.counts[group] = static_cast<size_t>(std::count_if(
        lesions.begin(), lesions.end(), [&](const LesionScores& lesion) { return InGroup(lesion, group); }));
  }
  report.cases = CountCases(lesions);
  report.lesions = std::move(lesions);
  return report;
}

}  // namespace sgpsam
