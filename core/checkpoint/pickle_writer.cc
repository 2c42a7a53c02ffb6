#include "core/checkpoint/pickle_writer.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "core/base/little_endian.h"
#include "core/checkpoint/pickle_ops.h"
#include "core/checkpoint/torch_objects.h"

namespace sgpsam {
namespace {

using namespace pickle_op;  // NOLINT: the instructions alone

constexpr uint8_t kProtocol = 2;  // PyTorch's own

std::vector<int64_t> RowMajorStrides(const std::vector<int64_t>& shape) {
  std::vector<int64_t> strides(shape.size(), 1);
  for (size_t axis = shape.size(); axis-- > 1;) strides[axis - 1] = strides[axis] * shape[axis];
  return strides;
}

}  // namespace

PickleWriter::PickleWriter() {
  Op(kProto);
  Op(kProtocol);
}

void PickleWriter::BeginDict() {
  Op(kEmptyDict);
  Op(kMark);
}

void PickleWriter::BeginOrderedDict() {
  EmptyOrderedDict();
  Op(kMark);
}

void PickleWriter::EndDict() { Op(kSetItems); }

void PickleWriter::Text(absl::string_view text) {
  Op(kBinUnicode);
  absl::StrAppend(&bytes_, LittleEndian(text.size(), 4), text);
}

// _rebuild_tensor_v2(storage, offset, shape, strides, requires_grad, hooks)
void PickleWriter::Tensor(const NamedTensor& tensor, absl::string_view storage_key) {
  Global("torch._utils", "_rebuild_tensor_v2");
  Op(kMark);
  Op(kMark);  // ('storage', class, key, device, elements)
  Text("storage");
  Global("torch", absl::StripPrefix(StorageClassOf(tensor.type), "torch."));
  Text(storage_key);
  Text("cpu");
  Int(static_cast<int64_t>(tensor.bytes.size() / BytesPerElement(tensor.type)));
  Op(kTuple);
  Op(kBinPersId);
  Int(0);
  Ints(tensor.shape);
  Ints(RowMajorStrides(tensor.shape));
  Op(kNewFalse);
  EmptyOrderedDict();
  Op(kTuple);
  Op(kReduce);
}

std::string PickleWriter::Finish() && {
  Op(kStop);
  return std::move(bytes_);
}

void PickleWriter::Global(absl::string_view module, absl::string_view name) {
  Op(kGlobal);
  absl::StrAppend(&bytes_, module, "\n", name, "\n");
}

void PickleWriter::Int(int64_t value) {
  Op(kLong1);
  absl::StrAppend(&bytes_, LittleEndian(sizeof(value), 1), LittleEndian(static_cast<uint64_t>(value), 8));
}

void PickleWriter::Ints(const std::vector<int64_t>& values) {
  Op(kMark);
  for (const int64_t value : values) Int(value);
  Op(kTuple);
}

void PickleWriter::EmptyOrderedDict() {
  Global("collections", "OrderedDict");
  Op(kEmptyTuple);
  Op(kReduce);
}

}  // namespace sgpsam
