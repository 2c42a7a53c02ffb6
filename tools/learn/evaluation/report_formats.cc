#include "tools/learn/evaluation/report_formats.h"

#include <array>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "nlohmann/json.hpp"

namespace sgpsam {
namespace {

using Json = nlohmann::ordered_json;

std::string NameOfGroup(size_t group) { return group == 0 ? "all" : NameOf(kSizeBins[group - 1]); }

int RefusedClicks(const EvaluationReport& report) {
  int refused = 0;
  for (const LesionScores& lesion : report.lesions) refused += lesion.refused_clicks;
  return refused;
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

// CSV.

std::string Quoted(const std::string& field) {
  if (field.find_first_of(",\"\r\n") == std::string::npos) return field;
  return absl::StrCat("\"", absl::StrReplaceAll(field, {{"\"", "\"\""}}), "\"");
}

std::string CsvHeader(size_t gates) {
  std::string line = "case,lesion,diameter_mm,size";
  for (const char* metric : {"dice", "nsd"}) {
    for (const int clicks : kScoredClicks) absl::StrAppend(&line, ",", metric, "_", clicks);
  }
  for (size_t n = 1; n <= gates; ++n) absl::StrAppend(&line, ",gate", n, ",gate", n, "_open");
  return line + "\r\n";
}

std::string CsvLine(const LesionScores& lesion, size_t gates) {
  std::string line = absl::StrFormat("%s,%d,%.6g,%s", Quoted(lesion.case_id), lesion.lesion_id,
                                     lesion.diameter_mm, NameOf(SizeBinOf(lesion.diameter_mm)));
  for (const auto* scores : {&lesion.dice, &lesion.nsd}) {
    for (const double score : *scores) absl::StrAppendFormat(&line, ",%.9g", score);
  }
  for (size_t n = 0; n < gates; ++n) {
    if (n < lesion.gates.size()) {
      absl::StrAppendFormat(&line, ",%.6g,%d", lesion.gates[n].score, lesion.gates[n].open ? 1 : 0);
    } else {
      line += ",,";
    }
  }
  return line + "\r\n";
}

// JSON.

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

Json ByClicks(const std::array<MeansBySize, kScoredClicks.size()>& means, NumberOf number_of) {
  Json object;
  for (size_t n = 0; n < kScoredClicks.size(); ++n) {
    object[absl::StrCat(kScoredClicks[n])] = BySize(means[n], number_of);
  }
  return object;
}

}  // namespace

std::string ToTable(const EvaluationReport& report) {
  std::string table = absl::StrFormat("%d lesions of %d cases; intervals: %g %%, bootstrap over cases\n\n",
                                      report.counts[0], report.cases, 100 * report.bootstrap.confidence);
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
  if (const int refused = RefusedClicks(report); refused > 0) {
    absl::StrAppend(&table, refused, " clicks were refused; their masks stayed as they were\n");
  }
  if (!report.passed_over.empty()) absl::StrAppend(&table, report.passed_over.size(), " cases were passed over\n");
  return table;
}

std::string ToCsv(absl::Span<const LesionScores> lesions) {
  const size_t gates = MostGates(lesions);
  std::string csv = CsvHeader(gates);
  for (const LesionScores& lesion : lesions) csv += CsvLine(lesion, gates);
  return csv;
}

std::string ToJson(const EvaluationReport& report) {
  Json counts, gates = Json::array();
  for (size_t group = 0; group < kSizeGroups; ++group) counts[NameOfGroup(group)] = report.counts[group];
  for (const GateMeans& gate : report.gates) {
    gates.push_back({{"score", BySize(gate.score, MeanOf)}, {"open_rate", BySize(gate.open_rate, MeanOf)}});
  }
  Json passed_over = Json::array();
  for (const PassedOver& passed : report.passed_over) {
    passed_over.push_back({{"case", passed.case_id}, {"reason", passed.reason}});
  }
  const BootstrapOptions& bootstrap = report.bootstrap;
  const std::string interval = absl::StrCat("_ci", std::lround(100 * bootstrap.confidence));
  const Json object = {
      {"dice", ByClicks(report.dice, MeanOf)},
      {"nsd", ByClicks(report.nsd, MeanOf)},
      {"cases", report.cases},
      {"lesions", counts},
      {absl::StrCat("dice", interval), ByClicks(report.dice, IntervalOf)},
      {absl::StrCat("nsd", interval), ByClicks(report.nsd, IntervalOf)},
      {"gates", gates},
      {"bootstrap",
       {{"confidence", bootstrap.confidence}, {"resamples", bootstrap.resamples}, {"seed", bootstrap.seed}}},
      {"model", ModelOf(report.model)},
      {"refused_clicks", RefusedClicks(report)},
      {"passed_over", passed_over}};
  return object.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace sgpsam
