// The modules of a Segmentation object that do not depend on single frames (PS3.3 A.51.3). Each function
// writes one module's table; failures gather in the writer.
#ifndef SGPSAM_CORE_DICOM_SEG_SEG_MODULES_H_
#define SGPSAM_CORE_DICOM_SEG_SEG_MODULES_H_

#include <cstdint>

#include "absl/types/span.h"
#include "core/dicom/dcmtk/item_writer.h"
#include "core/dicom/derived/series_info.h"
#include "core/dicom/seg/seg_writer.h"

namespace sgpsam {

// What the modules are filled from; everything outlives the calls.
struct SegContents {
  const SeriesInfo& info;
  const Geometry& geometry;
  absl::Span<const Segment> segments;
  const SegIdentity& identity;
  bool overlap = false;
};

// SOP Common, patient, study, series, frame of reference and equipment.
void WriteIdentification(const SegContents& seg, ItemWriter& out);
// General, Multi-frame and Segmentation Image, without the pixels.
void WriteImage(const SegContents& seg, size_t frames, ItemWriter& out);
// Segment Sequence.
void WriteSegments(const SegContents& seg, ItemWriter& out);
// Common Instance Reference: every source instance.
void WriteReferences(const SegContents& seg, ItemWriter& out);

// One coded concept as an item of `sequence`.
void WriteCode(uint32_t sequence, const CodedConcept& code, ItemWriter& out);

}  // namespace sgpsam

#endif  // SGPSAM_CORE_DICOM_SEG_SEG_MODULES_H_
