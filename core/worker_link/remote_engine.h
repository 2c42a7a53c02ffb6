// The server's end of the worker link: an Engine whose replica lives in a child process. Needs no
// LibTorch. A worker that dies or hangs costs the items it was running an UNAVAILABLE and nothing else;
// the pool then calls Restart. The process ends with this object, and by itself if the server dies
// (serve_engine.h). As every Engine, used by one thread at a time; info() by any.
#ifndef SGPSAM_CORE_WORKER_LINK_REMOTE_ENGINE_H_
#define SGPSAM_CORE_WORKER_LINK_REMOTE_ENGINE_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "core/base/stop_event.h"
#include "core/engine/engine.h"
#include "core/worker_link/link_message.h"
#include "core/worker_link/shared_region.h"
#include "core/worker_link/tensor_slots.h"
#include "core/worker_link/unique_fd.h"
#include "core/worker_link/worker_process.h"

namespace sgpsam {

struct RemoteEngineOptions {
  std::string worker_binary;  // path of sgpsam-worker
  // After --fd: "--model=…", "--device=…", "--precision=…", "--threads=…".
  std::vector<std::string> arguments;
  // Items in shared memory at a time, 1 to kMaxSlots, or 0: as the device (MaxBatch).
  // Larger batches are split.
  int max_batch = 0;
  // A worker that takes longer is taken for hung and killed. Generous: an encode in float32 on one slow
  // core takes half a minute.
  absl::Duration start_timeout = absl::Minutes(5);   // from process start to model ready
  absl::Duration encode_timeout = absl::Minutes(3);  // per item
  absl::Duration decode_timeout = absl::Minutes(1);  // per item
  // Once set, nobody waits for the worker any more: it is killed, whatever it does, and what it runs or is
  // asked for is UNAVAILABLE. Null: that does not happen.
  const StopEvent* stop = nullptr;
};

class RemoteEngine : public Engine {
 public:
  // Starts the worker and waits for its model. The worker's own error, word by word, if it has one
  // (a bad model file, a device that is not there); UNAVAILABLE if it died without a word.
  static absl::StatusOr<std::unique_ptr<RemoteEngine>> Start(const RemoteEngineOptions& options);

  const ModelInfo& info() const override { return info_; }
  std::vector<absl::StatusOr<Embedding>> Encode(absl::Span<const Patch* const> patches) override;
  std::vector<absl::StatusOr<MaskLogits>> Decode(absl::Span<const DecodeInput* const> inputs) override;

  bool alive() const override;
  // FAILED_PRECONDITION if the new worker serves another model: cached embeddings belong to the old one.
  absl::Status Restart() override;

  pid_t worker_pid() const { return process_.pid(); }  // -1: none; for the log

 private:
  explicit RemoteEngine(const RemoteEngineOptions& options) : options_(options) {}

  absl::StatusOr<ModelInfo> Launch();
  absl::Status ShareMemory();
  absl::Status Exchange(MessageType type, uint32_t count, absl::Duration timeout);
  absl::Status EndWorker(const absl::Status& cause);
  void Discard();
  template <typename Output, typename Input>
  std::vector<absl::StatusOr<Output>> Run(absl::Span<const Input* const> inputs);
  template <typename Output, typename Input>
  void RunSlots(absl::Span<const Input* const> inputs, std::vector<absl::StatusOr<Output>>& results);

  const RemoteEngineOptions options_;
  ModelInfo info_;  // set once by Start
  UniqueFd socket_;
  WorkerProcess process_;
  SharedRegion region_;
  TensorSlots slots_;
  uint64_t sequence_ = 0;
};

}  // namespace sgpsam

#endif  // SGPSAM_CORE_WORKER_LINK_REMOTE_ENGINE_H_
