#include "core/dicom/series/series_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "absl/strings/str_cat.h"
#include "core/base/reason.h"
#include "core/dicom/dataset/prescan.h"
#include "tests/support/dicom_builder.h"

namespace sgpsam {
namespace {

using ::sgpsam::testing::GivenSeries;
using ::sgpsam::testing::Le16;
using ::sgpsam::testing::SeriesBuilder;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr uint32_t kPosition = DicomTag(0x0020, 0x0032), kOrientation = DicomTag(0x0020, 0x0037);

absl::StatusOr<DicomSeries> Read(const SeriesBuilder& series) { return ReadSeries(series.Files(), {}, {}); }

// Every voxel against `expected(i, j, k)`; reports the first that differs.
template <typename Expected>
void ExpectVoxels(const Volume& volume, Expected expected) {
  const Shape& shape = volume.geometry().shape();
  for (int64_t k = 0; k < shape.k; ++k) {
    for (int64_t j = 0; j < shape.j; ++j) {
      for (int64_t i = 0; i < shape.i; ++i) {
        const int x = static_cast<int>(i), y = static_cast<int>(j), z = static_cast<int>(k);
        ASSERT_DOUBLE_EQ(volume.at(i, j, k), expected(x, y, z)) << i << " " << j << " " << k;
      }
    }
  }
}

void ExpectRefused(const SeriesBuilder& series, absl::StatusCode code, const std::string& reason) {
  const absl::StatusOr<DicomSeries> read = Read(series);
  ASSERT_FALSE(read.ok());
  EXPECT_EQ(read.status().code(), code) << read.status();
  EXPECT_THAT(std::string(read.status().message()), HasSubstr(reason));
  EXPECT_NE(ReasonOf(read.status()), Reason::kNone) << read.status();
  // Whatever the reason, nothing of the patient is in it.
  EXPECT_THAT(std::string(read.status().message()),
              AllOf(Not(HasSubstr("Secret")), Not(HasSubstr("SECRET"))));
}

constexpr absl::StatusCode kInvalid = absl::StatusCode::kInvalidArgument;
constexpr absl::StatusCode kPrecondition = absl::StatusCode::kFailedPrecondition;

TEST(SeriesReader, PutsVoxelsAndGeometryInPlaceWhateverTheOrderOfFiles) {
  for (uint32_t seed : {1u, 2u, 3u}) {
    SeriesBuilder series = GivenSeries().Shuffled(seed);
    const absl::StatusOr<DicomSeries> read = Read(series);
    ASSERT_TRUE(read.ok()) << read.status();
    EXPECT_EQ(read->volume.geometry().shape(), (Shape{9, 7, 5}));
    EXPECT_EQ(read->volume.sample_type(), SampleType::kInt16);
    ExpectVoxels(read->volume, [&](int i, int j, int k) { return series.StoredAt(i, j, k); });
    const WorldPoint at = read->volume.geometry().ToWorld({2, 3, 4});
    EXPECT_DOUBLE_EQ(at.x, -10 + 2 * 0.75);  // the second value of PixelSpacing goes with columns
    EXPECT_DOUBLE_EQ(at.y, -20 + 3 * 0.5);
    EXPECT_DOUBLE_EQ(at.z, -30.5 + 4 * 2.5);
    EXPECT_EQ(read->info.instances[4].image_position_patient, "-10\\-20\\-20.5");
    EXPECT_EQ(read->info.instances[0].sop_instance_uid, "1.2.3.400.1");
    EXPECT_TRUE(read->info.seg_obstacles.empty());
  }
}

class SeriesReaderSyntax : public ::testing::TestWithParam<const char*> {};

TEST_P(SeriesReaderSyntax, GivesTheSameVoxelsAsUncompressed) {
  for (const bool is_signed : {false, true}) {
    if (is_signed && GetParam() == testing::kJpegLs)
      continue;  // DCMTK's encoder does not take negative values
    SeriesBuilder series =
        GivenSeries(33, 21, 3).WithBits(16, 12, 11, is_signed).WithTransferSyntax(GetParam());
    series.WithStored(
        [&](int i, int j, int k) { return (40 * i + 9 * j + 301 * k) % 2048 - (is_signed ? 1024 : 0); });
    const absl::StatusOr<DicomSeries> read = Read(series);
    ASSERT_TRUE(read.ok()) << read.status();
    ExpectVoxels(read->volume, [&](int i, int j, int k) { return series.StoredAt(i, j, k); });
    EXPECT_FALSE(read->info.lossy);
  }
}

INSTANTIATE_TEST_SUITE_P(Lossless, SeriesReaderSyntax,
                         ::testing::Values(testing::kImplicitLe, testing::kExplicitLe, testing::kExplicitBe,
                                           testing::kDeflated, testing::kDeflatedFrame, testing::kRle,
                                           testing::kJpegLossless, testing::kJpegLosslessSv1,
                                           testing::kJpegLs, testing::kJpeg2000Lossless));

TEST(SeriesReader, ReadsEightBitsInEverySyntaxThatHasThem) {
  for (const char* syntax : {testing::kImplicitLe, testing::kExplicitBe, testing::kRle,
                             testing::kJpegLosslessSv1, testing::kJpegLs, testing::kJpeg2000Lossless}) {
    SeriesBuilder series = GivenSeries(10, 7, 2).WithBits(8, 8, 7, false).WithTransferSyntax(syntax);
    series.WithStored([](int i, int j, int k) { return (i * 23 + j * 5 + k) % 256; });
    const absl::StatusOr<DicomSeries> read = Read(series);
    ASSERT_TRUE(read.ok()) << syntax << read.status();
    ExpectVoxels(read->volume, [&](int i, int j, int k) { return series.StoredAt(i, j, k); });
  }
}

TEST(SeriesReader, MarksLossySeriesAndStaysNearTheirValues) {
  for (const char* syntax : {testing::kJpegBaseline, testing::kJpegExtended, testing::kJpegLsNear}) {
    const bool bytes = syntax == testing::kJpegBaseline;
    SeriesBuilder series = GivenSeries(32, 32, 2).WithTransferSyntax(syntax);
    series.WithBits(bytes ? 8 : 16, bytes ? 8 : 12, bytes ? 7 : 11, false);
    series.WithStored([](int i, int j, int k) { return 40 + 3 * i + 2 * j + k; });
    const absl::StatusOr<DicomSeries> read = Read(series);
    ASSERT_TRUE(read.ok()) << syntax << read.status();
    EXPECT_TRUE(read->info.lossy);
    EXPECT_FALSE(read->info.lossy_method.empty()) << syntax;
    EXPECT_FALSE(read->info.lossy_ratio.empty()) << syntax;
    for (int n = 0; n < 32; ++n) EXPECT_NEAR(read->volume.at(n, 31 - n, 1), series.StoredAt(n, 31 - n, 1), 4);
  }
}

TEST(SeriesReader, ReadsBareDataSetsInEveryByteOrder) {
  for (const char* syntax : {testing::kImplicitLe, testing::kExplicitLe, testing::kExplicitBe}) {
    SeriesBuilder series = GivenSeries().WithTransferSyntax(syntax).WithoutPreamble();
    const absl::StatusOr<DicomSeries> read = Read(series);
    ASSERT_TRUE(read.ok()) << read.status();
    ExpectVoxels(read->volume, [&](int i, int j, int k) { return series.StoredAt(i, j, k); });
    EXPECT_THAT(read->warnings, Contains(HasSubstr("transfer syntax")));
  }
}

std::string DirtyPixels(int dirt, int shift) {
  std::string pixels;
  for (int n = 0; n < 63; ++n) pixels += Le16(dirt | ((-n & 0xFFF) << shift));
  return pixels;
}

TEST(SeriesReader, MasksWhatLiesAboveTheStoredBitsAndSaysSo) {
  SeriesBuilder series = GivenSeries().WithBits(16, 12, 11, true);
  series.WithStored([](int i, int j, int) { return -(9 * j + i); });
  const absl::StatusOr<DicomSeries> clean = Read(series);
  ASSERT_TRUE(clean.ok()) << clean.status();
  EXPECT_THAT(clean->warnings, Not(Contains(HasSubstr("BitsStored"))));
  series.WithAt(2, kPixelDataTag, "OW", DirtyPixels(0x5000, 0));
  const absl::StatusOr<DicomSeries> dirty = Read(series);
  ASSERT_TRUE(dirty.ok()) << dirty.status();
  ExpectVoxels(dirty->volume, [](int i, int j, int) { return -(9 * j + i); });
  EXPECT_THAT(dirty->warnings, Contains(HasSubstr("bits outside of BitsStored (0028,0101)")));
}

TEST(SeriesReader, BelievesAHighBitThatTheOtherBitsDoNotContradict) {
  SeriesBuilder series = GivenSeries().WithBits(16, 12, 13, true);
  series.WithStored([](int i, int j, int) { return -(9 * j + i); });
  const absl::StatusOr<DicomSeries> read = Read(series);
  ASSERT_TRUE(read.ok()) << read.status();
  ExpectVoxels(read->volume, [](int i, int j, int) { return -(9 * j + i); });
  ExpectRefused(series.WithAt(2, kPixelDataTag, "OW", DirtyPixels(1, 2)), kInvalid, "file 3: HighBit");
}

TEST(SeriesReader, RescalesEachSliceByItsOwnSlope) {
  SeriesBuilder series = GivenSeries().WithRescale("1.5", "-3");
  series.WithAt(3, DicomTag(0x0028, 0x1053), "DS", "0.25");
  const absl::StatusOr<DicomSeries> read = Read(series);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->volume.sample_type(), SampleType::kFloat32);
  ExpectVoxels(read->volume,
               [&](int i, int j, int k) { return series.StoredAt(i, j, k) * (k == 3 ? 0.25 : 1.5) - 3; });
}

TEST(SeriesReader, TakesASlopeOfZeroForNone) {
  SeriesBuilder series = GivenSeries().WithRescale("0", "-1024");
  const absl::StatusOr<DicomSeries> read = Read(series);
  ASSERT_TRUE(read.ok()) << read.status();
  ExpectVoxels(read->volume, [&](int i, int j, int k) { return series.StoredAt(i, j, k) - 1024; });
  EXPECT_THAT(read->warnings, Contains(HasSubstr("RescaleSlope (0028,1053) is 0")));
}

TEST(SeriesReader, KeepsSixteenBitsUntilAValueLeavesThem) {
  SeriesBuilder series = GivenSeries().WithRescale("1", "-1024");
  const absl::StatusOr<DicomSeries> narrow = Read(series);
  ASSERT_TRUE(narrow.ok()) << narrow.status();
  EXPECT_EQ(narrow->volume.sample_type(), SampleType::kInt16);
  ExpectVoxels(narrow->volume, [&](int i, int j, int k) { return series.StoredAt(i, j, k) - 1024; });

  series.WithStored([](int i, int j, int k) { return k == 3 && i == 4 && j == 5 ? -32000 : i + j - k; });
  const absl::StatusOr<DicomSeries> wide = Read(series);
  ASSERT_TRUE(wide.ok()) << wide.status();
  EXPECT_EQ(wide->volume.sample_type(), SampleType::kFloat32);
  ExpectVoxels(wide->volume, [&](int i, int j, int k) { return series.StoredAt(i, j, k) - 1024; });
}

TEST(SeriesReader, ReadsNumbersAsScannersWriteThem) {
  SeriesBuilder series = GivenSeries().WithRescale(" +1,0 ", "-0.00000000000000000000");
  series.With(DicomTag(0x0028, 0x0030), "DS", "5.0e-1\\0.7500000000000000000");
  const absl::StatusOr<DicomSeries> read = Read(series);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->volume.sample_type(), SampleType::kInt16);
  EXPECT_DOUBLE_EQ(read->volume.geometry().spacing_mm()[0], 0.75);
  EXPECT_EQ(read->info.pixel_spacing, "5.0e-1\\0.75");
}

TEST(SeriesReader, AcceptsALeaningStackAsShear) {
  SeriesBuilder series = GivenSeries().WithPlane("1\\0\\0\\0\\1\\0", {0, 0, 0}, {0, 1, 4});
  const absl::StatusOr<DicomSeries> read = Read(series);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_THAT(read->warnings, Contains(HasSubstr("leans by 14.04 degrees")));
  const WorldPoint at = read->volume.geometry().ToWorld({0, 0, 4});
  EXPECT_DOUBLE_EQ(at.y, 4);
  EXPECT_DOUBLE_EQ(at.z, 16);
}

TEST(SeriesReader, SortsAgainstTheAxisWhereTheNormalPointsDown) {
  // Rows to the left, columns to the back: the normal points to the feet.
  SeriesBuilder series = GivenSeries().WithPlane("-1\\0\\0\\0\\1\\0", {5, 6, 7}, {0, 0, -3});
  const absl::StatusOr<DicomSeries> read = Read(series);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_DOUBLE_EQ(read->volume.geometry().ToWorld({0, 0, 4}).z, 7 - 12);
  ExpectVoxels(read->volume, [&](int i, int j, int k) { return series.StoredAt(i, j, k); });
}

TEST(SeriesReader, ReadsASingleSliceByItsThickness) {
  const absl::StatusOr<DicomSeries> read = Read(GivenSeries(4, 3, 1));
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_DOUBLE_EQ(read->volume.geometry().spacing_mm()[2], 9.9);
  EXPECT_THAT(read->warnings, Contains(HasSubstr("only one slice")));
  ExpectRefused(GivenSeries(4, 3, 1).Without(DicomTag(0x0018, 0x0050)), kPrecondition,
                "neither SliceThickness nor SpacingBetweenSlices");
  ExpectRefused(GivenSeries(4, 3, 1).With(DicomTag(0x0018, 0x0050), "DS", "0"), kPrecondition,
                "neither SliceThickness nor SpacingBetweenSlices");
  SeriesBuilder spaced = GivenSeries(4, 3, 1).Without(DicomTag(0x0018, 0x0050));
  const absl::StatusOr<DicomSeries> by_spacing = Read(spaced.With(DicomTag(0x0018, 0x0088), "DS", "3"));
  ASSERT_TRUE(by_spacing.ok()) << by_spacing.status();
  EXPECT_DOUBLE_EQ(by_spacing->volume.geometry().spacing_mm()[2], 3);
}

TEST(SeriesReader, SaysWhichSliceIsMissingAndBetweenWhichPositions) {
  ExpectRefused(
      GivenSeries().WithoutSlice(3), kPrecondition,
      "1 slice(s) are missing: between file 3 (-25.500 mm along the slice normal) and file 4 (-20.500 mm)");
}

TEST(SeriesReader, RefusesUnevenSpacing) {
  ExpectRefused(GivenSeries().WithAt(2, kPosition, "DS", "-10\\-20\\-25.1"), kPrecondition,
                "not evenly spaced");
}

TEST(SeriesReader, RefusesSlicesThatAreNotInLine) {
  ExpectRefused(GivenSeries().WithAt(2, kPosition, "DS", "-13\\-20\\-25.5"), kPrecondition,
                "not in line: file 3");
}

TEST(SeriesReader, NamesBothFilesAtOnePosition) {
  ExpectRefused(GivenSeries().WithAt(3, kPosition, "DS", "-10\\-20\\-28"), kPrecondition,
                "files 2 and 4 lie at the same position");
}

TEST(SeriesReader, RefusesTwoOrientations) {
  ExpectRefused(GivenSeries().WithAt(4, kOrientation, "DS", "1\\0\\0\\0\\0\\-1"), kPrecondition,
                "files 1 and 5 have different orientations");
}

TEST(SeriesReader, RefusesMixedSeries) {
  ExpectRefused(GivenSeries().WithAt(1, DicomTag(0x0020, 0x000E), "UI", "1.2.3.201"), kPrecondition,
                "2 image series: that of file 1 with 4 CT images, that of file 2 with 1 CT image");
}

TEST(SeriesReader, NamesOnlyModalitiesOfTheStandard) {
  ExpectRefused(GivenSeries()
                    .With(DicomTag(0x0008, 0x0060), "CS", "DOE")
                    .WithAt(1, DicomTag(0x0020, 0x000E), "UI", "1.2.3.201"),
                kPrecondition, "2 image series: that of file 1 with 4 images, that of file 2 with 1 image");
}

TEST(SeriesReader, RefusesSlicesOfDifferentSize) {
  SeriesBuilder series = GivenSeries().WithAt(1, DicomTag(0x0028, 0x0010), "US", Le16(6));
  ExpectRefused(series, kPrecondition, "different Rows or Columns");
}

TEST(SeriesReader, RefusesWhatIsNotAScalarSingleFrameWithAPlace) {
  ExpectRefused(GivenSeries().With(DicomTag(0x0028, 0x0004), "CS", "RGB"), kPrecondition,
                "not a scalar image");
  ExpectRefused(GivenSeries().With(DicomTag(0x0028, 0x0004), "CS", "PALETTE COLOR"), kPrecondition,
                "not a scalar");
  ExpectRefused(GivenSeries().With(DicomTag(0x0028, 0x0002), "US", Le16(3)), kPrecondition,
                "not a scalar image");
  ExpectRefused(GivenSeries().With(DicomTag(0x0028, 0x0008), "IS", "2"), kPrecondition, "multi-frame");
  ExpectRefused(GivenSeries().With(DicomTag(0x0008, 0x0016), "UI", "1.2.840.10008.5.1.4.1.1.2.1"),
                kPrecondition, "multi-frame");
  ExpectRefused(GivenSeries().With(DicomTag(0x0008, 0x0016), "UI", "1.2.840.10008.5.1.4.1.1.7"),
                kPrecondition, "not a CT, MR or PET");
  ExpectRefused(GivenSeries().Without(kPosition).WithAt(0, kPosition, "DS", ""), kPrecondition,
                "file 1: ImagePositionPatient is missing");
  ExpectRefused(GivenSeries().Without(kOrientation), kPrecondition, "ImageOrientationPatient is missing");
  ExpectRefused(GivenSeries().With(DicomTag(0x0008, 0x0008), "CS", "ORIGINAL\\PRIMARY\\MOSAIC"),
                kPrecondition, "mosaic");
}

TEST(SeriesReader, SaysWhatAnImageIsByItsClassBeforeItsColourModel) {
  const std::string ultrasound = "1.2.840.10008.5.1.4.1.1.6.1";
  for (const char* photometric : {"RGB", ""}) {
    ExpectRefused(GivenSeries()
                      .With(DicomTag(0x0008, 0x0016), "UI", ultrasound)
                      .With(DicomTag(0x0028, 0x0004), "CS", photometric),
                  kPrecondition, "not a CT, MR or PET image");
  }
}

TEST(SeriesReader, SaysWhatItAssumedWhereAnAttributeIsMissing) {
  SeriesBuilder series = GivenSeries().WithStored([](int i, int j, int k) { return i + 9 * j + 63 * k; });
  const std::pair<uint32_t, const char*> optional[] = {
      {DicomTag(0x0028, 0x0004), "PhotometricInterpretation (0028,0004) is missing"},
      {DicomTag(0x0028, 0x0101), "BitsStored (0028,0101) is missing"},
      {DicomTag(0x0028, 0x0103), "PixelRepresentation (0028,0103) is missing"}};
  for (const auto& [tag, warning] : optional) {
    const absl::StatusOr<DicomSeries> read = Read(series.Without(tag));
    ASSERT_TRUE(read.ok()) << read.status();
    EXPECT_THAT(read->warnings, Contains(HasSubstr(warning)));
    ExpectVoxels(read->volume, [&](int i, int j, int k) { return series.StoredAt(i, j, k); });
  }
}

TEST(SeriesReader, TakesNoFramesForOne) {
  for (const char* frames : {"", "1", "0"}) {
    const absl::StatusOr<DicomSeries> read = Read(GivenSeries().With(DicomTag(0x0028, 0x0008), "IS", frames));
    ASSERT_TRUE(read.ok()) << read.status();
    EXPECT_EQ(std::string(frames) == "0",
              ::testing::Value(read->warnings, Contains(HasSubstr("NumberOfFrames"))));
  }
  ExpectRefused(GivenSeries().With(DicomTag(0x0028, 0x0008), "IS", "-1"), kPrecondition, "multi-frame");
  ExpectRefused(GivenSeries()
                    .With(DicomTag(0x0028, 0x0008), "IS", "0")
                    .WithAt(1, kPixelDataTag, "OW", std::string(252, 'x')),
                kInvalid, "file 2: its pixel data have 252 bytes, and one frame has 126");
  const absl::StatusOr<DicomSeries> longer =
      Read(GivenSeries().WithAt(1, kPixelDataTag, "OW", std::string(130, 'x')));
  ASSERT_TRUE(longer.ok()) << longer.status();
  EXPECT_THAT(longer->warnings, Contains(HasSubstr("pixel data are longer")));
}

// Writes `body`, encoded in one way, under a transfer syntax that announces another.
TEST(SeriesReader, ReadsADataSetWhoseTransferSyntaxIsWrongAboutValueRepresentations) {
  for (const bool written_implicit : {true, false}) {
    SeriesBuilder series = GivenSeries();
    const std::string right = written_implicit ? testing::kImplicitLe : testing::kExplicitLe;
    const std::string wrong = written_implicit ? testing::kExplicitLe : testing::kImplicitLe;
    std::vector<std::string> files;
    for (const std::string& file : series.WithTransferSyntax(right).WithoutPreamble().Bytes()) {
      files.push_back(testing::Part10(wrong, file));
    }
    const absl::StatusOr<DicomSeries> read = ReadSeries(testing::ToBuffers(files), {}, {});
    ASSERT_TRUE(read.ok()) << read.status();
    ExpectVoxels(read->volume, [&](int i, int j, int k) { return series.StoredAt(i, j, k); });
    EXPECT_THAT(read->warnings, Contains(HasSubstr("explicit and implicit value representations")));
    // Where it does not read as the other one either, the announced one is what is told of.
    const absl::StatusOr<DicomSeries> cut = ReadSeries(testing::ToBuffers({files[0].substr(0, 700)}), {}, {});
    EXPECT_EQ(cut.status().code(), kInvalid);
  }
}

TEST(SeriesReader, RefusesNumbersThatAreNone) {
  ExpectRefused(GivenSeries().WithRescale("NaN", "0"), kInvalid, "RescaleSlope");
  ExpectRefused(GivenSeries().WithRescale("1", "inf"), kInvalid, "RescaleIntercept");
  ExpectRefused(GivenSeries().With(DicomTag(0x0028, 0x0030), "DS", "nan\\1"), kInvalid, "PixelSpacing");
  ExpectRefused(GivenSeries().With(DicomTag(0x0028, 0x0030), "DS", "0\\1"), kInvalid, "PixelSpacing");
  ExpectRefused(GivenSeries().WithAt(1, kPosition, "DS", "1\\2"), kInvalid, "file 2: ImagePositionPatient");
  ExpectRefused(GivenSeries().With(kOrientation, "DS", "1\\0\\0\\1\\0\\0"), kInvalid, "right angles");
  ExpectRefused(GivenSeries().With(kOrientation, "DS", "0\\0\\0\\0\\0\\0"), kInvalid, "right angles");
}

TEST(SeriesReader, RefusesHostileSizes) {
  ExpectRefused(GivenSeries().With(DicomTag(0x0028, 0x0010), "US", Le16(65535)), kInvalid,
                "Rows and Columns");
  ExpectRefused(GivenSeries().With(DicomTag(0x0028, 0x0010), "US", Le16(0)), kInvalid, "Rows and Columns");
  ExpectRefused(GivenSeries().With(DicomTag(0x0028, 0x0010), "US", Le16(16000)), kInvalid, "truncated");
  ExpectRefused(GivenSeries().WithAt(0, DicomTag(0x0028, 0x0100), "US", Le16(12)), kInvalid, "BitsAllocated");
  ExpectRefused(GivenSeries().WithAt(0, DicomTag(0x0028, 0x0101), "US", Le16(17)), kInvalid, "BitsStored");
  ExpectRefused(GivenSeries().WithAt(0, DicomTag(0x0028, 0x0102), "US", Le16(65535)), kInvalid, "HighBit");
  ExpectRefused(GivenSeries().WithAt(0, DicomTag(0x0028, 0x0103), "US", Le16(2)), kInvalid,
                "PixelRepresentation");
}

TEST(SeriesReader, ComparesCompressedFramesWithTheirDataSetBeforeDecoding) {
  for (const char* syntax : {testing::kJpegLosslessSv1, testing::kJpegLs, testing::kJpeg2000Lossless}) {
    std::vector<std::string> files = GivenSeries(16, 16, 1).WithTransferSyntax(syntax).Bytes();
    const std::string rows("\x28\x00\x10\x00US\x02\x00\x10\x00", 10);
    const size_t at = files[0].find(rows);
    ASSERT_NE(at, std::string::npos);
    files[0][at + 9] = 0x10;  // 4112 rows
    const absl::StatusOr<DicomSeries> read = ReadSeries(testing::ToBuffers(files), {}, {});
    ASSERT_FALSE(read.ok());
    EXPECT_THAT(std::string(read.status().message()), HasSubstr("Rows and Columns of its data set"))
        << syntax;
  }
}

TEST(SeriesReader, SurvivesEveryTruncationOfEverySyntax) {
  for (const char* syntax : {testing::kExplicitLe, testing::kDeflated, testing::kRle,
                             testing::kJpegLosslessSv1, testing::kJpegLs, testing::kJpeg2000Lossless}) {
    const std::string whole = GivenSeries(16, 12, 1).WithTransferSyntax(syntax).Bytes()[0];
    for (size_t size = 0; size < whole.size(); size += 7) {
      // Whatever it says, it comes back; without half its bytes it cannot be read.
      const absl::StatusOr<DicomSeries> read =
          ReadSeries(testing::ToBuffers({whole.substr(0, size)}), {}, {});
      EXPECT_TRUE(!read.ok() || size >= whole.size() / 2) << syntax << " " << size;
    }
  }
}

TEST(SeriesReader, SurvivesDamagedBytesInEverySyntax) {
  for (const char* syntax : {testing::kImplicitLe, testing::kDeflated, testing::kRle,
                             testing::kJpegLosslessSv1, testing::kJpegLs, testing::kJpeg2000Lossless}) {
    const std::string whole = GivenSeries(16, 12, 1).WithTransferSyntax(syntax).Bytes()[0];
    uint32_t random = 12345;
    for (int n = 0; n < 400; ++n) {
      std::string damaged = whole;
      for (int flips = 0; flips < 3; ++flips) {
        random = random * 1664525 + 1013904223;
        damaged[140 + (random >> 8) % (whole.size() - 140)] ^= static_cast<char>(1 << (random % 8));
      }
      (void)ReadSeries(testing::ToBuffers({damaged}), {}, {});
    }
  }
}

TEST(SeriesReader, NamesWhatItDoesNotRead) {
  ExpectRefused(GivenSeries().WithTransferSyntax("1.2.840.10008.1.2.4.110"), kInvalid,
                "file 1: the transfer syntax, JPEG XL");
  ExpectRefused(GivenSeries().WithTransferSyntax("1.2.840.10008.1.2.4.55"), kInvalid,
                "a retired JPEG process");
  ExpectRefused(GivenSeries().WithTransferSyntax("1.2.3.4"), kInvalid, "an unknown one");
  // Native pixels under a syntax that has none.
  ExpectRefused(GivenSeries().WithTransferSyntax(testing::kHtj2kLossless), kInvalid,
                "not in the form that it announces");
}

TEST(SeriesReader, RefusesFilesThatAreNotDicom) {
  for (const std::string& bytes :
       {std::string(), std::string("hello"), std::string(5000, 'x'), std::string(132, '\0')}) {
    const absl::StatusOr<DicomSeries> read = ReadSeries(testing::ToBuffers({bytes}), {}, {});
    EXPECT_EQ(read.status().code(), kInvalid);
    EXPECT_THAT(std::string(read.status().message()),
                HasSubstr("no image series among the files: 1 not DICOM"));
  }
  EXPECT_EQ(ReadSeries({}, {}, {}).status().code(), kInvalid);
}

TEST(SeriesReader, KeepsItsLimits) {
  SeriesLimits few;
  few.max_files = 4;
  EXPECT_THAT(std::string(ReadSeries(GivenSeries().Files(), few, {}).status().message()),
              HasSubstr("at most 4"));
  SeriesLimits small;
  small.max_volume_bytes = 9 * 7 * 5 * 2 - 1;
  EXPECT_THAT(std::string(ReadSeries(GivenSeries().Files(), small, {}).status().message()), HasSubstr("629"));
  small.max_volume_bytes += 1;
  EXPECT_TRUE(ReadSeries(GivenSeries().Files(), small, {}).ok());
}

TEST(SeriesReader, StopsForACallerWhoHasGone) {
  CallContext call;
  call.cancel.Cancel();
  EXPECT_EQ(ReadSeries(GivenSeries().Files(), {}, call).status().code(), absl::StatusCode::kCancelled);
}

TEST(SeriesReader, ReadsOverAnonymisedSeriesAndSaysWhatASegLacks) {
  SeriesBuilder series = GivenSeries();
  for (uint32_t tag : {DicomTag(0x0008, 0x0016), DicomTag(0x0008, 0x0018), DicomTag(0x0020, 0x000D)}) {
    for (int k = 0; k < 5; ++k) series.WithAt(k, tag, "UI", "");
  }
  const absl::StatusOr<DicomSeries> read = Read(series);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_THAT(read->info.seg_obstacles, ::testing::ElementsAre("SOPClassUID (0008,0016) is empty",
                                                               "SOPInstanceUID (0008,0018) is empty",
                                                               "StudyInstanceUID (0020,000D) is empty"));
  EXPECT_THAT(read->warnings, Contains(HasSubstr("no DICOM-SEG")));
}

TEST(SeriesReader, TakesUidsFromTheFileMetaInformation) {
  SeriesBuilder series = GivenSeries(9, 7, 1).With(DicomTag(0x0008, 0x0016), "UI", "");
  series.WithAt(0, DicomTag(0x0008, 0x0018), "UI", "");
  series.With(DicomTag(0x0002, 0x0002), "UI", "1.2.840.10008.5.1.4.1.1.2")
      .With(DicomTag(0x0002, 0x0003), "UI", "1.2.3.77");
  const absl::StatusOr<DicomSeries> read = Read(series);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_TRUE(read->info.seg_obstacles.empty());
  EXPECT_EQ(read->info.instances[0].sop_instance_uid, "1.2.3.77");
  EXPECT_EQ(read->info.instances[0].sop_class_uid, "1.2.840.10008.5.1.4.1.1.2");
  EXPECT_THAT(read->warnings, Contains(HasSubstr("taken from the file meta information")));
}

TEST(SeriesReader, GivesASeriesWithoutFrameOfReferenceOneOfItsOwn) {
  const absl::StatusOr<DicomSeries> none = Read(GivenSeries().Without(DicomTag(0x0020, 0x0052)));
  ASSERT_TRUE(none.ok()) << none.status();
  EXPECT_TRUE(none->info.seg_obstacles.empty());
  EXPECT_THAT(none->warnings, Contains(HasSubstr("FrameOfReferenceUID (0020,0052) is missing")));
  SeriesBuilder each = GivenSeries();
  for (int k = 0; k < 5; ++k) each.WithAt(k, DicomTag(0x0020, 0x0052), "UI", absl::StrCat("1.2.3.30", k));
  const absl::StatusOr<DicomSeries> read = Read(each);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_THAT(read->warnings,
              Contains(HasSubstr("FrameOfReferenceUID (0020,0052) is another one in every file")));
  EXPECT_EQ(read->info.frame_of_reference_uid,
            none->info.frame_of_reference_uid);  // the series', whatever the files
  EXPECT_NE(read->info.frame_of_reference_uid, Read(GivenSeries())->info.frame_of_reference_uid);
  // Two of them are two: nothing says that these slices belong together.
  const SeriesBuilder two = GivenSeries().WithAt(2, DicomTag(0x0020, 0x0052), "UI", "1.2.3.301");
  EXPECT_THAT(std::string(Read(two).status().message()), HasSubstr("different frames of reference"));
}

TEST(SeriesReader, StopsSegOfTwoPatientsInOneSeries) {
  const auto obstacles = [](uint32_t tag, const std::string& vr, const std::string& value) {
    return Read(GivenSeries().WithAt(3, tag, vr, value))->info.seg_obstacles;
  };
  EXPECT_THAT(obstacles(DicomTag(0x0010, 0x0020), "LO", "SECRET-ID-8"),
              ::testing::ElementsAre("PatientID (0010,0020) differs between files 1 and 4"));
  EXPECT_THAT(obstacles(DicomTag(0x0010, 0x0010), "PN", "Other^Patient"),
              ::testing::ElementsAre("PatientName (0010,0010) differs between files 1 and 4"));
  EXPECT_THAT(obstacles(DicomTag(0x0010, 0x0010), "PN", "Secret^Patient^"), ::testing::IsEmpty());
}

TEST(SeriesReader, WarnsOfRepairsWithoutQuotingValues) {
  SeriesBuilder series = GivenSeries().With(DicomTag(0x0010, 0x0040), "CS", "female-secret");
  series.With(DicomTag(0x0008, 0x0050), "SH", "SECRET-ACCESSION-NUMBER-20");
  series.With(DicomTag(0x0028, 0x0120), "SS", Le16(-2000));
  const absl::StatusOr<DicomSeries> read = Read(series);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_THAT(
      read->warnings,
      Contains(HasSubstr("AccessionNumber (0008,0050) has more than 16 characters: it is left empty")));
  EXPECT_THAT(read->warnings, Contains(HasSubstr("PatientSex")));
  EXPECT_THAT(read->warnings, Contains(HasSubstr("PixelPaddingValue")));
  for (const std::string& warning : read->warnings) {
    EXPECT_THAT(warning, AllOf(Not(HasSubstr("SECRET")), Not(HasSubstr("secret"))));
  }
}

// A second passes with every look at it.
class TickingClock final : public Clock {
 public:
  absl::Time Now() const override { return absl::UnixEpoch() + absl::Seconds(looks_++); }
  void WaitUntil(absl::CondVar& /*condition*/, absl::Mutex& /*mutex*/, absl::Time /*deadline*/) override {}
  int looks() const { return looks_; }

 private:
  mutable int looks_ = 0;
};

TEST(SeriesReader, StopsBetweenTwoFilesAtTheCallersDeadline) {
  TickingClock whole;
  CallContext call;
  call.clock = &whole;
  ASSERT_TRUE(ReadSeries(GivenSeries().Files(), {}, call).ok());
  ASSERT_GE(whole.looks(), 10);  // five files, for their headers and for their pixels
  for (int seconds = 0; seconds < whole.looks(); ++seconds) {
    TickingClock clock;
    call.clock = &clock;
    call.deadline = absl::UnixEpoch() + absl::Seconds(seconds);
    EXPECT_EQ(ReadSeries(GivenSeries().Files(), {}, call).status().code(),
              absl::StatusCode::kDeadlineExceeded)
        << seconds;
    EXPECT_EQ(clock.looks(), seconds + 1);
  }
}

TEST(SeriesReader, GivesEachRefusalItsReason) {
  const struct {
    SeriesBuilder series;
    Reason reason;
    ReasonMetadata metadata;
  } cases[] = {
      {GivenSeries().WithoutSlice(3), Reason::kMissingSlices, {{"file", "3"}, {"other_file", "4"}}},
      {GivenSeries().WithAt(2, kPosition, "DS", "-10\\-20\\-25.1"),
       Reason::kUnevenSlices,
       {{"file", "2"}, {"other_file", "3"}}},
      {GivenSeries().WithAt(3, kPosition, "DS", "-10\\-20\\-28"),
       Reason::kDuplicatePositions,
       {{"file", "2"}, {"other_file", "4"}}},
      {GivenSeries().WithAt(4, kOrientation, "DS", "1\\0\\0\\0\\0\\-1"),
       Reason::kMixedSlices,
       {{"file", "1"}, {"other_file", "5"}}},
      {GivenSeries().WithAt(1, DicomTag(0x0020, 0x000E), "UI", "1.2.3.201"),
       Reason::kSeveralSeries,
       {{"series", "2"}}},
      {GivenSeries().With(DicomTag(0x0028, 0x0004), "CS", "RGB"), Reason::kUnsupportedImage, {{"file", "1"}}},
      {GivenSeries().Without(kOrientation), Reason::kUnknownPosition, {{"file", "1"}}},
      {GivenSeries(4, 3, 1).Without(DicomTag(0x0018, 0x0050)), Reason::kUnknownPosition, {{"file", "1"}}},
      {GivenSeries().WithRescale("NaN", "0"), Reason::kDamagedFile, {{"file", "1"}}},
      {GivenSeries().WithAt(1, kPosition, "DS", "1\\2"), Reason::kDamagedFile, {{"file", "2"}}},
      {GivenSeries().With(kOrientation, "DS", "1\\0\\0\\1\\0\\0"), Reason::kInvalidGeometry, {{"file", "1"}}},
  };
  for (const auto& given : cases) {
    const absl::Status status = Read(given.series).status();
    EXPECT_EQ(ReasonOf(status), given.reason) << status;
    EXPECT_EQ(ReasonInfoOf(status)->metadata, given.metadata) << status;
  }
  const auto files = [] { return GivenSeries().Files(); };
  EXPECT_EQ(ReasonOf(ReadSeries(files(), {}, {}, "1.2.3.999").status()), Reason::kSeriesNotFound);
  SeriesLimits limits;
  limits.max_files = 4;
  EXPECT_EQ(ReasonDetail(ReadSeries(files(), limits, {}).status(), "max_files"), "4");
  EXPECT_EQ(ReasonOf(ReadSeries(files(), limits, {}).status()), Reason::kTooManyFiles);
  limits = {};
  limits.max_volume_bytes = 9 * 7 * 5 * 2 - 1;
  EXPECT_EQ(ReasonOf(ReadSeries(files(), limits, {}).status()), Reason::kVolumeTooLarge);
  std::vector<ByteBuffer> text;
  text.push_back(*ByteBuffer::CopyOf("no image at all"));
  EXPECT_EQ(ReasonOf(ReadSeries(std::move(text), {}, {}).status()), Reason::kWrongFormat);
}

}  // namespace
}  // namespace sgpsam
