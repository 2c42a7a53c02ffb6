// Masks on a series' own slices -> one DICOM-SEG object, BINARY, Explicit VR Little Endian (PS3.3 A.51).
// Pure function of its arguments: same arguments, same bytes. Pixels are packed by our own code
// (dcmseg 3.6.7 corrupts frames whose size is not a multiple of eight bits).
#ifndef SGPSAM_CORE_DICOM_SEG_WRITER_H_
#define SGPSAM_CORE_DICOM_SEG_WRITER_H_

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "core/dicom/series_info.h"
#include "core/volume/mask.h"
#include "core/volume/segment_colours.h"
#include "core/volume/volume.h"

namespace sgpsam {

struct CodedConcept {
  std::string value, scheme, meaning;
};

struct Segment {
  const Mask* mask = nullptr;    // on the series' grid; outlives the call
  std::string label = "Lesion";  // SegmentLabel, at most 64 characters
  CodedConcept category{"49755003", "SCT", "Morphologically Abnormal Structure"};
  CodedConcept type{"52988006", "SCT", "Lesion"};
  std::array<uint8_t, 3> rgb = SegmentColour(0);
  std::string prompts;  // SegmentationAlgorithmIdentification parameters: the prompts in compact text
};

struct SegIdentity {  // who made it, and under which names
  std::string series_instance_uid, sop_instance_uid, dimension_organization_uid;  // "2.25.…"
  std::vector<std::string> tracking_uids;                                         // one per segment
  absl::Time created;
  std::string algorithm_name, algorithm_version, model_digest_hex, software_version;
};

// The UIDs only; time, algorithm and software are the caller's to fill in.
// UIDs 2.25.<UUID>: random (a CSPRNG) without a key, else derived from the key, which must already
// contain everything that makes the result (volume, prompts, model).
SegIdentity MakeSegIdentity(absl::string_view key, size_t segments);

// FAILED_PRECONDITION with info.seg_obstacles if the source does not allow SEG; INVALID_ARGUMENT for a
// mask of another shape or more than 65,535 segments. Empty frames are omitted; if every frame is
// empty, all frames of the first segment are kept, because an object without frames is illegal.
absl::StatusOr<std::string> WriteSeg(const SeriesInfo& info, const Geometry& geometry,
                                     absl::Span<const Segment> segments, const SegIdentity& identity);

}  // namespace sgpsam

#endif  // SGPSAM_CORE_DICOM_SEG_WRITER_H_
