#include "core/checkpoint/zip_writer.h"

#include <zlib.h>

#include "absl/strings/str_cat.h"
#include "core/base/little_endian.h"
#include "core/base/status_macros.h"
#include "core/checkpoint/zip_format.h"

namespace sgpsam {
namespace {

using namespace zip_format;  // NOLINT: its numbers alone

constexpr uint16_t kPaddingField = 0x4246;  // PyTorch's own: "FB"
constexpr size_t kFieldHeader = 4;
constexpr size_t kZip64Sizes = 16;
// 1980-01-01, the first day of the format: equal models make equal files.
constexpr uint32_t kNoTime = 0x00210000;

// What the local and the central header share, from the version needed to the name's length; sizes stand in
// the zip64 field.
std::string CommonFields(absl::string_view name, uint32_t crc) {
  constexpr uint32_t kFlags = 0, kStored = 0;
  return absl::StrCat(LittleEndian(kVersion, 2), LittleEndian(kFlags, 2), LittleEndian(kStored, 2),
                      LittleEndian(kNoTime, 4), LittleEndian(crc, 4), LittleEndian(kInZip64, 4),
                      LittleEndian(kInZip64, 4), LittleEndian(name.size(), 2));
}

// The header of an entry at `offset`, padded so that what follows it is aligned.
std::string LocalHeader(absl::string_view name, uint64_t size, uint32_t crc, uint64_t offset) {
  const std::string sizes = absl::StrCat(LittleEndian(kZip64Field, 2), LittleEndian(kZip64Sizes, 2),
                                         LittleEndian(size, 8), LittleEndian(size, 8));
  const uint64_t end = offset + kLocalHeaderSize + name.size() + sizes.size() + kFieldHeader;
  const std::string padding((ZipWriter::kAlignment - end % ZipWriter::kAlignment) % ZipWriter::kAlignment,
                            'Z');
  const size_t extra = sizes.size() + kFieldHeader + padding.size();
  return absl::StrCat(absl::StrCat(LittleEndian(kLocalHeader, 4), CommonFields(name, crc),
                                   LittleEndian(extra, 2), name, sizes),
                      LittleEndian(kPaddingField, 2), LittleEndian(padding.size(), 2), padding);
}

std::string CentralHeader(absl::string_view name, uint64_t size, uint32_t crc, uint64_t offset) {
  const std::string field =
      absl::StrCat(LittleEndian(kZip64Field, 2), LittleEndian(kZip64Sizes + 8, 2), LittleEndian(size, 8),
                   LittleEndian(size, 8), LittleEndian(offset, 8));
  const std::string no_comment_disk_attributes(10, '\0');
  return absl::StrCat(
      absl::StrCat(LittleEndian(kCentralHeader, 4), LittleEndian(kVersion, 2), CommonFields(name, crc)),
      LittleEndian(field.size(), 2), no_comment_disk_attributes, LittleEndian(kInZip64, 4), name, field);
}

// The zip64 end record, its locator, and the old end record that refers to them.
std::string EndRecords(uint64_t entries, uint64_t begin, uint64_t size) {
  const std::string end64 = absl::StrCat(
      absl::StrCat(LittleEndian(kEnd64, 4), LittleEndian(kEnd64Size - 12, 8), LittleEndian(kVersion, 2),
                   LittleEndian(kVersion, 2), LittleEndian(0, 8)),
      LittleEndian(entries, 8), LittleEndian(entries, 8), LittleEndian(size, 8), LittleEndian(begin, 8));
  const std::string locator = absl::StrCat(LittleEndian(kLocator64, 4), LittleEndian(0, 4),
                                           LittleEndian(begin + size, 8), LittleEndian(1, 4));
  const std::string end = absl::StrCat(LittleEndian(kEnd, 4), LittleEndian(0, 4), LittleEndian(kInZip64, 4),
                                       LittleEndian(kInZip64, 4), LittleEndian(kInZip64, 4));
  return absl::StrCat(end64, locator, end, LittleEndian(0, 2));
}

}  // namespace

absl::Status ZipWriter::Append(absl::string_view bytes) {
  written_ += bytes.size();
  return file_.Append(bytes);
}

absl::Status ZipWriter::Add(absl::string_view name, absl::string_view bytes) {
  const auto crc =
      static_cast<uint32_t>(crc32_z(0, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
  directory_ += CentralHeader(name, bytes.size(), crc, written_);
  ++entries_;
  RETURN_IF_ERROR(Append(LocalHeader(name, bytes.size(), crc, written_)));
  return Append(bytes);
}

absl::Status ZipWriter::Finish() {
  const uint64_t begin = written_;
  RETURN_IF_ERROR(Append(directory_));
  return Append(EndRecords(entries_, begin, directory_.size()));
}

}  // namespace sgpsam
