#include "tools/commands/data_set.h"

#include <algorithm>
#include <filesystem>
#include <set>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "core/base/status_macros.h"
#include "tools/learn/cases/modality.h"
#include "tools/learn/cases/quoted.h"

namespace sgpsam::tools {
namespace {

constexpr double kLeastWeight = 1e-6, kMostWeight = 1e6;

// Names stand in reports and in lines of CSV files.
bool IsNameCharacter(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return absl::ascii_isalnum(byte) || byte >= 0x80 || c == '_' || c == '-' || c == '.' || c == '+';
}

std::string LastName(const std::string& folder) {
  const std::filesystem::path path = std::filesystem::path(folder).lexically_normal();
  std::string name = path.has_filename() ? path.filename().string() : path.parent_path().filename().string();
  std::replace_if(
      name.begin(), name.end(), [](char c) { return !IsNameCharacter(c); }, '_');
  return name.empty() || name == "." || name == ".." ? "data" : name;
}

absl::Status Set(absl::string_view key, absl::string_view value, DataSet& set) {
  if (value.empty()) return absl::InvalidArgumentError(absl::StrCat(key, " has no value"));
  if (key == "name") {
    if (!std::all_of(value.begin(), value.end(), IsNameCharacter)) {
      return absl::InvalidArgumentError("name may have letters, digits and _-.+");
    }
    set.name = std::string(value);
  } else if (key == "label") {
    set.options.label = std::string(value);
  } else if (key == "channel") {
    set.options.channel = std::string(value);
  } else if (key == "modality") {
    set.options.modality = std::string(value);
  } else if (key == "weight") {
    if (absl::SimpleAtod(value, &set.weight) && set.weight >= kLeastWeight && set.weight <= kMostWeight) {
      return absl::OkStatus();
    }
    return absl::InvalidArgumentError("weight must be a number above 0, such as 2 or 0.5");
  } else {
    return absl::InvalidArgumentError(absl::StrCat("there is no key ", Quoted(key),
                                                   ": name, weight, modality, label and channel are known"));
  }
  return absl::OkStatus();
}

absl::Status SetAll(absl::string_view keys, DataSet& set) {
  std::set<absl::string_view> given;
  for (const absl::string_view part : absl::StrSplit(keys, ',')) {
    const std::pair<absl::string_view, absl::string_view> pair =
        absl::StrSplit(part, absl::MaxSplits('=', 1));
    RETURN_IF_ERROR(Set(pair.first, pair.second, set));
    if (!given.insert(pair.first).second) {
      return absl::InvalidArgumentError(absl::StrCat(pair.first, " is given twice"));
    }
  }
  return absl::OkStatus();
}

absl::Status About(absl::string_view text, const absl::Status& status) {
  return absl::InvalidArgumentError(absl::StrCat("--data ", text, ": ", status.message()));
}

}  // namespace

absl::StatusOr<DataSet> ParseDataSet(absl::string_view text, const DatasetOptions& otherwise) {
  DataSet set;
  set.options = otherwise;
  const size_t colon = text.rfind(':');
  const bool has_keys = colon != absl::string_view::npos && text.find('=', colon) != absl::string_view::npos;
  set.folder = std::string(has_keys ? text.substr(0, colon) : text);
  if (set.folder.empty()) return About(text, absl::InvalidArgumentError("names no folder"));
  set.name = LastName(set.folder);
  if (has_keys) {
    if (const absl::Status status = SetAll(text.substr(colon + 1), set); !status.ok())
      return About(text, status);
  }
  if (!set.options.modality.empty() && !IsModality(set.options.modality)) {
    return About(text, absl::InvalidArgumentError("modality must be a term such as CT, MR or PT"));
  }
  return set;
}

absl::StatusOr<std::vector<DataSet>> ParseDataSets(const std::vector<std::string>& texts,
                                                   const DatasetOptions& otherwise) {
  std::vector<DataSet> sets;
  std::set<std::string> names;
  for (const std::string& text : texts) {
    ASSIGN_OR_RETURN(sets.emplace_back(), ParseDataSet(text, otherwise));
    if (!names.insert(sets.back().name).second) {
      return About(text,
                   absl::InvalidArgumentError(absl::StrCat("another set is called ", Quoted(sets.back().name),
                                                           ", too: add :name=… to one of them")));
    }
  }
  return sets;
}

CLI::Option* AddDataOptions(CLI::App& command, std::vector<std::string>& texts, DatasetOptions& otherwise) {
  CLI::Option* data =
      command
          .add_option(
              "--data", texts,
              "Folder in the layout of MSD or nnU-Net: dataset.json, imagesTr, labelsTr; once for every "
              "set, each with what is its own after a colon: FOLDER:weight=2,modality=CT,label=1")
          ->allow_extra_args(false);
  command.add_option("--label", otherwise.label, "Which of their labels is the target, by name or value")
      ->needs(data);
  command.add_option("--channel", otherwise.channel, "Which of their channels is the image")->needs(data);
  command
      .add_option("--modality", otherwise.modality,
                  "CT, MR, PT or another of DICOM's terms; unless given, what the channel's name says")
      ->needs(data);
  return data;
}

}  // namespace sgpsam::tools
