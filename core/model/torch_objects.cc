#include "core/model/torch_objects.h"

#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
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

// _rebuild_tensor_v2(storage, offset, shape, strides, requires_grad, hooks, …); the older
// _rebuild_tensor has the same first four.
absl::StatusOr<PickleNode> TensorNode(const Pickle& pickle, const PickleNode& arguments) {
  if (arguments.items.size() < 4) return Malformed("tensor: too few arguments");
  const PickleNode& storage = pickle[arguments.items[0]];
  if (storage.kind != Kind::kStorage) return Malformed("tensor: no storage");
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

}  // namespace

std::optional<TensorType> PickledStorage::TypeOf(absl::string_view class_name) {
  struct Class {
    absl::string_view name;
    TensorType type;
  };
  static constexpr Class kClasses[] = {
      {"torch.FloatStorage", TensorType::kFloat32},     {"torch.HalfStorage", TensorType::kFloat16},
      {"torch.BFloat16Storage", TensorType::kBfloat16}, {"torch.DoubleStorage", TensorType::kFloat64},
      {"torch.LongStorage", TensorType::kInt64},        {"torch.IntStorage", TensorType::kInt32},
      {"torch.ByteStorage", TensorType::kUint8},
  };
  for (const Class& known : kClasses) {
    if (known.name == class_name) return known.type;
  }
  return std::nullopt;
}

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
      const bool tensor = !arguments.items.empty() && pickle[arguments.items[0]].kind == Kind::kTensor;
      return tensor ? absl::StatusOr<PickleNode>(pickle[arguments.items[0]]) : Malformed("parameter");
    }
  }
  PickleNode inert;
  inert.kind = Kind::kOther;
  return inert;
}

absl::StatusOr<PickleNode> StorageNode(const Pickle& pickle, const PickleNode& id) {
  if (id.kind != Kind::kTuple || id.items.size() < 5) return Malformed("persistent id");
  const PickleNode& tag = pickle[id.items[0]];
  const PickleNode& type = pickle[id.items[1]];
  const PickleNode& key = pickle[id.items[2]];
  if (tag.text != "storage" || type.kind != Kind::kGlobal || key.kind != Kind::kText)
    return Malformed("persistent id");
  if (key.text.empty() || key.text.size() > kMaxKeyLength) return Malformed("storage key");
  PickleNode node;
  node.kind = Kind::kStorage;
  node.tensor.emplace();
  PickledStorage& storage = node.tensor->storage;
  storage.key = key.text;
  storage.type_name = type.text;
  storage.type = PickledStorage::TypeOf(type.text);
  ASSIGN_OR_RETURN(storage.elements, NotNegative(pickle[id.items[4]], "storage size"));
  return node;
}

}  // namespace sgpsam
