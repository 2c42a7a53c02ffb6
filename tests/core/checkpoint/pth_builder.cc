#include "tests/core/checkpoint/pth_builder.h"

#include <unistd.h>
#include <zlib.h>

#include <filesystem>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gtest/gtest.h"

namespace sgpsam {
namespace {

constexpr uint64_t kAllOnes = ~uint64_t{0};

uint32_t Crc(const std::string& bytes) {
  return static_cast<uint32_t>(
      crc32(0, reinterpret_cast<const Bytef*>(bytes.data()), static_cast<uInt>(bytes.size())));
}

// What the local and the central header share: from the flags to the name's length.
std::string CommonFields(const ZipBuilder::Entry& entry) {
  const uint64_t size = entry.zip64 ? kAllOnes : entry.bytes.size() + entry.size_change;
  return absl::StrCat(LittleEndian(0, 2), LittleEndian(entry.method, 2), LittleEndian(0, 4),
                      LittleEndian(Crc(entry.bytes) + entry.crc_change, 4), LittleEndian(size, 4),
                      LittleEndian(size, 4), LittleEndian(entry.name.size(), 2));
}

std::string CentralHeader(const ZipBuilder::Entry& entry, uint64_t offset) {
  const uint64_t size = entry.bytes.size() + entry.size_change;
  std::string extra;
  if (entry.zip64) {
    extra = absl::StrCat(LittleEndian(1, 2), LittleEndian(24, 2), LittleEndian(size, 8),
                         LittleEndian(size, 8), LittleEndian(offset, 8));
  }
  return absl::StrCat(LittleEndian(0x02014b50, 4), LittleEndian(45, 2), LittleEndian(45, 2),
                      CommonFields(entry), LittleEndian(extra.size(), 2), std::string(10, '\0'),
                      LittleEndian(entry.zip64 ? kAllOnes : offset, 4), entry.name, extra);
}

std::string End64(uint64_t entries, uint64_t size, uint64_t begin) {
  return absl::StrCat(LittleEndian(0x06064b50, 4), LittleEndian(44, 8), LittleEndian(45, 2),
                      LittleEndian(45, 2), LittleEndian(0, 8), LittleEndian(entries, 8),
                      LittleEndian(entries, 8), LittleEndian(size, 8), LittleEndian(begin, 8)) +
         absl::StrCat(LittleEndian(0x07064b50, 4), LittleEndian(0, 4), LittleEndian(begin + size, 8),
                      LittleEndian(1, 4));
}

}  // namespace

void ZipBuilder::Add(const std::string& name, const std::string& bytes) {
  Entry entry;
  entry.name = name;
  entry.bytes = bytes;
  entries.push_back(entry);
}

std::string ZipBuilder::Build() const {
  std::string file, directory;
  for (const Entry& entry : entries) {
    directory += CentralHeader(entry, file.size() + entry.offset_change);
    absl::StrAppend(&file, LittleEndian(0x04034b50, 4), LittleEndian(45, 2), CommonFields(entry),
                    LittleEndian(5, 2), entry.name, "extra");
    file += entry.bytes;
  }
  const uint64_t begin = file.size(), lie = zip64_end ? kAllOnes : 0;
  file += directory;
  if (zip64_end) file += End64(entries.size(), directory.size(), begin);
  absl::StrAppend(&file, LittleEndian(0x06054b50, 4), LittleEndian(0, 4),
                  LittleEndian(entries.size() | lie, 2), LittleEndian(entries.size() | lie, 2));
  absl::StrAppend(&file, LittleEndian(directory.size() | lie, 4), LittleEndian(begin | lie, 4),
                  LittleEndian(comment.size(), 2), comment);
  return file;
}

ZipBuilder Archive(const std::string& pickle_body) {
  ZipBuilder zip;
  zip.Add("archive/data.pkl", pickles::Whole(pickle_body));
  zip.Add("archive/byteorder", "little");
  zip.Add("archive/version", "3\n");
  return zip;
}

std::string LegacyBuilder::Build() const {
  const std::string system =
      pickles::Dict({{"protocol_version", pickles::Int(protocol)}, {"little_endian", "\x88"}});
  std::vector<std::string> keys;
  for (const Storage& storage : storages) keys.push_back(pickles::Text(storage.key));
  std::string file;
  for (const std::string& pickle : {magic, pickles::Int(protocol), system, body, pickles::List(keys)}) {
    file += pickles::Whole(pickle);
  }
  for (const Storage& storage : storages) {
    absl::StrAppend(&file, LittleEndian(static_cast<uint64_t>(storage.elements), 8), storage.bytes);
  }
  return file;
}

namespace pickles {

std::string Text(const std::string& text) { return absl::StrCat("X", LittleEndian(text.size(), 4), text); }

std::string Int(int64_t value) {
  return absl::StrCat("\x8a\x08", LittleEndian(static_cast<uint64_t>(value), 8));
}

std::string Tuple(const std::vector<std::string>& items) {
  return absl::StrCat("(", absl::StrJoin(items, ""), "t");
}

std::string Ints(const std::vector<int64_t>& values) {
  std::vector<std::string> items;
  for (const int64_t value : values) items.push_back(Int(value));
  return Tuple(items);
}

std::string List(const std::vector<std::string>& items) {
  return absl::StrCat("](", absl::StrJoin(items, ""), "e");
}

std::string Global(const std::string& module, const std::string& name) {
  return absl::StrCat("c", module, "\n", name, "\n");
}

std::string Dict(const std::vector<std::pair<std::string, std::string>>& items) {
  std::string bytes = "}(";
  for (const auto& [key, value] : items) absl::StrAppend(&bytes, Text(key), value);
  return absl::StrCat(bytes, "u");
}

std::string Storage(const std::string& type, const std::string& key, int64_t elements) {
  return absl::StrCat(Tuple({Text("storage"), Global("torch", type), Text(key), Text("cpu"), Int(elements)}),
                      "Q");
}

std::string Tensor(const std::string& storage, int64_t offset, const std::vector<int64_t>& shape,
                   const std::vector<int64_t>& strides) {
  const std::string hooks = absl::StrCat(Global("collections", "OrderedDict"), ")R");
  return absl::StrCat(Global("torch._utils", "_rebuild_tensor_v2"),
                      Tuple({storage, Int(offset), Ints(shape), Ints(strides), "\x89", hooks}), "R");
}

std::string Whole(const std::string& body) { return absl::StrCat("\x80\x02", body, "."); }

}  // namespace pickles

TemporaryFile::TemporaryFile(const std::string& bytes) {
  static int counter = 0;
  path_ = absl::StrCat(::testing::TempDir(), "sgpsam.", getpid(), ".", counter++);
  std::ofstream(path_, std::ios::binary) << bytes;
}

TemporaryFile::~TemporaryFile() { std::filesystem::remove(path_); }

}  // namespace sgpsam
