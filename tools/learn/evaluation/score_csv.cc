#include "tools/learn/evaluation/score_csv.h"

#include <cmath>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "core/base/status_macros.h"
#include "tools/learn/evaluation/ball.h"

namespace sgpsam {
namespace {

constexpr char kLineEnd[] = "\r\n";

std::string Quoted(const std::string& field) {
  if (field.find_first_of(",\"\r\n") == std::string::npos) return field;
  return absl::StrCat("\"", absl::StrReplaceAll(field, {{"\"", "\"\""}}), "\"");
}

std::vector<std::string> FieldNames(size_t gates) {
  std::vector<std::string> names = {"set",         "case", "lesion", "lesions", "crumbs",
                                    "diameter_mm", "size", "i",      "j",       "k"};
  for (const char* metric : {"dice", "nsd", "expected", "confidence"}) {
    for (const int clicks : kScoredClicks) names.push_back(absl::StrCat(metric, "_", clicks));
  }
  names.push_back("added");
  names.push_back("refused");
  for (size_t n = 1; n <= gates; ++n) {
    names.push_back(absl::StrCat("gate", n));
    names.push_back(absl::StrCat("gate", n, "_open"));
  }
  names.push_back("ball");
  names.push_back("run");
  return names;
}

std::string Numbers(const std::vector<double>& values) {
  return absl::StrJoin(values, " ",
                       [](std::string* out, double value) { absl::StrAppendFormat(out, "%.4g", value); });
}

std::string Line(const ScoredCase& scored, const LesionScores& lesion, size_t gates, absl::string_view run) {
  std::vector<std::string> fields = {Quoted(scored.set),
                                     Quoted(scored.case_id),
                                     absl::StrCat(lesion.lesion_id),
                                     absl::StrCat(scored.lesions.size()),
                                     absl::StrCat(scored.crumbs),
                                     absl::StrFormat("%.6g", lesion.diameter_mm),
                                     NameOf(SizeBinOf(lesion.diameter_mm))};
  for (const int64_t index : lesion.first_click) fields.push_back(absl::StrCat(index));
  for (const auto* scores : {&lesion.dice, &lesion.nsd, &lesion.expected, &lesion.confidence}) {
    for (const std::optional<double>& score : *scores) {
      fields.push_back(score ? absl::StrFormat("%.9g", *score) : "");
    }
  }
  fields.push_back(Numbers(lesion.added));
  fields.push_back(absl::StrJoin(lesion.refused, " ", absl::PairFormatter(":")));
  for (size_t n = 0; n < gates; ++n) {
    const bool has = n < lesion.gates.size();
    fields.push_back(has ? absl::StrFormat("%.6g", lesion.gates[n].score) : "");
    fields.push_back(has ? absl::StrCat(lesion.gates[n].open ? 1 : 0) : "");
  }
  fields.push_back(Numbers(lesion.ball));
  fields.push_back(std::string(run));
  return absl::StrCat(absl::StrJoin(fields, ","), kLineEnd);
}

// Takes one line off the text, quotes undone; nullopt where the text ends before the line does.
std::optional<std::vector<std::string>> TakeLine(absl::string_view& text) {
  std::vector<std::string> fields(1);
  bool quoted = false;
  for (size_t n = 0; n < text.size(); ++n) {
    const char c = text[n];
    if (quoted) {
      if (c != '"') {
        fields.back() += c;
      } else if (n + 1 < text.size() && text[n + 1] == '"') {
        fields.back() += text[++n];
      } else {
        quoted = false;
      }
    } else if (c == '"') {
      quoted = true;
    } else if (c == ',') {
      fields.emplace_back();
    } else if (c == '\n') {
      text.remove_prefix(n + 1);
      return fields;
    } else if (c != '\r') {
      fields.back() += c;
    }
  }
  return std::nullopt;
}

// The fields of a line, one after the other; once one is wrong, all is.
class Fields {
 public:
  explicit Fields(const std::vector<std::string>& fields) : fields_(fields) {}

  const std::string& Text() { return fields_[next_++]; }
  int64_t Whole() {
    int64_t value = 0;
    good_ = absl::SimpleAtoi(Text(), &value) && value >= 0 && good_;
    return value;
  }
  std::optional<double> Number() {
    const std::string& text = Text();
    double value = 0;
    if (text.empty()) return std::nullopt;
    good_ = absl::SimpleAtod(text, &value) && std::isfinite(value) && good_;
    return value;
  }
  bool good() const { return good_; }
  void Spoil() { good_ = false; }

 private:
  const std::vector<std::string>& fields_;
  size_t next_ = 0;
  bool good_ = true;
};

void ReadRefused(Fields& fields, std::map<std::string, int>& refused) {
  for (const absl::string_view word : absl::StrSplit(fields.Text(), ' ', absl::SkipEmpty())) {
    const std::pair<std::string, std::string> pair = absl::StrSplit(word, absl::MaxSplits(':', 1));
    if (!absl::SimpleAtoi(pair.second, &refused[pair.first])) fields.Spoil();
  }
}

void ReadNumbers(Fields& fields, std::vector<double>& values) {
  for (const absl::string_view word : absl::StrSplit(fields.Text(), ' ', absl::SkipEmpty())) {
    if (!absl::SimpleAtod(word, &values.emplace_back()) || !std::isfinite(values.back())) fields.Spoil();
  }
}

struct ParsedLine {
  std::string set, run;
  LesionScores lesion;
  size_t lesions = 0;
  int64_t crumbs = 0;
};

absl::StatusOr<ParsedLine> ParseLine(const std::vector<std::string>& texts, size_t gates) {
  const absl::Status bad = absl::InvalidArgumentError("no line of an evaluation's scores");
  if (texts.size() != FieldNames(gates).size()) return bad;
  Fields fields(texts);
  ParsedLine line;
  line.set = fields.Text();
  LesionScores& lesion = line.lesion;
  lesion.case_id = fields.Text();
  lesion.lesion_id = static_cast<int>(fields.Whole());
  line.lesions = static_cast<size_t>(fields.Whole());
  line.crumbs = fields.Whole();
  lesion.diameter_mm = fields.Number().value_or(0);
  fields.Text();  // the size follows from the diameter
  for (int64_t& index : lesion.first_click) index = fields.Whole();
  for (auto* scores : {&lesion.dice, &lesion.nsd, &lesion.expected, &lesion.confidence}) {
    for (std::optional<double>& score : *scores) score = fields.Number();
  }
  ReadNumbers(fields, lesion.added);
  ReadRefused(fields, lesion.refused);
  for (size_t n = 0; n < gates; ++n) {
    const std::optional<double> score = fields.Number(), open = fields.Number();
    if (score && open) lesion.gates.push_back({*score, *open != 0});
  }
  ReadNumbers(fields, lesion.ball);
  if (!lesion.ball.empty() && lesion.ball.size() != kBallRadii) fields.Spoil();
  line.run = fields.Text();
  if (!fields.good()) return bad;
  return line;
}

}  // namespace

std::string ScoreCsvHeader(size_t gates) {
  return absl::StrCat(absl::StrJoin(FieldNames(gates), ","), kLineEnd);
}

std::string ScoreCsvLines(const ScoredCase& scored, size_t gates, absl::string_view run) {
  std::string lines;
  for (const LesionScores& lesion : scored.lesions) lines += Line(scored, lesion, gates, run);
  return lines;
}

absl::StatusOr<ScoreCsv> ParseScoreCsv(absl::string_view text, size_t gates, absl::string_view run) {
  absl::string_view left = text;
  const std::optional<std::vector<std::string>> header = TakeLine(left);
  if (!header || *header != FieldNames(gates)) {
    return absl::InvalidArgumentError("line 1: not the heading of this evaluation's scores");
  }
  ScoreCsv csv;
  csv.whole_bytes = text.size() - left.size();
  ScoredCase current;
  for (int line = 2; const std::optional<std::vector<std::string>> fields = TakeLine(left); ++line) {
    absl::StatusOr<ParsedLine> parsed = ParseLine(*fields, gates);
    if (!parsed.ok())
      return absl::InvalidArgumentError(absl::StrCat("line ", line, ": ", parsed.status().message()));
    if (parsed->run != run)
      return absl::FailedPreconditionError(absl::StrCat("line ", line, ": of another run"));
    if (parsed->set != current.set || parsed->lesion.case_id != current.case_id) {
      current = {parsed->set, parsed->lesion.case_id, {}, parsed->crumbs};
    }
    current.lesions.push_back(std::move(parsed->lesion));
    if (current.lesions.size() != parsed->lesions) continue;
    csv.cases.push_back(std::exchange(current, {}));
    csv.whole_bytes = text.size() - left.size();
  }
  return csv;
}

}  // namespace sgpsam
