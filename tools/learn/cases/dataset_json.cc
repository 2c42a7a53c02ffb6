#include "tools/learn/cases/dataset_json.h"

#include <utility>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "core/base/status_macros.h"
#include "core/base/strict_json.h"
#include "nlohmann/json.hpp"
#include "tools/learn/cases/quoted.h"

namespace sgpsam {
namespace {

using nlohmann::json;

absl::Status Invalid(absl::string_view key, absl::string_view reason) {
  return absl::InvalidArgumentError(absl::StrCat(Quoted(key), " ", reason));
}

// The member `key`, or nothing.
const json* Find(const json& object, const char* key) {
  const auto found = object.find(key);
  return found == object.end() ? nullptr : &*found;
}

absl::StatusOr<int64_t> LabelValue(const json& value, absl::string_view name) {
  if (value.is_number_unsigned() && value.get<uint64_t>() <= static_cast<uint64_t>(DatasetLabel::kMaxValue)) {
    return static_cast<int64_t>(value.get<uint64_t>());
  }
  return Invalid("labels", absl::StrCat("gives ", Quoted(name), " a value that is no whole number from 0 to ",
                                        DatasetLabel::kMaxValue));
}

// {"liver": 1} or {"liver and cancer": [1, 2]}.
absl::StatusOr<DatasetLabel> LabelByName(const std::string& name, const json& value) {
  DatasetLabel label{name, {}};
  if (!value.is_array()) {
    ASSIGN_OR_RETURN(label.values.emplace_back(), LabelValue(value, name));
    return label;
  }
  for (const json& one : value) {
    ASSIGN_OR_RETURN(label.values.emplace_back(), LabelValue(one, name));
  }
  if (label.values.empty()) return Invalid("labels", absl::StrCat("gives ", Quoted(name), " no value"));
  return label;
}

// {"1": "liver"}.
absl::StatusOr<DatasetLabel> LabelByValue(const std::string& key, const json& name) {
  int64_t value = 0;
  if (!absl::SimpleAtoi(key, &value) || value < 0 || value > DatasetLabel::kMaxValue) {
    return Invalid("labels", absl::StrCat("has the key ", Quoted(key),
                                          ", which is no whole number from 0 to ", DatasetLabel::kMaxValue));
  }
  return DatasetLabel{name.get<std::string>(), {value}};
}

absl::StatusOr<std::vector<DatasetLabel>> ReadLabels(const json& dataset) {
  const json* object = Find(dataset, "labels");
  if (object == nullptr || !object->is_object() || object->empty()) {
    return Invalid("labels", R"(must be an object such as {"0": "background", "1": "liver"})");
  }
  std::vector<DatasetLabel> labels;
  for (const auto& [key, value] : object->items()) {
    ASSIGN_OR_RETURN(labels.emplace_back(),
                     value.is_string() ? LabelByValue(key, value) : LabelByName(key, value));
  }
  return labels;
}

// {"0": "FLAIR", "1": "T1w"}; without it there is one channel that has no name.
absl::StatusOr<std::vector<std::string>> ReadChannels(const json& dataset, const char* key) {
  const json* object = Find(dataset, key);
  if (object == nullptr) return std::vector<std::string>(1);
  if (!object->is_object() || object->empty())
    return Invalid(key, R"(must be an object such as {"0": "CT"})");
  std::vector<std::string> channels;
  for (size_t n = 0; n < object->size(); ++n) {
    const json* name = Find(*object, std::to_string(n).c_str());
    if (name == nullptr || !name->is_string()) {
      return Invalid(key, absl::StrCat("must name the channels 0 to ", object->size() - 1, " by texts; ", n,
                                       " has none"));
    }
    channels.push_back(name->get<std::string>());
  }
  return channels;
}

absl::StatusOr<std::string> ReadPath(const json& entry, const char* key, absl::string_view where) {
  const json* path = entry.is_object() ? Find(entry, key) : nullptr;
  if (path == nullptr || !path->is_string()) {
    return absl::InvalidArgumentError(absl::StrCat(where, " must have the path of a file as ", Quoted(key)));
  }
  return path->get<std::string>();
}

// The file's name without folder and ending.
std::string IdOfPath(absl::string_view path) {
  path = path.substr(path.rfind('/') + 1);  // npos + 1 is 0
  if (!absl::ConsumeSuffix(&path, ".nii.gz")) absl::ConsumeSuffix(&path, ".nii");
  return std::string(path);
}

absl::Status CheckId(const ListedCase& listed, absl::string_view where) {
  if (!listed.id.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(where, " names no file"));
}

absl::StatusOr<std::vector<ListedCase>> ReadTraining(const json& training) {
  if (!training.is_array() || training.empty()) {
    return Invalid("training", R"(must be a list of {"image": …, "label": …}, one for every case)");
  }
  std::vector<ListedCase> cases;
  for (const json& entry : training) {
    const std::string where = absl::StrCat("\"training\", entry ", cases.size() + 1, ",");
    ListedCase listed;
    ASSIGN_OR_RETURN(listed.images.emplace_back(), ReadPath(entry, "image", where));
    ASSIGN_OR_RETURN(listed.label, ReadPath(entry, "label", where));
    listed.id = IdOfPath(listed.images[0]);
    RETURN_IF_ERROR(CheckId(listed, where));
    cases.push_back(std::move(listed));
  }
  return cases;
}

absl::StatusOr<DatasetJson> ReadMsd(const json& text) {
  DatasetJson dataset;
  ASSIGN_OR_RETURN(dataset.labels, ReadLabels(text));
  ASSIGN_OR_RETURN(dataset.channels, ReadChannels(text, "modality"));
  ASSIGN_OR_RETURN(dataset.cases, ReadTraining(text.at("training")));
  return dataset;
}

absl::StatusOr<ListedCase> ReadListed(const std::string& id, const json& entry, size_t channels) {
  const std::string where = absl::StrCat("\"dataset\", case ", Quoted(id), ",");
  ListedCase listed;
  listed.id = id;
  RETURN_IF_ERROR(CheckId(listed, where));
  ASSIGN_OR_RETURN(listed.label, ReadPath(entry, "label", where));
  const json* images = Find(entry, "images");
  if (images == nullptr || !images->is_array() || images->size() != channels) {
    return absl::InvalidArgumentError(
        absl::StrCat(where, " must list as many \"images\" as there are channels, ", channels));
  }
  for (const json& image : *images) {
    if (!image.is_string())
      return absl::InvalidArgumentError(absl::StrCat(where, " lists an image that is no path"));
    listed.images.push_back(image.get<std::string>());
  }
  return listed;
}

absl::StatusOr<std::string> ReadFileEnding(const json& text) {
  const json* ending = Find(text, "file_ending");
  if (ending == nullptr) return std::string(".nii.gz");
  if (ending->is_string() && (*ending == ".nii.gz" || *ending == ".nii")) return ending->get<std::string>();
  return Invalid("file_ending", "must be \".nii.gz\" or \".nii\": convert other files to NIfTI");
}

absl::StatusOr<DatasetJson> ReadNnunet(const json& text) {
  DatasetJson dataset;
  dataset.layout = DatasetLayout::kNnunet;
  ASSIGN_OR_RETURN(dataset.labels, ReadLabels(text));
  ASSIGN_OR_RETURN(dataset.channels, ReadChannels(text, "channel_names"));
  ASSIGN_OR_RETURN(dataset.file_ending, ReadFileEnding(text));
  if (const json* announced = Find(text, "numTraining"); announced != nullptr) {
    if (!announced->is_number_unsigned()) return Invalid("numTraining", "must be the number of cases");
    dataset.announced_cases = announced->get<uint64_t>();
  }
  const json* listed = Find(text, "dataset");
  if (listed == nullptr) return dataset;
  if (!listed->is_object() || listed->empty()) return Invalid("dataset", "must be an object with cases");
  for (const auto& [id, entry] : listed->items()) {
    ASSIGN_OR_RETURN(dataset.cases.emplace_back(), ReadListed(id, entry, dataset.channels.size()));
  }
  return dataset;
}

}  // namespace

absl::StatusOr<DatasetJson> ParseDatasetJson(absl::string_view text) {
  ASSIGN_OR_RETURN(const json parsed, ParseStrictJson(text, kMaxDatasetJsonBytes));
  if (!parsed.is_object()) return absl::InvalidArgumentError("not a JSON object");
  if (parsed.contains("training")) return ReadMsd(parsed);
  if (parsed.contains("channel_names") || parsed.contains("file_ending")) return ReadNnunet(parsed);
  return absl::InvalidArgumentError(
      "has neither \"training\", as the Medical Segmentation Decathlon's layout has it, nor "
      "\"channel_names\", as nnU-Net's version 2 has it: only these two layouts are read");
}

}  // namespace sgpsam
