// The generator of made-up abdomens as a source of cases to train with and to measure on. Every case has a
// seed of its split (case_seed.h), so that no case of one split can be one of another. Thread-safe.
#ifndef SGPSAM_TOOLS_LEARN_CASES_GENERATED_CASES_H_
#define SGPSAM_TOOLS_LEARN_CASES_GENERATED_CASES_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "core/volume/geometry.h"
#include "tools/learn/cases/case.h"
#include "tools/synthesis/case_seed.h"

namespace sgpsam {

struct GeneratedCasesOptions {
  synthesis::Split split = synthesis::Split::kTrain;  // kPretrain: organs, vessels and generic shapes
                                                      // are the targets, no lesions
  uint32_t seed = 0;                                  // of the run
  int64_t cases = 1;
  Shape shape{192, 192, 96};
};

class GeneratedCases final : public CaseSource {
 public:
  explicit GeneratedCases(const GeneratedCasesOptions& options) : options_(options) {}

  int64_t size() const override { return options_.cases; }
  std::string id(int64_t index) const override;
  absl::StatusOr<Case> Read(int64_t index) const override;

 private:
  const GeneratedCasesOptions options_;
};

}  // namespace sgpsam

#endif  // SGPSAM_TOOLS_LEARN_CASES_GENERATED_CASES_H_
