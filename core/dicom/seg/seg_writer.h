// Masks on a series' own slices -> one DICOM-SEG object, BINARY, Explicit VR Little Endian (PS3.3 A.51).
// Pure function of its arguments: same arguments, same bytes. Pixels are packed by our own code
// (dcmseg 3.6.7 corrupts frames whose size is not a multiple of eight bits).
#ifndef SGPSAM_CORE_DICOM_SEG_SEG_WRITER_H_
#define SGPSAM_CORE_DICOM_SEG_SEG_WRITER_H_

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "core/dicom/derived/series_info.h"
#include "core/volume/mask.h"
#include "core/volume/segment_colours.h"
#include "core/volume/volume.h"

namespace sgpsam {

struct CodedConcept {
  std::string value, scheme, meaning;
};

// What a segment is called and how it is shown.
struct SegmentDescription {
  std::string label = "Lesion";  // SegmentLabel, UTF-8, 1 to 64 characters
  CodedConcept category{"49755003", "SCT", "Morphologically Abnormal Structure"};
  CodedConcept type{"52988006", "SCT", "Lesion"};
  std::array<uint8_t, 3> rgb = SegmentColour(0);
};

struct Segment : SegmentDescription {
  const Mask* mask = nullptr;  // on the series' grid; outlives the call
  std::string prompts;         // SegmentationAlgorithmIdentification parameters: the prompts in compact text
};

// The series that a SEG goes into and how it is called there: what a caller may choose, so that repeated
// results belong together.
struct SegSeries {
  std::string instance_uid = {};  // SeriesInstanceUID; empty: a series of its own
  std::string description = "AI segmentation, not for diagnosis";  // SeriesDescription, at most 64 characters
  int32_t number = 9000;                                           // SeriesNumber, at least 1
  int32_t instance_number = 1;                                     // InstanceNumber, at least 1
  std::string content_label = "SEGMENTATION";                      // ContentLabel: CS, at most 16 characters
  std::string content_creator_name = "SGPSAM^Server";              // ContentCreatorName: PN
};

// INVALID_ARGUMENT, naming the attribute, if one of them is not valid for its representation.
absl::Status CheckSegSeries(const SegSeries& series);
// INVALID_ARGUMENT if the chosen series is the source's own: a series holds objects of one modality.
absl::Status CheckSegSeriesFits(const SegSeries& series, const SeriesInfo& source);

struct SegIdentity {  // who made it, and under which names
  SegSeries series;
  // "2.25.…", the first perhaps the caller's
  std::string series_instance_uid, sop_instance_uid, dimension_organization_uid;
  std::vector<std::string> tracking_uids;  // one per segment
  absl::Time created;
  std::string algorithm_name, algorithm_version, model_digest_hex, software_version;
};

// Series and UIDs only; time, algorithm and software are the caller's to fill in.
// UIDs 2.25.<UUID>: random (a CSPRNG) without a key, else derived from the key, which must already
// contain everything that makes the result (volume, prompts, model).
SegIdentity MakeSegIdentity(absl::string_view key, size_t segments, const SegSeries& series = {});

// FAILED_PRECONDITION, with the reasons, if info.seg_obstacles has some.
absl::Status CheckSegPossible(const SeriesInfo& info);

// All texts are written in UTF-8 (ISO_IR 192). FAILED_PRECONDITION as CheckSegPossible; INVALID_ARGUMENT for
// a mask of another shape, more than 65,535 segments, or a text that is not valid for its attribute: none is
// cut or changed. Empty frames are omitted; if every frame is empty, all frames of the first segment are
// kept, because an object without frames is illegal.
absl::StatusOr<std::string> WriteSeg(const SeriesInfo& info, const Geometry& geometry,
                                     absl::Span<const Segment> segments, const SegIdentity& identity);

}  // namespace sgpsam

#endif  // SGPSAM_CORE_DICOM_SEG_SEG_WRITER_H_
