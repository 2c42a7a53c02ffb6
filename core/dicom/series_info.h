// What a DICOM series says beside its voxels, as plain values: what SEG needs from its sources.
// Holds patient data: has no printer, must never be logged.
#ifndef SGPSAM_CORE_DICOM_SERIES_INFO_H_
#define SGPSAM_CORE_DICOM_SERIES_INFO_H_

#include <cstdint>
#include <string>
#include <vector>

namespace sgpsam {

// One attribute to be copied into derived objects, as it stood in the first instance.
struct CopiedAttribute {
  uint16_t group = 0, element = 0;
  std::string value;  // in the source's character set; multiple values joined by '\'
};

// One source slice, in the volume's k order.
struct SourceInstance {
  std::string sop_class_uid;
  std::string sop_instance_uid;
  std::string
      image_position_patient;  // the source's own string, e.g. "-120.5\-98\40"; at most 16 characters a value
};

struct SeriesInfo {
  std::string study_instance_uid;
  std::string series_instance_uid;
  std::string frame_of_reference_uid;
  std::string modality;  // "CT", "MR", "PT"
  std::string specific_character_set;
  std::string image_orientation_patient;           // string as in the source, valid DS
  std::string pixel_spacing;                       // string as in the source, valid DS (row\column)
  std::string slice_thickness;                     // may be empty
  std::vector<CopiedAttribute> patient_and_study;  // patient, study, clinical trial modules
  std::vector<SourceInstance> instances;           // one per slice, k ascending
  bool lossy = false;                              // any source was compressed with loss
  std::string lossy_ratio, lossy_method;           // as in the source; may be empty
  std::vector<std::string>
      seg_obstacles;  // why no SEG can be made of this series, e.g. "SOPClassUID (0008,0016) is empty"
};

}  // namespace sgpsam

#endif  // SGPSAM_CORE_DICOM_SERIES_INFO_H_
