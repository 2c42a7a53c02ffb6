#include "core/dicom/pixels/jpeg_header.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace sgpsam {
namespace {

using ::testing::HasSubstr;

std::string Big16(int value) { return {static_cast<char>(value >> 8), static_cast<char>(value & 0xFF)}; }

std::string Marker(int code, const std::string& parameters) {
  return Big16(0xFF00 | code) + Big16(static_cast<int>(parameters.size()) + 2) + parameters;
}

// A frame header of one component; `sof` is its marker.
std::string Frame(int sof, int precision = 8, int rows = 16, int columns = 24, int components = 1) {
  std::string parameters = std::string(1, static_cast<char>(precision)) + Big16(rows) + Big16(columns) +
                           static_cast<char>(components);
  for (int n = 0; n < components; ++n) parameters += std::string("\1\x11\0", 3);
  return Marker(sof, parameters);
}

// A scan header and some coded data, in which 0xFF is followed by a stuffed zero and by a restart marker.
std::string Scan() {
  return Marker(0xDA, std::string("\1\1\0\0\x3F\0", 6)) + std::string(
                                                              "ab\xFF\0cd\xFF\xD0"
                                                              "e",
                                                              9);
}

std::string Scans(unsigned count) {
  std::string scans;
  for (unsigned n = 0; n < count; ++n) scans += Scan();
  return scans;
}

const std::string kStart("\xFF\xD8", 2), kEnd("\xFF\xD9", 2);

absl::StatusOr<JpegHeader> Read(const std::string& stream, JpegFamily family = JpegFamily::kJpeg) {
  return ReadJpegHeader(stream, family, 16, 24);
}

void ExpectRefused(const std::string& stream, const std::string& why, JpegFamily family = JpegFamily::kJpeg) {
  const absl::StatusOr<JpegHeader> header = Read(stream, family);
  ASSERT_FALSE(header.ok()) << why;
  EXPECT_EQ(header.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(header.status().message()), HasSubstr(why));
}

TEST(JpegHeader, ReadsPrecisionAndFindsTheEnd) {
  for (const int sof : {0xC0, 0xC1, 0xC3}) {
    const std::string stream = kStart + Marker(0xE0, "JFIF") + Frame(sof, 12) + Scan() + kEnd;
    const std::string longer = stream + std::string("\0more", 5);
    const absl::StatusOr<JpegHeader> header = Read(longer);
    ASSERT_TRUE(header.ok()) << header.status();
    EXPECT_EQ(header->precision, 12);
    EXPECT_EQ(header->stream, stream);
  }
}

TEST(JpegHeader, LetsJpegLsStuffBits) {
  const std::string coded = Marker(0xDA, std::string("\1\1\0\0\0\0", 6)) +
                            "ab\xFF\x7F"
                            "cd";
  const std::string stream = kStart + Frame(0xF7, 10) + coded + kEnd;
  const absl::StatusOr<JpegHeader> header = Read(stream, JpegFamily::kJpegLs);
  ASSERT_TRUE(header.ok()) << header.status();
  EXPECT_EQ(header->precision, 10);
  ExpectRefused(stream, "damaged");  // no frame of the other family, nor such a marker
  ExpectRefused(kStart + Frame(0xF7) + coded + coded + kEnd, "more than 1 scan", JpegFamily::kJpegLs);
}

TEST(JpegHeader, BoundsTheScans) {
  EXPECT_TRUE(Read(kStart + Frame(0xC2) + Scans(kMaxJpegScans) + kEnd).ok());
  ExpectRefused(kStart + Frame(0xC2) + Scans(kMaxJpegScans + 1) + kEnd, "more than 64 scan");
  const std::string large = kStart + Frame(0xC2, 8, 16384, 16384);
  EXPECT_TRUE(ReadJpegHeader(large + Scans(16) + kEnd, JpegFamily::kJpeg, 16384, 16384).ok());
  EXPECT_FALSE(ReadJpegHeader(large + Scans(17) + kEnd, JpegFamily::kJpeg, 16384, 16384).ok());
  for (const int sof : {0xC0, 0xC1, 0xC3}) {
    ExpectRefused(kStart + Frame(sof) + Scans(2) + kEnd, "more than 1 scan");
  }
}

TEST(JpegHeader, ComparesTheFrameWithItsDataSet) {
  const std::string rest = Scan() + kEnd;
  ExpectRefused(kStart + Frame(0xC0, 8, 17, 24) + rest, "Rows and Columns");
  ExpectRefused(kStart + Frame(0xC0, 8, 16, 23) + rest, "Rows and Columns");
  ExpectRefused(kStart + Frame(0xC0, 8, 16, 24, 3) + rest, "Rows and Columns");
  ExpectRefused(kStart + Frame(0xC0) + Frame(0xC0) + rest, "more than one frame");
  ExpectRefused(kStart + Frame(0xC9) + rest, "arithmetic-coded");
  ExpectRefused(kStart + Frame(0xC0, 17) + rest, "damaged");
}

TEST(JpegHeader, RefusesASecondImageBehindTheFirst) {
  const std::string stream = kStart + Frame(0xC0) + Scan() + kEnd;
  ExpectRefused(stream + stream, "NumberOfFrames");
  ExpectRefused(stream + std::string(1, '\0') + stream, "NumberOfFrames");
}

TEST(JpegHeader, WantsAnEnd) {
  const std::string stream = kStart + Frame(0xC0) + Scan() + kEnd;
  for (size_t size = 0; size < stream.size(); ++size) ExpectRefused(stream.substr(0, size), "damaged");
  ExpectRefused(kStart + Frame(0xC0) + kEnd, "damaged");  // no scan
  ExpectRefused(kStart + Scan() + kEnd, "damaged");       // no frame
  ExpectRefused(kStart + Frame(0xC0) + kStart + Scan() + kEnd, "damaged");
}

}  // namespace
}  // namespace sgpsam
