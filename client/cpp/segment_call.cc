#include "client/cpp/segment_call.h"

#include <algorithm>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "client/cpp/cancel.h"
#include "client/cpp/messages.h"
#include "core/base/reason.h"
#include "core/base/status_macros.h"
#include "core/dicom/folder/series_choice.h"

namespace sgpsam::client {
namespace {

constexpr size_t kMaxChunkBytes = size_t{1} << 20;  // the contract's limit, and the fastest size measured

absl::Status Broken(absl::string_view what) {
  return absl::InternalError(absl::StrCat("the server's answer breaks the contract: ", what));
}

// What the client itself passed over stands before what the server says.
void AddPassedOver(const std::vector<PassedOver>& own, SegmentResult& result) {
  if (own.empty()) return;
  std::vector<sgpsam::PassedOver> counted;
  for (const PassedOver& some : own) counted.push_back({some.kind, some.files});
  result.warnings.insert(result.warnings.begin(), DescribePassedOver(counted));
  for (const PassedOver& some : result.passed_over) sgpsam::AddPassedOver(some.kind, some.files, counted);
  result.passed_over.clear();
  for (const sgpsam::PassedOver& some : counted) result.passed_over.push_back({some.kind, some.files});
}

}  // namespace

SegmentCall::SegmentCall(v1::SegmentationService::Stub& stub, const SegmentRequest& request,
                         const ProgressCallback& progress)
    : stub_(stub), request_(request), progress_(progress), collector_(request.format) {}

absl::StatusOr<SegmentResult> SegmentCall::Run() {
  v1::SegmentRequest first;
  ASSIGN_OR_RETURN(*first.mutable_header(), MakeHeader(request_));
  if (request_.deadline != absl::InfiniteFuture()) {
    context_.set_deadline(absl::ToChronoTime(request_.deadline));
  }
  const CancelScope cancel(request_.cancel, context_);  // first: the next line waits for the connection
  stream_ = stub_.Segment(&context_);
  stream_->Write(first);  // if it fails, reading ends at once and Finish says why

  const absl::Status answers = ReadAnswers();
  if (!answers.ok()) context_.TryCancel();
  if (writer_.joinable()) writer_.join();
  const grpc::Status server = stream_->Finish();
  RETURN_IF_ERROR(answers);
  if (!server.ok()) return Failed(server);
  ASSIGN_OR_RETURN(SegmentResult result, collector_.Finish());
  result.request_id = request_id_;
  result.uploaded_bytes = uploaded_;
  AddPassedOver(request_.volume.passed_over(), result);
  return result;
}

absl::Status SegmentCall::Failed(const grpc::Status& server) {
  failure_ = FailureOf(server, context_);
  failure_->status =
      WithMessage(failure_->status, request_.volume.WithFileNames(std::string(failure_->status.message())));
  return failure_->status;
}

absl::Status SegmentCall::ReadAnswers() {
  v1::SegmentResponse response;
  while (stream_->Read(&response)) RETURN_IF_ERROR(Handle(response));
  return absl::OkStatus();
}

absl::Status SegmentCall::Handle(const v1::SegmentResponse& response) {
  switch (response.kind_case()) {
    case v1::SegmentResponse::kAccepted: return HandleAccepted(response.accepted());
    case v1::SegmentResponse::kNeedVolume: return StartUpload();
    case v1::SegmentResponse::kNeedLogits: return HandleNeedLogits(response.need_logits());
    case v1::SegmentResponse::kProgress: Report(FromMessage(response.progress())); return absl::OkStatus();
    case v1::SegmentResponse::kResult: return collector_.Add(response.result());
    case v1::SegmentResponse::kOutput:
      RETURN_IF_ERROR(collector_.Add(response.output()));
      Report({.stage = Stage::kSend,
              .bytes_done = collector_.bytes_done(),
              .bytes_total = collector_.bytes_total(),
              .expected = absl::ZeroDuration()});
      return absl::OkStatus();
    case v1::SegmentResponse::KIND_NOT_SET: return absl::OkStatus();  // of a later version: not needed
  }
  return absl::OkStatus();
}

absl::Status SegmentCall::HandleAccepted(const v1::Accepted& accepted) {
  if (chunk_bytes_ != 0) return Broken("accepted twice");
  if (accepted.chunk_bytes() == 0) return Broken("chunks of 0 bytes");
  request_id_ = accepted.request_id();
  chunk_bytes_ = std::min<size_t>(accepted.chunk_bytes(), kMaxChunkBytes);
  return request_.upload_without_asking ? StartUpload() : absl::OkStatus();
}

absl::Status SegmentCall::HandleNeedLogits(const v1::NeedLogits& need) {
  if (writer_.joinable()) return Broken("logits were asked for while the volume is being sent");
  for (const uint32_t index : need.target_index()) {
    if (index >= request_.targets.size() || !request_.targets[index].previous) {
      return Broken("logits were asked for that nobody named");
    }
    const std::vector<float>& samples = request_.targets[index].previous->samples;
    if (samples.empty()) {
      return absl::NotFoundError(absl::StrCat("the server no longer has the previous logits of target ",
                                              index + 1, "; give their samples too, or leave them out"));
    }
    v1::SegmentRequest message;
    message.mutable_logits()->set_target_index(index);
    ASSIGN_OR_RETURN(*message.mutable_logits()->mutable_samples(), LogitsBytes(samples));
    stream_->Write(message);  // if it fails, the next read says why
  }
  return absl::OkStatus();
}

absl::Status SegmentCall::StartUpload() {
  if (chunk_bytes_ == 0) return Broken("the volume was asked for before the request was accepted");
  if (writer_.joinable()) return Broken("the volume was asked for twice");
  writer_ = std::thread([this] { Upload(); });
  return absl::OkStatus();
}

void SegmentCall::Upload() {
  for (const std::string& part : request_.volume.parts()) {
    if (!UploadPart(part)) return;
  }
  stream_->WritesDone();
}

bool SegmentCall::UploadPart(const std::string& part) {
  const uint64_t total = request_.volume.size_bytes();
  v1::SegmentRequest message;
  for (size_t at = 0; at < part.size(); at += chunk_bytes_) {
    const size_t size = std::min(chunk_bytes_, part.size() - at);
    message.mutable_chunk()->mutable_data()->assign(part, at, size);
    // Before the chunk goes: what the server answers to the last one must not be reported ahead of it.
    Report({.stage = Stage::kReceive,
            .bytes_done = uploaded_ + size,
            .bytes_total = total,
            .expected = absl::ZeroDuration()});
    if (!stream_->Write(message)) return false;
    uploaded_ += size;
  }
  return true;
}

void SegmentCall::Report(const Progress& progress) {
  if (!progress_) return;
  absl::MutexLock lock(&progress_mutex_);
  progress_(progress);
}

}  // namespace sgpsam::client
