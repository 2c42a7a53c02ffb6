#include "core/torch/torch_cuda_graph.h"

#include <c10/cuda/CUDAException.h>
#include <c10/cuda/CUDAStream.h>

#include <atomic>

namespace sgpsam {
namespace {

using c10::cuda::CUDAStream;
using c10::cuda::MempoolId_t;
namespace allocator = c10::cuda::CUDACachingAllocator;

// Names no other pool of this process: LibTorch's own graphs, which count in the same way, are not used.
MempoolId_t NewPool() {
  static std::atomic<c10::cuda::CaptureId_t> last = 0;
  return {0, ++last};
}

// What is allocated on a stream while this lives comes from the pool. Each use must be released one day; a
// pool that nobody uses can never be used again.
class PoolUse {
 public:
  PoolUse(const GraphPool& pool, CUDAStream stream) : pool_(pool) {
    allocator::beginAllocateToPool(pool.device(), pool.id(),
                                   [stream](cudaStream_t other) { return other == stream.stream(); });
  }
  ~PoolUse() {
    allocator::endAllocateToPool(pool_.device(), pool_.id());
    if (!kept_) allocator::releasePool(pool_.device(), pool_.id());
  }
  void Keep() { kept_ = true; }

 private:
  const GraphPool& pool_;
  bool kept_ = false;
};

class Recording {
 public:
  explicit Recording(CUDAStream stream) : stream_(stream) {
    // Other threads of the process may go on calling CUDA.
    C10_CUDA_CHECK(cudaStreamBeginCapture(stream_, cudaStreamCaptureModeThreadLocal));
  }
  ~Recording() {
    if (graph_ == nullptr) C10_CUDA_IGNORE_ERROR(cudaStreamEndCapture(stream_, &graph_));
    if (graph_ != nullptr) C10_CUDA_IGNORE_ERROR(cudaGraphDestroy(graph_));
  }
  cudaGraph_t End() {
    C10_CUDA_CHECK(cudaStreamEndCapture(stream_, &graph_));
    return graph_;
  }

 private:
  const CUDAStream stream_;
  cudaGraph_t graph_ = nullptr;
};

}  // namespace

GraphPool::GraphPool(c10::DeviceIndex device) : device_(device), id_(NewPool()) {
  PoolUse(*this, c10::cuda::getCurrentCUDAStream(device)).Keep();
}

GraphPool::~GraphPool() { allocator::releasePool(device_, id_); }

CudaGraph::CudaGraph(const GraphPool& pool, const std::function<void()>& launch) : pool_(pool) {
  const CUDAStream stream = c10::cuda::getCurrentCUDAStream();
  PoolUse use(pool, stream);
  Recording recording(stream);
  launch();
  C10_CUDA_CHECK(cudaGraphInstantiate(&executable_, recording.End(), /*flags=*/0));
  use.Keep();
}

CudaGraph::~CudaGraph() {
  C10_CUDA_IGNORE_ERROR(cudaGraphExecDestroy(executable_));
  allocator::releasePool(pool_.device(), pool_.id());
}

void CudaGraph::Replay() const {
  C10_CUDA_CHECK(cudaGraphLaunch(executable_, c10::cuda::getCurrentCUDAStream()));
}

}  // namespace sgpsam
