// Makes small PyTorch archives, well-formed or not, byte by byte: what the checkpoint readers' tests feed in.
#ifndef SGPSAM_TESTS_CORE_CHECKPOINT_PTH_BUILDER_H_
#define SGPSAM_TESTS_CORE_CHECKPOINT_PTH_BUILDER_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "core/base/little_endian.h"

namespace sgpsam {

// A zip file of stored entries; its fields can be made to lie.
struct ZipBuilder {
  struct Entry {
    std::string name, bytes;
    uint16_t method = 0;
    uint32_t crc_change = 0;     // added to the checksum
    uint64_t size_change = 0;    // added to the size
    uint64_t offset_change = 0;  // added to the offset in the directory
    bool zip64 = false;          // sizes and offset stand in the zip64 field
  };
  std::vector<Entry> entries;
  bool zip64_end = false;
  std::string comment;

  void Add(const std::string& name, const std::string& bytes);
  std::string Build() const;
};

// A zip file as torch.save writes it, around the body of a pickle; storages are to be added.
ZipBuilder Archive(const std::string& pickle_body);

// A file as torch.save wrote it before PyTorch 1.6, around the body of a pickle; its parts can be made to
// lie.
struct LegacyBuilder {
  struct Storage {
    std::string key;
    int64_t elements = 0;  // as announced before the bytes
    std::string bytes;
  };
  std::string body;
  std::vector<Storage> storages;
  std::string magic = "\x8a\x0al\xfc\x9c\x46\xf9 j\xa8P\x19";
  int64_t protocol = 1001;

  std::string Build() const;
};

// Pieces of pickles, as Python's pickle module writes them.
namespace pickles {

std::string Text(const std::string& text);
std::string Int(int64_t value);
std::string Tuple(const std::vector<std::string>& items);
std::string Ints(const std::vector<int64_t>& values);
std::string List(const std::vector<std::string>& items);
std::string Global(const std::string& module, const std::string& name);
std::string Dict(const std::vector<std::pair<std::string, std::string>>& items);
std::string Storage(const std::string& type, const std::string& key, int64_t elements);
std::string Tensor(const std::string& storage, int64_t offset, const std::vector<int64_t>& shape,
                   const std::vector<int64_t>& strides);
std::string Whole(const std::string& body);

}  // namespace pickles

template <typename T>
std::string BytesOf(const std::vector<T>& values) {
  return std::string(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T));
}

// A file that disappears with the test.
class TemporaryFile {
 public:
  explicit TemporaryFile(const std::string& bytes);
  ~TemporaryFile();
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace sgpsam

#endif  // SGPSAM_TESTS_CORE_CHECKPOINT_PTH_BUILDER_H_
