// Numbers as the checkpoint formats hold them: the lowest byte first. Private to their readers and writers.
#ifndef SGPSAM_CORE_MODEL_LITTLE_ENDIAN_H_
#define SGPSAM_CORE_MODEL_LITTLE_ENDIAN_H_

#include <cstddef>
#include <cstdint>
#include <string>

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

}  // namespace sgpsam

#endif  // SGPSAM_CORE_MODEL_LITTLE_ENDIAN_H_
