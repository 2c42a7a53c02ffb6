#include "core/checkpoint/zip_archive.h"

#include <zlib.h>

#include <algorithm>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "core/base/little_endian.h"
#include "core/base/status_macros.h"
#include "core/checkpoint/zip_format.h"

namespace sgpsam {
namespace {

using namespace zip_format;  // NOLINT: its numbers alone

constexpr uint64_t kMaxDirectoryBytes = 32 << 20;  // 100,000 tensors need less
constexpr size_t kMaxComment = 0xffff;

using Bytes = absl::Span<const uint8_t>;

// Numbers of a block, by position; positions are the format's own.
uint16_t U16(Bytes bytes, size_t at) { return static_cast<uint16_t>(FromLittleEndian(&bytes[at], 2)); }
uint32_t U32(Bytes bytes, size_t at) { return static_cast<uint32_t>(FromLittleEndian(&bytes[at], 4)); }
uint64_t U64(Bytes bytes, size_t at) { return FromLittleEndian(&bytes[at], 8); }

absl::StatusOr<std::vector<uint8_t>> ReadBlock(const InputFile& file, uint64_t offset, uint64_t size) {
  std::vector<uint8_t> bytes(size);
  RETURN_IF_ERROR(file.Read(offset, bytes.data(), bytes.size()));
  return bytes;
}

struct Directory {
  uint64_t begin = 0, size = 0;
  bool found = false;
};

// The zip64 end record, which a locator before the end record points at, says where the directory is
// when 32 bits do not suffice.
absl::StatusOr<Directory> FindDirectory64(const InputFile& file, uint64_t end_offset) {
  Directory directory;
  if (end_offset < kLocator64Size) return directory;
  ASSIGN_OR_RETURN(const std::vector<uint8_t> locator,
                   ReadBlock(file, end_offset - kLocator64Size, kLocator64Size));
  if (U32(locator, 0) != kLocator64) return directory;
  const uint64_t offset = U64(locator, 8);
  if (offset > end_offset || end_offset - offset < kEnd64Size) return directory;
  ASSIGN_OR_RETURN(const std::vector<uint8_t> end, ReadBlock(file, offset, kEnd64Size));
  if (U32(end, 0) != kEnd64) return directory;
  directory.size = U64(end, 40);
  directory.begin = U64(end, 48);
  directory.found = true;
  return directory;
}

absl::StatusOr<Directory> FindDirectory(const InputFile& file) {
  const uint64_t tail_size = std::min<uint64_t>(file.size(), kEndSize + kMaxComment);
  const uint64_t tail_begin = file.size() - tail_size;
  ASSIGN_OR_RETURN(const std::vector<uint8_t> tail, ReadBlock(file, tail_begin, tail_size));
  for (size_t at = tail.size() < kEndSize ? 0 : tail.size() - kEndSize + 1; at-- > 0;) {
    if (U32(tail, at) != kEnd || U16(tail, at + 20) != tail.size() - at - kEndSize) continue;
    ASSIGN_OR_RETURN(Directory directory, FindDirectory64(file, tail_begin + at));
    if (directory.found) return directory;
    return Directory{U32(tail, at + 16), U32(tail, at + 12), true};
  }
  return Directory{};
}

// Replaces what did not fit 32 bits; the field holds only those values, in this order.
bool ApplyZip64(Bytes extra, bool size_too_large, ZipArchive::Entry& entry) {
  const bool offset_too_large = entry.header_offset == kInZip64;
  if (!size_too_large && !offset_too_large) return true;
  while (extra.size() >= 4) {
    const size_t length = U16(extra, 2);
    if (length > extra.size() - 4) return false;
    const Bytes field = extra.subspan(4, length);
    if (U16(extra, 0) == kZip64Field) {
      // Uncompressed and compressed size, then the offset.
      const size_t needed = (size_too_large ? 16 : 0) + (offset_too_large ? 8 : 0);
      if (field.size() < needed) return false;
      if (size_too_large) entry.size = U64(field, 0);
      if (offset_too_large) entry.header_offset = U64(field, size_too_large ? 16 : 0);
      return true;
    }
    extra.remove_prefix(4 + length);
  }
  return false;
}

std::string Quoted(const std::string& name) {
  return absl::StrCat("\"", absl::CHexEscape(name.substr(0, 200)), "\"");
}

}  // namespace

absl::Status ZipArchive::Damaged(absl::string_view what) const {
  return absl::InvalidArgumentError(absl::StrCat(path(), " is damaged or truncated: ", what));
}

absl::StatusOr<ZipArchive> ZipArchive::Open(InputFile file) {
  ZipArchive archive(std::move(file));
  RETURN_IF_ERROR(archive.ReadDirectory());
  return archive;
}

absl::Status ZipArchive::ReadDirectory() {
  ASSIGN_OR_RETURN(const Directory directory, FindDirectory(file_));
  if (!directory.found) return Damaged("it has no zip directory at its end");
  if (directory.begin > file_.size() || directory.size > file_.size() - directory.begin) {
    return Damaged("its zip directory lies outside the file");
  }
  if (directory.size > kMaxDirectoryBytes) return Damaged("its zip directory is larger than 32 MiB");
  directory_begin_ = directory.begin;
  ASSIGN_OR_RETURN(const std::vector<uint8_t> bytes, ReadBlock(file_, directory.begin, directory.size));
  Bytes rest = bytes;
  while (!rest.empty()) {
    if (rest.size() < kCentralHeaderSize || U32(rest, 0) != kCentralHeader)
      return Damaged("bad zip directory");
    const size_t name_size = U16(rest, 28), extra_size = U16(rest, 30), comment_size = U16(rest, 32);
    if (rest.size() - kCentralHeaderSize < name_size + extra_size + comment_size)
      return Damaged("bad zip directory");
    Entry entry;
    entry.encrypted = (U16(rest, 8) & 1) != 0;
    entry.method = U16(rest, 10);
    entry.crc = U32(rest, 16);
    entry.size = U32(rest, 24);
    entry.header_offset = U32(rest, 42);
    const Bytes name_bytes = rest.subspan(kCentralHeaderSize, name_size);
    const std::string name(name_bytes.begin(), name_bytes.end());
    const bool size_too_large = U32(rest, 20) == kInZip64 || U32(rest, 24) == kInZip64;
    if (!ApplyZip64(rest.subspan(kCentralHeaderSize + name_size, extra_size), size_too_large, entry)) {
      return Damaged(absl::StrCat("bad zip64 field of ", Quoted(name)));
    }
    if (!entries_.emplace(name, entry).second) return Damaged(absl::StrCat(Quoted(name), " occurs twice"));
    rest.remove_prefix(kCentralHeaderSize + name_size + extra_size + comment_size);
  }
  return absl::OkStatus();
}

// After the entry's own header, whose name and extra field have lengths of their own.
absl::StatusOr<uint64_t> ZipArchive::DataOffset(const std::string& name, const Entry& entry) const {
  const absl::Status outside = Damaged(absl::StrCat(Quoted(name), " does not lie in the file"));
  if (entry.header_offset > directory_begin_ || directory_begin_ - entry.header_offset < kLocalHeaderSize)
    return outside;
  ASSIGN_OR_RETURN(const std::vector<uint8_t> header,
                   ReadBlock(file_, entry.header_offset, kLocalHeaderSize));
  if (U32(header, 0) != kLocalHeader) return Damaged(absl::StrCat(Quoted(name), " has no header"));
  const uint64_t offset = entry.header_offset + kLocalHeaderSize + U16(header, 26) + U16(header, 28);
  if (offset > directory_begin_ || entry.size > directory_begin_ - offset) return outside;
  return offset;
}

absl::StatusOr<std::vector<uint8_t>> ZipArchive::Read(const std::string& name, uint64_t max_size) const {
  const auto found = entries_.find(name);
  if (found == entries_.end())
    return absl::NotFoundError(absl::StrCat(path(), " has no entry ", Quoted(name)));
  const Entry& entry = found->second;
  if (entry.method != 0 || entry.encrypted) {
    return absl::InvalidArgumentError(
        absl::StrCat(path(), ": entry ", Quoted(name),
                     " is compressed or encrypted, which torch.save never does; unpack "
                     "the archive and pack it again with `zip -0`"));
  }
  if (entry.size > max_size) {
    return absl::InvalidArgumentError(absl::StrCat(path(), ": entry ", Quoted(name), " has ", entry.size,
                                                   " bytes, more than the ", max_size, " that are accepted"));
  }
  ASSIGN_OR_RETURN(const uint64_t offset, DataOffset(name, entry));
  std::vector<uint8_t> bytes(entry.size);
  RETURN_IF_ERROR(file_.Read(offset, bytes.data(), bytes.size()));
  if (crc32_z(0, bytes.data(), bytes.size()) != entry.crc) {
    return Damaged(absl::StrCat(Quoted(name), " does not have its checksum"));
  }
  return bytes;
}

}  // namespace sgpsam
