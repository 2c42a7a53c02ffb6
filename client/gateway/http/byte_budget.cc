#include "client/gateway/http/byte_budget.h"

namespace sgpsam::gateway {

std::optional<ByteBudget::Grant> ByteBudget::Take(uint64_t bytes) {
  absl::MutexLock lock(&mutex_);
  if (bytes > total_ - taken_) return std::nullopt;
  taken_ += bytes;
  return Grant(this, bytes);
}

uint64_t ByteBudget::taken() const {
  absl::MutexLock lock(&mutex_);
  return taken_;
}

void ByteBudget::Grant::Return() {
  if (budget_ == nullptr) return;
  absl::MutexLock lock(&budget_->mutex_);
  budget_->taken_ -= bytes_;
  budget_ = nullptr;
}

}  // namespace sgpsam::gateway
