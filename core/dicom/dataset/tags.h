// The attributes that core/dicom reads from sources by name (PS3.6).
#ifndef SGPSAM_CORE_DICOM_DATASET_TAGS_H_
#define SGPSAM_CORE_DICOM_DATASET_TAGS_H_

#include <cstdint>

#include "core/dicom/dataset/prescan.h"

namespace sgpsam::tags {

inline constexpr uint32_t kDirectoryRecordSequence = DicomTag(0x0004, 0x1220);
inline constexpr uint32_t kSpecificCharacterSet = DicomTag(0x0008, 0x0005);
inline constexpr uint32_t kImageType = DicomTag(0x0008, 0x0008);
inline constexpr uint32_t kSopClassUid = DicomTag(0x0008, 0x0016);
inline constexpr uint32_t kSopInstanceUid = DicomTag(0x0008, 0x0018);
inline constexpr uint32_t kModality = DicomTag(0x0008, 0x0060);
inline constexpr uint32_t kTimezoneOffsetFromUtc = DicomTag(0x0008, 0x0201);
inline constexpr uint32_t kSeriesDescription = DicomTag(0x0008, 0x103E);
inline constexpr uint32_t kPatientName = DicomTag(0x0010, 0x0010);
inline constexpr uint32_t kPatientId = DicomTag(0x0010, 0x0020);
inline constexpr uint32_t kPatientSex = DicomTag(0x0010, 0x0040);
inline constexpr uint32_t kPatientSpeciesDescription = DicomTag(0x0010, 0x2201);
inline constexpr uint32_t kPatientSpeciesCodeSequence = DicomTag(0x0010, 0x2202);
inline constexpr uint32_t kResponsiblePerson = DicomTag(0x0010, 0x2297);
inline constexpr uint32_t kResponsiblePersonRole = DicomTag(0x0010, 0x2298);
inline constexpr uint32_t kClinicalTrialSponsorName = DicomTag(0x0012, 0x0010);
inline constexpr uint32_t kClinicalTrialProtocolId = DicomTag(0x0012, 0x0020);
inline constexpr uint32_t kClinicalTrialSubjectId = DicomTag(0x0012, 0x0040);
inline constexpr uint32_t kClinicalTrialSubjectReadingId = DicomTag(0x0012, 0x0042);
inline constexpr uint32_t kPatientIdentityRemoved = DicomTag(0x0012, 0x0062);
inline constexpr uint32_t kDeidentificationMethod = DicomTag(0x0012, 0x0063);
inline constexpr uint32_t kDeidentificationMethodCodeSequence = DicomTag(0x0012, 0x0064);
inline constexpr uint32_t kClinicalTrialEthicsCommittee = DicomTag(0x0012, 0x0081);
inline constexpr uint32_t kClinicalTrialEthicsApproval = DicomTag(0x0012, 0x0082);
inline constexpr uint32_t kSliceThickness = DicomTag(0x0018, 0x0050);
inline constexpr uint32_t kEchoTime = DicomTag(0x0018, 0x0081);
inline constexpr uint32_t kSpacingBetweenSlices = DicomTag(0x0018, 0x0088);
inline constexpr uint32_t kStudyInstanceUid = DicomTag(0x0020, 0x000D);
inline constexpr uint32_t kSeriesInstanceUid = DicomTag(0x0020, 0x000E);
inline constexpr uint32_t kSeriesNumber = DicomTag(0x0020, 0x0011);
inline constexpr uint32_t kImagePositionPatient = DicomTag(0x0020, 0x0032);
inline constexpr uint32_t kImageOrientationPatient = DicomTag(0x0020, 0x0037);
inline constexpr uint32_t kFrameOfReferenceUid = DicomTag(0x0020, 0x0052);
inline constexpr uint32_t kSamplesPerPixel = DicomTag(0x0028, 0x0002);
inline constexpr uint32_t kPhotometricInterpretation = DicomTag(0x0028, 0x0004);
inline constexpr uint32_t kNumberOfFrames = DicomTag(0x0028, 0x0008);
inline constexpr uint32_t kRows = DicomTag(0x0028, 0x0010);
inline constexpr uint32_t kColumns = DicomTag(0x0028, 0x0011);
inline constexpr uint32_t kPixelSpacing = DicomTag(0x0028, 0x0030);
inline constexpr uint32_t kBitsAllocated = DicomTag(0x0028, 0x0100);
inline constexpr uint32_t kBitsStored = DicomTag(0x0028, 0x0101);
inline constexpr uint32_t kHighBit = DicomTag(0x0028, 0x0102);
inline constexpr uint32_t kPixelRepresentation = DicomTag(0x0028, 0x0103);
inline constexpr uint32_t kPixelPaddingValue = DicomTag(0x0028, 0x0120);
inline constexpr uint32_t kRescaleIntercept = DicomTag(0x0028, 0x1052);
inline constexpr uint32_t kRescaleSlope = DicomTag(0x0028, 0x1053);
inline constexpr uint32_t kLossyImageCompression = DicomTag(0x0028, 0x2110);
inline constexpr uint32_t kLossyImageCompressionRatio = DicomTag(0x0028, 0x2112);
inline constexpr uint32_t kLossyImageCompressionMethod = DicomTag(0x0028, 0x2114);
inline constexpr uint32_t kModalityLutSequence = DicomTag(0x0028, 0x3000);

}  // namespace sgpsam::tags

#endif  // SGPSAM_CORE_DICOM_DATASET_TAGS_H_
