// What one client of nnInteractive's protocol works on: an image, the prompts of one object so far, the mask
// that the client shows, and one step back. The server keeps nothing for it: each prediction is one call of
// our contract that names image and logits by their digests, and brings them along, from here, only where the
// server no longer has them.
//
// Axes are the protocol's (voxel_box.h). Errors keep the server's code and reason (sgpsam/client.h) or are
// INVALID_ARGUMENT of our own, with a text for the user; a call that fails changes nothing, but one for an
// image leaves none. Thread-safe: calls wait for each other.
#ifndef SGPSAM_CLIENT_GATEWAY_NNINTERACTIVE_SESSION_H_
#define SGPSAM_CLIENT_GATEWAY_NNINTERACTIVE_SESSION_H_

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "client/gateway/http/byte_budget.h"
#include "client/gateway/nninteractive/nnia_array.h"
#include "client/gateway/nninteractive/voxel_box.h"
#include "sgpsam/client.h"

namespace sgpsam::gateway {

// What an interaction did to the client's mask.
struct Prediction {
  bool ran = false;
  std::optional<VoxelBox>
      box;             // around every voxel that changed; nothing: none did, or nobody asked for the mask
  std::string voxels;  // what the box holds now: one byte each, 0 or 1
};

class Session {
 public:
  // `server` and `budget` outlive the session. An image has at most `max_image_bytes`.
  Session(const client::Client& server, ByteBudget& budget, uint64_t max_image_bytes);

  uint64_t max_image_bytes() const { return max_image_bytes_; }

  // Unpacks the image and lets the server have it. Spacing in mm along x, y, z. Prompts, mask and step back
  // are gone, if it fails, too.
  absl::Status SetImage(absl::string_view packed, const std::array<double, 3>& spacing)
      ABSL_LOCKS_EXCLUDED(mutex_);
  // The shape of the image that is there; FAILED_PRECONDITION if there is none.
  absl::StatusOr<Shape> ImageShape() ABSL_LOCKS_EXCLUDED(mutex_);
  // The client shows a mask of this shape, the image's, in which nothing is marked.
  absl::Status ShowMask(const Shape& shape) ABSL_LOCKS_EXCLUDED(mutex_);
  // The next object: no prompts, an empty mask, no step back.
  absl::Status Reset() ABSL_LOCKS_EXCLUDED(mutex_);

  // A prompt more; `run`: and what it makes of the mask.
  absl::StatusOr<Prediction> AddPoint(const std::array<double, 3>& at, bool positive, bool run)
      ABSL_LOCKS_EXCLUDED(mutex_);
  // Cut to the image; what is left of it has at least one voxel.
  absl::StatusOr<Prediction> AddBox(const std::array<std::array<double, 2>, 3>& box, bool positive, bool run)
      ABSL_LOCKS_EXCLUDED(mutex_);
  // `packed`: a mask of the image or, if given, of that part of it.
  absl::StatusOr<Prediction> AddScribble(absl::string_view packed, const std::optional<VoxelBox>& part,
                                         bool positive, bool run) ABSL_LOCKS_EXCLUDED(mutex_);
  // A mask of the image to go on from, in place of all prompts; the client shows it already.
  absl::StatusOr<Prediction> SetInitialMask(absl::string_view packed, bool run) ABSL_LOCKS_EXCLUDED(mutex_);
  // What prompts that were added without running make of the mask; with `always`, all of them once more.
  absl::StatusOr<Prediction> Predict(bool always) ABSL_LOCKS_EXCLUDED(mutex_);
  // Back to before the last prompt, once.
  absl::StatusOr<Prediction> Undo() ABSL_LOCKS_EXCLUDED(mutex_);

  // Ends what runs, and whatever comes. From any thread, at any time.
  void Cancel() const { cancel_.Now(); }

 private:
  // One object: what was said of it and what became of it.
  struct Object {
    client::Target target;  // prompts, and what the last prediction knew
    std::string mask;       // bits; empty: nothing is marked
    bool waits = false;     // prompts that no prediction has seen
    bool empty() const;     // no prompts
  };
  struct Image {
    client::Volume volume;
    Shape shape{};
    ByteBudget::Grant grant;
  };
  struct UnpackedMask {
    std::string bits;
    VoxelBox part;
  };

  absl::Status NeedImage() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::StatusOr<UnpackedMask> UnpackMask(absl::string_view packed, const std::optional<VoxelBox>& part)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::StatusOr<client::SegmentResult> Segment(const Image& image, client::Target target,
                                                absl::Duration time) const;
  // Makes `next` the object, after a prediction if `run`; the one before can be undone.
  absl::StatusOr<Prediction> Become(Object next, bool run) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status Run(Object& object) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // What turns the mask that the client shows into another; both are bits of the image.
  Prediction Change(absl::string_view from, absl::string_view to) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const client::Client& server_;
  ByteBudget& budget_;
  const uint64_t max_image_bytes_;
  const client::Cancel cancel_;
  absl::Mutex mutex_;
  std::optional<Image> image_ ABSL_GUARDED_BY(mutex_);
  bool shows_mask_ ABSL_GUARDED_BY(mutex_) = false;
  Object object_ ABSL_GUARDED_BY(mutex_);
  std::optional<Object> before_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace sgpsam::gateway

#endif  // SGPSAM_CLIENT_GATEWAY_NNINTERACTIVE_SESSION_H_
