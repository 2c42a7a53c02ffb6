#include "tools/learn/cases/dataset_files.h"

#include <algorithm>
#include <filesystem>
#include <set>
#include <system_error>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/strip.h"
#include "core/base/reason.h"
#include "core/base/status_macros.h"
#include "tools/learn/cases/quoted.h"

namespace sgpsam {
namespace {

namespace fs = std::filesystem;

constexpr char kImages[] = "imagesTr";
constexpr char kLabels[] = "labelsTr";

bool HasControlCharacters(absl::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) { return absl::ascii_iscntrl(c); });
}

// File names in one of the data set's folders.
absl::StatusOr<std::vector<std::string>> ListNames(const std::string& folder, const char* name) {
  absl::StatusOr<std::string> path = ResolveInside(folder, name);
  if (!path.ok()) {
    return Prefixed(path.status(), absl::StrCat(folder, "/", name, ": "));
  }
  std::vector<std::string> names;
  std::error_code error;
  fs::directory_iterator entry(*path, error);
  for (; !error && entry != fs::directory_iterator(); entry.increment(error)) {
    names.push_back(entry->path().filename().string());
  }
  if (error) return absl::InvalidArgumentError(absl::StrCat("cannot list ", *path, ": ", error.message()));
  return names;
}

// "ID_0001" -> "ID"; false if the name has no channel's number.
bool ConsumeChannel(absl::string_view* name) {
  constexpr size_t kSuffix = 5;
  if (name->size() <= kSuffix) return false;
  const absl::string_view suffix = name->substr(name->size() - kSuffix);
  if (suffix[0] != '_' || !std::all_of(suffix.begin() + 1, suffix.end(), absl::ascii_isdigit)) return false;
  name->remove_suffix(kSuffix);
  return true;
}

// The ids that have a file in either folder.
absl::StatusOr<std::set<std::string>> FindNnunetIds(const std::string& folder, const DatasetJson& dataset) {
  std::set<std::string> ids;
  for (const char* where : {kImages, kLabels}) {
    ASSIGN_OR_RETURN(const std::vector<std::string> names, ListNames(folder, where));
    for (absl::string_view name : names) {
      if (absl::StartsWith(name, ".") || !absl::ConsumeSuffix(&name, dataset.file_ending)) continue;
      if (where == kImages && !ConsumeChannel(&name)) continue;
      if (!name.empty()) ids.emplace(name);
    }
  }
  return ids;
}

absl::StatusOr<std::vector<CaseFiles>> FindNnunetFiles(const std::string& folder, const DatasetJson& dataset,
                                                       int64_t channel) {
  ASSIGN_OR_RETURN(const std::set<std::string> ids, FindNnunetIds(folder, dataset));
  std::vector<CaseFiles> files;
  files.reserve(ids.size());
  for (const std::string& id : ids) {
    files.push_back({id, absl::StrFormat("%s/%s_%04d%s", kImages, id, channel, dataset.file_ending),
                     absl::StrCat(kLabels, "/", id, dataset.file_ending)});
  }
  return files;
}

// The Decathlon writes "./imagesTr/…", which no message needs.
std::string WithoutDot(absl::string_view path) {
  absl::ConsumePrefix(&path, "./");
  return std::string(path);
}

std::vector<CaseFiles> ListedFiles(const DatasetJson& dataset, int64_t channel) {
  std::vector<CaseFiles> files;
  for (const ListedCase& listed : dataset.cases) {
    const size_t image = listed.images.size() > 1 ? static_cast<size_t>(channel) : 0;
    files.push_back({listed.id, WithoutDot(listed.images[image]), WithoutDot(listed.label)});
  }
  std::sort(files.begin(), files.end(), [](const CaseFiles& a, const CaseFiles& b) { return a.id < b.id; });
  return files;
}

absl::Status CheckCases(const std::vector<CaseFiles>& files, const DatasetJson& dataset) {
  for (size_t n = 0; n < files.size(); ++n) {
    if (HasControlCharacters(files[n].id)) {
      return absl::InvalidArgumentError(
          absl::StrCat("the name ", Quoted(files[n].id), " has control characters: rename the case"));
    }
    if (n > 0 && files[n].id == files[n - 1].id) {
      return absl::InvalidArgumentError(absl::StrCat("two cases have the name ", Quoted(files[n].id)));
    }
  }
  if (dataset.announced_cases.has_value() && files.size() != *dataset.announced_cases) {
    return absl::InvalidArgumentError(absl::StrCat(
        "\"numTraining\" in dataset.json announces ", *dataset.announced_cases, " cases, but there are ",
        files.size(), ": copy what is missing, or correct the number"));
  }
  if (files.empty()) return absl::InvalidArgumentError("there are no training cases");
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::vector<CaseFiles>> FindCaseFiles(const std::string& folder, const DatasetJson& dataset,
                                                     int64_t channel) {
  std::vector<CaseFiles> files = ListedFiles(dataset, channel);
  if (dataset.cases.empty()) {
    ASSIGN_OR_RETURN(files, FindNnunetFiles(folder, dataset, channel));
  }
  if (const absl::Status checked = CheckCases(files, dataset); !checked.ok()) {
    return Prefixed(checked, absl::StrCat(folder, ": "));
  }
  return files;
}

absl::StatusOr<std::string> ResolveInside(const std::string& folder, absl::string_view relative) {
  const fs::path path(std::string{relative});
  if (relative.empty() || HasControlCharacters(relative) || path.is_absolute() ||
      std::find(path.begin(), path.end(), "..") != path.end()) {
    return absl::InvalidArgumentError(
        "the path leads out of the data set's folder: it must be relative to the "
        "folder and have no \"..\"");
  }
  std::error_code error;
  const fs::path root = fs::canonical(folder, error);
  const fs::path real = error ? fs::path() : fs::canonical(root / path, error);
  if (error == std::errc::no_such_file_or_directory)
    return absl::NotFoundError("there is no such file or folder");
  if (error) return absl::InvalidArgumentError(absl::StrCat("cannot be reached: ", error.message()));
  if (*real.lexically_relative(root).begin() == "..") {
    return absl::InvalidArgumentError(
        "a symbolic link leads out of the data set's folder: copy the file into it");
  }
  return real.string();
}

}  // namespace sgpsam
