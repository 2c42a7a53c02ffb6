// Decides, before a byte of payload is sent, whether a call may come in: bounds the open calls and the
// payload bytes that they announced. Thread-safe; only AwaitEmpty blocks.
#ifndef SGPSAM_SERVER_SCHEDULE_ADMISSION_H_
#define SGPSAM_SERVER_SCHEDULE_ADMISSION_H_

#include <cstdint>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace sgpsam {

struct AdmissionOptions {
  int max_calls = 64;                       // uploading, waiting, running and sending together
  uint64_t max_bytes = uint64_t{16} << 30;  // announced payload bytes of these calls
};

class Admission {
 public:
  // One admitted call's share, given back when it dies. Movable; the Admission outlives it.
  class Ticket {
   public:
    Ticket() = default;
    ~Ticket() {
      if (admission_ != nullptr) admission_->Release(bytes_);
    }
    Ticket(Ticket&& other) noexcept
        : admission_(std::exchange(other.admission_, nullptr)), bytes_(other.bytes_) {}
    Ticket& operator=(Ticket&& other) noexcept {
      std::swap(admission_, other.admission_);
      std::swap(bytes_, other.bytes_);
      return *this;
    }

   private:
    friend class Admission;
    Ticket(Admission* admission, uint64_t bytes) : admission_(admission), bytes_(bytes) {}
    Admission* admission_ = nullptr;
    uint64_t bytes_ = 0;
  };

  explicit Admission(const AdmissionOptions& options) : options_(options) {}

  // RESOURCE_EXHAUSTED if the call does not fit now; UNAVAILABLE once the server drains.
  absl::StatusOr<Ticket> Admit(uint64_t payload_bytes);

  // From now on nobody is admitted.
  void Close();
  bool closed() const;
  // Blocks until no admitted call is left, or `timeout` has passed.
  void AwaitEmpty(absl::Duration timeout);

 private:
  void Release(uint64_t bytes);
  bool Empty() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return calls_ == 0; }

  const AdmissionOptions options_;
  mutable absl::Mutex mutex_;
  int calls_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace sgpsam

#endif  // SGPSAM_SERVER_SCHEDULE_ADMISSION_H_
