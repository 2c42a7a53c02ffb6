// Several sources of cases as one, to train on together: each example's set is drawn by weight,
// then one of its cases. Immutable; thread-safe.
#ifndef SGPSAM_TOOLS_LEARN_CASES_CASE_MIX_H_
#define SGPSAM_TOOLS_LEARN_CASES_CASE_MIX_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/types/span.h"
#include "tools/learn/cases/case.h"

namespace sgpsam {

struct CaseSet {
  std::string name;   // no two of a mix are the same
  double weight = 1;  // how often an example is of this set, against the others; above 0
  std::shared_ptr<const CaseSource> cases;
};

// Cases are numbered set by set. Their names are the sets' own if there is one set, else "SET/NAME".
class CaseMix final : public CaseSource {
 public:
  // At least one set; sets without cases are allowed, and never drawn.
  explicit CaseMix(std::vector<CaseSet> sets);

  absl::Span<const CaseSet> sets() const { return sets_; }

  int64_t size() const override { return ends_.back(); }
  std::string id(int64_t index) const override;
  absl::StatusOr<Case> Read(int64_t index) const override;
  // A mix of one set draws as that set does.
  int64_t Draw(Random& random) const override;

 private:
  struct Place {
    size_t set = 0;
    int64_t index = 0;  // within it
  };
  Place PlaceOf(int64_t index) const;
  int64_t FirstOf(size_t set) const { return set == 0 ? 0 : ends_[set - 1]; }

  const std::vector<CaseSet> sets_;
  std::vector<int64_t> ends_;  // of each set's numbers
  double weights_ = 0;         // of the sets that have cases
};

}  // namespace sgpsam

#endif  // SGPSAM_TOOLS_LEARN_CASES_CASE_MIX_H_
