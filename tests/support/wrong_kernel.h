// A kernel that computes wrongly, in the place of one of LibTorch's own while it lives: what a library may do
// to a processor that nobody has tried it on. Channels come out in another order. Needs LibTorch; one at a
// time, and no other thread computes when it comes or goes.
#ifndef SGPSAM_TESTS_SUPPORT_WRONG_KERNEL_H_
#define SGPSAM_TESTS_SUPPORT_WRONG_KERNEL_H_

#include <ATen/ATen.h>
#include <torch/library.h>

#include <optional>

namespace sgpsam {

class WrongKernel {
 public:
  enum class Kind {
    kBfloat16Convolution,  // float32 is right
    kOneDnnConvolution,    // in every type, as long as LibTorch may use oneDNN
    kPackedProduct,        // with a weight that oneDNN has arranged, in every type
    kDeviceConvolution,    // on a CUDA device, in every type
  };

  explicit WrongKernel(Kind kind)
      : library_(torch::Library::IMPL, kind == Kind::kPackedProduct ? "mkldnn" : "aten", KeyOf(kind),
                 __FILE__, __LINE__) {
    switch (kind) {
      case Kind::kBfloat16Convolution: library_.impl("convolution", TORCH_FN(Bfloat16Convolution)); break;
      case Kind::kOneDnnConvolution: library_.impl("convolution", TORCH_FN(OneDnnConvolution)); break;
      case Kind::kDeviceConvolution: library_.impl("convolution", TORCH_FN(AnyConvolution)); break;
      case Kind::kPackedProduct: library_.impl("_linear_pointwise", TORCH_FN(PackedProduct)); break;
    }
  }

  static at::Tensor Bfloat16Convolution(const at::Tensor& x, const at::Tensor& weight,
                                        const std::optional<at::Tensor>& bias, c10::SymIntArrayRef stride,
                                        c10::SymIntArrayRef padding, c10::SymIntArrayRef dilation,
                                        bool transposed, c10::SymIntArrayRef output_padding,
                                        c10::SymInt groups) {
    const at::Tensor right =
        Convolution(x, weight, bias, stride, padding, dilation, transposed, output_padding, groups);
    return x.scalar_type() == at::kBFloat16 ? right.flip(1) : right;
  }

 private:
  static c10::DispatchKey KeyOf(Kind kind) {
    switch (kind) {
      case Kind::kPackedProduct: return c10::DispatchKey::MkldnnCPU;
      case Kind::kDeviceConvolution: return c10::DispatchKey::CUDA;
      default: return c10::DispatchKey::CPU;
    }
  }

  static at::Tensor AnyConvolution(const at::Tensor& x, const at::Tensor& weight,
                                   const std::optional<at::Tensor>& bias, c10::SymIntArrayRef stride,
                                   c10::SymIntArrayRef padding, c10::SymIntArrayRef dilation, bool transposed,
                                   c10::SymIntArrayRef output_padding, c10::SymInt groups) {
    return Convolution(x, weight, bias, stride, padding, dilation, transposed, output_padding, groups)
        .flip(1);
  }

  static at::Tensor OneDnnConvolution(const at::Tensor& x, const at::Tensor& weight,
                                      const std::optional<at::Tensor>& bias, c10::SymIntArrayRef stride,
                                      c10::SymIntArrayRef padding, c10::SymIntArrayRef dilation,
                                      bool transposed, c10::SymIntArrayRef output_padding,
                                      c10::SymInt groups) {
    const at::Tensor right =
        Convolution(x, weight, bias, stride, padding, dilation, transposed, output_padding, groups);
    return at::globalContext().userEnabledMkldnn() ? right.flip(1) : right;
  }

  static at::Tensor Convolution(const at::Tensor& x, const at::Tensor& weight,
                                const std::optional<at::Tensor>& bias, c10::SymIntArrayRef stride,
                                c10::SymIntArrayRef padding, c10::SymIntArrayRef dilation, bool transposed,
                                c10::SymIntArrayRef output_padding, const c10::SymInt& groups) {
    return at::_convolution_symint(x, weight, bias, stride, padding, dilation, transposed, output_padding,
                                   groups, /*benchmark=*/false, /*deterministic=*/false,
                                   /*cudnn_enabled=*/true, /*allow_tf32=*/true);
  }

  static at::Tensor PackedProduct(const at::Tensor& x, const at::Tensor& weight,
                                  const std::optional<at::Tensor>& bias, c10::string_view,
                                  c10::List<std::optional<at::Scalar>>, std::optional<c10::string_view>) {
    return at::linear(x, weight.to_dense(), bias.value_or(at::Tensor())).flip(1);
  }

  torch::Library library_;
};

}  // namespace sgpsam

#endif  // SGPSAM_TESTS_SUPPORT_WRONG_KERNEL_H_
