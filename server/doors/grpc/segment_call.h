// One Segment call. A thin gRPC reactor: checks the header and asks admission, appends chunks, hands the
// finished request to a job thread, sends what the job has to say, and finishes exactly once. It never
// blocks and nothing leaves it as an exception. Owns itself until gRPC and the job are done with it.
#ifndef SGPSAM_SERVER_DOORS_GRPC_SEGMENT_CALL_H_
#define SGPSAM_SERVER_DOORS_GRPC_SEGMENT_CALL_H_

#include <grpcpp/server_context.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/server_callback.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "core/base/call_context.h"
#include "core/base/clock.h"
#include "core/batching/worker_pool.h"
#include "core/metrics/metrics.h"
#include "server/doors/grpc/chunk_view.h"
#include "server/doors/grpc/contract_limits.h"
#include "server/doors/grpc/parse_header.h"
#include "server/doors/grpc/response_stream.h"
#include "server/doors/grpc/upload.h"
#include "server/schedule/admission.h"
#include "server/schedule/job_threads.h"
#include "server/segment/segment_pipeline.h"
#include "sgpsam/v1/segmentation.pb.h"

namespace sgpsam {

// What every call uses; all of it outlives the calls.
struct CallServices {
  SegmentPipeline& pipeline;
  WorkerPool& pool;
  Admission& admission;
  JobThreads& jobs;     // run the pipeline
  JobThreads& digests;  // run during uploads
  Clock& clock;
  Metrics& metrics;
  ContractLimits limits;
};

// Works on gRPC's own buffers, so that the chunks of an upload are copied only once (chunk_view.h).
class SegmentCall final : public grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer> {
 public:
  // Starts reading; the call looks after its own lifetime.
  static SegmentCall* Start(CallServices& services, grpc::CallbackServerContext& context);
  // Once gRPC and the job are both done: the call leaves its place, then the gauge of calls in flight.
  ~SegmentCall() override;

  void OnReadDone(bool ok) noexcept override;
  void OnWriteDone(bool ok) noexcept override;
  void OnCancel() noexcept override;
  void OnDone() noexcept override;

 private:
  SegmentCall(CallServices& services, grpc::CallbackServerContext& context);

  // Reading: one message at a time, in gRPC's order. False if the call has just failed.
  bool Advance(bool ok) noexcept;
  absl::Status Handle(const grpc::ByteBuffer& bytes) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status HandleHeader(const v1::SegmentHeader& header) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status HandleChunk(const ChunkView& chunk) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status HandleLogits(const v1::PreviousLogitsData& logits) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status HandleEnd() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void FindLogits(const std::vector<std::optional<Digest>>& digests) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void AnswerHeader(bool need_volume) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool InputComplete() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void SubmitWhenComplete() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  // The job, on its own thread.
  void Run() noexcept;
  void StopJob() noexcept ABSL_LOCKS_EXCLUDED(mutex_);
  // Why nobody waits for an answer any more: the deadline, or a caller who went before it.
  absl::Status Gone() const;
  absl::StatusOr<SegmentResult> RunPipeline();

  // Writing: at most one message is on its way; Finish comes after the last.
  void Send(v1::SegmentResponse message) ABSL_LOCKS_EXCLUDED(mutex_);
  void Deliver(SegmentResult result) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void End(absl::Status status) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Pump() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  CallServices& services_;
  grpc::CallbackServerContext& context_;
  CallContext call_;
  std::shared_ptr<SegmentCall> self_;  // until OnDone

  grpc::ByteBuffer incoming_;  // gRPC's between StartRead and OnReadDone
  grpc::ByteBuffer outgoing_;  // gRPC's between StartWrite and OnWriteDone

  absl::Mutex mutex_;
  Admission::Ticket ticket_ ABSL_GUARDED_BY(mutex_);
  std::optional<SegmentRequest> request_ ABSL_GUARDED_BY(mutex_);  // from the header until the job starts
  std::shared_ptr<const DecodedVolume> cached_ ABSL_GUARDED_BY(mutex_);  // as long; null: it is uploaded
  std::optional<VolumeKind> kind_ ABSL_GUARDED_BY(mutex_);
  std::vector<uint32_t> missing_logits_ ABSL_GUARDED_BY(mutex_);  // targets that wait for theirs
  std::shared_ptr<Upload> upload_ ABSL_GUARDED_BY(mutex_);        // null: the volume is cached
  bool submitted_ ABSL_GUARDED_BY(mutex_) = false;
  uint64_t job_ ABSL_GUARDED_BY(mutex_) = 0;  // its number, once submitted
  Digest volume_digest_ ABSL_GUARDED_BY(mutex_);
  absl::Time accepted_ ABSL_GUARDED_BY(mutex_), complete_ ABSL_GUARDED_BY(mutex_);
  absl::Time delivered_ ABSL_GUARDED_BY(mutex_) = absl::InfiniteFuture();

  ResponseStream responses_ ABSL_GUARDED_BY(mutex_);
  std::optional<absl::Status> status_ ABSL_GUARDED_BY(mutex_);  // set once: how the call ends
  bool writing_ ABSL_GUARDED_BY(mutex_) = false;
  bool finished_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace sgpsam

#endif  // SGPSAM_SERVER_DOORS_GRPC_SEGMENT_CALL_H_
