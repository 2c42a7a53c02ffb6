// What a DICOM series says besides its voxels, as plain values: what SEG needs from its sources.
// Holds patient data: has no printer, must never be logged.
#ifndef SGPSAM_CORE_DICOM_DERIVED_SERIES_INFO_H_
#define SGPSAM_CORE_DICOM_DERIVED_SERIES_INFO_H_

#include <cstdint>
#include <string>
#include <vector>

namespace sgpsam {

// One attribute that derived objects carry as the first instance has it: a value, or a sequence's items.
struct CopiedAttribute {
  uint32_t tag = 0;
  std::string value = {};  // UTF-8, valid for its representation; multiple values joined by '\'
  std::vector<std::vector<CopiedAttribute>> items = {};
  bool is_sequence = false;
};

// One source slice, in the volume's k order.
struct SourceInstance {
  std::string sop_class_uid;
  std::string sop_instance_uid;
  // The source's own string, e.g. "-120.5\-98\40"; at most 16 characters a value.
  std::string image_position_patient;
};

struct SeriesInfo {
  std::string study_instance_uid;
  std::string series_instance_uid;
  std::string frame_of_reference_uid;     // the source's, or one of the series' own where it has none
  std::string modality;                   // "CT", "MR", "PT"
  std::string image_orientation_patient;  // string as in the source, valid DS
  std::string pixel_spacing;              // string as in the source, valid DS (row\column)
  std::string slice_thickness;            // one number above 0, or empty
  std::vector<CopiedAttribute> patient_and_study;  // whole modules, see copied_attributes.h
  std::vector<SourceInstance> instances;           // one per slice, k ascending
  bool lossy = false;                              // any source was compressed with loss
  std::string lossy_ratio, lossy_method;           // as in the source; may be empty
  // Why no SEG can be made of this series, e.g. "SOPClassUID (0008,0016) is empty".
  std::vector<std::string> seg_obstacles;
};

}  // namespace sgpsam

#endif  // SGPSAM_CORE_DICOM_DERIVED_SERIES_INFO_H_
