#include "core/checkpoint/torch_objects.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "core/base/status_macros.h"

namespace sgpsam {
namespace {

using Kind = PickleNode::Kind;

constexpr size_t kMaxDimensions = 16;
constexpr size_t kMaxKeyLength = 64;

absl::Status Malformed(absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat("malformed ", what));
}

absl::StatusOr<int64_t> NotNegative(const PickleNode& node, absl::string_view what) {
  if (node.kind != Kind::kInt || node.integer < 0) return Malformed(what);
  return node.integer;
}

absl::StatusOr<std::vector<int64_t>> Sizes(const Pickle& pickle, const PickleNode& tuple,
                                           absl::string_view what) {
  if (tuple.kind != Kind::kTuple || tuple.items.size() > kMaxDimensions) return Malformed(what);
  std::vector<int64_t> sizes;
  for (const PickleId item : tuple.items) {
    ASSIGN_OR_RETURN(const int64_t size, NotNegative(pickle[item], what));
    sizes.push_back(size);
  }
  return sizes;
}

PickleNode Inert() {
  PickleNode node;
  node.kind = Kind::kOther;
  return node;
}

// _rebuild_tensor_v2(storage, offset, shape, strides, requires_grad, hooks, metadata); the older
// _rebuild_tensor has the same first four. With metadata, values are not what the storage holds.
absl::StatusOr<PickleNode> TensorNode(const Pickle& pickle, const PickleNode& arguments) {
  if (arguments.items.size() < 4) return Malformed("tensor: too few arguments");
  const PickleNode& storage = pickle[arguments.items[0]];
  if (storage.kind != Kind::kStorage) return Malformed("tensor: no storage");
  if (arguments.items.size() > 6 && !pickle[arguments.items[6]].items.empty()) return Inert();
  PickleNode node;
  node.kind = Kind::kTensor;
  node.tensor = storage.tensor;
  ASSIGN_OR_RETURN(node.tensor->offset, NotNegative(pickle[arguments.items[1]], "tensor: offset"));
  ASSIGN_OR_RETURN(node.tensor->shape, Sizes(pickle, pickle[arguments.items[2]], "tensor: shape"));
  ASSIGN_OR_RETURN(node.tensor->strides, Sizes(pickle, pickle[arguments.items[3]], "tensor: strides"));
  if (node.tensor->shape.size() != node.tensor->strides.size()) return Malformed("tensor: strides");
  return node;
}

// OrderedDict() or OrderedDict([(key, value), …]).
absl::StatusOr<PickleNode> DictNode(const Pickle& pickle, const PickleNode& arguments) {
  PickleNode node;
  node.kind = Kind::kDict;
  if (arguments.items.empty()) return node;
  for (const PickleId item : pickle[arguments.items[0]].items) {
    const PickleNode& pair = pickle[item];
    if (pair.items.size() != 2) return Malformed("OrderedDict");
    node.items.insert(node.items.end(), pair.items.begin(), pair.items.end());
  }
  return node;
}

struct StorageClass {
  absl::string_view name;
  size_t width;  // bytes per element
  std::optional<TensorType> type;
};

// Those of torch/storage.py. The old layout can be walked only by knowing every element's width.
constexpr StorageClass kStorageClasses[] = {
    {"torch.FloatStorage", 4, TensorType::kFloat32},
    {"torch.HalfStorage", 2, TensorType::kFloat16},
    {"torch.BFloat16Storage", 2, TensorType::kBfloat16},
    {"torch.DoubleStorage", 8, TensorType::kFloat64},
    {"torch.LongStorage", 8, TensorType::kInt64},
    {"torch.IntStorage", 4, TensorType::kInt32},
    {"torch.ByteStorage", 1, TensorType::kUint8},
    {"torch.ShortStorage", 2, std::nullopt},
    {"torch.CharStorage", 1, std::nullopt},
    {"torch.BoolStorage", 1, std::nullopt},
    {"torch.ComplexFloatStorage", 8, std::nullopt},
    {"torch.ComplexDoubleStorage", 16, std::nullopt},
    {"torch.QInt8Storage", 1, std::nullopt},
    {"torch.QUInt8Storage", 1, std::nullopt},
    {"torch.QUInt4x2Storage", 1, std::nullopt},
    {"torch.QUInt2x4Storage", 1, std::nullopt},
    {"torch.QInt32Storage", 4, std::nullopt},
    {"torch.storage.UntypedStorage", 1, std::nullopt},
};

const StorageClass* FindStorageClass(absl::string_view name) {
  for (const StorageClass& known : kStorageClasses) {
    if (known.name == name) return &known;
  }
  return nullptr;
}

}  // namespace

absl::StatusOr<PickleNode> ReduceToNode(const Pickle& pickle, const PickleNode& callable,
                                        const PickleNode& arguments) {
  if (arguments.kind != Kind::kTuple) return Malformed("call: its arguments are no tuple");
  const std::string& name = callable.text;
  if (callable.kind == Kind::kGlobal) {
    if (name == "torch._utils._rebuild_tensor_v2" || name == "torch._utils._rebuild_tensor") {
      return TensorNode(pickle, arguments);
    }
    if (name == "collections.OrderedDict") return DictNode(pickle, arguments);
    if (name == "torch._utils._rebuild_parameter" || name == "torch._utils._rebuild_parameter_with_state") {
      if (arguments.items.empty()) return Malformed("parameter");
      const PickleNode& data = pickle[arguments.items[0]];
      return data.kind == Kind::kTensor ? data : Inert();
    }
  }
  return Inert();
}

absl::StatusOr<PickleNode> StorageNode(const Pickle& pickle, const PickleNode& id) {
  if (id.kind != Kind::kTuple || id.items.empty()) return Malformed("persistent id");
  const PickleNode& tag = pickle[id.items[0]];
  if (tag.text == "module") return Inert();  // the class of a whole network, with its source text
  if (id.items.size() < 5) return Malformed("persistent id");
  const PickleNode& type = pickle[id.items[1]];
  const PickleNode& key = pickle[id.items[2]];
  if (tag.text != "storage" || type.kind != Kind::kGlobal || key.kind != Kind::kText)
    return Malformed("persistent id");
  if (key.text.empty() || key.text.size() > kMaxKeyLength) return Malformed("storage key");
  if (id.items.size() > 5 && pickle[id.items[5]].kind != Kind::kNone) {
    return Malformed("persistent id: a view of a storage, which PyTorch has not written since 0.4");
  }
  PickleNode node;
  node.kind = Kind::kStorage;
  node.tensor.emplace();
  PickledStorage& storage = node.tensor->storage;
  storage.key = key.text;
  storage.type_name = type.text;
  if (const StorageClass* known = FindStorageClass(type.text)) {
    storage.type = known->type;
    storage.width = known->width;
  }
  ASSIGN_OR_RETURN(storage.elements, NotNegative(pickle[id.items[4]], "storage size"));
  return node;
}

absl::string_view StorageClassOf(TensorType type) {
  for (const StorageClass& known : kStorageClasses) {
    if (known.type == type) return known.name;
  }
  return {};
}

}  // namespace sgpsam
