// Kernels recorded once and launched as one: a CUDA graph, with the memory that they use.
// Made and replayed by GraphedFunction, on one thread and one stream. LibTorch's own class is in
// libtorch_cuda, which needs 2.4 GB of NVIDIA's libraries and is loaded only where there is a device
// (torch_device.h); this one needs c10_cuda and the CUDA runtime, so that one build serves processors and
// devices.
#ifndef SGPSAM_CORE_TORCH_TORCH_CUDA_GRAPH_H_
#define SGPSAM_CORE_TORCH_TORCH_CUDA_GRAPH_H_

#include <c10/cuda/CUDACachingAllocator.h>
#include <cuda_runtime_api.h>

#include <functional>

namespace sgpsam {

// Memory of a device that graphs share which are never replayed at the same time. Lives while they do.
class GraphPool {
 public:
  explicit GraphPool(c10::DeviceIndex device);
  ~GraphPool();
  GraphPool(const GraphPool&) = delete;
  GraphPool& operator=(const GraphPool&) = delete;

  c10::DeviceIndex device() const { return device_; }
  c10::cuda::MempoolId_t id() const { return id_; }

 private:
  const c10::DeviceIndex device_;
  const c10::cuda::MempoolId_t id_;
};

class CudaGraph {
 public:
  // Records what `launch` launches on the current stream, without running it. What it allocates is of `pool`.
  // `launch` must not wait for the device. Throws c10::Error; what was allocated until then stays in the
  // pool.
  CudaGraph(const GraphPool& pool, const std::function<void()>& launch);
  // Its replays must be over.
  ~CudaGraph();
  CudaGraph(const CudaGraph&) = delete;
  CudaGraph& operator=(const CudaGraph&) = delete;

  // Launches on the current stream and does not wait. Throws c10::Error.
  void Replay() const;

 private:
  const GraphPool& pool_;
  cudaGraphExec_t executable_ = nullptr;
};

}  // namespace sgpsam

#endif  // SGPSAM_CORE_TORCH_TORCH_CUDA_GRAPH_H_
