// Multi-frame Dimension and Multi-frame Functional Groups of a Segmentation object (PS3.3 C.7.6.16,
// C.7.6.17): where each frame lies, which segment it shows and which source image it comes from.
#ifndef SGPSAM_CORE_DICOM_SEG_SEG_FUNCTIONAL_GROUPS_H_
#define SGPSAM_CORE_DICOM_SEG_SEG_FUNCTIONAL_GROUPS_H_

#include "absl/types/span.h"
#include "core/dicom/dcmtk/item_writer.h"
#include "core/dicom/seg/seg_frames.h"
#include "core/dicom/seg/seg_modules.h"

namespace sgpsam {

void WriteDimensions(const SegContents& seg, ItemWriter& out);
void WriteSharedGroups(const SegContents& seg, ItemWriter& out);
// One item for each frame, in order. Dimension index values are ranks among all positions in the object.
void WritePerFrameGroups(const SegContents& seg, absl::Span<const SegFrame> frames, ItemWriter& out);

}  // namespace sgpsam

#endif  // SGPSAM_CORE_DICOM_SEG_SEG_FUNCTIONAL_GROUPS_H_
