#include "core/checkpoint/legacy_pth.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "core/base/little_endian.h"
#include "core/base/status_macros.h"

namespace sgpsam {
namespace {

using Kind = PickleNode::Kind;

// The end of the first pickle: its magic number, and STOP.
constexpr absl::string_view kMagic("\x8a\x0al\xfc\x9c\x46\xf9 j\xa8P\x19.", 13);
constexpr int64_t kVersion = 1001;
constexpr uint64_t kCountBytes = 8;
constexpr size_t kShownNameLength = 120;

struct Extent {
  uint64_t offset = 0, size = 0;  // of the elements in the file
};

std::string Quoted(absl::string_view key) {
  return absl::StrCat("storage \"", absl::CHexEscape(key.substr(0, kShownNameLength)), "\"");
}

class LegacyStorages : public PthStorages {
 public:
  LegacyStorages(InputFile file, std::map<std::string, Extent> extents)
      : file_(std::move(file)), extents_(std::move(extents)) {}

  absl::StatusOr<std::vector<uint8_t>> Read(const std::string& key) override {
    const auto found = extents_.find(key);
    if (found == extents_.end()) {
      return absl::NotFoundError(absl::StrCat(file_.path(), " has no ", Quoted(key)));
    }
    std::vector<uint8_t> bytes(found->second.size);
    RETURN_IF_ERROR(file_.Read(found->second.offset, bytes.data(), bytes.size()));
    return bytes;
  }

 private:
  InputFile file_;
  std::map<std::string, Extent> extents_;
};

class LegacyReader {
 public:
  explicit LegacyReader(InputFile file) : file_(std::move(file)) {}

  absl::StatusOr<PthFile> Run() && {
    const uint64_t size = std::min(file_.size(), kMaxPickleBytes);
    std::string bytes(size, '\0');
    RETURN_IF_ERROR(file_.Read(0, bytes.data(), bytes.size()));
    rest_ = bytes;
    RETURN_IF_ERROR(CheckIntroduction());
    ASSIGN_OR_RETURN(Pickle object, Next());
    ASSIGN_OR_RETURN(const Pickle keys, Next());
    at_ = size - rest_.size();
    RETURN_IF_ERROR(Describe(object));
    RETURN_IF_ERROR(Walk(keys));
    return PthFile{std::move(object),
                   std::make_unique<LegacyStorages>(std::move(file_), std::move(extents_))};
  }

 private:
  absl::Status Invalid(absl::string_view reason) const {
    return absl::InvalidArgumentError(absl::StrCat(file_.path(), ": ", reason));
  }

  absl::StatusOr<Pickle> Next() {
    absl::StatusOr<Pickle> pickle = ReadPickle(rest_);
    if (!pickle.ok()) return Invalid(pickle.status().message());
    rest_.remove_prefix(pickle->size);
    return pickle;
  }

  // What the machine was does not matter: elements are stored little endian on any.
  absl::Status CheckIntroduction() {
    const absl::string_view begin = rest_;
    ASSIGN_OR_RETURN(const Pickle magic, Next());
    if (!absl::EndsWith(begin.substr(0, magic.size), kMagic)) {
      return Invalid("is a pickle, but not one of torch.save");
    }
    ASSIGN_OR_RETURN(const Pickle version, Next());
    const PickleNode& number = version[version.root];
    if (number.kind != Kind::kInt || number.integer != kVersion) {
      return Invalid(
          absl::StrCat("is of version ", number.integer, " of torch.save's old layout, not ", kVersion));
    }
    return Next().status();
  }

  // Every storage that the object has, tensors of an optimizer included.
  absl::Status Describe(const Pickle& object) {
    for (const PickleNode& node : object.nodes) {
      if (node.kind != Kind::kStorage) continue;
      const PickledStorage& storage = node.tensor->storage;
      const PickledStorage& known = described_.emplace(storage.key, storage).first->second;
      if (known.elements != storage.elements || known.width != storage.width) {
        return Invalid(absl::StrCat("describes ", Quoted(storage.key), " twice, and differently"));
      }
    }
    return absl::OkStatus();
  }

  absl::Status Walk(const Pickle& keys) {
    const PickleNode& list = keys[keys.root];
    if (list.kind != Kind::kList) return Invalid("has no list of storages after its object");
    for (const PickleId id : list.items) RETURN_IF_ERROR(Pass(keys[id].text));
    return absl::OkStatus();
  }

  absl::Status Pass(const std::string& key) {
    const auto found = described_.find(key);
    if (found == described_.end())
      return Invalid(absl::StrCat("lists ", Quoted(key), ", which no tensor has"));
    const PickledStorage& storage = found->second;
    if (storage.width == 0) {
      return Invalid(absl::StrCat(Quoted(key), " is a ",
                                  absl::CHexEscape(storage.type_name.substr(0, kShownNameLength)),
                                  ", whose size is not known, so what follows it cannot be found"));
    }
    ASSIGN_OR_RETURN(const int64_t elements, ReadCount(key));
    if (elements != storage.elements) {
      return Invalid(absl::StrCat(Quoted(key), " has ", elements, " elements instead of the ",
                                  storage.elements, " that its pickle says"));
    }
    const uint64_t left = file_.size() - at_;
    if (static_cast<uint64_t>(elements) > std::min(left, kMaxStorageBytes) / storage.width)
      return Outside(key);
    const Extent extent{at_, static_cast<uint64_t>(elements) * storage.width};
    at_ += extent.size;
    return extents_.emplace(key, extent).second ? absl::OkStatus()
                                                : Invalid(absl::StrCat(Quoted(key), " occurs twice"));
  }

  absl::StatusOr<int64_t> ReadCount(const std::string& key) {
    uint8_t raw[kCountBytes] = {};
    if (file_.size() - at_ < kCountBytes) return Outside(key);
    RETURN_IF_ERROR(file_.Read(at_, raw, kCountBytes));
    at_ += kCountBytes;
    return static_cast<int64_t>(FromLittleEndian(raw, kCountBytes));
  }

  absl::Status Outside(const std::string& key) const {
    return Invalid(absl::StrCat("is damaged or truncated: ", Quoted(key), " does not lie in the file"));
  }

  InputFile file_;
  absl::string_view rest_;  // of the pickles
  uint64_t at_ = 0;         // in the file, among the storages
  std::map<std::string, PickledStorage> described_;
  std::map<std::string, Extent> extents_;
};

}  // namespace

absl::StatusOr<PthFile> OpenLegacyPth(InputFile file) { return LegacyReader(std::move(file)).Run(); }

}  // namespace sgpsam
