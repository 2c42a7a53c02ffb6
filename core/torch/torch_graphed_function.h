// A function of tensors, run on a device the cheapest way: on a processor it is called; on a CUDA device its
// kernels are recorded as a graph when inputs of new shapes come, and replayed from then on, because
// launching some hundred small kernels one by one takes longer than running them. Owned by TorchEngine, one
// for encoding and one for decoding. One thread at a time. Throws c10::Error.
#ifndef SGPSAM_CORE_TORCH_TORCH_GRAPHED_FUNCTION_H_
#define SGPSAM_CORE_TORCH_TORCH_GRAPHED_FUNCTION_H_

#include <ATen/core/Tensor.h>

#include <functional>
#include <memory>
#include <vector>

namespace sgpsam {

class GraphedFunction {
 public:
  using Tensors = std::vector<at::Tensor>;
  using Function = std::function<Tensors(const Tensors&)>;

  // `function` takes and gives tensors on `device`. It must launch the same kernels for inputs of the same
  // shapes, whatever their values, and not wait for the device. Without `record` it is called every time.
  GraphedFunction(at::Device device, Function function, bool record = true);
  ~GraphedFunction();

  // Memory on the processor for the input of that number, always of the same type, from which it goes to the
  // device fastest. Whoever calls fills it; the next call for the same number takes it away.
  at::Tensor Stage(size_t input, at::IntArrayRef shape, at::ScalarType type = at::kFloat);

  // The function of `staged` inputs, from Stage, which may be fewer for some shapes. An input larger than any
  // before of its number costs all graphs: begin with the largest. The results are on the
  // processor; the next call overwrites them. The longest unused of more than 64 graphs is forgotten.
  Tensors operator()(const Tensors& staged);

 private:
  struct OnDevice;
  const Function function_;
  const std::unique_ptr<OnDevice> on_device_;  // null on a processor
};

}  // namespace sgpsam

#endif  // SGPSAM_CORE_TORCH_TORCH_GRAPHED_FUNCTION_H_
