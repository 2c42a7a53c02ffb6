// Which attributes objects that are made from a series take over from it: whose the patient is, which study
// it is, from which trial, how it was de-identified. Texts become UTF-8 here. A module whose attributes need
// each other is copied whole or not at all; nothing is cut or replaced. Pure function of the file's bytes.
#ifndef SGPSAM_CORE_DICOM_DERIVED_COPIED_ATTRIBUTES_H_
#define SGPSAM_CORE_DICOM_DERIVED_COPIED_ATTRIBUTES_H_

#include <string>
#include <vector>

#include "core/dicom/dataset/dicom_file.h"
#include "core/dicom/derived/series_info.h"

namespace sgpsam {

struct CopiedModules {
  std::vector<CopiedAttribute> attributes;  // ascending; those that every object has are there, if empty
  // Why no object may be made, e.g. "PatientID (0010,0020) is empty": the patient would be lost or another's.
  std::vector<std::string> obstacles;
  std::vector<std::string> warnings;  // what is left out, repaired or assumed; names attributes, quotes none
};

// Patient, General Study, Patient Study, Clinical Trial Subject and Study modules (PS3.3 C.7.1, C.7.2) and
// the time zone. Single attributes that cannot be kept are left out, those of type 2 left empty, with a
// warning. Clinical Trial Series (C.7.3.2) is not copied: it says which series of the trial the images are,
// and an object that is made from them lies in a series of its own.
CopiedModules CopyModules(const DicomFile& file);

// For comparing files: the attribute in UTF-8, or as it stands where that cannot be; trailing separators of
// names do not count.
struct PatientKey {
  std::string id, name;
};
PatientKey PatientOf(const DicomFile& file);

}  // namespace sgpsam

#endif  // SGPSAM_CORE_DICOM_DERIVED_COPIED_ATTRIBUTES_H_
