#include "core/checkpoint/pth_reader.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "core/base/status_macros.h"
#include "core/checkpoint/legacy_pth.h"
#include "core/checkpoint/zip_pth.h"
#include "core/model_file/model_config.h"

namespace sgpsam {
namespace {

using Kind = PickleNode::Kind;

// Of a tensor that is larger than its storage, because PyTorch expanded it.
constexpr int64_t kMaxExpandedBytes = 64 << 20;
constexpr size_t kShownKeys = 12;
constexpr size_t kShownNameLength = 120;

std::string Shown(absl::string_view name) { return absl::CHexEscape(name.substr(0, kShownNameLength)); }

absl::Status Invalid(const std::string& path, absl::string_view reason) {
  return absl::InvalidArgumentError(absl::StrCat(path, ": ", reason));
}

// A zip file begins with its first entry, the older layout with a pickle.
absl::StatusOr<PthFile> OpenLayout(InputFile file) {
  char start[4] = {};
  RETURN_IF_ERROR(file.Read(0, start, std::min<uint64_t>(file.size(), sizeof(start))));
  if (std::memcmp(start, "PK\3\4", 4) == 0) return OpenZipPth(std::move(file));
  if (start[0] == '\x80') return OpenLegacyPth(std::move(file));
  return Invalid(file.path(), "is no PyTorch checkpoint: it is neither a zip file nor a pickle");
}

const PickleNode* FindKey(const Pickle& pickle, const PickleNode& dict, absl::string_view key) {
  for (size_t i = 0; i + 1 < dict.items.size(); i += 2) {
    const PickleNode& candidate = pickle[dict.items[i]];
    if (candidate.kind == Kind::kText && candidate.text == key) return &pickle[dict.items[i + 1]];
  }
  return nullptr;
}

std::string KeysOf(const Pickle& pickle, const PickleNode& dict) {
  std::vector<std::string> keys;
  for (size_t i = 0; i < dict.items.size() && keys.size() < kShownKeys; i += 2) {
    keys.push_back(Shown(pickle[dict.items[i]].text));
  }
  return absl::StrJoin(keys, ", ");
}

const PickleNode& FindStateDict(const Pickle& pickle, const PickleNode& top) {
  for (const char* key : {kModelStateKey, "state_dict"}) {
    const PickleNode* found = FindKey(pickle, top, key);
    if (found != nullptr && found->kind == Kind::kDict) return *found;
  }
  return top;
}

// Elements that the shape and strides reach from the offset on: 0 if the shape is empty, nothing if the
// storage does not have them, or if they are far more than the storage has.
std::optional<int64_t> CountElements(const PickledTensor& tensor) {
  int64_t count = 1, last = tensor.offset;
  for (const int64_t size : tensor.shape) {
    if (__builtin_mul_overflow(count, size, &count)) return std::nullopt;
  }
  if (count == 0) return 0;
  for (size_t axis = 0; axis < tensor.shape.size(); ++axis) {
    int64_t reach = 0;
    if (__builtin_mul_overflow(tensor.shape[axis] - 1, tensor.strides[axis], &reach) ||
        __builtin_add_overflow(last, reach, &last)) {
      return std::nullopt;
    }
  }
  const int64_t most = kMaxExpandedBytes / static_cast<int64_t>(tensor.storage.width);
  if (last >= tensor.storage.elements || count > std::max(tensor.storage.elements, most)) return std::nullopt;
  return count;
}

bool IsContiguous(const PickledTensor& tensor) {
  int64_t expected = 1;
  for (size_t axis = tensor.shape.size(); axis-- > 0;) {
    if (tensor.shape[axis] != 1 && tensor.strides[axis] != expected) return false;
    expected *= tensor.shape[axis];
  }
  return true;
}

// Walks the elements in row-major order, as an odometer does.
void GatherElements(const PickledTensor& tensor, size_t width, const uint8_t* storage,
                    std::vector<uint8_t>& out) {
  std::vector<int64_t> index(tensor.shape.size(), 0);
  int64_t at = tensor.offset;
  for (size_t done = 0; done < out.size(); done += width) {
    std::memcpy(out.data() + done, storage + static_cast<size_t>(at) * width, width);
    for (size_t axis = index.size(); axis-- > 0;) {
      at += tensor.strides[axis];
      if (++index[axis] < tensor.shape[axis]) break;
      at -= tensor.strides[axis] * tensor.shape[axis];
      index[axis] = 0;
    }
  }
}

}  // namespace

PthCheckpoint::PthCheckpoint(std::string path, std::unique_ptr<PthStorages> storages)
    : path_(std::move(path)), storages_(std::move(storages)) {}

absl::StatusOr<PthCheckpoint> PthCheckpoint::Open(const std::string& path) {
  ASSIGN_OR_RETURN(InputFile input, InputFile::Open(path));
  ASSIGN_OR_RETURN(PthFile file, OpenLayout(std::move(input)));
  PthCheckpoint checkpoint(path, std::move(file.storages));
  RETURN_IF_ERROR(checkpoint.CollectTensors(file.pickle));
  return checkpoint;
}

absl::Status PthCheckpoint::CollectTensors(const Pickle& pickle) {
  const PickleNode& top = pickle[pickle.root];
  if (top.kind != Kind::kDict) return Invalid(path_, "holds no dict, so no state dict either");
  RETURN_IF_ERROR(AddTensors(pickle, FindStateDict(pickle, top)));
  if (tensors_.empty()) {
    return Invalid(
        path_,
        absl::StrCat("holds no tensors under model_state_dict, state_dict or at its top; its keys are: ",
                     KeysOf(pickle, top)));
  }
  if (const PickleNode* config = FindKey(pickle, top, kModelConfigKey)) config_json_ = config->text;
  const PickleNode* modules = FindKey(pickle, top, kModuleStateKey);
  return modules == nullptr || modules->kind != Kind::kDict ? absl::OkStatus() : AddTensors(pickle, *modules);
}

absl::Status PthCheckpoint::AddTensors(const Pickle& pickle, const PickleNode& state) {
  for (size_t i = 0; i + 1 < state.items.size(); i += 2) {
    const PickleNode& key = pickle[state.items[i]];
    const PickleNode& value = pickle[state.items[i + 1]];
    if (key.kind != Kind::kText || value.kind != Kind::kTensor) continue;
    const std::string name(absl::StripPrefix(key.text, "module."));
    if (!tensors_.emplace(name, *value.tensor).second) {
      return Invalid(path_, absl::StrCat("has two tensors named ", Shown(name)));
    }
  }
  return absl::OkStatus();
}

absl::Status PthCheckpoint::ReadStorage(const PickledStorage& storage) {
  if (storage_key_ == storage.key) return absl::OkStatus();
  storage_key_.clear();
  ASSIGN_OR_RETURN(storage_, storages_->Read(storage.key));
  storage_key_ = storage.key;
  return absl::OkStatus();
}

absl::StatusOr<NamedTensor> PthCheckpoint::Read(const std::string& name) {
  const auto found = tensors_.find(name);
  if (found == tensors_.end()) return absl::NotFoundError(absl::StrCat("no tensor ", Shown(name)));
  const PickledTensor& tensor = found->second;
  const std::string where = absl::StrCat(path_, ": tensor ", Shown(name));
  if (!tensor.storage.type) {
    return Invalid(where, absl::StrCat("is a ", Shown(tensor.storage.type_name), ", which is not supported"));
  }
  const std::optional<int64_t> count = CountElements(tensor);
  if (!count) return Invalid(where, "its shape and strides do not fit its storage");
  RETURN_IF_ERROR(ReadStorage(tensor.storage));
  const size_t width = BytesPerElement(*tensor.storage.type);
  if (storage_.size() % width != 0 ||
      storage_.size() / width != static_cast<uint64_t>(tensor.storage.elements)) {
    return Invalid(where, absl::StrCat("its storage has ", storage_.size(), " bytes instead of ",
                                       tensor.storage.elements, " elements of ", width));
  }
  NamedTensor result;
  result.type = *tensor.storage.type;
  result.shape = tensor.shape;
  result.bytes.resize(static_cast<size_t>(*count) * width);
  if (result.bytes.empty()) return result;
  if (IsContiguous(tensor)) {
    std::memcpy(result.bytes.data(), storage_.data() + static_cast<size_t>(tensor.offset) * width,
                result.bytes.size());
  } else {
    GatherElements(tensor, width, storage_.data(), result.bytes);
  }
  return result;
}

}  // namespace sgpsam
