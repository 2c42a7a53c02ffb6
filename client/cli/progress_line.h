// One line on a terminal that says how far a call is, drawn over itself, and counts the time that is left
// down between two reports. Silent where stderr is not a terminal, so that logs and pipes stay clean.
// Thread-safe.
#ifndef SGPSAM_CLIENT_CLI_PROGRESS_LINE_H_
#define SGPSAM_CLIENT_CLI_PROGRESS_LINE_H_

#include <string>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "sgpsam/client.h"

namespace sgpsam::cli {

class ProgressLine {
 public:
  ProgressLine();
  ~ProgressLine();  // clears the line
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  void Show(const client::Progress& progress);

  // What the line says `since` after a report.
  static std::string Text(const client::Progress& progress, absl::Duration since = absl::ZeroDuration());

 private:
  void CountDown();  // in its own thread, until the end
  void Draw() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const bool terminal_;
  absl::Mutex mutex_;
  absl::CondVar ended_;
  bool end_ ABSL_GUARDED_BY(mutex_) = false;
  client::Progress last_ ABSL_GUARDED_BY(mutex_);
  absl::Time shown_ ABSL_GUARDED_BY(mutex_) = absl::InfiniteFuture();  // when `last_` came; not yet
  absl::Time next_ ABSL_GUARDED_BY(mutex_) = absl::InfinitePast();     // bytes come faster than eyes read
  std::thread counter_;                                                // on a terminal only
};

}  // namespace sgpsam::cli

#endif  // SGPSAM_CLIENT_CLI_PROGRESS_LINE_H_
