#include "server/doors/grpc/segment_call.h"

#include <grpcpp/impl/codegen/proto_utils.h>
#include <grpcpp/support/proto_buffer_reader.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <exception>
#include <new>
#include <string>
#include <utility>

#include "absl/random/random.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "core/base/log.h"
#include "core/base/reason.h"
#include "core/base/status_macros.h"
#include "server/doors/grpc/convert.h"
#include "server/doors/grpc/grpc_status.h"

namespace sgpsam {
namespace {

// At a deadline the caller's own cancellation overtakes ours by the time on the wire.
constexpr absl::Duration kDeadlineSlack = absl::Milliseconds(50);

std::string NewRequestId() {
  absl::BitGen random;
  return absl::StrCat(absl::Hex(absl::Uniform<uint64_t>(random), absl::kZeroPad16));
}

absl::Time DeadlineOf(const grpc::CallbackServerContext& context) {
  const auto deadline = context.deadline();
  if (deadline == std::chrono::system_clock::time_point::max()) return absl::InfiniteFuture();
  return absl::FromChrono(deadline);
}

bool Parse(grpc::ByteBuffer bytes, v1::SegmentRequest& message) {  // a copy: reading empties it
  return grpc::SerializationTraits<v1::SegmentRequest>::Deserialize(&bytes, &message).ok();
}

grpc::ByteBuffer ToBytes(const v1::SegmentResponse& message) {
  grpc::ByteBuffer bytes;
  bool own = false;  // protobuf's serializer always hands the buffer over
  grpc::SerializationTraits<v1::SegmentResponse>::Serialize(message, &bytes, &own);
  return bytes;
}

// The door for exceptions: only memory can run out in our own code, but nothing may leave a reaction.
template <typename Step>
std::invoke_result_t<Step> Guarded(Step&& step) noexcept {
  try {
    return std::forward<Step>(step)();
  } catch (const std::bad_alloc&) {
    return absl::ResourceExhaustedError("the server has no memory for this request; try again later");
  } catch (const std::exception&) {
    return absl::InternalError("an unexpected exception ended the request");
  }
}

}  // namespace

SegmentCall* SegmentCall::Start(CallServices& services, grpc::CallbackServerContext& context) {
  auto* call = new SegmentCall(services, context);
  call->self_.reset(call);
  services.metrics.requests_in_flight->Increment();
  call->StartRead(&call->incoming_);
  return call;
}

SegmentCall::SegmentCall(CallServices& services, grpc::CallbackServerContext& context)
    : services_(services), context_(context) {
  call_.request_id = NewRequestId();
  call_.deadline = DeadlineOf(context);
  call_.clock = &services.clock;
}

SegmentCall::~SegmentCall() {
  if (upload_ != nullptr) upload_->Abandon();
  upload_ = nullptr;
  ticket_ = {};  // before the gauge: whoever sees that nothing is in flight is admitted
  services_.metrics.requests_in_flight->Decrement();
}

// --- reading

void SegmentCall::OnReadDone(bool ok) noexcept {
  if (!Advance(ok)) StopJob();
}

bool SegmentCall::Advance(bool ok) noexcept {
  absl::MutexLock lock(&mutex_);
  if (status_) return true;
  absl::Status status = Guarded([&]() -> absl::Status {
    mutex_.AssertHeld();
    return ok ? Handle(incoming_) : HandleEnd();
  });
  if (ok && status.ok()) StartRead(&incoming_);
  if (status.ok()) return true;
  End(std::move(status));
  return false;
}

absl::Status SegmentCall::Handle(const grpc::ByteBuffer& bytes) {
  const std::optional<ChunkView> chunk = ViewChunk(bytes);
  v1::SegmentRequest message;
  if (!chunk && !Parse(bytes, message)) {
    return InvalidArgument(Reason::kWrongMessage,
                           "a message is not a SegmentRequest of the contract sgpsam.v1");
  }
  if (message.has_header()) return HandleHeader(message.header());
  if (!kind_) {
    return InvalidArgument(Reason::kWrongMessage,
                           "the first message must be a header; send SegmentHeader first");
  }
  if (chunk) return HandleChunk(*chunk);
  if (message.has_chunk()) return HandleChunk({{}, {message.chunk().data()}, message.chunk().data().size()});
  if (message.has_logits()) return HandleLogits(message.logits());
  return InvalidArgument(Reason::kWrongMessage, "a message carries neither header nor chunk nor logits");
}

absl::Status SegmentCall::HandleHeader(const v1::SegmentHeader& header) {
  if (kind_) return InvalidArgument(Reason::kWrongMessage, "a second header came; a call has exactly one");
  ASSIGN_OR_RETURN(ParsedHeader parsed, ParseHeader(header, services_.limits));
  kind_ = parsed.request.volume.kind;
  call_.priority = parsed.priority;
  std::shared_ptr<const DecodedVolume> cached;  // the call's only once it is admitted
  if (parsed.by_digest) {
    volume_digest_ = *parsed.upload.expected;
    cached = services_.pipeline.FindVolume(parsed.request.volume, volume_digest_);
    if (cached == nullptr && parsed.upload.size_bytes == 0) {
      return WithReason(
          absl::NotFoundError("no volume with this digest is cached; send it, with size_bytes set"),
          Reason::kVolumeNotCached);
    }
  }
  if (!services_.pool.healthy()) {
    return WithReason(absl::UnavailableError(
                          "no worker is ready; send the call to another server, or again in a few seconds"),
                      Reason::kServerUnavailable);
  }
  const bool need_payload = cached == nullptr;
  ASSIGN_OR_RETURN(ticket_, services_.admission.Admit(need_payload ? parsed.upload.size_bytes : 0));
  accepted_ = services_.clock.Now();
  request_ = std::move(parsed.request);
  cached_ = std::move(cached);
  FindLogits(parsed.logits_digests);
  if (need_payload) upload_ = std::make_shared<Upload>(std::move(parsed.upload), services_.digests);
  AnswerHeader(need_payload && parsed.by_digest);
  SubmitWhenComplete();
  return absl::OkStatus();
}

void SegmentCall::FindLogits(const std::vector<std::optional<Digest>>& digests) {
  for (uint32_t target = 0; target < digests.size(); ++target) {
    if (!digests[target]) continue;
    const auto logits = services_.pipeline.FindLogits(*digests[target]);
    if (logits != nullptr) {
      request_->targets[target].prompts.previous_logits = *logits;
    } else {
      missing_logits_.push_back(target);
    }
  }
}

void SegmentCall::AnswerHeader(bool need_volume) {
  v1::SegmentResponse accepted;
  accepted.mutable_accepted()->set_request_id(call_.request_id);
  accepted.mutable_accepted()->set_chunk_bytes(kMaxChunkBytes);
  responses_.Push(std::move(accepted));
  if (!missing_logits_.empty()) {
    v1::SegmentResponse need;
    for (const uint32_t target : missing_logits_) need.mutable_need_logits()->add_target_index(target);
    responses_.Push(std::move(need));
  }
  if (need_volume) {
    v1::SegmentResponse need;
    need.mutable_need_volume();
    responses_.Push(std::move(need));
  }
  Pump();
}

absl::Status SegmentCall::HandleChunk(const ChunkView& chunk) {
  if (chunk.size == 0 || chunk.size > kMaxChunkBytes) {
    return InvalidArgument(Reason::kWrongMessage, absl::StrCat("a chunk has ", chunk.size,
                                                               " bytes; allowed are 1 to ", kMaxChunkBytes));
  }
  if (upload_ == nullptr) {
    return InvalidArgument(Reason::kWrongMessage,
                           "the volume is cached; send no chunk unless the server answers NeedVolume");
  }
  for (const absl::string_view piece : chunk.pieces) RETURN_IF_ERROR(upload_->Append(piece));
  services_.metrics.received_bytes->Increment(static_cast<double>(chunk.size));
  SubmitWhenComplete();
  return absl::OkStatus();
}

absl::Status SegmentCall::HandleLogits(const v1::PreviousLogitsData& logits) {
  const auto missing = std::find(missing_logits_.begin(), missing_logits_.end(), logits.target_index());
  if (missing == missing_logits_.end()) {
    return InvalidArgument(Reason::kWrongMessage,
                           "logits came for a target whose logits the server did not ask for");
  }
  ASSIGN_OR_RETURN(request_->targets[logits.target_index()].prompts.previous_logits,
                   ParseLogits(logits.samples(), services_.limits.sizes));
  services_.metrics.received_bytes->Increment(static_cast<double>(logits.samples().size()));
  missing_logits_.erase(missing);
  SubmitWhenComplete();
  return absl::OkStatus();
}

absl::Status SegmentCall::HandleEnd() {
  if (submitted_) return absl::OkStatus();
  if (context_.IsCancelled()) return Gone();
  if (!kind_)
    return InvalidArgument(Reason::kWrongMessage,
                           "the stream ended without a header; send SegmentHeader first");
  if (upload_ != nullptr && !upload_->complete()) {
    return InvalidArgument(Reason::kPayloadMismatch,
                           absl::StrCat("the payload ended after ", upload_->received(), " of the announced ",
                                        upload_->plan().size_bytes, " bytes"));
  }
  return InvalidArgument(Reason::kWrongMessage,
                         "the stream ended before the logits that the server asked for");
}

bool SegmentCall::InputComplete() const {
  return missing_logits_.empty() && (upload_ == nullptr || upload_->complete());
}

void SegmentCall::SubmitWhenComplete() {
  if (submitted_ || !InputComplete()) return;
  submitted_ = true;
  complete_ = services_.clock.Now();
  if (upload_ != nullptr) {
    // All job threads may be busy: the caller should know at once that everything is here.
    responses_.Push(ToProto(ProgressEvent{.stage = Stage::kDecode}));
    Pump();
  }
  job_ = services_.jobs.Submit([self = self_] { self->Run(); }, call_);
}

// --- the job

void SegmentCall::Run() noexcept {
  absl::StatusOr<SegmentResult> result =
      Guarded([this]() -> absl::StatusOr<SegmentResult> { return RunPipeline(); });
  absl::MutexLock lock(&mutex_);
  if (status_) return;
  absl::Status status = result.status();
  if (status.ok()) {
    status = Guarded([&]() -> absl::Status {
      mutex_.AssertHeld();
      Deliver(*std::move(result));
      return absl::OkStatus();
    });
  }
  End(std::move(status));
}

absl::StatusOr<SegmentResult> SegmentCall::RunPipeline() {
  const absl::Time start = services_.clock.Now();
  RETURN_IF_ERROR(call_.Check(start));
  SegmentRequest request;
  VolumeInput input;
  std::shared_ptr<Upload> upload;
  absl::Duration receiving, waiting;
  {
    absl::MutexLock lock(&mutex_);
    request = *std::exchange(request_, std::nullopt);
    input = {volume_digest_, std::exchange(cached_, nullptr)};
    upload = upload_;  // stays: it judges what else may come
    receiving = complete_ - accepted_;
    waiting = start - complete_;
  }
  if (upload != nullptr) {
    ASSIGN_OR_RETURN(Upload::Received received, upload->Take());
    input = {received.digest, std::move(received.parts)};
    absl::MutexLock lock(&mutex_);
    volume_digest_ = received.digest;
  }
  receiving += services_.clock.Now() - start;
  services_.metrics.ObserveStage(Stage::kReceive, receiving);
  services_.metrics.ObserveStage(Stage::kQueue, waiting);
  ASSIGN_OR_RETURN(SegmentResult result,
                   services_.pipeline.Run(request, std::move(input), call_,
                                          [this](const ProgressEvent& event) { Send(ToProto(event)); }));
  result.stage_times[static_cast<size_t>(Stage::kReceive)] = receiving;
  result.stage_times[static_cast<size_t>(Stage::kQueue)] += waiting;
  return result;
}

// --- writing

void SegmentCall::Send(v1::SegmentResponse message) {
  absl::MutexLock lock(&mutex_);
  if (status_) return;
  responses_.Push(std::move(message));
  Pump();
}

void SegmentCall::Deliver(SegmentResult result) {
  v1::SegmentResult message = ToProto(result, volume_digest_, services_.pool.info());
  responses_.PushResult(std::move(message), std::move(result.outputs));
  delivered_ = services_.clock.Now();
}

void SegmentCall::End(absl::Status status) {
  if (status_) return;
  if (!status.ok()) responses_.Clear();
  status_ = std::move(status);
  Pump();
}

void SegmentCall::Pump() {
  if (writing_ || finished_) return;
  v1::SegmentResponse response;
  if (responses_.Next(response)) {
    writing_ = true;
    if (response.has_output()) {
      services_.metrics.sent_bytes->Increment(static_cast<double>(response.output().data().size()));
    }
    outgoing_ = ToBytes(response);
    StartWrite(&outgoing_);
  } else if (status_) {
    finished_ = true;
    Finish(ToGrpcStatus(*status_));
  }
}

void SegmentCall::OnWriteDone(bool ok) noexcept {
  absl::MutexLock lock(&mutex_);
  writing_ = false;
  if (!ok) {
    responses_.Clear();
    End(Gone());
  }
  const absl::Status sent = Guarded([&]() -> absl::Status {
    mutex_.AssertHeld();
    Pump();
    return absl::OkStatus();
  });
  if (!sent.ok()) context_.TryCancel();
}

// --- the end

void SegmentCall::StopJob() noexcept {
  call_.cancel.Cancel();
  services_.pool.NotifyCancelled();
}

absl::Status SegmentCall::Gone() const {
  return services_.clock.Now() + kDeadlineSlack >= call_.deadline
             ? absl::DeadlineExceededError("the call's deadline has passed")
             : absl::CancelledError("the caller has gone");
}

void SegmentCall::OnCancel() noexcept {
  {
    absl::MutexLock lock(&mutex_);
    responses_.Clear();
    End(Gone());
    Pump();
  }
  StopJob();  // last: a job that notices first would end the call as cancelled, whatever the reason
}

void SegmentCall::OnDone() noexcept {
  // A job that runs may hold the call longer than gRPC does; it finds the call ended. One that waits for a
  // thread is taken back, and with it goes the last that holds the call's place and memory.
  const std::shared_ptr<SegmentCall> self = std::move(self_);
  Job waiting;  // ends after the lock
  absl::MutexLock lock(&mutex_);
  waiting = services_.jobs.Withdraw(job_);
  const absl::StatusCode code =
      context_.IsCancelled() && status_->ok() ? absl::StatusCode::kCancelled : status_->code();
  services_.metrics.CountRequest(CodeName(code), KindName(kind_));
  if (delivered_ != absl::InfiniteFuture()) {
    services_.metrics.ObserveStage(Stage::kSend, services_.clock.Now() - delivered_);
  }
  Log(LogLevel::kInfo, "call ended", {{"request", call_.request_id}, {"code", CodeName(code)}});
}

}  // namespace sgpsam
