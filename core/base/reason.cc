#include "core/base/reason.h"

#include <algorithm>
#include <iterator>

#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"

namespace sgpsam {
namespace {

constexpr absl::string_view kTypeUrl = "sgpsam/reason";

struct Named {
  Reason reason;
  absl::string_view name;
};

constexpr Named kNames[] = {
    {Reason::kNone, ""},
    {Reason::kDamagedFile, "DAMAGED_FILE"},
    {Reason::kWrongFormat, "WRONG_FORMAT"},
    {Reason::kNoImages, "NO_IMAGES"},
    {Reason::kUnsupportedTransferSyntax, "UNSUPPORTED_TRANSFER_SYNTAX"},
    {Reason::kUnsupportedImage, "UNSUPPORTED_IMAGE"},
    {Reason::kSeveralVolumes, "SEVERAL_VOLUMES"},
    {Reason::kSeveralSeries, "SEVERAL_SERIES"},
    {Reason::kSeriesNotFound, "SERIES_NOT_FOUND"},
    {Reason::kMixedSlices, "MIXED_SLICES"},
    {Reason::kDuplicatePositions, "DUPLICATE_POSITIONS"},
    {Reason::kMissingSlices, "MISSING_SLICES"},
    {Reason::kUnevenSlices, "UNEVEN_SLICES"},
    {Reason::kUnknownPosition, "UNKNOWN_POSITION"},
    {Reason::kInvalidGeometry, "INVALID_GEOMETRY"},
    {Reason::kUnusableRegion, "UNUSABLE_REGION"},
    {Reason::kNoPositivePrompt, "NO_POSITIVE_PROMPT"},
    {Reason::kPointOutsideVolume, "POINT_OUTSIDE_VOLUME"},
    {Reason::kPromptOutsidePatch, "PROMPT_OUTSIDE_PATCH"},
    {Reason::kTooManyPoints, "TOO_MANY_POINTS"},
    {Reason::kConflictingPrompts, "CONFLICTING_PROMPTS"},
    {Reason::kMaskMismatch, "MASK_MISMATCH"},
    {Reason::kEmptyMask, "EMPTY_MASK"},
    {Reason::kInvalidLogits, "INVALID_LOGITS"},
    {Reason::kTooManyPrompts, "TOO_MANY_PROMPTS"},
    {Reason::kPromptTooLarge, "PROMPT_TOO_LARGE"},
    {Reason::kSegNeedsDicom, "SEG_NEEDS_DICOM"},
    {Reason::kSegNotPossible, "SEG_NOT_POSSIBLE"},
    {Reason::kInvalidSegSeries, "INVALID_SEG_SERIES"},
    {Reason::kUprightNotPossible, "UPRIGHT_NOT_POSSIBLE"},
    {Reason::kVolumeTooLarge, "VOLUME_TOO_LARGE"},
    {Reason::kTooManyFiles, "TOO_MANY_FILES"},
    {Reason::kServerBusy, "SERVER_BUSY"},
    {Reason::kServerUnavailable, "SERVER_UNAVAILABLE"},
    {Reason::kInvalidHeader, "INVALID_HEADER"},
    {Reason::kWrongMessage, "WRONG_MESSAGE"},
    {Reason::kPayloadMismatch, "PAYLOAD_MISMATCH"},
    {Reason::kVolumeNotCached, "VOLUME_NOT_CACHED"},
};

constexpr bool InOrder() {
  for (size_t n = 0; n < std::size(kNames); ++n) {
    if (static_cast<size_t>(kNames[n].reason) != n) return false;
  }
  return std::size(kNames) == static_cast<size_t>(Reason::kVolumeNotCached) + 1;
}
static_assert(InOrder(), "every reason has its name, in the order of the enum");

// A line for the name, one for each key and its value.
std::string Line(absl::string_view text) { return absl::StrReplaceAll(text, {{"\n", " "}, {"=", " "}}); }

absl::Cord Encode(const ReasonInfo& info) {
  std::string text = Line(info.name);
  for (const auto& [key, value] : info.metadata) {
    absl::StrAppend(&text, "\n", Line(key), "=", absl::StrReplaceAll(value, {{"\n", " "}}));
  }
  return absl::Cord(text);
}

ReasonInfo Decode(const absl::Cord& payload) {
  const std::string text(payload);
  ReasonInfo info;
  for (const absl::string_view line : absl::StrSplit(text, '\n')) {
    if (info.name.empty()) {
      info.name = std::string(line);
    } else {
      info.metadata.push_back(absl::StrSplit(line, absl::MaxSplits('=', 1)));
    }
  }
  return info;
}

const std::string* Find(const ReasonMetadata& metadata, absl::string_view key) {
  const auto found =
      std::find_if(metadata.begin(), metadata.end(), [key](const auto& entry) { return entry.first == key; });
  return found == metadata.end() ? nullptr : &found->second;
}

}  // namespace

absl::string_view ReasonName(Reason reason) { return kNames[static_cast<size_t>(reason)].name; }

absl::Status WithReason(const absl::Status& status, const ReasonInfo& info) {
  absl::Status with = status;
  if (!with.ok() && !info.name.empty()) with.SetPayload(kTypeUrl, Encode(info));
  return with;
}

absl::Status WithReason(const absl::Status& status, Reason reason, ReasonMetadata metadata) {
  return WithReason(status, ReasonInfo{std::string(ReasonName(reason)), std::move(metadata)});
}

absl::Status WithReasonIfNone(const absl::Status& status, Reason reason, ReasonMetadata metadata) {
  if (!absl::IsInvalidArgument(status) || ReasonInfoOf(status)) return status;
  return WithReason(status, reason, std::move(metadata));
}

absl::Status InvalidArgument(Reason reason, absl::string_view message, ReasonMetadata metadata) {
  return WithReason(absl::InvalidArgumentError(message), reason, std::move(metadata));
}

absl::Status FailedPrecondition(Reason reason, absl::string_view message, ReasonMetadata metadata) {
  return WithReason(absl::FailedPreconditionError(message), reason, std::move(metadata));
}

std::optional<ReasonInfo> ReasonInfoOf(const absl::Status& status) {
  const auto payload = status.GetPayload(kTypeUrl);
  if (!payload) return std::nullopt;
  return Decode(*payload);
}

Reason ReasonOf(const absl::Status& status) {
  const std::optional<ReasonInfo> info = ReasonInfoOf(status);
  if (!info) return Reason::kNone;
  const auto* found = std::find_if(std::begin(kNames), std::end(kNames),
                                   [&](const Named& named) { return named.name == info->name; });
  return found == std::end(kNames) ? Reason::kNone : found->reason;
}

std::string ReasonDetail(const absl::Status& status, absl::string_view key) {
  const std::optional<ReasonInfo> info = ReasonInfoOf(status);
  const std::string* const value = info ? Find(info->metadata, key) : nullptr;
  return value == nullptr ? std::string() : *value;
}

absl::Status WithDetail(const absl::Status& status, absl::string_view key, absl::string_view value) {
  std::optional<ReasonInfo> info = ReasonInfoOf(status);
  if (!info || Find(info->metadata, key) != nullptr) return status;
  info->metadata.emplace_back(std::string(key), std::string(value));
  return WithReason(status, *info);
}

absl::Status WithMessage(const absl::Status& status, absl::string_view message) {
  if (status.ok()) return status;
  absl::Status with(status.code(), message);
  status.ForEachPayload(
      [&with](absl::string_view type, const absl::Cord& payload) { with.SetPayload(type, payload); });
  return with;
}

absl::Status Prefixed(const absl::Status& status, absl::string_view prefix) {
  return WithMessage(status, absl::StrCat(prefix, status.message()));
}

}  // namespace sgpsam
