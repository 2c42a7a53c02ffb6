#include "core/model/tensor_map.h"

#include <ATen/ATen.h>

#include "absl/strings/str_cat.h"

namespace sgpsam {
namespace {

at::ScalarType ToScalarType(TensorType type) {
  switch (type) {
    case TensorType::kFloat16: return at::kHalf;
    case TensorType::kBfloat16: return at::kBFloat16;
    case TensorType::kFloat32: return at::kFloat;
    case TensorType::kFloat64: return at::kDouble;
    case TensorType::kInt64: return at::kLong;
    case TensorType::kInt32: return at::kInt;
    case TensorType::kUint8: return at::kByte;
  }
  TORCH_CHECK(false, "a tensor of unknown type");
}

}  // namespace

TensorSource TensorsOf(const TensorFile& file) {
  return [&file](const std::string& name) {
    const auto found = file.tensors.find(name);
    TORCH_CHECK(found != file.tensors.end(), "the model has no tensor ", name);
    const NamedTensor& stored = found->second;
    // from_blob wants a mutable pointer; the copy right after it is the only reader.
    const at::Tensor view = at::from_blob(const_cast<uint8_t*>(stored.bytes.data()), stored.shape,
                                          at::TensorOptions().dtype(ToScalarType(stored.type)));
    return view.to(at::kFloat, /*non_blocking=*/false, /*copy=*/true);
  };
}

at::Tensor TensorMap::Matrix(const at::Tensor& tensor) const {
  return tensor.to(device_, matmul_type_).contiguous();
}

at::Tensor TensorMap::Value(const at::Tensor& tensor) const {
  return tensor.to(device_, at::kFloat).contiguous();
}

Linear TensorMap::GetLinear(const std::string& name) const {
  return {Matrix(Get(name + ".weight").flatten(1)), Value(Get(name + ".bias"))};
}

std::array<Conv, 3> TensorMap::GetMixes(const std::string& name) const {
  std::array<Conv, 3> mixes;
  for (size_t n = 0; n < mixes.size(); ++n) {
    const std::string mix = absl::StrCat(name, kMixDistances[n]);
    mixes[n] = {Matrix(Get(mix + ".weight")).contiguous(at::MemoryFormat::ChannelsLast3d),
                Matrix(Get(mix + ".bias"))};
  }
  return mixes;
}

Norm TensorMap::GetNorm(const std::string& name, double eps) const {
  return {Value(Get(name + ".weight")), Value(Get(name + ".bias")), eps};
}

}  // namespace sgpsam
