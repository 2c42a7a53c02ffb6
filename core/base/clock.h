// Where core/ and server/ have the time from: real in programs, advanced by hand in tests. The few folders
// that ask the real one themselves are listed in tests/layering_test.py. Thread-safe. Whoever is given a
// Clock& does not own it; it outlives them.
#ifndef SGPSAM_CORE_BASE_CLOCK_H_
#define SGPSAM_CORE_BASE_CLOCK_H_

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace sgpsam {

class Clock {
 public:
  virtual ~Clock() = default;

  // Wall-clock time.
  virtual absl::Time Now() const = 0;

  // Waits on `condition` (whose mutex is held) until it is signalled or `deadline` has come.
  // Spurious returns are allowed; the caller looks at its state again.
  virtual void WaitUntil(absl::CondVar& condition, absl::Mutex& mutex, absl::Time deadline)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) = 0;

  // The process's real clock; never destroyed.
  static Clock& Real();
};

}  // namespace sgpsam

#endif  // SGPSAM_CORE_BASE_CLOCK_H_
