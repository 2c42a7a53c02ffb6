#include "core/torch/torch_graphed_function.h"

#include <ATen/ATen.h>
#include <c10/cuda/CUDAFunctions.h>
#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <utility>

#include "core/torch/torch_cuda_graph.h"

namespace sgpsam {
namespace {

using Tensors = GraphedFunction::Tensors;
using Shapes = std::vector<std::vector<int64_t>>;

// How many clicks a call has is for its sender to say; graphs must not fill the memory by it.
constexpr size_t kMostGraphs = 64;

Shapes ShapesOf(const Tensors& tensors) {
  Shapes shapes;
  for (const at::Tensor& tensor : tensors) shapes.push_back(tensor.sizes().vec());
  return shapes;
}

int64_t Numel(at::IntArrayRef shape) { return c10::multiply_integers(shape); }

// The first values of flat memory, as a tensor.
at::Tensor Part(const at::Tensor& flat, at::IntArrayRef shape) {
  return flat.narrow(0, 0, Numel(shape)).view(shape);
}

at::TensorOptions Pinned(at::ScalarType type) {
  return at::TensorOptions(at::kCPU).dtype(type).pinned_memory(true);
}

}  // namespace

struct GraphedFunction::OnDevice {
  // One shape's graph, which reads the start of `arena` and writes `outputs`.
  struct Recorded {
    std::unique_ptr<CudaGraph> graph;
    Tensors outputs;
    Tensors results;  // pinned copies of the outputs
    uint64_t last_use = 0;
  };

  OnDevice(at::Device its_device, bool its_record)
      : device(its_device),
        record(its_record),
        stream(c10::cuda::getStreamFromPool(/*isHighPriority=*/false, device.index())),
        pool(device.index()) {
    const c10::cuda::CUDAGuard guard(device);
    c10::cuda::device_synchronize();  // weights may still be on their way, on another stream
  }

  Tensors Run(const Function& function, const Tensors& staged);
  Tensors ToDevice(const Tensors& staged);
  Recorded& Find(const Function& function, const Tensors& inputs);
  Recorded Record(const Function& function, const Tensors& inputs);
  void ForgetOldest();

  const at::Device device;
  const bool record;
  const c10::cuda::CUDAStream stream;
  const GraphPool pool;
  Tensors staging;  // flat and pinned, as large as the largest input of each number so far
  Tensors arena;    // the same on the device; graphs hold its addresses
  std::map<Shapes, Recorded> graphs;
  uint64_t uses = 0;
};

// Larger inputs than ever need another arena, which no graph knows.
Tensors GraphedFunction::OnDevice::ToDevice(const Tensors& staged) {
  arena.resize(std::max(arena.size(), staged.size()));
  Tensors inputs;
  for (size_t n = 0; n < staged.size(); ++n) {
    if (!arena[n].defined() || arena[n].numel() < staged[n].numel()) {
      if (arena[n].defined()) graphs.clear();
      arena[n] = at::empty({staged[n].numel()}, staged[n].options().device(device).pinned_memory(false));
    }
    inputs.push_back(Part(arena[n], staged[n].sizes()));
    inputs.back().copy_(staged[n], /*non_blocking=*/true);
  }
  return inputs;
}

// Called once as it is, too: libraries load kernels and take workspaces then, which a recording must not.
GraphedFunction::OnDevice::Recorded GraphedFunction::OnDevice::Record(const Function& function,
                                                                      const Tensors& inputs) {
  function(inputs);
  stream.synchronize();
  // What the call has left in the allocator's cache cannot be used by the recording, nor given back
  // meanwhile.
  c10::cuda::CUDACachingAllocator::emptyCache();
  Recorded recorded;
  recorded.graph = std::make_unique<CudaGraph>(pool, [&] { recorded.outputs = function(inputs); });
  for (const at::Tensor& output : recorded.outputs) {
    recorded.results.push_back(at::empty(output.sizes(), Pinned(output.scalar_type())));
  }
  return recorded;
}

void GraphedFunction::OnDevice::ForgetOldest() {
  graphs.erase(std::min_element(graphs.begin(), graphs.end(), [](const auto& a, const auto& b) {
    return a.second.last_use < b.second.last_use;
  }));
}

GraphedFunction::OnDevice::Recorded& GraphedFunction::OnDevice::Find(const Function& function,
                                                                     const Tensors& inputs) {
  const Shapes shapes = ShapesOf(inputs);
  auto found = graphs.find(shapes);
  if (found == graphs.end()) {
    if (graphs.size() == kMostGraphs) ForgetOldest();
    found = graphs.emplace(shapes, Record(function, inputs)).first;
  }
  found->second.last_use = ++uses;
  return found->second;
}

Tensors GraphedFunction::OnDevice::Run(const Function& function, const Tensors& staged) {
  const c10::cuda::CUDAStreamGuard guard(stream);
  const Tensors inputs = ToDevice(staged);
  if (!record) {
    Tensors results;
    for (const at::Tensor& output : function(inputs)) results.push_back(output.to(at::kCPU));
    return results;
  }
  const Recorded& recorded = Find(function, inputs);
  recorded.graph->Replay();
  for (size_t n = 0; n < recorded.outputs.size(); ++n) {
    recorded.results[n].copy_(recorded.outputs[n], /*non_blocking=*/true);
  }
  stream.synchronize();
  return recorded.results;
}

GraphedFunction::GraphedFunction(at::Device device, Function function, bool record)
    : function_(std::move(function)),
      on_device_(device.is_cuda() ? std::make_unique<OnDevice>(device, record) : nullptr) {}

GraphedFunction::~GraphedFunction() = default;

at::Tensor GraphedFunction::Stage(size_t input, at::IntArrayRef shape, at::ScalarType type) {
  if (on_device_ == nullptr) return at::empty(shape, type);
  const c10::cuda::CUDAGuard guard(on_device_->device);
  Tensors& staging = on_device_->staging;
  staging.resize(std::max(staging.size(), input + 1));
  if (!staging[input].defined() || staging[input].numel() < Numel(shape)) {
    staging[input] = at::empty({Numel(shape)}, Pinned(type));
  }
  return Part(staging[input], shape);
}

Tensors GraphedFunction::operator()(const Tensors& staged) {
  return on_device_ == nullptr ? function_(staged) : on_device_->Run(function_, staged);
}

}  // namespace sgpsam
