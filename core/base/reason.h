// Why something was refused, for programs: a reason, carried by an absl::Status beside its code and its text.
//
// The text tells a person; the code tells what to do in general (absl/status/status.h); the reason tells a
// program, or a door that has words of its own, which refusal this is. Core says neither how a request is
// written nor which option would mend it: whoever stands at a door knows, by the reason.
//
//     return InvalidArgument(Reason::kEmptyMask, "the mask is empty: it must mark at least one voxel");
//     if (ReasonOf(status) == Reason::kEmptyMask) ...
//
// Names are a contract with clients: they are never changed, and none is given to something else. Whoever
// makes a new status of an old one uses Prefixed or WithMessage, which keep the reason.
// Pure functions, from any thread.
#ifndef SGPSAM_CORE_BASE_REASON_H_
#define SGPSAM_CORE_BASE_REASON_H_

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace sgpsam {

// proto/README.md says of each when it is given and what a client can do.
enum class Reason {
  kNone = 0,  // no reason was given: the code and the text are all there is

  // What the data are not.
  kDamagedFile,
  kWrongFormat,
  kNoImages,
  kUnsupportedTransferSyntax,
  kUnsupportedImage,
  kSeveralVolumes,
  kSeveralSeries,
  kSeriesNotFound,
  kMixedSlices,
  kDuplicatePositions,
  kMissingSlices,
  kUnevenSlices,
  kUnknownPosition,
  kInvalidGeometry,
  kUnusableRegion,

  // What of a target's prompts is wrong.
  kNoPositivePrompt,
  kPointOutsideVolume,
  kPromptOutsidePatch,
  kTooManyPoints,
  kConflictingPrompts,
  kMaskMismatch,
  kEmptyMask,
  kInvalidLogits,
  kTooManyPrompts,
  kPromptTooLarge,

  // What an output cannot be.
  kSegNeedsDicom,
  kSegNotPossible,
  kInvalidSegSeries,
  kUprightNotPossible,

  // Limits.
  kVolumeTooLarge,
  kTooManyFiles,
  kServerBusy,
  kServerUnavailable,

  // What of a call's messages is wrong; doors only.
  kInvalidHeader,
  kWrongMessage,
  kPayloadMismatch,
  kVolumeNotCached,
};

// "EMPTY_MASK"; empty for kNone.
absl::string_view ReasonName(Reason reason);

// What the reason is about, in the order in which it was said: places counted from 1 ("point" -> "2"),
// quantities, names of our own or of DICOM attributes. Never what a file or a caller says.
using ReasonMetadata = std::vector<std::pair<std::string, std::string>>;

// What a status carries. The name is a text, since a newer server knows more reasons than its client.
struct ReasonInfo {
  std::string name;
  ReasonMetadata metadata;
};

// The same status with a reason in place of what it had. OK stays OK.
absl::Status WithReason(const absl::Status& status, Reason reason, ReasonMetadata metadata = {});
absl::Status WithReason(const absl::Status& status, const ReasonInfo& info);
// Gives an INVALID_ARGUMENT without a reason this one: what else is wrong with an input of that kind.
absl::Status WithReasonIfNone(const absl::Status& status, Reason reason, ReasonMetadata metadata = {});

// A refusal with its reason in one line.
absl::Status InvalidArgument(Reason reason, absl::string_view message, ReasonMetadata metadata = {});
absl::Status FailedPrecondition(Reason reason, absl::string_view message, ReasonMetadata metadata = {});

// kNone where there is none, and for a name that this build does not know.
Reason ReasonOf(const absl::Status& status);
std::optional<ReasonInfo> ReasonInfoOf(const absl::Status& status);
// The value of a key of the metadata; empty where it is not there.
std::string ReasonDetail(const absl::Status& status, absl::string_view key);
// Says one thing more of a reason; a status without one stays as it is,
// and so does what was said of the key before.
absl::Status WithDetail(const absl::Status& status, absl::string_view key, absl::string_view value);

// The same code and reason with another text, or with `prefix` before the text. OK stays OK.
absl::Status WithMessage(const absl::Status& status, absl::string_view message);
absl::Status Prefixed(const absl::Status& status, absl::string_view prefix);

}  // namespace sgpsam

#endif  // SGPSAM_CORE_BASE_REASON_H_
