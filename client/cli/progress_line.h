// One line on a terminal that says how far a call is, drawn over itself. Silent where stderr is not a
// terminal, so that logs and pipes stay clean. One thread at a time.
#ifndef SGPSAM_CLIENT_CLI_PROGRESS_LINE_H_
#define SGPSAM_CLIENT_CLI_PROGRESS_LINE_H_

#include <string>

#include "absl/time/time.h"
#include "sgpsam/client.h"

namespace sgpsam::cli {

class ProgressLine {
 public:
  ProgressLine();
  ~ProgressLine() { Clear(); }
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  void Show(const client::Progress& progress);
  void Clear();  // before anything else is printed

  // What the line says; for tests.
  static std::string Text(const client::Progress& progress);

 private:
  const bool terminal_;
  absl::Time next_ = absl::InfinitePast();  // bytes come faster than eyes read
};

}  // namespace sgpsam::cli

#endif  // SGPSAM_CLIENT_CLI_PROGRESS_LINE_H_
