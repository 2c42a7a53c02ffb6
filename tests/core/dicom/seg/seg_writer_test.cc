#include "core/dicom/seg/seg_writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "absl/strings/str_cat.h"
#include "core/base/reason.h"
#include "core/dicom/dataset/dicom_file.h"
#include "core/dicom/dataset/prescan.h"
#include "core/dicom/dataset/uid.h"
#include "core/dicom/seg/seg_reader.h"
#include "core/dicom/series/series_reader.h"
#include "tests/support/dicom_builder.h"

namespace sgpsam {
namespace {

using ::sgpsam::testing::GivenSeries;
using ::sgpsam::testing::SeriesBuilder;
using ::testing::HasSubstr;
using ::testing::Not;

DicomSeries SeriesOf(const SeriesBuilder& series) { return ReadSeries(series.Files(), {}, {}).value(); }

SegIdentity Identity(size_t segments, absl::string_view key = "key") {
  SegIdentity identity = MakeSegIdentity(key, segments);
  identity.created = absl::FromUnixSeconds(1700000000);
  identity.algorithm_name = "SGP-SAM";
  identity.algorithm_version = "1.0";
  identity.model_digest_hex = std::string(64, 'd');
  identity.software_version = "0.1.0";
  return identity;
}

Mask SomeMask(const Shape& shape) {
  Mask mask(shape);
  for (int64_t n = 0; n < shape.k; ++n) mask.Set(n % shape.i, (2 * n) % shape.j, n);
  return mask;
}

absl::StatusOr<std::string> WriteOne(const DicomSeries& read, const Segment& segment,
                                     const SegIdentity& identity) {
  return WriteSeg(read.info, read.volume.geometry(), {&segment, 1}, identity);
}

TEST(SegWriter, GivesTheSameBytesForTheSameArguments) {
  const DicomSeries read = SeriesOf(GivenSeries());
  const Mask mask = SomeMask(read.volume.geometry().shape());
  Segment segment;
  segment.mask = &mask;
  const std::string first = WriteOne(read, segment, Identity(1)).value();
  EXPECT_EQ(first, WriteOne(read, segment, Identity(1)).value());
  EXPECT_NE(first, WriteOne(read, segment, Identity(1, "another key")).value());
  // Whatever order the files came in.
  EXPECT_EQ(first, WriteOne(SeriesOf(GivenSeries().Shuffled(9)), segment, Identity(1)).value());
}

TEST(SegWriter, NamesModelPromptsAndScopeButNotTheScanner) {
  const DicomSeries read = SeriesOf(GivenSeries().With(DicomTag(0x0008, 0x0070), "LO", "ScannerMaker"));
  const Mask mask = SomeMask(read.volume.geometry().shape());
  Segment segment;
  segment.mask = &mask;
  segment.prompts = "point 1.5,2,3:+";
  const std::string seg = WriteOne(read, segment, Identity(1)).value();
  for (const std::string& text :
       {std::string("SGP-SAM"), std::string("sha256 ") + std::string(64, 'd'), std::string("point 1.5,2,3:+"),
        std::string("SEMIAUTOMATIC"), std::string("not for diagnosis"), std::string("Secret^Patient")}) {
    EXPECT_THAT(seg, HasSubstr(text));
  }
  EXPECT_THAT(seg, Not(HasSubstr("ScannerMaker")));
}

TEST(SegWriter, WritesEveryTextInUtf8) {
  const Mask mask = SomeMask({9, 7, 5});
  Segment segment;
  segment.mask = &mask;
  segment.label = "Leberläsion 肝";
  SeriesBuilder latin = GivenSeries().With(DicomTag(0x0008, 0x0005), "CS", "ISO_IR 100");
  latin.With(DicomTag(0x0010, 0x0010), "PN", "M\xFCller");
  for (const SeriesBuilder& series : {GivenSeries(), latin}) {
    const std::string seg = WriteOne(SeriesOf(series), segment, Identity(1)).value();
    EXPECT_THAT(seg, HasSubstr("ISO_IR 192"));
    EXPECT_THAT(seg, HasSubstr("Leberläsion 肝"));
    EXPECT_THAT(seg, Not(HasSubstr("ISO_IR 100")));
  }
  EXPECT_THAT(WriteOne(SeriesOf(latin), segment, Identity(1)).value(), HasSubstr("Müller"));
}

TEST(SegWriter, RefusesTextsThatItWouldHaveToChange) {
  const DicomSeries read = SeriesOf(GivenSeries());
  const Mask mask = SomeMask(read.volume.geometry().shape());
  const auto code = [&](const std::string& label) {
    Segment segment;
    segment.mask = &mask;
    segment.label = label;
    return WriteOne(read, segment, Identity(1)).status().code();
  };
  std::string longest;
  for (int n = 0; n < 64; ++n) longest += "ä";
  EXPECT_EQ(code(longest), absl::StatusCode::kOk);
  for (const std::string& bad :
       {longest + "x", std::string(), std::string("a\\b"), std::string("a\nb"), std::string("M\xFCller")}) {
    EXPECT_EQ(code(bad), absl::StatusCode::kInvalidArgument) << bad;
  }
}

TEST(SegWriter, PutsResultsIntoOneSeries) {
  const DicomSeries read = SeriesOf(GivenSeries());
  const Mask mask = SomeMask(read.volume.geometry().shape());
  Segment segment;
  segment.mask = &mask;
  const auto written = [&](const SegSeries& series) {
    SegIdentity identity = MakeSegIdentity("key", 1, series);
    const SegIdentity usual = Identity(1);
    identity.created = usual.created;
    identity.algorithm_name = usual.algorithm_name;
    identity.algorithm_version = usual.algorithm_version;
    identity.model_digest_hex = usual.model_digest_hex;
    identity.software_version = usual.software_version;
    return WriteOne(read, segment, identity);
  };
  const SegSeries series{.instance_uid = "1.2.3.999",
                         .description = "Befund nach Überprüfung",
                         .number = 77,
                         .instance_number = 3,
                         .content_label = "AFTER REVIEW",
                         .content_creator_name = "Größer^Anna"};
  const std::string seg = written(series).value();
  const DicomFile file = DicomFile::Open(seg).value();
  EXPECT_EQ(file.Text(DicomTag(0x0020, 0x000E)), "1.2.3.999");
  EXPECT_EQ(file.Text(DicomTag(0x0008, 0x103E)), "Befund nach Überprüfung");
  EXPECT_EQ(file.Text(DicomTag(0x0020, 0x0011)), "77");
  EXPECT_EQ(file.Text(DicomTag(0x0020, 0x0013)), "3");
  EXPECT_EQ(file.Text(DicomTag(0x0070, 0x0080)), "AFTER REVIEW");
  EXPECT_EQ(file.Text(DicomTag(0x0070, 0x0084)), "Größer^Anna");
  EXPECT_FALSE(file.Has(DicomTag(0x0008, 0x0021)));  // SeriesDate: another object's may differ
  EXPECT_EQ(written({.instance_uid = read.info.series_instance_uid}).status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST(SegWriter, ChecksWhatASeriesIsCalled) {
  const auto ok = [](const SegSeries& series) { return CheckSegSeries(series).ok(); };
  EXPECT_TRUE(ok({}));
  EXPECT_FALSE(ok({.instance_uid = "1.2.x"}));
  EXPECT_FALSE(ok({.instance_uid = "1.02"}));
  EXPECT_FALSE(ok({.description = std::string(65, 'd')}));
  EXPECT_FALSE(ok({.description = "a\\b"}));
  EXPECT_FALSE(ok({.number = 0}));
  EXPECT_FALSE(ok({.instance_number = -1}));
  EXPECT_FALSE(ok({.content_label = "lower case"}));
  EXPECT_FALSE(ok({.content_label = "SEVENTEEN LETTERS"}));
  EXPECT_FALSE(ok({.content_creator_name = "a=b=c=d"}));
  EXPECT_FALSE(ok({.content_creator_name = ""}));
  const absl::Status label = CheckSegSeries({.content_label = "lower case"});
  EXPECT_EQ(ReasonOf(label), Reason::kInvalidSegSeries);
  EXPECT_EQ(ReasonDetail(label, "attribute"), "ContentLabel");
}

TEST(SegWriter, RefusesSeriesThatCannotBeReferredTo) {
  SeriesBuilder series = GivenSeries()
                             .With(DicomTag(0x0020, 0x0052), "UI", "abc")
                             .WithAt(2, DicomTag(0x0008, 0x0018), "UI", "1.2.3.x");
  const DicomSeries read = SeriesOf(series);
  const Mask mask = SomeMask(read.volume.geometry().shape());
  Segment segment;
  segment.mask = &mask;
  const absl::Status status = WriteOne(read, segment, Identity(1)).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), HasSubstr("FrameOfReferenceUID (0020,0052) is not a valid UID"));
  EXPECT_THAT(std::string(status.message()), HasSubstr("SOPInstanceUID (0008,0018) is not a valid UID"));
  EXPECT_THAT(std::string(status.message()), HasSubstr("can be had as NIfTI"));
}

TEST(SegWriter, KeepsUidsWithLeadingZerosAsTheyAre) {
  SeriesBuilder series = GivenSeries().With(DicomTag(0x0020, 0x000D), "UI", "1.2.03.4");
  series.WithAt(2, DicomTag(0x0008, 0x0018), "UI", "1.2.3.007");
  const DicomSeries read = SeriesOf(series);
  EXPECT_THAT(read.warnings, ::testing::Contains(HasSubstr("begins with 0")));
  const Mask mask = SomeMask(read.volume.geometry().shape());
  Segment segment;
  segment.mask = &mask;
  const std::string seg = WriteOne(read, segment, Identity(1)).value();
  EXPECT_EQ(DicomFile::Open(seg).value().Text(DicomTag(0x0020, 0x000D)), "1.2.03.4");
  EXPECT_THAT(seg, HasSubstr("1.2.3.007"));
}

TEST(SegWriter, TakesTheSpacingForAThicknessThatIsNone) {
  for (const char* thickness : {"0", "2.5\\2.5", "-1", ""}) {
    const DicomSeries read = SeriesOf(GivenSeries().With(DicomTag(0x0018, 0x0050), "DS", thickness));
    EXPECT_EQ(read.info.slice_thickness, "") << thickness;
  }
  EXPECT_EQ(SeriesOf(GivenSeries()).info.slice_thickness, "9.9");
}

TEST(SegWriter, RefusesTwoSlicesWithOneName) {
  const DicomSeries read = SeriesOf(GivenSeries().WithAt(2, DicomTag(0x0008, 0x0018), "UI", "1.2.3.400.1"));
  EXPECT_THAT(read.info.seg_obstacles, ::testing::ElementsAre(HasSubstr("the same in several files")));
}

TEST(SegWriter, RefusesArgumentsThatDoNotFit) {
  const DicomSeries read = SeriesOf(GivenSeries());
  const Mask mask = SomeMask(read.volume.geometry().shape()), other({9, 7, 4});
  const auto code = [&](const Segment& segment, const SegIdentity& identity) {
    return WriteOne(read, segment, identity).status().code();
  };
  Segment good;
  good.mask = &mask;
  ASSERT_EQ(code(good, Identity(1)), absl::StatusCode::kOk);
  Segment wrong_shape = good, no_mask = good, bad_code = good;
  wrong_shape.mask = &other;
  no_mask.mask = nullptr;
  bad_code.type.value = "12345678901234567";
  EXPECT_EQ(code(wrong_shape, Identity(1)), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(code(no_mask, Identity(1)), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(code(bad_code, Identity(1)), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(code(good, Identity(2)), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(WriteSeg(read.info, read.volume.geometry(), {}, Identity(0)).status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST(SegWriter, IsReadBackByOurOwnReader) {
  for (const auto& [columns, rows] :
       {std::pair(9, 7), std::pair(16, 8), std::pair(13, 10), std::pair(11, 11)}) {
    const DicomSeries read = SeriesOf(GivenSeries(columns, rows, 5));
    const Shape shape = read.volume.geometry().shape();
    Mask first = SomeMask(shape), second(shape);
    second.Set(0, 0, 0);
    second.Set(shape.i - 1, shape.j - 1, 4);
    const Mask empty(shape);
    std::vector<Segment> segments(3);
    segments[0].mask = &first;
    segments[1].mask = &second;
    segments[1].rgb = {10, 200, 90};
    segments[1].label = "Second";
    segments[2].mask = &empty;
    const std::string seg = WriteSeg(read.info, read.volume.geometry(), segments, Identity(3)).value();
    const auto segmentation = ReadSeg(seg, &read.info, read.volume.geometry());
    ASSERT_TRUE(segmentation.ok()) << segmentation.status();
    EXPECT_THAT(segmentation->warnings, ::testing::IsEmpty());
    const std::vector<ReadSegment>& read_back = segmentation->segments;
    ASSERT_EQ(read_back.size(), 3u);
    EXPECT_EQ(read_back[0].mask.bits(), first.bits());
    EXPECT_EQ(read_back[1].mask.bits(), second.bits());
    EXPECT_EQ(read_back[2].mask.bits(), empty.bits());
    EXPECT_EQ(read_back[1].label, "Second");
    for (size_t c = 0; c < 3; ++c) EXPECT_NEAR(read_back[1].rgb[c], segments[1].rgb[c], 1);
  }
}

TEST(SegIdentity, IsDerivedFromItsKeyOrRandom) {
  const SegIdentity a = MakeSegIdentity("volume 1, prompt 2", 2),
                    b = MakeSegIdentity("volume 1, prompt 2", 2);
  EXPECT_EQ(a.series_instance_uid, b.series_instance_uid);
  EXPECT_EQ(a.tracking_uids, b.tracking_uids);
  EXPECT_NE(a.tracking_uids[0], a.tracking_uids[1]);
  EXPECT_NE(a.series_instance_uid, a.sop_instance_uid);
  EXPECT_NE(a.sop_instance_uid, MakeSegIdentity("volume 1, prompt 3", 2).sop_instance_uid);
  EXPECT_NE(MakeSegIdentity("", 1).sop_instance_uid, MakeSegIdentity("", 1).sop_instance_uid);
}

}  // namespace
}  // namespace sgpsam
