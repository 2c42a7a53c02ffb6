// How many bytes the gateway holds for its callers, all of them together: bodies that are being read, images
// of leases, arrays that are being unpacked. What is not granted is refused before it is allocated.
// Thread-safe; outlives what it grants.
#ifndef SGPSAM_CLIENT_GATEWAY_HTTP_BYTE_BUDGET_H_
#define SGPSAM_CLIENT_GATEWAY_HTTP_BYTE_BUDGET_H_

#include <cstdint>
#include <optional>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace sgpsam::gateway {

class ByteBudget {
 public:
  // Bytes that are granted until it ends. Movable; an empty one holds nothing.
  class Grant {
   public:
    Grant() = default;
    ~Grant() { Return(); }
    Grant(Grant&& other) noexcept
        : budget_(std::exchange(other.budget_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}
    Grant& operator=(Grant&& other) noexcept {
      if (this == &other) return *this;
      Return();
      budget_ = std::exchange(other.budget_, nullptr);
      bytes_ = std::exchange(other.bytes_, 0);
      return *this;
    }
    void Return();  // before it ends

   private:
    friend class ByteBudget;
    Grant(ByteBudget* budget, uint64_t bytes) : budget_(budget), bytes_(bytes) {}
    ByteBudget* budget_ = nullptr;
    uint64_t bytes_ = 0;
  };

  explicit ByteBudget(uint64_t bytes) : total_(bytes) {}

  // Nothing if fewer are left.
  std::optional<Grant> Take(uint64_t bytes) ABSL_LOCKS_EXCLUDED(mutex_);
  uint64_t taken() const ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  const uint64_t total_;
  mutable absl::Mutex mutex_;
  uint64_t taken_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace sgpsam::gateway

#endif  // SGPSAM_CLIENT_GATEWAY_HTTP_BYTE_BUDGET_H_
