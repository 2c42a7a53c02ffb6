// Owns one file descriptor. Move-only.
#ifndef SGPSAM_CORE_WORKER_LINK_UNIQUE_FD_H_
#define SGPSAM_CORE_WORKER_LINK_UNIQUE_FD_H_

#include <unistd.h>

#include <utility>

namespace sgpsam {

class UniqueFd {
 public:
  UniqueFd() = default;
  explicit UniqueFd(int fd) : fd_(fd) {}
  ~UniqueFd() { Close(); }
  UniqueFd(UniqueFd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  UniqueFd& operator=(UniqueFd&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }

  int get() const { return fd_; }
  bool valid() const { return fd_ >= 0; }
  void Close() {
    if (fd_ >= 0) close(std::exchange(fd_, -1));
  }

 private:
  int fd_ = -1;
};

}  // namespace sgpsam

#endif  // SGPSAM_CORE_WORKER_LINK_UNIQUE_FD_H_
