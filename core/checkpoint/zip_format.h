// The numbers of the zip format: PKWARE APPNOTE 6.3, sections 4.3 and 4.5.3. Private to zip_archive.cc and
// zip_writer.cc.
#ifndef SGPSAM_CORE_CHECKPOINT_ZIP_FORMAT_H_
#define SGPSAM_CORE_CHECKPOINT_ZIP_FORMAT_H_

#include <cstddef>
#include <cstdint>

namespace sgpsam::zip_format {

// What each record begins with, and its size without names and fields of variable length.
inline constexpr uint32_t kLocalHeader = 0x04034b50, kCentralHeader = 0x02014b50, kEnd = 0x06054b50;
inline constexpr uint32_t kEnd64 = 0x06064b50, kLocator64 = 0x07064b50;
inline constexpr size_t kLocalHeaderSize = 30, kCentralHeaderSize = 46, kEndSize = 22;
inline constexpr size_t kEnd64Size = 56, kLocator64Size = 20;

inline constexpr uint16_t kZip64Field = 1;
inline constexpr uint32_t kInZip64 = 0xffffffff;  // "the value stands in the zip64 field"
inline constexpr uint16_t kVersion = 45;          // the first that knows zip64

}  // namespace sgpsam::zip_format

#endif  // SGPSAM_CORE_CHECKPOINT_ZIP_FORMAT_H_
