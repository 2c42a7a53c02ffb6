// What lies in a file, before anybody decides what to do with it: the one place that says what a DICOM file
// is and what kind of object it holds, for the server and for clients that read folders. Pure functions
// without DCMTK; bytes are hostile. A summary's texts are the patient's: they may be shown to whoever has the
// file, never logged.
#ifndef SGPSAM_CORE_DICOM_FOLDER_FILE_SUMMARY_H_
#define SGPSAM_CORE_DICOM_FOLDER_FILE_SUMMARY_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/dicom/dataset/dicom_file.h"

namespace sgpsam {

enum class FileKind {
  kImage,       // may be a slice of a volume
  kUnreadable,  // DICOM, but damaged, truncated or in a transfer syntax that is not read: may be a slice too
  kSegmentation,
  kStructuredReport,
  kKeyObjectSelection,
  kPresentationState,
  kRtObject,          // plans, structure sets, doses
  kDocument,          // encapsulated PDF, CDA, models
  kRegistration,      // and fiducials
  kSecondaryCapture,  // without a place in the patient: screenshots, dose reports
  kDicomdir,          // a media directory, whatever its name
  kOther,             // another object without pixels
  kNotDicom,
};

struct FileSummary {
  FileKind kind = FileKind::kNotDicom;
  // Of images, and of unreadable files as far as they tell.
  std::string sop_class_uid, study_instance_uid, series_instance_uid;
  // Of images only.
  std::string series_number;       // as stored
  std::string series_description;  // UTF-8; empty where it is not text of its character set
  std::string modality;
  bool localizer = false;  // ImageType says so
};

// Enough of a file's beginning to tell whether it is DICOM.
inline constexpr size_t kDicomHeadBytes = 132;

// True if these are the first bytes of a DICOM file: the mark DICM after a preamble of 128 bytes
// (PS3.10 7.1), or, as in old archives, file meta information or a data set from the start.
bool LooksLikeDicom(absl::string_view head);

// True if one of these values of ImageType (0008,0008), joined by '\\', says so.
bool IsLocalizer(absl::string_view image_type);

FileSummary Summarise(absl::string_view bytes);
// The same for bytes that DicomFile::Open has seen.
FileSummary Summarise(absl::string_view bytes, const absl::StatusOr<DicomFile>& opened);

}  // namespace sgpsam

#endif  // SGPSAM_CORE_DICOM_FOLDER_FILE_SUMMARY_H_
