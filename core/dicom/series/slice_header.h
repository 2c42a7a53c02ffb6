// What the reader needs to know of one file before its pixels are decoded. Plain values.
#ifndef SGPSAM_CORE_DICOM_SERIES_SLICE_HEADER_H_
#define SGPSAM_CORE_DICOM_SERIES_SLICE_HEADER_H_

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "core/dicom/dataset/dicom_file.h"
#include "core/dicom/derived/copied_attributes.h"
#include "core/dicom/pixels/pixel_layout.h"
#include "core/volume/geometry.h"

namespace sgpsam {

// Where a slice lies in the patient.
struct SlicePlane {
  int file_number = 0;              // as sent, from 1
  WorldPoint position;              // centre of the first pixel
  WorldPoint row, column;           // directions of a row (i grows) and of a column (j grows), as stored
  double column_step = 0;           // mm between columns: along i; the second value of PixelSpacing
  double row_step = 0;              // mm between rows: along j; the first value of PixelSpacing
  std::optional<double> thickness;  // SliceThickness, mm
  std::optional<double> spacing_between;  // SpacingBetweenSlices, mm
};

struct SliceHeader {
  SlicePlane plane;
  PixelLayout layout;  // of the samples that DecodePixels gives
  double slope = 1, intercept = 0;
  std::string sop_class_uid, sop_instance_uid, study_instance_uid, series_instance_uid;
  std::string frame_of_reference_uid, modality;
  PatientKey patient;
  std::string image_type;           // values joined by '\\'
  std::optional<double> echo_time;  // ms
  std::string position_text;        // ImagePositionPatient as stored; written anew only if it is no valid DS
  bool lossy = false;
  PixelNotes notes;  // what the caller should know of how this file was read
};

// Checks that the file is one scalar CT, MR or PET frame with a place in the patient. INVALID_ARGUMENT for
// damage, FAILED_PRECONDITION for sound images of another kind; `number` is not part of the messages.
absl::StatusOr<SliceHeader> ReadSliceHeader(const DicomFile& file, int number);

}  // namespace sgpsam

#endif  // SGPSAM_CORE_DICOM_SERIES_SLICE_HEADER_H_
