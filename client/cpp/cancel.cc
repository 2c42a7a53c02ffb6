#include "client/cpp/cancel.h"

#include <algorithm>

namespace sgpsam::client {

Cancel::Cancel() : state_(std::make_shared<State>()) {}

void Cancel::Now() const {
  absl::MutexLock lock(&state_->mutex);
  state_->requested = true;
  for (grpc::ClientContext* call : state_->calls) call->TryCancel();
}

bool Cancel::requested() const {
  absl::MutexLock lock(&state_->mutex);
  return state_->requested;
}

bool WaitUnlessCancelled(const Cancel& cancel, absl::Duration time) {
  Cancel::State& state = *cancel.state();
  absl::MutexLock lock(&state.mutex);
  return !state.mutex.AwaitWithTimeout(absl::Condition(&state.requested), time);
}

CancelScope::CancelScope(const Cancel& cancel, grpc::ClientContext& context)
    : state_(cancel.state()), context_(context) {
  absl::MutexLock lock(&state_->mutex);
  state_->calls.push_back(&context_);
  if (state_->requested) context_.TryCancel();
}

CancelScope::~CancelScope() {
  absl::MutexLock lock(&state_->mutex);
  auto& calls = state_->calls;
  calls.erase(std::find(calls.begin(), calls.end(), &context_));
}

}  // namespace sgpsam::client
