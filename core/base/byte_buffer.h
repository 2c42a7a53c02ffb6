// A move-only block of bytes whose pages are taken only when written (a mebibyte at a time) and returned to
// the system as soon as it dies: what uploads and volumes are kept in, so that a volume costs its own size
// once. Not thread-safe while being appended to; safe to read from many threads afterwards.
#ifndef SGPSAM_CORE_BASE_BYTE_BUFFER_H_
#define SGPSAM_CORE_BASE_BYTE_BUFFER_H_

#include <cstddef>
#include <cstdint>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace sgpsam {

class ByteBuffer {
 public:
  ByteBuffer() = default;
  ~ByteBuffer();
  ByteBuffer(ByteBuffer&& other) noexcept;
  ByteBuffer& operator=(ByteBuffer&& other) noexcept;

  // Room for `capacity` bytes, none of them in use. RESOURCE_EXHAUSTED if the system has no address
  // space for it.
  static absl::StatusOr<ByteBuffer> WithCapacity(size_t capacity);
  // `size` zero bytes.
  static absl::StatusOr<ByteBuffer> Zeroed(size_t size);
  static absl::StatusOr<ByteBuffer> CopyOf(absl::string_view bytes);

  // Adds bytes after the last one. OUT_OF_RANGE, and nothing added, if they exceed the capacity.
  absl::Status Append(absl::string_view bytes);

  // Keeps bytes [offset, offset + size), which must be in use, and drops all others; the first one
  // kept becomes the first of the buffer.
  void Keep(size_t offset, size_t size);

  uint8_t* data() { return data_; }
  const uint8_t* data() const { return data_; }
  size_t size() const { return size_; }
  size_t capacity() const { return capacity_; }
  bool empty() const { return size_ == 0; }
  absl::string_view view() const { return {reinterpret_cast<const char*>(data_), size_}; }

 private:
  void Populate();

  uint8_t* data_ = nullptr;
  size_t size_ = 0;
  size_t capacity_ = 0;
  size_t populated_ = 0;  // bytes whose pages were asked for
};

}  // namespace sgpsam

#endif  // SGPSAM_CORE_BASE_BYTE_BUFFER_H_
