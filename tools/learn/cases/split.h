// Which cases are learned from and which ones only measured on. The same source, seed and fraction always
// give the same answer.
#ifndef SGPSAM_TOOLS_LEARN_CASES_SPLIT_H_
#define SGPSAM_TOOLS_LEARN_CASES_SPLIT_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "tools/learn/cases/case.h"
#include "tools/learn/cases/dataset_folder.h"

namespace sgpsam {

// Numbers of cases, ascending; none is in both.
struct Split {
  std::vector<int64_t> training;
  std::vector<int64_t> validation;
};

struct SplitOptions {
  uint64_t seed = 0;
  double validation_fraction = 0.2;  // 0 to below 1
  int64_t fold = 0;                  // of a folder's splits_final.json
  bool may_be_empty = false;  // either side: whoever splits several sets, or leaves cases out, looks again
};

// A hash of seed and id decides case by case: cases that are added later move no other one, and the fraction
// is reached on average only. The id alone decides, so that a patient whose cases have one name in several
// sources is on one side in all of them. INVALID_ARGUMENT for a fraction out of range, and if either side
// comes out empty although it should not.
absl::StatusOr<Split> SplitByHash(const CaseSource& source, const SplitOptions& options);

// One fold of nnU-Net's splits_final.json, a list of {"train": [ids], "val": [ids]}. Cases that it does not
// name are on neither side. INVALID_ARGUMENT, naming the file, for a file of another form, a fold that it
// does not have, an id that the source does not have, and one that is named twice.
absl::StatusOr<Split> SplitByFile(const CaseSource& source, const std::string& file, int64_t fold);

// By the folder's splits_final.json if it has one, otherwise by hash. INVALID_ARGUMENT for a fold other than
// 0 of a folder that has none.
absl::StatusOr<Split> SplitFolder(const DatasetFolder& folder, const SplitOptions& options);

}  // namespace sgpsam

#endif  // SGPSAM_TOOLS_LEARN_CASES_SPLIT_H_
