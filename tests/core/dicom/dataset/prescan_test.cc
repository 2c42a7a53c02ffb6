#include "core/dicom/dataset/prescan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/reason.h"
#include "core/dicom/dataset/dicom_file.h"
#include "core/dicom/dataset/dicom_text.h"
#include "tests/support/dicom_builder.h"

namespace sgpsam {
namespace {

using ::sgpsam::testing::Le16;
using ::sgpsam::testing::Le32;
using ::testing::HasSubstr;

const std::string kSequenceStart = std::string("\x08\x00\x40\x11SQ\0\0\xFF\xFF\xFF\xFF", 12);
const std::string kItemStart = std::string("\xFE\xFF\x00\xE0\xFF\xFF\xFF\xFF", 8);
const std::string kItemEnd = std::string("\xFE\xFF\x0D\xE0\0\0\0\0", 8);
const std::string kSequenceEnd = std::string("\xFE\xFF\xDD\xE0\0\0\0\0", 8);

std::string Nested(int depth) {
  std::string open, close;
  for (int n = 0; n < depth; ++n) {
    open += kSequenceStart + kItemStart;
    close += kItemEnd + kSequenceEnd;
  }
  return open + close;
}

// Sequences of defined length inside each other.
std::string NestedByLength(int depth) {
  std::string inner;
  for (int n = 0; n < depth; ++n) {
    const std::string item =
        std::string("\xFE\xFF\x00\xE0", 4) + Le32(static_cast<uint32_t>(inner.size())) + inner;
    inner = std::string("\x08\x00\x40\x11SQ\0\0", 8) + Le32(static_cast<uint32_t>(item.size())) + item;
  }
  return inner;
}

std::string Pixels(const std::string& rest) { return std::string("\xE0\x7F\x10\x00OW\0\0", 8) + rest; }

std::string Refusal(const std::string& bytes, const DatasetEncoding& encoding = {}) {
  return std::string(ScanDataset(bytes, encoding).status().message());
}

TEST(Prescan, AcceptsThirtyTwoLevelsAndRefusesOneMore) {
  EXPECT_TRUE(ScanDataset(Nested(kMaxNesting), {}).ok()) << Refusal(Nested(kMaxNesting));
  EXPECT_TRUE(ScanDataset(NestedByLength(kMaxNesting), {}).ok());
  EXPECT_THAT(Refusal(Nested(kMaxNesting + 1)), HasSubstr("nested deeper than 32"));
  EXPECT_THAT(Refusal(NestedByLength(kMaxNesting + 1)), HasSubstr("nested deeper than 32"));
}

TEST(Prescan, RefusesADepthOfTwoHundredThousand) {
  EXPECT_THAT(Refusal(Nested(200000)), HasSubstr("nested deeper"));
  std::string implicit;
  for (int n = 0; n < 200000; ++n)
    implicit += std::string("\x08\x00\x40\x11\xFF\xFF\xFF\xFF", 8) + kItemStart;
  EXPECT_THAT(Refusal(implicit, {.explicit_vr = false}), HasSubstr("nested deeper"));
}

TEST(Prescan, RefusesLengthsBeyondTheirContainer) {
  EXPECT_THAT(Refusal(std::string("\x10\x00\x10\x00PN\x08\x00"
                                  "abc",
                                  11)),
              HasSubstr("(0010,0010) has fewer bytes"));
  EXPECT_THAT(Refusal(Pixels(Le32(100) + "abc")), HasSubstr("(7fe0,0010) has fewer bytes"));
  EXPECT_THAT(Refusal(Pixels(Le32(0xFFFFFFFE))), HasSubstr("fewer bytes"));
  // An item that reaches beyond its sequence, though not beyond the file.
  const std::string item = std::string("\xFE\xFF\x00\xE0", 4) + Le32(64);
  const std::string sequence =
      std::string("\x08\x00\x40\x11SQ\0\0", 8) + Le32(8) + item + std::string(64, '\0');
  EXPECT_THAT(Refusal(sequence), HasSubstr("longer than its sequence"));
  EXPECT_THAT(Refusal(kSequenceStart + kItemStart), HasSubstr("cut off"));
}

TEST(Prescan, RefusesMoreThanAMillionElements) {
  std::string many;
  for (uint32_t n = 0; n <= kMaxElements; ++n) many.append("\x09\x00\x01\x00LO\x00\x00", 8);
  EXPECT_THAT(Refusal(many), HasSubstr("more than 1048576 elements"));
  EXPECT_EQ(ReasonOf(ScanDataset(many, {}).status()), Reason::kVolumeTooLarge);  // nothing of it is damaged
}

TEST(Prescan, RefusesMoreThanAMillionFragments) {
  std::string many = Le32(0xFFFFFFFF);
  for (uint32_t n = 0; n <= kMaxElements; ++n) many.append("\xFE\xFF\x00\xE0\0\0\0\0", 8);
  EXPECT_EQ(ReasonOf(ScanDataset(Pixels(many + kSequenceEnd), {}).status()), Reason::kVolumeTooLarge);
}

TEST(Prescan, FindsNativePixelsAndStopsThere) {
  const std::string before(
      "\x08\x00\x60\x00"
      "CS\x02\x00"
      "CT",
      10);
  const absl::StatusOr<ScannedDataset> scan = ScanDataset(before + Pixels(Le32(4) + "abcd" + "garbage"), {});
  ASSERT_TRUE(scan.ok()) << scan.status();
  EXPECT_EQ(scan->header_end, before.size());
  EXPECT_EQ(scan->pixels.offset, before.size() + 12);
  EXPECT_EQ(scan->pixels.length, 4u);
  ASSERT_EQ(scan->elements.size(), 1u);
  EXPECT_EQ(scan->elements[0].tag, DicomTag(0x0008, 0x0060));
}

TEST(Prescan, FindsFragmentsWithoutTheOffsetTable) {
  const std::string item("\xFE\xFF\x00\xE0", 4);
  const std::string fragments =
      Le32(0xFFFFFFFF) + item + Le32(0) + item + Le32(2) + "ab" + item + Le32(4) + "cdef";
  const absl::StatusOr<ScannedDataset> scan = ScanDataset(Pixels(fragments + kSequenceEnd), {});
  ASSERT_TRUE(scan.ok()) << scan.status();
  ASSERT_EQ(scan->fragments.size(), 2u);
  EXPECT_EQ(scan->fragments[1].length, 4u);
  EXPECT_TRUE(scan->encapsulated);
  EXPECT_THAT(Refusal(Pixels(fragments + item + Le32(1000))), HasSubstr("fewer bytes"));
}

TEST(Prescan, SkipsPixelsOfAnIconInASequence) {
  const std::string item("\xFE\xFF\x00\xE0", 4);
  const std::string icon =
      kSequenceStart + kItemStart +
      Pixels(Le32(0xFFFFFFFF) + item + Le32(0) + item + Le32(4) + "\xFF\xD8xx" + kSequenceEnd) + kItemEnd +
      kSequenceEnd;
  const absl::StatusOr<ScannedDataset> scan = ScanDataset(icon + Pixels(Le32(2) + "ab"), {});
  ASSERT_TRUE(scan.ok()) << scan.status();
  EXPECT_EQ(scan->pixels.length, 2u);
}

TEST(Prescan, ReadsUnknownSequencesAsImplicit) {
  const std::string inner(
      "\x08\x00\x60\x00\x02\x00\x00\x00"
      "CT",
      10);
  const std::string unknown = std::string("\x09\x00\x01\x10UN\0\0\xFF\xFF\xFF\xFF", 12) + kItemStart + inner +
                              kItemEnd + kSequenceEnd;
  EXPECT_TRUE(ScanDataset(unknown, {}).ok()) << Refusal(unknown);
}

TEST(Prescan, RefusesElementsWithoutARepresentation) {
  EXPECT_THAT(Refusal(std::string("\x10\x00\x10\x00\x01\x02\x00\x00", 8)),
              HasSubstr("no value representation"));
}

TEST(DicomFile, RefusesADeflateBombAtItsBound) {
  testing::SeriesBuilder series = testing::GivenSeries(2, 2, 1);
  series.With(DicomTag(0x0009, 0x1001), "OB", std::string(kMaxInflatedBytes, '\0'));
  const std::string bomb = series.WithTransferSyntax(testing::kDeflated).Bytes()[0];
  ASSERT_LT(bomb.size(), size_t{200} << 10);
  EXPECT_THAT(std::string(DicomFile::Open(bomb).status().message()), HasSubstr("grows beyond"));
}

TEST(DicomFile, ReadsNoNumbersFromATextOfExcessiveLength) {
  const uint32_t tag = DicomTag(0x0028, 0x0030);
  std::string text = "10";  // 64 KiB, as many values as fit
  while (text.size() < kMaxTextBytes) text += "\\1";
  const auto numbers = [&](const std::string& value) {
    // An explicit length of DS has 16 bits.
    testing::SeriesBuilder series = testing::GivenSeries(2, 2, 1).WithTransferSyntax(testing::kImplicitLe);
    const std::string file = series.With(tag, "DS", value).Bytes()[0];
    return DicomFile::Open(file).value().Numbers(tag);
  };
  ASSERT_TRUE(numbers(text).has_value());
  EXPECT_EQ(numbers(text)->size(), kMaxTextBytes / 2);
  EXPECT_FALSE(numbers(text + "\\1").has_value());
}

TEST(DicomFile, ReadsNumbersOfUnknownRepresentationInLittleEndian) {
  const std::string file = testing::Part10(
      testing::kExplicitLe, testing::EncodeElements({{DicomTag(0x0028, 0x0010), {"UN", Le16(517)}}}));
  const absl::StatusOr<DicomFile> open = DicomFile::Open(file);
  ASSERT_TRUE(open.ok()) << open.status();
  EXPECT_EQ(open->Uint16(DicomTag(0x0028, 0x0010)), 517);
}

}  // namespace
}  // namespace sgpsam
