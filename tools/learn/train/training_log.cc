#include "tools/learn/train/training_log.h"

#include <algorithm>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "core/base/byte_buffer.h"
#include "core/base/file_io.h"
#include "core/base/status_macros.h"

namespace sgpsam {
namespace {

constexpr char kHeading[] = "kind,step,loss,learning_rate,gradient_norm,dice_by_click,opening_by_module,set";
constexpr char kStep[] = "step";
constexpr size_t kFields = 8;
constexpr size_t kRecent = 20;  // steps that a printed line is the mean of
constexpr uint64_t kMostBytes = uint64_t{1} << 30;

std::string Numbers(const std::vector<double>& values) {
  return absl::StrJoin(values, " ",
                       [](std::string* out, double value) { absl::StrAppendFormat(out, "%.4f", value); });
}

std::string Line(const std::string& kind, const StepReport& r, const std::string& set) {
  return absl::StrFormat("%s,%d,%.6f,%.6g,%.6g,%s,%s,%s\n", kind, r.step, r.loss, r.learning_rate,
                         r.gradient_norm, Numbers(r.dice), Numbers(r.opening), set);
}

bool ParseNumbers(absl::string_view text, std::vector<double>& values) {
  for (const absl::string_view word : absl::StrSplit(text, ' ', absl::SkipEmpty())) {
    values.emplace_back();
    if (!absl::SimpleAtod(word, &values.back())) return false;
  }
  return true;
}

void AddTo(const std::vector<double>& values, std::vector<double>& sums) {
  sums.resize(values.size());
  for (size_t n = 0; n < values.size(); ++n) sums[n] += values[n];
}

// Of `count` reports from `first` on; step and learning rate are the last one's.
StepReport MeanOf(const std::vector<StepReport>& reports, size_t first, size_t count) {
  StepReport mean = reports[first + count - 1];
  mean.loss = 0;
  mean.dice.clear();
  mean.opening.clear();
  for (size_t n = first; n < first + count; ++n) {
    mean.loss += reports[n].loss;
    AddTo(reports[n].dice, mean.dice);
    AddTo(reports[n].opening, mean.opening);
  }
  mean.loss /= static_cast<double>(count);
  for (double& value : mean.dice) value /= static_cast<double>(count);
  for (double& value : mean.opening) value /= static_cast<double>(count);
  return mean;
}

}  // namespace

absl::StatusOr<TrainingLog> TrainingLog::Open(const std::string& out, int64_t steps_done) {
  TrainingLog log(out);
  if (steps_done == 0) return log;
  const absl::StatusOr<ByteBuffer> old = ReadFile(out + ".csv", kMostBytes);
  if (absl::IsNotFound(old.status())) return log;
  RETURN_IF_ERROR(old.status());
  const std::vector<absl::string_view> lines = absl::StrSplit(old->view(), '\n', absl::SkipEmpty());
  for (size_t n = 0; n < lines.size(); ++n) {
    const bool good = n == 0 ? lines[0] == kHeading : log.Parse(lines[n], steps_done).ok();
    if (!good) {
      return absl::InvalidArgumentError(
          absl::StrCat(out, ".csv, line ", n + 1, ": not of a training's log; move the file away"));
    }
  }
  return log;
}

absl::Status TrainingLog::Parse(absl::string_view line, int64_t steps_done) {
  const std::vector<absl::string_view> fields = absl::StrSplit(line, ',');
  StepReport report;
  if (fields.size() != kFields || (fields[0] != kStep && fields[0] != kPatches && fields[0] != kLesions) ||
      !absl::SimpleAtoi(fields[1], &report.step) || !absl::SimpleAtod(fields[2], &report.loss) ||
      !absl::SimpleAtod(fields[3], &report.learning_rate) ||
      !absl::SimpleAtod(fields[4], &report.gradient_norm) || !ParseNumbers(fields[5], report.dice) ||
      !ParseNumbers(fields[6], report.opening)) {
    return absl::InvalidArgumentError("no line of a training's log");
  }
  if (report.step > steps_done) return absl::OkStatus();
  if (fields[0] == kStep) {
    steps_.push_back(std::move(report));
  } else {
    validations_.push_back({std::string(fields[0]), std::string(fields[7]), std::move(report)});
  }
  return absl::OkStatus();
}

absl::Status TrainingLog::Write() const {
  std::string csv = absl::StrCat(kHeading, "\n");
  for (const StepReport& report : steps_) csv += Line(kStep, report, "");
  for (const Validation& v : validations_) csv += Line(v.kind, v.report, v.set);
  return WriteFileAtomically(out_ + ".csv", csv);
}

std::string TrainingLog::ProgressLine(int64_t steps, absl::Duration each) const {
  if (steps_.empty()) return "";
  const size_t count = std::min(kRecent, steps_.size());
  const StepReport mean = MeanOf(steps_, steps_.size() - count, count);
  std::string line = absl::StrFormat(
      "step %d/%d  loss %.4f  dice %s  open %s  lr %.2g  %.2f s/step  left %s", mean.step, steps, mean.loss,
      Numbers(mean.dice), Numbers(mean.opening), mean.learning_rate, absl::ToDoubleSeconds(each),
      absl::FormatDuration(absl::Trunc((steps - mean.step) * each, absl::Seconds(1))));
  return absl::StrCat(line, LastOf(kPatches), LastOf(kLesions));
}

std::string TrainingLog::LastOf(const std::string& kind) const {
  int64_t step = -1;
  int sets = 0;
  std::vector<double> sums;
  for (const Validation& validation : validations_) {
    if (validation.kind != kind) continue;
    if (validation.report.step != step) sums.assign(validation.report.dice.size(), 0), sets = 0;
    step = validation.report.step;
    AddTo(validation.report.dice, sums);
    ++sets;
  }
  if (sets == 0) return "";
  for (double& sum : sums) sum /= sets;
  return absl::StrCat("  ", kind, " dice ", Numbers(sums));
}

}  // namespace sgpsam
