#include "server/doors/grpc/upload.h"

#include <algorithm>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "core/base/reason.h"
#include "core/base/status_macros.h"

namespace sgpsam {
namespace {

// Bytes after which a digest thread is worth waking, and after which it looks up from its work: whoever takes
// the payload waits that long for a thread that may have a tenth of a core.
constexpr size_t kDigestStride = size_t{4} << 20;

}  // namespace

Upload::Upload(UploadPlan plan, JobThreads& digests) : plan_(std::move(plan)), digests_(digests) {
  parts_.reserve(plan_.part_sizes.size());
}

absl::Status Upload::Append(absl::string_view bytes) {
  if (bytes.size() > plan_.size_bytes - received_) {
    return InvalidArgument(Reason::kPayloadMismatch, absl::StrCat("the payload is longer than the announced ",
                                                                  plan_.size_bytes, " bytes"));
  }
  bool start = false;
  while (!bytes.empty()) {
    // A part's memory is taken when its first byte is there, not when it is announced.
    if (parts_.empty() || parts_.back().size() == parts_.back().capacity()) {
      ASSIGN_OR_RETURN(ByteBuffer part, ByteBuffer::WithCapacity(plan_.part_sizes[parts_.size()]));
      parts_.push_back(std::move(part));
    }
    ByteBuffer& part = parts_.back();
    const size_t size = std::min(bytes.size(), part.capacity() - part.size());
    const uint8_t* const begin = part.data() + part.size();
    RETURN_IF_ERROR(part.Append(bytes.substr(0, size)));
    received_ += size;
    bytes.remove_prefix(size);
    Enqueue({begin, size, part.size() == part.capacity()}, start);
  }
  if (start) {
    digests_.Submit([weak = weak_from_this()] {
      const std::shared_ptr<Upload> self = weak.lock();
      if (self == nullptr) return;
      absl::MutexLock lock(&self->mutex_);
      self->scheduled_ = false;
      if (!self->digesting_) self->DigestPieces(Urgency::kBackground);
    });
  }
  return absl::OkStatus();
}

void Upload::Enqueue(const Piece& piece, bool& start) {
  absl::MutexLock lock(&mutex_);
  if (!pieces_.empty() && !pieces_.back().ends_part &&
      pieces_.back().data + pieces_.back().size == piece.data) {
    pieces_.back().size += piece.size;
    pieces_.back().ends_part = piece.ends_part;
  } else {
    pieces_.push_back(piece);
  }
  waiting_bytes_ += piece.size;
  if (waiting_bytes_ < kDigestStride || scheduled_) return;
  scheduled_ = start = true;
}

void Upload::DigestPieces(Urgency urgency) {
  digesting_ = true;
  while (!pieces_.empty() && (urgency == Urgency::kTaking || !taking_)) {
    Piece& next = pieces_.front();
    const Piece piece{next.data, std::min(next.size, kDigestStride),
                      next.ends_part && next.size <= kDigestStride};
    waiting_bytes_ -= piece.size;
    if (piece.size == next.size) {
      pieces_.pop_front();
    } else {
      next.data += piece.size;
      next.size -= piece.size;
    }
    mutex_.Unlock();
    sha_.Update(piece.data, piece.size);
    if (piece.ends_part) part_digests_.push_back(std::exchange(sha_, Sha256()).Finish());
    mutex_.Lock();
  }
  digesting_ = false;
}

void Upload::Abandon() {
  absl::MutexLock lock(&mutex_);
  pieces_.clear();
}

absl::StatusOr<Upload::Received> Upload::Take() {
  {
    absl::MutexLock lock(&mutex_);
    taking_ = true;
    // Without letting go in between: a digest thread that starts only now must find nothing left to read.
    mutex_.Await(absl::Condition(this, &Upload::Idle));
    DigestPieces(Urgency::kTaking);
  }
  Received received{std::move(parts_),
                    plan_.digest_of_set ? DigestOfSet(part_digests_) : part_digests_.at(0)};
  if (plan_.expected && *plan_.expected != received.digest) {
    return InvalidArgument(
        Reason::kPayloadMismatch,
        "the payload's SHA-256 differs from the header's; for a DICOM series it is the SHA-256 over the "
        "files' ascending SHA-256 digests");
  }
  return received;
}

}  // namespace sgpsam
