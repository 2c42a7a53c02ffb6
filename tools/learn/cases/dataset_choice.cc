#include "tools/learn/cases/dataset_choice.h"

#include <algorithm>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "tools/learn/cases/quoted.h"

namespace sgpsam {
namespace {

bool IsBackground(const DatasetLabel& label) { return label.values == std::vector<int64_t>{0}; }

// 1 "liver", 2 "cancer": what can be chosen.
std::string ListLabels(const DatasetJson& dataset) {
  std::vector<std::string> texts;
  for (const DatasetLabel& label : dataset.labels) {
    if (!IsBackground(label)) {
      texts.push_back(absl::StrCat(absl::StrJoin(label.values, "+"), " ", Quoted(label.name)));
    }
  }
  return absl::StrJoin(texts, ", ");
}

std::string ListChannels(const DatasetJson& dataset) {
  std::vector<std::string> texts;
  for (const std::string& name : dataset.channels)
    texts.push_back(absl::StrCat(texts.size(), " ", Quoted(name)));
  return absl::StrJoin(texts, ", ");
}

bool HasValue(const DatasetJson& dataset, int64_t value) {
  return std::any_of(dataset.labels.begin(), dataset.labels.end(), [value](const DatasetLabel& label) {
    return std::find(label.values.begin(), label.values.end(), value) != label.values.end();
  });
}

// By value: the label that has this one only, or a piece of a region, which has no name of its own.
absl::StatusOr<DatasetLabel> LabelOfValue(const DatasetJson& dataset, int64_t value) {
  for (const DatasetLabel& label : dataset.labels) {
    if (label.values == std::vector<int64_t>{value}) return label;
  }
  if (HasValue(dataset, value)) return DatasetLabel{absl::StrCat(value), {value}};
  return absl::InvalidArgumentError(
      absl::StrCat("has no label ", value, ": choose one of ", ListLabels(dataset)));
}

// By name. Names are the keys of nnU-Net's layout, but values in MSD's, where two may be the same.
absl::StatusOr<DatasetLabel> LabelOfName(const DatasetJson& dataset, absl::string_view name) {
  const DatasetLabel* found = nullptr;
  for (const DatasetLabel& label : dataset.labels) {
    if (label.name != name) continue;
    if (found != nullptr) {
      return absl::InvalidArgumentError(
          absl::StrCat("has two labels ", Quoted(name), ": choose by value: ", ListLabels(dataset)));
    }
    found = &label;
  }
  if (found != nullptr) return *found;
  return absl::InvalidArgumentError(
      absl::StrCat("has no label ", Quoted(name), ": choose one of ", ListLabels(dataset)));
}

absl::StatusOr<DatasetLabel> OnlyLabel(const DatasetJson& dataset) {
  const DatasetLabel* found = nullptr;
  for (const DatasetLabel& label : dataset.labels) {
    if (IsBackground(label)) continue;
    if (found != nullptr) {
      return absl::InvalidArgumentError(
          absl::StrCat("has several labels: choose one of ", ListLabels(dataset)));
    }
    found = &label;
  }
  if (found != nullptr) return *found;
  return absl::InvalidArgumentError("has no label besides the background");
}

absl::StatusOr<DatasetLabel> FindLabel(const DatasetJson& dataset, absl::string_view choice) {
  if (choice.empty()) return OnlyLabel(dataset);
  int64_t value = 0;
  return absl::SimpleAtoi(choice, &value) ? LabelOfValue(dataset, value) : LabelOfName(dataset, choice);
}

}  // namespace

absl::StatusOr<DatasetLabel> ChooseLabel(const DatasetJson& dataset, absl::string_view choice) {
  absl::StatusOr<DatasetLabel> label = FindLabel(dataset, choice);
  if (label.ok() && std::find(label->values.begin(), label->values.end(), 0) != label->values.end()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "label ", Quoted(label->name), " is the background: choose one of ", ListLabels(dataset)));
  }
  return label;
}

absl::StatusOr<int64_t> ChooseChannel(const DatasetJson& dataset, absl::string_view choice) {
  const auto& names = dataset.channels;
  const int64_t count = static_cast<int64_t>(names.size());
  if (choice.empty() && count == 1) return 0;
  if (choice.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("has several channels: choose one of ", ListChannels(dataset)));
  }
  int64_t number = 0;
  if (absl::SimpleAtoi(choice, &number) && number >= 0 && number < count) return number;
  const int64_t named = std::count(names.begin(), names.end(), choice);
  if (named == 1) return std::find(names.begin(), names.end(), choice) - names.begin();
  return absl::InvalidArgumentError(absl::StrCat("has ", named == 0 ? "no channel " : "several channels ",
                                                 Quoted(choice), ": choose one of ", ListChannels(dataset)));
}

}  // namespace sgpsam
