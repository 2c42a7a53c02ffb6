// An evaluation's CSV on disk while it grows: each case's lines are appended as they are ready and are on the
// disk when Append returns, so that an end in the middle loses the case at work alone. One thread at a time.
#ifndef SGPSAM_TOOLS_LEARN_EVALUATION_SCORE_FILE_H_
#define SGPSAM_TOOLS_LEARN_EVALUATION_SCORE_FILE_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tools/learn/evaluation/score_csv.h"

namespace sgpsam {

class ScoreFile {
 public:
  // Begins the file, or goes on with it after its last whole case. INVALID_ARGUMENT or FAILED_PRECONDITION,
  // naming the file, for one of another form or another run, which stays as it is; the file's errors.
  static absl::StatusOr<ScoreFile> Open(const std::string& path, const std::string& run, size_t gates);
  ~ScoreFile();
  ScoreFile(ScoreFile&& other) noexcept;
  ScoreFile& operator=(ScoreFile&&) = delete;

  // What was there already.
  const std::vector<ScoredCase>& done() const { return done_; }
  absl::Status Append(const ScoredCase& scored);

 private:
  ScoreFile(std::string path, std::string run, size_t gates)
      : path_(std::move(path)), run_(std::move(run)), gates_(gates) {}

  std::string path_, run_;
  size_t gates_ = 0;
  std::vector<ScoredCase> done_;
  int descriptor_ = -1;
};

}  // namespace sgpsam

#endif  // SGPSAM_TOOLS_LEARN_EVALUATION_SCORE_FILE_H_
