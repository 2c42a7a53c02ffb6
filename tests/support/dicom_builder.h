// DICOM series for tests, as real Part 10 bytes in memory. Verbs name what is odd about a series; what is
// not named is an ordinary CT. Writes bytes by hand, so that it can also write what no toolkit would.
#ifndef SGPSAM_TESTS_SUPPORT_DICOM_BUILDER_H_
#define SGPSAM_TESTS_SUPPORT_DICOM_BUILDER_H_

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/base/byte_buffer.h"

namespace sgpsam::testing {

struct DicomElement {
  std::string vr;
  std::string bytes;  // little endian, unpadded
};
using DicomElements = std::map<uint32_t, DicomElement>;  // by tag

std::string Le16(int value);
std::string Le32(uint32_t value);

inline constexpr const char* kImplicitLe = "1.2.840.10008.1.2";
inline constexpr const char* kExplicitLe = "1.2.840.10008.1.2.1";
inline constexpr const char* kExplicitBe = "1.2.840.10008.1.2.2";
inline constexpr const char* kDeflated = "1.2.840.10008.1.2.1.99";
inline constexpr const char* kDeflatedFrame = "1.2.840.10008.1.2.8.1";
inline constexpr const char* kRle = "1.2.840.10008.1.2.5";
inline constexpr const char* kJpegBaseline = "1.2.840.10008.1.2.4.50";
inline constexpr const char* kJpegExtended = "1.2.840.10008.1.2.4.51";
inline constexpr const char* kJpegLossless = "1.2.840.10008.1.2.4.57";
inline constexpr const char* kJpegLosslessSv1 = "1.2.840.10008.1.2.4.70";
inline constexpr const char* kJpegLs = "1.2.840.10008.1.2.4.80";
inline constexpr const char* kJpegLsNear = "1.2.840.10008.1.2.4.81";
inline constexpr const char* kJpeg2000Lossless = "1.2.840.10008.1.2.4.90";
inline constexpr const char* kHtj2kLossless = "1.2.840.10008.1.2.4.201";

// One data set in Explicit VR Little Endian, without preamble.
std::string EncodeElements(const DicomElements& elements);
// One item of a sequence, of defined length: its bytes are part of a "SQ" element's.
std::string SequenceItem(const DicomElements& elements);
// Preamble, file meta information naming `syntax` and with what else is given, then `dataset` as it is.
std::string Part10(const std::string& syntax, const std::string& dataset,
                   const DicomElements& more_meta = {});

class SeriesBuilder {
 public:
  SeriesBuilder(int columns, int rows, int slices);

  // The stored value of voxel i, j of slice k (which counts along the normal, from 0).
  using StoredValue = std::function<int(int i, int j, int k)>;

  SeriesBuilder& WithStored(StoredValue value);
  SeriesBuilder& WithBits(int allocated, int stored, int high_bit, bool is_signed);
  SeriesBuilder& WithRescale(const std::string& slope, const std::string& intercept);
  SeriesBuilder& WithPlane(const std::string& orientation, std::array<double, 3> origin,
                           std::array<double, 3> step);
  // The attribute's raw bytes in every slice, or in slice k only. Group 0002 goes into the file meta
  // information (native Explicit VR Little Endian only).
  SeriesBuilder& With(uint32_t tag, const std::string& vr, const std::string& bytes);
  SeriesBuilder& WithAt(int k, uint32_t tag, const std::string& vr, const std::string& bytes);
  SeriesBuilder& Without(uint32_t tag);
  SeriesBuilder& WithoutSlice(int k);
  SeriesBuilder& WithSliceTwice(int k);
  SeriesBuilder& Shuffled(uint32_t seed);
  SeriesBuilder& WithTransferSyntax(const std::string& uid);
  SeriesBuilder& WithoutPreamble();  // nor file meta information

  int StoredAt(int i, int j, int k) const { return stored_(i, j, k); }
  std::vector<std::string> Bytes() const;
  std::vector<ByteBuffer> Files() const;

 private:
  DicomElements Elements(int k) const;
  std::string Pixels(int k) const;
  std::string Encode(int k) const;

  int columns_, rows_;
  StoredValue stored_;
  int allocated_ = 16, bits_stored_ = 16, high_bit_ = 15;
  bool signed_ = true;
  std::array<double, 3> origin_{{-10, -20, -30.5}}, step_{{0, 0, 2.5}};
  DicomElements common_;
  std::map<int, DicomElements> special_;
  std::vector<uint32_t> removed_;
  std::vector<int> order_;  // which slice each file holds
  std::string syntax_ = kExplicitLe;
  bool bare_ = false;
};

// Columns, rows and slices that are all different.
inline SeriesBuilder GivenSeries(int columns = 9, int rows = 7, int slices = 5) {
  return SeriesBuilder(columns, rows, slices);
}

std::vector<ByteBuffer> ToBuffers(const std::vector<std::string>& files);

}  // namespace sgpsam::testing

#endif  // SGPSAM_TESTS_SUPPORT_DICOM_BUILDER_H_
