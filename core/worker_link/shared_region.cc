#include "core/worker_link/shared_region.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace sgpsam {
namespace {

constexpr int kSeals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL;

absl::Status NoMemory(absl::string_view what, size_t bytes) {
  return absl::ResourceExhaustedError(
      absl::StrCat(what, " of ", bytes, " bytes of shared memory failed: ", std::strerror(errno)));
}

}  // namespace

SharedRegion::~SharedRegion() {
  if (data_ != nullptr) munmap(data_, size_);
}

SharedRegion::SharedRegion(SharedRegion&& other) noexcept
    : fd_(std::move(other.fd_)),
      data_(std::exchange(other.data_, nullptr)),
      size_(std::exchange(other.size_, 0)) {}

SharedRegion& SharedRegion::operator=(SharedRegion&& other) noexcept {
  std::swap(fd_, other.fd_);
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}

absl::StatusOr<SharedRegion> SharedRegion::Create(size_t bytes) {
  UniqueFd fd(memfd_create("sgpsam-tensors", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!fd.valid() || ftruncate(fd.get(), static_cast<off_t>(bytes)) != 0 ||
      fcntl(fd.get(), F_ADD_SEALS, kSeals) != 0) {
    return NoMemory("making", bytes);
  }
  return MapFd(std::move(fd), bytes);
}

absl::StatusOr<SharedRegion> SharedRegion::Map(UniqueFd fd, size_t bytes) {
  struct stat status = {};
  if (!fd.valid() || fstat(fd.get(), &status) != 0 || status.st_size != static_cast<off_t>(bytes)) {
    return absl::InternalError(
        absl::StrCat("no shared memory of ", bytes, " bytes came over the worker link"));
  }
  if (fcntl(fd.get(), F_GET_SEALS) != kSeals) {
    return absl::InternalError("the shared memory of the worker link is not sealed");
  }
  return MapFd(std::move(fd), bytes);
}

absl::StatusOr<SharedRegion> SharedRegion::MapFd(UniqueFd fd, size_t bytes) {
  void* data = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd.get(), 0);
  if (data == MAP_FAILED) return NoMemory("mapping", bytes);
  SharedRegion region;
  region.fd_ = std::move(fd);
  region.data_ = static_cast<char*>(data);
  region.size_ = bytes;
  return region;
}

}  // namespace sgpsam
