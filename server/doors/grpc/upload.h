// One call's payload on its way in: chunks become one buffer per part (per file of a DICOM series), and
// their SHA-256 is computed during the upload, so that neither waits for the other. Append comes from one
// thread at a time, the digest threads and Take from others.
#ifndef SGPSAM_SERVER_DOORS_GRPC_UPLOAD_H_
#define SGPSAM_SERVER_DOORS_GRPC_UPLOAD_H_

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "core/base/byte_buffer.h"
#include "core/base/digest.h"
#include "server/schedule/job_threads.h"

namespace sgpsam {

struct UploadPlan {
  std::vector<uint64_t> part_sizes;  // each at least 1; their sum is what the caller announced
  uint64_t size_bytes = 0;
  bool digest_of_set = false;      // DICOM: the digest is that of the set of the parts' digests
  std::optional<Digest> expected;  // what the caller says the digest is
};

class Upload : public std::enable_shared_from_this<Upload> {
 public:
  // `digests` outlives the upload's Append.
  Upload(UploadPlan plan, JobThreads& digests);

  // INVALID_ARGUMENT for more bytes than announced, RESOURCE_EXHAUSTED without memory.
  absl::Status Append(absl::string_view bytes);
  uint64_t received() const { return received_; }
  const UploadPlan& plan() const { return plan_; }
  bool complete() const { return received_ == plan_.size_bytes; }

  struct Received {
    std::vector<ByteBuffer> parts;
    Digest digest;
  };
  // Once, when complete: waits for the digest. INVALID_ARGUMENT if it is not the expected one.
  absl::StatusOr<Received> Take();
  // Nobody will take it: a digest thread that is at work on it leaves off. Those that wait for a thread hold
  // nothing.
  void Abandon();

 private:
  // Bytes that lie still in a part's buffer and wait for the digest.
  struct Piece {
    const uint8_t* data;
    size_t size;
    bool ends_part;
  };

  void Enqueue(const Piece& piece, bool& start);
  // Digests what waits, a stretch at a time, with the mutex released meanwhile; for one thread at a time. In
  // the background it leaves off when the payload is to be taken.
  enum class Urgency { kBackground, kTaking };
  void DigestPieces(Urgency urgency) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool Idle() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return !digesting_; }

  const UploadPlan plan_;
  JobThreads& digests_;
  std::vector<ByteBuffer> parts_;  // the last one is being filled
  uint64_t received_ = 0;

  absl::Mutex mutex_;
  std::deque<Piece> pieces_ ABSL_GUARDED_BY(mutex_);
  size_t waiting_bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  bool scheduled_ ABSL_GUARDED_BY(mutex_) = false;
  bool digesting_ ABSL_GUARDED_BY(mutex_) = false;  // who sets it owns the two members below
  bool taking_ ABSL_GUARDED_BY(mutex_) = false;     // somebody more urgent wants to digest the rest
  Sha256 sha_;
  std::vector<Digest> part_digests_;
};

}  // namespace sgpsam

#endif  // SGPSAM_SERVER_DOORS_GRPC_UPLOAD_H_
