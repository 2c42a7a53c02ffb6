#include "core/dicom/ct/ct_series_writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/dicom/series/series_reader.h"
#include "tests/support/dicom_builder.h"

namespace sgpsam {
namespace {

Volume Ramp() {
  const Geometry geometry =
      Geometry::Create({6, 5, 4}, {-1.5, 2, 30}, {{{0.7, 0, 0}, {0, 0.8, 0}, {0, 0, 2.5}}}).value();
  ByteBuffer samples = ByteBuffer::Zeroed(6 * 5 * 4 * 2).value();
  auto* values = reinterpret_cast<int16_t*>(samples.data());
  for (int n = 0; n < 120; ++n) values[n] = static_cast<int16_t>(n * 50 - 1000);
  return Volume::Create(geometry, SampleType::kInt16, std::move(samples)).value();
}

TEST(CtSeriesWriter, WritesWhatTheReaderReadsBack) {
  const Volume volume = Ramp();
  const std::vector<std::string> files = WriteCtSeries(volume, {.seed = 7}).value();
  ASSERT_EQ(files.size(), 4u);
  const absl::StatusOr<DicomSeries> read = ReadSeries(testing::ToBuffers(files), {}, {});
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_TRUE(read->warnings.empty()) << read->warnings[0];
  EXPECT_TRUE(read->info.seg_obstacles.empty());
  EXPECT_EQ(read->volume.samples().view(), volume.samples().view());
  const WorldPoint a = read->volume.geometry().ToWorld({5, 4, 3}), b = volume.geometry().ToWorld({5, 4, 3});
  EXPECT_NEAR(a.x, b.x, 1e-9);
  EXPECT_NEAR(a.y, b.y, 1e-9);
  EXPECT_NEAR(a.z, b.z, 1e-9);
}

TEST(CtSeriesWriter, MarksEveryObjectAsSyntheticAndRepeatsItself) {
  const Volume volume = Ramp();
  const std::vector<std::string> files = WriteCtSeries(volume, {.seed = 7}).value();
  for (const std::string& file : files) EXPECT_THAT(file, ::testing::HasSubstr("SYNTHETIC^PHANTOM"));
  EXPECT_EQ(files, WriteCtSeries(volume, {.seed = 7}).value());
  EXPECT_NE(files, WriteCtSeries(volume, {.seed = 8}).value());
}

TEST(CtSeriesWriter, RefusesOtherSamples) {
  ByteBuffer samples = ByteBuffer::Zeroed(4).value();
  const Volume volume = Volume::Create(Geometry(), SampleType::kFloat32, std::move(samples)).value();
  EXPECT_EQ(WriteCtSeries(volume, {}).status().code(), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace sgpsam
