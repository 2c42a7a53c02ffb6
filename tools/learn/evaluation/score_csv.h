// Every lesion's scores as CSV (RFC 4180), case by case: what an evaluation writes as it goes on, and reads
// back to go on after an end in the middle. Pure functions; thread-safe. The text is hostile when it is read.
#ifndef SGPSAM_TOOLS_LEARN_EVALUATION_SCORE_CSV_H_
#define SGPSAM_TOOLS_LEARN_EVALUATION_SCORE_CSV_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "tools/learn/evaluation/evaluation_report.h"

namespace sgpsam {

struct ScoredCase {
  std::string set, case_id;
  std::vector<LesionScores> lesions;
  int64_t crumbs = 0;  // targets that were too small to be scored
};

// set, case, lesion, lesions (of the case, in all), crumbs, diameter_mm, size, i, j, k (the first click),
// dice_1 to nsd_5 (empty: no mask), expected_1 to confidence_5 (empty: not told), added (changes of Dice,
// with spaces between), refused ("EMPTY_MASK:2"), gate1, gate1_open and so on, ball (Dice of each radius,
// with spaces between), run.
std::string ScoreCsvHeader(size_t gates);

// A line for each lesion, none for a case without. `run` says what was measured, and how, in characters that
// need no quotes. A lesion with more gates than the header has loses them.
std::string ScoreCsvLines(const ScoredCase& scored, size_t gates, absl::string_view run);

struct ScoreCsv {
  std::vector<ScoredCase> cases;  // whole ones, in the file's order
  size_t whole_bytes = 0;         // of the text up to the end of the last of them, or of the header
};

// What was written with the same `gates` and `run`. A last case that is not whole is left out.
// INVALID_ARGUMENT for a text of another form, FAILED_PRECONDITION for lines of another run.
absl::StatusOr<ScoreCsv> ParseScoreCsv(absl::string_view text, size_t gates, absl::string_view run);

}  // namespace sgpsam

#endif  // SGPSAM_TOOLS_LEARN_EVALUATION_SCORE_CSV_H_
