#include "core/checkpoint/zip_pth.h"

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "core/base/status_macros.h"
#include "core/checkpoint/zip_archive.h"

namespace sgpsam {
namespace {

constexpr uint64_t kMaxSmallEntry = 64;

absl::Status Invalid(const ZipArchive& archive, absl::string_view reason) {
  return absl::InvalidArgumentError(absl::StrCat(archive.path(), ": ", reason));
}

// Everything lies in one top folder, whose name PyTorch takes from the file's.
absl::StatusOr<std::string> FindPrefix(const ZipArchive& archive) {
  for (const auto& [name, entry] : archive.entries()) {
    const size_t slash = name.find('/');
    if (slash == std::string::npos || name.substr(slash) != "/data.pkl") continue;
    const std::string prefix = name.substr(0, slash + 1);
    if (archive.entries().count(prefix + "constants.pkl") == 0) return prefix;
    return Invalid(archive,
                   "is a TorchScript program, not a checkpoint: save its state_dict() with torch.save");
  }
  return Invalid(archive, "is a zip file, but no PyTorch checkpoint: it has no data.pkl");
}

absl::Status CheckByteOrder(const ZipArchive& archive, const std::string& prefix) {
  const std::string name = prefix + "byteorder";
  if (archive.entries().count(name) == 0) return absl::OkStatus();  // before PyTorch 2.1
  ASSIGN_OR_RETURN(const std::vector<uint8_t> order, archive.Read(name, kMaxSmallEntry));
  if (std::string(order.begin(), order.end()) == "little") return absl::OkStatus();
  return Invalid(archive, "was saved on a big-endian machine: save it again on a little-endian one");
}

class ZipStorages : public PthStorages {
 public:
  ZipStorages(ZipArchive archive, std::string prefix)
      : archive_(std::move(archive)), prefix_(std::move(prefix)) {}

  absl::StatusOr<std::vector<uint8_t>> Read(const std::string& key) override {
    return archive_.Read(absl::StrCat(prefix_, "data/", key), kMaxStorageBytes);
  }

 private:
  ZipArchive archive_;
  std::string prefix_;  // the top folder, with its slash
};

}  // namespace

absl::StatusOr<PthFile> OpenZipPth(InputFile file) {
  ASSIGN_OR_RETURN(ZipArchive archive, ZipArchive::Open(std::move(file)));
  ASSIGN_OR_RETURN(std::string prefix, FindPrefix(archive));
  RETURN_IF_ERROR(CheckByteOrder(archive, prefix));
  ASSIGN_OR_RETURN(const std::vector<uint8_t> bytes, archive.Read(prefix + "data.pkl", kMaxPickleBytes));
  absl::StatusOr<Pickle> pickle =
      ReadPickle(absl::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
  if (!pickle.ok()) return Invalid(archive, pickle.status().message());
  return PthFile{*std::move(pickle), std::make_unique<ZipStorages>(std::move(archive), std::move(prefix))};
}

}  // namespace sgpsam
