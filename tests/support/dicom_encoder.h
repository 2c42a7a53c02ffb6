// The compressing half of the DICOM test builder: DCMTK's and OpenJPEG's encoders, which share nothing with
// the code under test but the decoders' libraries.
#ifndef SGPSAM_TESTS_SUPPORT_DICOM_ENCODER_H_
#define SGPSAM_TESTS_SUPPORT_DICOM_ENCODER_H_

#include <string>

namespace sgpsam::testing {

// Re-encodes a native Part 10 file by DCMTK: RLE, JPEG and JPEG-LS. Aborts the test program on failure.
std::string TranscodeByDcmtk(const std::string& part10, const std::string& syntax);

struct RawImage {
  int columns = 0, rows = 0, precision = 16;
  bool is_signed = false;
  const int* values = nullptr;
};

// A lossless JPEG 2000 codestream.
std::string EncodeJpeg2000(const RawImage& image);

}  // namespace sgpsam::testing

#endif  // SGPSAM_TESTS_SUPPORT_DICOM_ENCODER_H_
