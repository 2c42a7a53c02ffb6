#include "core/base/byte_buffer.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace sgpsam {
namespace {

constexpr size_t kPageBytes = 4096;
constexpr size_t kStretchBytes = size_t{1} << 20;

}  // namespace

ByteBuffer::~ByteBuffer() {
  if (data_ != nullptr) munmap(data_, capacity_);
}

ByteBuffer::ByteBuffer(ByteBuffer&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)),
      size_(std::exchange(other.size_, 0)),
      capacity_(std::exchange(other.capacity_, 0)),
      populated_(std::exchange(other.populated_, 0)) {}

ByteBuffer& ByteBuffer::operator=(ByteBuffer&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  std::swap(capacity_, other.capacity_);
  std::swap(populated_, other.populated_);
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
  if (buffer.ok()) buffer->size_ = size;  // its pages are zero when they are first touched
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
  while (populated_ < size_ + bytes.size()) Populate();
  if (!bytes.empty()) std::memcpy(data_ + size_, bytes.data(), bytes.size());
  size_ += bytes.size();
  return absl::OkStatus();
}

// One page fault costs more than the copy of a page, so pages come a stretch at a time. A hint: a system
// that does not know it (Linux before 5.14) faults page by page.
void ByteBuffer::Populate() {
  const size_t end = std::min(capacity_, populated_ + kStretchBytes);
#ifdef MADV_POPULATE_WRITE
  if (end - populated_ >= kPageBytes) madvise(data_ + populated_, end - populated_, MADV_POPULATE_WRITE);
#endif
  populated_ = end;
}

void ByteBuffer::Keep(size_t offset, size_t size) {
  if (offset != 0 && size != 0) std::memmove(data_, data_ + offset, size);
  size_ = size;
}

}  // namespace sgpsam
