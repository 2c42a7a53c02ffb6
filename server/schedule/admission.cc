#include "server/schedule/admission.h"

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "core/base/reason.h"

namespace sgpsam {
namespace {

absl::Status Busy(absl::string_view message) {
  return WithReason(absl::ResourceExhaustedError(message), Reason::kServerBusy);
}

}  // namespace

absl::StatusOr<Admission::Ticket> Admission::Admit(uint64_t payload_bytes) {
  absl::MutexLock lock(&mutex_);
  if (closed_) {
    return WithReason(absl::UnavailableError("the server is shutting down; send the call to another one"),
                      Reason::kServerUnavailable);
  }
  if (calls_ >= options_.max_calls) {
    return Busy(absl::StrCat("the server is busy with ", calls_, " calls; try again in a few seconds"));
  }
  if (payload_bytes > options_.max_bytes - bytes_) {
    return Busy(absl::StrCat("the server is busy with ", bytes_, " bytes of volumes and cannot take ",
                             payload_bytes, " more; try again in a few seconds"));
  }
  ++calls_;
  bytes_ += payload_bytes;
  return Ticket(this, payload_bytes);
}

void Admission::Close() {
  absl::MutexLock lock(&mutex_);
  closed_ = true;
}

bool Admission::closed() const {
  absl::MutexLock lock(&mutex_);
  return closed_;
}

void Admission::AwaitEmpty(absl::Duration timeout) {
  absl::MutexLock lock(&mutex_);
  mutex_.AwaitWithTimeout(absl::Condition(this, &Admission::Empty), timeout);
}

void Admission::Release(uint64_t bytes) {
  absl::MutexLock lock(&mutex_);
  --calls_;
  bytes_ -= bytes;
}

}  // namespace sgpsam
