// Numbers as most file formats hold them: the lowest byte first. For readers and writers of such formats.
#ifndef SGPSAM_CORE_BASE_LITTLE_ENDIAN_H_
#define SGPSAM_CORE_BASE_LITTLE_ENDIAN_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace sgpsam {

// The lowest `width` bytes, at most 8.
inline std::string LittleEndian(uint64_t value, size_t width) {
  std::string bytes(width, '\0');
  for (size_t i = 0; i < width; ++i) bytes[i] = static_cast<char>(value >> (8 * i));
  return bytes;
}

// Of `width` bytes, at most 8, that exist.
inline uint64_t FromLittleEndian(const uint8_t* bytes, size_t width) {
  uint64_t value = 0;
  for (size_t i = width; i-- > 0;) value = (value << 8) | bytes[i];
  return value;
}
inline uint64_t FromLittleEndian(absl::string_view bytes) {
  return FromLittleEndian(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size());
}

}  // namespace sgpsam

#endif  // SGPSAM_CORE_BASE_LITTLE_ENDIAN_H_
