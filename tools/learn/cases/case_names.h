// Cases chosen by their names: a test set that no training touches, and the same set to evaluate. A name
// means the case of that name in every set: the images of one patient usually have one.
#ifndef SGPSAM_TOOLS_LEARN_CASES_CASE_NAMES_H_
#define SGPSAM_TOOLS_LEARN_CASES_CASE_NAMES_H_

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "tools/learn/cases/case.h"

namespace sgpsam {

using CaseNames = std::set<std::string>;

// "STS_001,STS_004", or a file with one name a line, where "#" begins a comment. What has a "/" or a "." is a
// file; anything else is one if it exists. NOT_FOUND for a file that is not there, INVALID_ARGUMENT,
// naming it, for one without names.
absl::StatusOr<CaseNames> ReadCaseNames(const std::string& file_or_list);

// Some cases of another source, which it shares.
class SomeCases final : public CaseSource {
 public:
  // `chosen` are numbers of `all`'s cases.
  SomeCases(std::shared_ptr<const CaseSource> all, std::vector<int64_t> chosen)
      : all_(std::move(all)), chosen_(std::move(chosen)) {}

  int64_t size() const override { return static_cast<int64_t>(chosen_.size()); }
  std::string id(int64_t index) const override { return all_->id(chosen_.at(static_cast<size_t>(index))); }
  absl::StatusOr<Case> Read(int64_t index) const override;
  absl::StatusOr<std::string> Stamp(int64_t index) const override {
    return all_->Stamp(chosen_.at(static_cast<size_t>(index)));
  }

 private:
  const std::shared_ptr<const CaseSource> all_;
  const std::vector<int64_t> chosen_;
};

}  // namespace sgpsam

#endif  // SGPSAM_TOOLS_LEARN_CASES_CASE_NAMES_H_
