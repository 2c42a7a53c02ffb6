#include "tools/learn/evaluation/evaluation_report.h"

#include <algorithm>
#include <functional>
#include <map>
#include <numeric>
#include <utility>

#include "tools/learn/evaluation/ball.h"

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

MeansBySize MeansOfBall(absl::Span<const LesionScores> lesions, const BootstrapOptions& options,
                        size_t radius) {
  return Means(lesions, options, [radius](const LesionScores& lesion) -> std::optional<double> {
    if (!lesion.dice[0] || lesion.ball.empty()) return std::nullopt;
    return lesion.ball[radius];
  });
}

// The radius with the best mean in a group; nullopt where the group has no lesion with balls.
std::optional<size_t> BestRadius(absl::Span<const LesionScores> lesions, size_t group) {
  std::vector<double> sums(kBallRadii, 0);
  bool any = false;
  for (const LesionScores& lesion : lesions) {
    if (!lesion.dice[0] || lesion.ball.empty() || !InGroup(lesion, group)) continue;
    any = true;
    for (size_t n = 0; n < kBallRadii; ++n) sums[n] += lesion.ball[n];
  }
  if (!any) return std::nullopt;
  return static_cast<size_t>(std::max_element(sums.begin(), sums.end()) - sums.begin());
}

std::optional<BestBalls> FindBestBalls(absl::Span<const LesionScores> lesions,
                                       const BootstrapOptions& options) {
  const std::optional<size_t> best = BestRadius(lesions, 0);
  if (!best) return std::nullopt;
  BestBalls balls;
  balls.radius_mm = BallRadiusMm(*best);
  balls.dice = MeansOfBall(lesions, options, *best);
  for (size_t group = 0; group < kSizeGroups; ++group) {
    const std::optional<size_t> radius = BestRadius(lesions, group);
    if (!radius) continue;
    balls.by_size[group] = BallMean{BallRadiusMm(*radius), *MeansOfBall(lesions, options, *radius)[group]};
  }
  return balls;
}

std::map<std::string, RefusedFor> CountRefused(absl::Span<const LesionScores> lesions) {
  std::map<std::string, RefusedFor> refused;
  for (const LesionScores& lesion : lesions) {
    for (const auto& [reason, clicks] : lesion.refused) {
      refused[reason].clicks += clicks;
      ++refused[reason].lesions;
    }
  }
  return refused;
}

size_t CountIf(absl::Span<const LesionScores> lesions, size_t group,
               const std::function<bool(const LesionScores&)>& counts) {
  return static_cast<size_t>(std::count_if(lesions.begin(), lesions.end(), [&](const LesionScores& lesion) {
    return InGroup(lesion, group) && counts(lesion);
  }));
}

std::optional<AddedClicks> SumUpAdded(absl::Span<const LesionScores> lesions) {
  std::vector<double> changes;
  for (const LesionScores& lesion : lesions) {
    changes.insert(changes.end(), lesion.added.begin(), lesion.added.end());
  }
  if (changes.empty()) return std::nullopt;
  std::sort(changes.begin(), changes.end());
  const double sum = std::accumulate(changes.begin(), changes.end(), 0.0);
  return AddedClicks{changes.size(), sum / static_cast<double>(changes.size()),
                     changes[changes.size() / 100]};
}

std::vector<ConfidenceTenth> ByConfidence(absl::Span<const LesionScores> lesions) {
  std::array<ConfidenceTenth, 10> tenths;
  for (const LesionScores& lesion : lesions) {
    for (size_t n = 0; n < kScoredClicks.size(); ++n) {
      if (!lesion.confidence[n] || !lesion.dice[n]) continue;
      const double said = std::clamp(*lesion.confidence[n], 0.0, 1.0);
      ConfidenceTenth& tenth = tenths[std::min<size_t>(static_cast<size_t>(10 * said), tenths.size() - 1)];
      ++tenth.masks;
      tenth.said += said;  // sums, for now
      tenth.dice += *lesion.dice[n];
    }
  }
  std::vector<ConfidenceTenth> means;
  for (ConfidenceTenth tenth : tenths) {
    if (tenth.masks == 0) continue;
    tenth.said /= static_cast<double>(tenth.masks);
    tenth.dice /= static_cast<double>(tenth.masks);
    means.push_back(tenth);
  }
  return means;
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
    report.counts[group] = CountIf(lesions, group, [](const LesionScores&) { return true; });
    for (size_t n = 0; n < kScoredClicks.size(); ++n) {
      report.without_mask[n][group] =
          CountIf(lesions, group, [n](const LesionScores& lesion) { return !lesion.dice[n]; });
    }
  }
  report.added = SumUpAdded(lesions);
  report.confidence = ByConfidence(lesions);
  report.refused = CountRefused(lesions);
  report.balls = FindBestBalls(lesions, options);
  report.cases = CountCases(lesions);
  report.lesions = std::move(lesions);
  return report;
}

}  // namespace sgpsam
