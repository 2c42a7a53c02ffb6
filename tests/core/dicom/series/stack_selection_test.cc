#include "core/dicom/series/stack_selection.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/dicom/series/series_reader.h"
#include "tests/support/dicom_builder.h"

namespace sgpsam {
namespace {

using ::sgpsam::testing::GivenSeries;
using ::sgpsam::testing::SeriesBuilder;
using ::testing::Contains;
using ::testing::HasSubstr;

constexpr uint32_t kImageType = DicomTag(0x0008, 0x0008), kSopInstance = DicomTag(0x0008, 0x0018);
constexpr uint32_t kPosition = DicomTag(0x0020, 0x0032), kOrientation = DicomTag(0x0020, 0x0037);
constexpr uint32_t kEchoTime = DicomTag(0x0018, 0x0081);

absl::StatusOr<DicomSeries> Read(const std::vector<std::string>& files) {
  return ReadSeries(testing::ToBuffers(files), {}, {});
}

std::vector<std::string> Joined(std::vector<std::string> files, const std::vector<std::string>& more) {
  files.insert(files.end(), more.begin(), more.end());
  return files;
}

std::string Refusal(const std::vector<std::string>& files) {
  return std::string(Read(files).status().message());
}

TEST(Duplicates, AreDroppedWithANote) {
  const absl::StatusOr<DicomSeries> read =
      Read(GivenSeries().WithSliceTwice(1).WithSliceTwice(1).Shuffled(3).Bytes());
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->volume.geometry().shape().k, 5);
  EXPECT_EQ(read->info.instances.size(), 5);
  EXPECT_THAT(read->warnings, Contains("2 files passed over: 2 identical duplicates"));
}

TEST(Duplicates, AreKnownByTheirInstanceAndPixelsWhereAnArchiveChangedTheHeader) {
  SeriesBuilder sent_again = GivenSeries();
  sent_again.With(DicomTag(0x0008, 0x0050), "SH", "OTHER");
  const absl::StatusOr<DicomSeries> read = Read(Joined(GivenSeries().Bytes(), {sent_again.Bytes()[2]}));
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_THAT(read->warnings, Contains("1 file passed over: 1 identical duplicate"));
}

TEST(Duplicates, AreNotWhatOnlyLiesAtOnePlaceOrOnlyHasOneName) {
  SeriesBuilder other_pixels = GivenSeries();
  other_pixels.WithStored([](int i, int, int) { return i; });
  EXPECT_THAT(Refusal(Joined(GivenSeries().Bytes(), {other_pixels.Bytes()[2]})),
              HasSubstr("lie at the same position"));
  SeriesBuilder other_scale = GivenSeries().WithRescale("2", "0");
  EXPECT_THAT(Refusal(Joined(GivenSeries().Bytes(), {other_scale.Bytes()[2]})),
              HasSubstr("lie at the same position"));
  // An anonymiser that gives every slice one name loses no slice.
  SeriesBuilder one_name = GivenSeries().With(kSopInstance, "UI", "1.2.3");
  for (int k = 0; k < 5; ++k) one_name.WithAt(k, kSopInstance, "UI", "1.2.3");
  EXPECT_EQ(Read(one_name.Bytes())->volume.geometry().shape().k, 5);
}

TEST(Localizers, ThatSayItArePassedOver) {
  SeriesBuilder series = GivenSeries(9, 7, 4);
  series.WithAt(0, kImageType, "CS", "ORIGINAL\\PRIMARY\\LOCALIZER")
      .WithAt(0, kOrientation, "DS", "1\\0\\0\\0\\0\\-1");
  const absl::StatusOr<DicomSeries> read = Read(series.Bytes());
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->volume.geometry().shape().k, 3);
  EXPECT_THAT(read->warnings, Contains("1 file passed over: 1 localizer"));
}

TEST(Localizers, AreFewImagesOfAnotherOrientationBesideAClearStack) {
  SeriesBuilder series = GivenSeries(9, 7, 11);
  for (const int k : {0, 10}) series.WithAt(k, kOrientation, "DS", "1\\0\\0\\0\\0\\-1");
  const absl::StatusOr<DicomSeries> read = Read(series.Bytes());
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->volume.geometry().shape().k, 9);
  EXPECT_THAT(read->warnings, Contains("2 files passed over: 2 of another orientation"));
}

TEST(Localizers, AreNotGuessedWhereNoStackIsClear) {
  SeriesBuilder series = GivenSeries(9, 7, 8);
  for (const int k : {0, 1}) series.WithAt(k, kOrientation, "DS", "1\\0\\0\\0\\0\\-1");
  EXPECT_EQ(Read(series.Bytes()).value().volume.geometry().shape().k, 6);
  series.WithAt(2, kOrientation, "DS", "1\\0\\0\\0\\0\\-1");
  EXPECT_THAT(Refusal(series.Bytes()), HasSubstr("have different orientations"));
}

TEST(KindsOfImages, AreNotMixedInOneVolume) {
  SeriesBuilder echoes = GivenSeries().With(kEchoTime, "DS", "10");
  for (const int k : {1, 3}) echoes.WithAt(k, kEchoTime, "DS", "90");
  EXPECT_THAT(Refusal(echoes.Bytes()), HasSubstr("files 1 and 2 are of different echoes"));
  SeriesBuilder parts = GivenSeries().With(kImageType, "CS", "ORIGINAL\\PRIMARY\\M\\ND");
  for (const int k : {1, 3}) parts.WithAt(k, kImageType, "CS", "ORIGINAL\\PRIMARY\\P\\ND");
  EXPECT_THAT(Refusal(parts.Bytes()), HasSubstr("files 1 and 2 are different parts of a complex image"));
  SeriesBuilder rounded = GivenSeries().With(kEchoTime, "DS", "10").WithAt(1, kEchoTime, "DS", "10.02");
  EXPECT_TRUE(Read(rounded.Bytes()).ok());
}

TEST(SpacingOfOneStack, IsSaidWhereItChanges) {
  SeriesBuilder series = GivenSeries(9, 7, 7);
  series.WithAt(4, kPosition, "DS", "-10\\-20\\-19.5").WithAt(5, kPosition, "DS", "-10\\-20\\-16");
  series.WithAt(6, kPosition, "DS", "-10\\-20\\-12.5");
  EXPECT_THAT(
      Refusal(series.Bytes()),
      HasSubstr("two slice spacings: 2.500 mm from file 1 (-30.500 mm along the slice normal) to file 4 "
                "(-23.000 mm), 3.500 mm from file 4 (-23.000 mm) to file 7 (-12.500 mm)"));
  // Where the slices' thickness changes, too, the gap in between is the mean.
  series.WithAt(4, kPosition, "DS", "-10\\-20\\-20").WithAt(5, kPosition, "DS", "-10\\-20\\-16.5");
  series.WithAt(6, kPosition, "DS", "-10\\-20\\-13");
  EXPECT_THAT(Refusal(series.Bytes()),
              HasSubstr("to file 4 (-23.000 mm), 3.500 mm from file 5 (-20.000 mm) to file 7"));
}

}  // namespace
}  // namespace sgpsam
