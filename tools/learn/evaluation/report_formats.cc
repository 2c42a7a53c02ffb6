#include "tools/learn/evaluation/report_formats.h"

#include <array>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "nlohmann/json.hpp"

namespace sgpsam {
namespace {

using Json = nlohmann::ordered_json;

std::string NameOfGroup(size_t group) { return group == 0 ? "all" : NameOf(kSizeBins[group - 1]); }

int RefusedClicks(const EvaluationReport& report) {
  int clicks = 0;
  for (const auto& [reason, refused] : report.refused) clicks += refused.clicks;
  return clicks;
}

// The table.

std::string Cell(const std::optional<MeanInterval>& mean) {
  if (!mean) return "-";
  return absl::StrFormat("%.3f [%.3f, %.3f]", mean->mean, mean->low, mean->high);
}

std::string Line(absl::string_view title, const std::array<std::string, kSizeGroups>& cells) {
  std::string line = absl::StrFormat("%-16s", title);
  for (const std::string& cell : cells) absl::StrAppendFormat(&line, "  %-20s", cell);
  line.erase(line.find_last_not_of(' ') + 1);
  return line + "\n";
}

std::string Line(absl::string_view title, const MeansBySize& means) {
  std::array<std::string, kSizeGroups> cells;
  for (size_t group = 0; group < kSizeGroups; ++group) cells[group] = Cell(means[group]);
  return Line(title, cells);
}

std::string LinesOfClicks(absl::string_view metric,
                          const std::array<MeansBySize, kScoredClicks.size()>& means) {
  std::string lines;
  for (size_t n = 0; n < kScoredClicks.size(); ++n) {
    const int clicks = kScoredClicks[n];
    lines += Line(absl::StrCat(metric, ", ", clicks, clicks == 1 ? " click" : " clicks"), means[n]);
  }
  return lines;
}

std::string LinesOfBalls(const BestBalls& balls) {
  std::string lines = Line(absl::StrCat("ball, ", balls.radius_mm, " mm"), balls.dice);
  std::array<std::string, kSizeGroups> cells;
  for (size_t group = 0; group < kSizeGroups; ++group) {
    const std::optional<BallMean>& best = balls.by_size[group];
    cells[group] = best ? absl::StrFormat("%.3f, %g mm", best->dice.mean, best->radius_mm) : "-";
  }
  return lines + Line("ball by size", cells);
}

std::string LinesOfRefused(const EvaluationReport& report) {
  if (report.refused.empty()) return "";
  std::string lines = "\nrefused clicks; the masks stayed as they were\n";
  for (const auto& [reason, refused] : report.refused) {
    absl::StrAppendFormat(&lines, "  %-30s %d clicks in %d lesions\n", reason, refused.clicks,
                          refused.lesions);
  }
  for (size_t n = 0; n < kScoredClicks.size(); ++n) {
    if (report.without_mask[n][0] == 0) continue;
    absl::StrAppend(&lines, "  ", report.without_mask[n][0], " lesions have no mask after ", kScoredClicks[n],
                    kScoredClicks[n] == 1 ? " click" : " clicks", ": they are in no mean of that line\n");
  }
  return lines;
}

std::string LineOfAdded(const EvaluationReport& report) {
  if (!report.added) return "";
  return absl::StrFormat(
      "one more right click changes Dice by %+.3f in the mean of %d, %+.3f in the worst hundredth\n",
      report.added->mean, report.added->clicks, report.added->worst_hundredth);
}

std::string LinesOfConfidence(const EvaluationReport& report) {
  if (report.confidence.empty()) return "";
  std::string lines = "\nconfidence of masks, by tenths: said, and the Dice that they have\n";
  for (const ConfidenceTenth& tenth : report.confidence) {
    absl::StrAppendFormat(&lines, "  %.2f  %.2f  (%d masks)\n", tenth.said, tenth.dice, tenth.masks);
  }
  return lines;
}

// JSON.

Json AddedOf(const std::optional<AddedClicks>& added) {
  if (!added) return nullptr;
  return {{"clicks", added->clicks}, {"mean", added->mean}, {"worst_hundredth", added->worst_hundredth}};
}

Json ConfidenceOf(const EvaluationReport& report) {
  Json tenths = Json::array();
  for (const ConfidenceTenth& tenth : report.confidence) {
    tenths.push_back({{"masks", tenth.masks}, {"said", tenth.said}, {"dice", tenth.dice}});
  }
  return tenths;
}

Json MeanOf(const std::optional<MeanInterval>& mean) { return mean ? Json(mean->mean) : Json(nullptr); }

Json IntervalOf(const std::optional<MeanInterval>& mean) {
  return mean ? Json{mean->low, mean->high} : Json(nullptr);
}

Json ModelOf(const std::optional<MeasuredModel>& model) {
  if (!model) return nullptr;
  return {{"name", model->name},
          {"version", model->version},
          {"weights_sha256", model->weights_sha256},
          {"precision", model->precision}};
}

using NumberOf = Json (*)(const std::optional<MeanInterval>&);

Json BySize(const MeansBySize& means, NumberOf number_of) {
  Json object;
  for (size_t group = 0; group < kSizeGroups; ++group) object[NameOfGroup(group)] = number_of(means[group]);
  return object;
}

Json BallsOf(const std::optional<BestBalls>& balls) {
  if (!balls) return nullptr;
  Json by_size;
  for (size_t group = 0; group < kSizeGroups; ++group) {
    const std::optional<BallMean>& best = balls->by_size[group];
    by_size[NameOfGroup(group)] =
        best ? Json{{"radius_mm", best->radius_mm}, {"dice", best->dice.mean}} : Json(nullptr);
  }
  return {{"radius_mm", balls->radius_mm}, {"dice", BySize(balls->dice, MeanOf)}, {"by_size", by_size}};
}

Json ByClicks(const std::array<MeansBySize, kScoredClicks.size()>& means, NumberOf number_of) {
  Json object;
  for (size_t n = 0; n < kScoredClicks.size(); ++n) {
    object[absl::StrCat(kScoredClicks[n])] = BySize(means[n], number_of);
  }
  return object;
}

}  // namespace

std::string ToTable(const EvaluationReport& report) {
  const std::string set = report.set.empty() ? "" : absl::StrCat(report.set, ": ");
  std::string table =
      absl::StrFormat("%s%d lesions of %d cases; intervals: %g %%, bootstrap over cases\n%s\n", set,
                      report.counts[0], report.cases, 100 * report.bootstrap.confidence,
                      report.clicks.empty() ? "" : absl::StrCat("clicks: ", report.clicks, "\n"));
  if (report.model) {
    const MeasuredModel& model = *report.model;
    table = absl::StrCat(model.name, " ", model.version, ", computed in ", model.precision, "\n", table);
  }
  std::array<std::string, kSizeGroups> counts;
  for (size_t group = 0; group < kSizeGroups; ++group) counts[group] = absl::StrCat(report.counts[group]);
  table += Line("", {"all", "below 5 mm", "5 to 10 mm", "10 mm and more"});
  table += Line("lesions", counts);
  table += LinesOfClicks("Dice", report.dice);
  table += LinesOfClicks("NSD", report.nsd);
  for (size_t n = 0; n < report.gates.size(); ++n) {
    table += Line(absl::StrCat("gate ", n + 1, ", score"), report.gates[n].score);
    table += Line(absl::StrCat("gate ", n + 1, ", open"), report.gates[n].open_rate);
  }
  if (report.balls) table += LinesOfBalls(*report.balls);
  table += LineOfAdded(report);
  table += LinesOfConfidence(report);
  table += LinesOfRefused(report);
  if (report.crumbs > 0) {
    absl::StrAppend(&table, report.crumbs, " targets of fewer than ", report.min_voxels,
                    " voxels were left out\n");
  }
  if (!report.passed_over.empty())
    absl::StrAppend(&table, report.passed_over.size(), " cases were passed over\n");
  return table;
}

std::string ToJson(const EvaluationReport& report) {
  Json counts, gates = Json::array();
  for (size_t group = 0; group < kSizeGroups; ++group) counts[NameOfGroup(group)] = report.counts[group];
  for (const GateMeans& gate : report.gates) {
    gates.push_back({{"score", BySize(gate.score, MeanOf)}, {"open_rate", BySize(gate.open_rate, MeanOf)}});
  }
  Json without_mask, reasons = Json::object(), passed_over = Json::array();
  for (size_t n = 0; n < kScoredClicks.size(); ++n) {
    for (size_t group = 0; group < kSizeGroups; ++group) {
      without_mask[absl::StrCat(kScoredClicks[n])][NameOfGroup(group)] = report.without_mask[n][group];
    }
  }
  for (const auto& [reason, refused] : report.refused) {
    reasons[reason] = {{"clicks", refused.clicks}, {"lesions", refused.lesions}};
  }
  for (const PassedOver& passed : report.passed_over) {
    passed_over.push_back({{"case", passed.case_id}, {"reason", passed.reason}});
  }
  const BootstrapOptions& bootstrap = report.bootstrap;
  const std::string interval = absl::StrCat("_ci", std::lround(100 * bootstrap.confidence));
  const Json object = {
      {"set", report.set},
      {"dice", ByClicks(report.dice, MeanOf)},
      {"nsd", ByClicks(report.nsd, MeanOf)},
      {"cases", report.cases},
      {"lesions", counts},
      {absl::StrCat("dice", interval), ByClicks(report.dice, IntervalOf)},
      {absl::StrCat("nsd", interval), ByClicks(report.nsd, IntervalOf)},
      {"gates", gates},
      {"added_clicks", AddedOf(report.added)},
      {"confidence", ConfidenceOf(report)},
      {"ball", BallsOf(report.balls)},
      {"bootstrap",
       {{"confidence", bootstrap.confidence}, {"resamples", bootstrap.resamples}, {"seed", bootstrap.seed}}},
      {"clicks", report.clicks},
      {"model", ModelOf(report.model)},
      {"refused",
       {{"clicks", RefusedClicks(report)}, {"lesions_without_mask", without_mask}, {"reasons", reasons}}},
      {"min_voxels", report.min_voxels},
      {"below_min_voxels", report.crumbs},
      {"passed_over", passed_over}};
  return object.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace sgpsam
