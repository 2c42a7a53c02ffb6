// Cases that are names only.
#ifndef SGPSAM_TESTS_TOOLS_LEARN_CASES_NAMED_CASES_H_
#define SGPSAM_TESTS_TOOLS_LEARN_CASES_NAMED_CASES_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "tests/support/synthetic_volume.h"
#include "tools/learn/cases/case.h"

namespace sgpsam {

class NamedCases final : public CaseSource {
 public:
  explicit NamedCases(std::vector<std::string> ids) : ids_(std::move(ids)) {}
  // case_0, case_1 and so on.
  static NamedCases Numbered(int count) {
    std::vector<std::string> ids;
    for (int n = 0; n < count; ++n) ids.push_back(absl::StrCat("case_", n));
    return NamedCases(std::move(ids));
  }

  int64_t size() const override { return static_cast<int64_t>(ids_.size()); }
  std::string id(int64_t index) const override { return ids_[static_cast<size_t>(index)]; }
  absl::StatusOr<Case> Read(int64_t index) const override {
    if (index < 0 || index >= size()) return absl::OutOfRangeError("no such case");
    const auto nothing = [](int64_t, int64_t, int64_t) { return 0; };
    return Case{id(index),
                TestVolume<int16_t>(TestGeometry({2, 2, 2}), nothing),
                TestVolume<uint16_t>(TestGeometry({2, 2, 2}), nothing),
                0,
                {}};
  }

 private:
  std::vector<std::string> ids_;
};

}  // namespace sgpsam

#endif  // SGPSAM_TESTS_TOOLS_LEARN_CASES_NAMED_CASES_H_
