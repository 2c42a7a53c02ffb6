#include "tools/learn/cases/split.h"

#include <algorithm>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "core/base/digest.h"
#include "core/base/file_io.h"
#include "core/base/reason.h"
#include "core/base/status_macros.h"
#include "core/base/strict_json.h"
#include "nlohmann/json.hpp"
#include "tools/learn/cases/quoted.h"

namespace sgpsam {
namespace {

using nlohmann::json;

constexpr uint64_t kMaxSplitsBytes = uint64_t{32} << 20;

// A number in [0, 1) that depends on seed and id alone.
double Draw(uint64_t seed, const std::string& id) {
  const Digest digest = Sha256::Of(absl::StrCat("split ", seed, " ", id));
  uint64_t bits = 0;
  for (size_t n = 0; n < 8; ++n) bits = bits << 8 | digest.bytes[n];
  return static_cast<double>(bits >> 11) * 0x1p-53;
}

// Number of each case by its id; takes each once.
class CasesLeft {
 public:
  explicit CasesLeft(const CaseSource& source) {
    for (int64_t n = 0; n < source.size(); ++n) numbers_[source.id(n)] = n;
  }

  absl::StatusOr<int64_t> Take(const std::string& id) {
    const auto found = numbers_.find(id);
    if (found == numbers_.end()) {
      return absl::InvalidArgumentError(absl::StrCat("names the case ", Quoted(id), ", which is not there"));
    }
    if (found->second < 0)
      return absl::InvalidArgumentError(absl::StrCat("names the case ", Quoted(id), " twice"));
    return std::exchange(found->second, -1);
  }

 private:
  absl::flat_hash_map<std::string, int64_t> numbers_;  // -1: taken
};

absl::StatusOr<std::vector<int64_t>> ReadSide(const json& fold, const char* side, CasesLeft& left) {
  const auto list = fold.find(side);
  if (list == fold.end() || !list->is_array()) {
    return absl::InvalidArgumentError(absl::StrCat("every fold must have a list of cases ", Quoted(side)));
  }
  std::vector<int64_t> numbers;
  for (const json& id : *list) {
    if (!id.is_string()) return absl::InvalidArgumentError("cases must be named by texts");
    ASSIGN_OR_RETURN(numbers.emplace_back(), left.Take(id.get<std::string>()));
  }
  std::sort(numbers.begin(), numbers.end());
  return numbers;
}

absl::StatusOr<Split> ReadFold(const CaseSource& source, const std::string& file, int64_t fold) {
  ASSIGN_OR_RETURN(const ByteBuffer text, ReadFile(file, kMaxSplitsBytes));
  ASSIGN_OR_RETURN(const json folds, ParseStrictJson(text.view(), kMaxSplitsBytes));
  if (!folds.is_array()) return absl::InvalidArgumentError("must be a list of folds");
  if (fold < 0 || static_cast<uint64_t>(fold) >= folds.size()) {
    return absl::InvalidArgumentError(
        absl::StrCat("has ", folds.size(), " folds; there is no number ", fold));
  }
  const json& chosen = folds[static_cast<size_t>(fold)];
  if (!chosen.is_object()) return absl::InvalidArgumentError("every fold must be an object");
  CasesLeft left(source);
  Split split;
  ASSIGN_OR_RETURN(split.training, ReadSide(chosen, "train", left));
  ASSIGN_OR_RETURN(split.validation, ReadSide(chosen, "val", left));
  return split;
}

}  // namespace

absl::StatusOr<Split> SplitByHash(const CaseSource& source, const SplitOptions& options) {
  const double fraction = options.validation_fraction;
  if (!(fraction >= 0 && fraction < 1)) {
    return absl::InvalidArgumentError("the fraction of cases for validation must be from 0 to below 1");
  }
  Split split;
  for (int64_t n = 0; n < source.size(); ++n) {
    (Draw(options.seed, source.id(n)) < fraction ? split.validation : split.training).push_back(n);
  }
  if (options.may_be_empty) return split;
  if (split.training.empty() || (fraction > 0 && split.validation.empty())) {
    return absl::InvalidArgumentError(
        absl::StrCat("of ", source.size(), " cases, seed ", options.seed, " leaves none for ",
                     split.training.empty() ? "training" : "validation", ": take another seed or fraction"));
  }
  return split;
}

absl::StatusOr<Split> SplitByFile(const CaseSource& source, const std::string& file, int64_t fold) {
  absl::StatusOr<Split> split = ReadFold(source, file, fold);
  if (split.ok()) return split;
  return Prefixed(split.status(), absl::StrCat(file, ": "));
}

absl::StatusOr<Split> SplitFolder(const DatasetFolder& folder, const SplitOptions& options) {
  constexpr char kSplits[] = "splits_final.json";
  const absl::StatusOr<std::string> file = ResolveInside(folder.folder(), kSplits);
  if (absl::IsNotFound(file.status())) {
    if (options.fold == 0) return SplitByHash(folder, options);
    return absl::InvalidArgumentError(
        absl::StrCat(folder.folder(), ": there is no ", kSplits, ", so there is no fold ", options.fold));
  }
  if (file.ok()) return SplitByFile(folder, *file, options.fold);
  return Prefixed(file.status(), absl::StrCat(folder.folder(), "/", kSplits, ": "));
}

}  // namespace sgpsam
