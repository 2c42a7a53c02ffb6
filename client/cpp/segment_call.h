// One Segment call on the wire: header out, answers in, and the payload out at the same time, so that
// a refusal stops an upload at once. Private to the library.
//
// Two threads at most: the caller's, which reads, and one that writes the payload while there is one
// to write. gRPC allows one reader and one writer of a stream at a time; writes of the caller's thread
// (header, logits) come before the writing thread exists.
#ifndef SGPSAM_CLIENT_CPP_SEGMENT_CALL_H_
#define SGPSAM_CLIENT_CPP_SEGMENT_CALL_H_

#include <grpcpp/client_context.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "client/cpp/result_collector.h"
#include "client/cpp/retry.h"
#include "sgpsam/client.h"
#include "sgpsam/v1/segmentation.grpc.pb.h"

namespace sgpsam::client {

class SegmentCall {
 public:
  // All three outlive the call.
  SegmentCall(v1::SegmentationService::Stub& stub, const SegmentRequest& request,
              const ProgressCallback& progress);

  // Once. Blocks until the call is over.
  absl::StatusOr<SegmentResult> Run();
  // After it: how the server, or the way to it, let the call fail. Nothing: it did not.
  const std::optional<Failure>& failure() const { return failure_; }

 private:
  absl::Status Failed(const grpc::Status& server);
  // Reads until the server has ended the call or broken the contract.
  absl::Status ReadAnswers();
  absl::Status Handle(const v1::SegmentResponse& response);
  absl::Status HandleAccepted(const v1::Accepted& accepted);
  absl::Status HandleNeedLogits(const v1::NeedLogits& need);
  absl::Status StartUpload();
  void Upload();                             // in the writing thread
  bool UploadPart(const std::string& part);  // false: the call is over
  void Report(const Progress& progress) ABSL_LOCKS_EXCLUDED(progress_mutex_);

  v1::SegmentationService::Stub& stub_;
  const SegmentRequest& request_;
  const ProgressCallback& progress_;
  absl::Mutex progress_mutex_;
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReaderWriter<v1::SegmentRequest, v1::SegmentResponse>> stream_;
  ResultCollector collector_;
  std::optional<Failure> failure_;
  std::string request_id_;
  size_t chunk_bytes_ = 0;  // 0 until Accepted
  std::thread writer_;
  uint64_t uploaded_ = 0;  // the writer's, until it is joined
};

}  // namespace sgpsam::client

#endif  // SGPSAM_CLIENT_CPP_SEGMENT_CALL_H_
