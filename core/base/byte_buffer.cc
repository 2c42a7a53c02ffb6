#include "core/base/byte_buffer.h"

#include <sys/mman.h>

#include <cstring>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace sgpsam {

ByteBuffer::~ByteBuffer() {
  if (data_ != nullptr) munmap(data_, capacity_);
}

ByteBuffer::ByteBuffer(ByteBuffer&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)),
      size_(std::exchange(other.size_, 0)),
      capacity_(std::exchange(other.capacity_, 0)) {}

ByteBuffer& ByteBuffer::operator=(ByteBuffer&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  std::swap(capacity_, other.capacity_);
  return *this;
}

absl::StatusOr<ByteBuffer> ByteBuffer::WithCapacity(size_t capacity) {
  ByteBuffer buffer;
  if (capacity == 0) return buffer;
  // Straight from the system, not malloc: freed pages must not linger in an arena.
  void* data =
      mmap(nullptr, capacity, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (data == MAP_FAILED) {
    return absl::ResourceExhaustedError(absl::StrCat("no memory for ", capacity, " bytes"));
  }
  buffer.data_ = static_cast<uint8_t*>(data);
  buffer.capacity_ = capacity;
  return buffer;
}

absl::StatusOr<ByteBuffer> ByteBuffer::Zeroed(size_t size) {
  absl::StatusOr<ByteBuffer> buffer = WithCapacity(size);
  if (buffer.ok()) buffer->size_ = size;
  return buffer;
}

absl::StatusOr<ByteBuffer> ByteBuffer::CopyOf(absl::string_view bytes) {
  absl::StatusOr<ByteBuffer> buffer = WithCapacity(bytes.size());
  if (buffer.ok()) buffer->Append(bytes).IgnoreError();  // exactly the capacity
  return buffer;
}

absl::Status ByteBuffer::Append(absl::string_view bytes) {
  if (bytes.size() > capacity_ - size_) {
    return absl::OutOfRangeError(absl::StrCat("more than the announced ", capacity_, " bytes"));
  }
  if (!bytes.empty()) std::memcpy(data_ + size_, bytes.data(), bytes.size());
  size_ += bytes.size();
  return absl::OkStatus();
}

void ByteBuffer::Keep(size_t offset, size_t size) {
  if (offset != 0 && size != 0) std::memmove(data_, data_ + offset, size);
  size_ = size;
}

}  // namespace sgpsam
