// A piece of memory that server and worker both see. Of fixed size: it is sealed, so that neither end
// can shrink it under the other's feet.
#ifndef SGPSAM_CORE_WORKER_LINK_SHARED_REGION_H_
#define SGPSAM_CORE_WORKER_LINK_SHARED_REGION_H_

#include <cstddef>

#include "absl/status/statusor.h"
#include "core/worker_link/unique_fd.h"

namespace sgpsam {

class SharedRegion {
 public:
  SharedRegion() = default;
  ~SharedRegion();
  SharedRegion(SharedRegion&& other) noexcept;
  SharedRegion& operator=(SharedRegion&& other) noexcept;

  // New zeroed memory. RESOURCE_EXHAUSTED if there is none.
  static absl::StatusOr<SharedRegion> Create(size_t bytes);
  // The other end's memory. INTERNAL unless it has exactly that size and is sealed.
  static absl::StatusOr<SharedRegion> Map(UniqueFd fd, size_t bytes);

  char* data() const { return data_; }
  size_t size() const { return size_; }
  int fd() const { return fd_.get(); }

 private:
  static absl::StatusOr<SharedRegion> MapFd(UniqueFd fd, size_t bytes);

  UniqueFd fd_;
  char* data_ = nullptr;
  size_t size_ = 0;
};

}  // namespace sgpsam

#endif  // SGPSAM_CORE_WORKER_LINK_SHARED_REGION_H_
