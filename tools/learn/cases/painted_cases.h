// Made-up lesions in real images: real texture around and inside, and a truth that is known to the voxel. The
// cases of another source, each with some lesions more, which are always the same. What the case has of its
// own is neither painted over nor touched. Thread-safe.
#ifndef SGPSAM_TOOLS_LEARN_CASES_PAINTED_CASES_H_
#define SGPSAM_TOOLS_LEARN_CASES_PAINTED_CASES_H_

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "core/base/random.h"
#include "tools/learn/cases/case.h"

namespace sgpsam {

// Paints up to `count` lesions of 3 to 40 mm, brighter or darker than their surroundings by 0.7 to 6
// standard deviations of these, where the image shows something; fewer where there is no room. They are
// numbered after the case's own targets. A case whose kinds are known stays as it is.
absl::StatusOr<Case> PaintLesions(Case source, int count, Random random);

class PaintedCases final : public CaseSource {
 public:
  // `share` of the targets of each case, 0 to below 1, are painted, on average over the cases.
  PaintedCases(std::shared_ptr<const CaseSource> cases, double share, uint64_t seed)
      : cases_(std::move(cases)), share_(share), seed_(seed) {}

  int64_t size() const override { return cases_->size(); }
  std::string id(int64_t index) const override { return cases_->id(index); }
  absl::StatusOr<Case> Read(int64_t index) const override;
  absl::StatusOr<std::string> Stamp(int64_t index) const override { return cases_->Stamp(index); }
  int64_t Draw(Random& random) const override { return cases_->Draw(random); }

 private:
  const std::shared_ptr<const CaseSource> cases_;
  const double share_;
  const uint64_t seed_;
};

}  // namespace sgpsam

#endif  // SGPSAM_TOOLS_LEARN_CASES_PAINTED_CASES_H_
