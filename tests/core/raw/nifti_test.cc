#include "core/raw/nifti.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <limits>
#include <string>
#include <vector>

#include "core/base/reason.h"
#include "tests/support/nifti_builder.h"
#include "tests/support/test_files.h"

namespace sgpsam {
namespace {

using testing::HasSubstr;

absl::StatusOr<Volume> Read(const std::string& bytes, const NiftiLimits& limits = {}) {
  return ReadNifti(BufferOf(bytes), limits);
}

void ExpectRefused(const std::string& bytes, const char* why, const NiftiLimits& limits = {}) {
  const absl::Status status = Read(bytes, limits).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(status.message(), HasSubstr(why));
  EXPECT_NE(ReasonOf(status), Reason::kNone) << status;
}

template <typename T>
std::vector<T> Ramp() {
  std::vector<T> values;
  for (int n = 0; n < 24; ++n)
    values.push_back(static_cast<T>(n * 5 - (std::numeric_limits<T>::is_signed ? 60 : 0)));
  return values;
}

// Reads 24 samples of type T in every form of file and expects them as `type`.
template <typename T>
void ExpectSamples(int datatype, SampleType type) {
  for (int form = 0; form < 8; ++form) {
    NiftiBuilder file(1 + (form & 1), (form & 2) != 0);
    file.datatype = datatype;
    file.Samples(Ramp<T>());
    absl::StatusOr<Volume> volume = Read((form & 4) != 0 ? Gzipped(file.Build()) : file.Build());
    ASSERT_TRUE(volume.ok()) << volume.status();
    EXPECT_EQ(volume->sample_type(), type);
    EXPECT_EQ(volume->geometry().shape(), (Shape{4, 3, 2}));
    for (int n = 0; n < 24; ++n) {
      EXPECT_EQ(volume->at(n % 4, n / 4 % 3, n / 12), static_cast<double>(Ramp<T>()[n]))
          << datatype << " " << n;
    }
  }
}

TEST(ReadNifti, ReadsEverySampleTypeInEveryFormOfFile) {
  ExpectSamples<uint8_t>(2, SampleType::kUint8);
  ExpectSamples<int8_t>(256, SampleType::kInt8);
  ExpectSamples<int16_t>(4, SampleType::kInt16);
  ExpectSamples<uint16_t>(512, SampleType::kUint16);
  ExpectSamples<int32_t>(8, SampleType::kInt32);
  ExpectSamples<uint32_t>(768, SampleType::kUint32);
  ExpectSamples<float>(16, SampleType::kFloat32);
  ExpectSamples<double>(64, SampleType::kFloat64);
  ExpectSamples<int64_t>(1024, SampleType::kInt32);
  ExpectSamples<uint64_t>(1280, SampleType::kUint32);
}

TEST(ReadNifti, RefusesLargeIntegersOf64Bits) {
  NiftiBuilder file;
  file.datatype = 1024;
  for (const int64_t large : {int64_t{1} << 31, -(int64_t{1} << 31) - 1, INT64_MAX}) {
    std::vector<int64_t> values = Ramp<int64_t>();
    values[7] = large;
    ExpectRefused(file.Samples(values).Build(), "fit 32 bits");
  }
  file.datatype = 1280;
  std::vector<uint64_t> values = Ramp<uint64_t>();
  values[7] = uint64_t{1} << 32;
  ExpectRefused(file.Samples(values).Build(), "fit 32 bits");
}

template <typename T>
void ExpectScaled(int datatype, SampleType type) {
  NiftiBuilder file;
  file.datatype = datatype;
  file.slope = 0.5;
  file.intercept = 1000;
  absl::StatusOr<Volume> volume = Read(file.Samples(Ramp<T>()).Build());
  ASSERT_TRUE(volume.ok()) << volume.status();
  EXPECT_EQ(volume->sample_type(), type);
  for (int n = 0; n < 24; ++n) {
    EXPECT_EQ(volume->at(n % 4, n / 4 % 3, n / 12), 0.5 * static_cast<double>(Ramp<T>()[n]) + 1000);
  }
}

TEST(ReadNifti, ScalesToFloats) {
  ExpectScaled<uint8_t>(2, SampleType::kFloat32);
  ExpectScaled<int16_t>(4, SampleType::kFloat32);
  ExpectScaled<int32_t>(8, SampleType::kFloat32);
  ExpectScaled<int64_t>(1024, SampleType::kFloat32);
  ExpectScaled<float>(16, SampleType::kFloat32);
  ExpectScaled<double>(64, SampleType::kFloat64);
}

TEST(ReadNifti, SkipsExtensions) {
  NiftiBuilder file;
  file.extension = std::string(4096, 'x');
  file.Samples(Ramp<int16_t>());
  EXPECT_EQ(Read(file.Build())->at(1, 0, 0), -55);
  EXPECT_EQ(Read(Gzipped(file.Build()))->at(1, 0, 0), -55);
}

TEST(ReadNifti, IgnoresBytesBehindTheSamples) {
  const std::string file = NiftiBuilder().Samples(Ramp<int16_t>()).Build() + std::string(100'000, 'x');
  EXPECT_EQ(Read(file)->at(3, 2, 1), 55);
  EXPECT_EQ(Read(Gzipped(file))->at(3, 2, 1), 55);
}

TEST(ReadNifti, RefusesAFileCutAnywhere) {
  const std::string file = NiftiBuilder().Samples(Ramp<int16_t>()).Build();
  for (size_t size = 0; size < file.size(); ++size) {
    EXPECT_EQ(Read(file.substr(0, size)).status().code(), absl::StatusCode::kInvalidArgument) << size;
    EXPECT_EQ(Read(Gzipped(file.substr(0, size))).status().code(), absl::StatusCode::kInvalidArgument)
        << size;
  }
  const std::string compressed = Gzipped(file);
  for (size_t size = 0; size < compressed.size(); ++size) {
    EXPECT_EQ(Read(compressed.substr(0, size)).status().code(), absl::StatusCode::kInvalidArgument) << size;
  }
}

TEST(ReadNifti, SeesAWrongChecksumBehindTheSamples) {
  std::string file = Gzipped(NiftiBuilder().Samples(Ramp<int16_t>()).Build());
  file[file.size() - 6] ^= 1;
  ExpectRefused(file, "corrupt");
}

TEST(ReadNifti, RefusesMoreThanTheLimitBeforeReadingIt) {
  NiftiBuilder file;
  file.dim = {3, 16384, 16384, 16, 1, 1, 1, 1};  // 8.6 GB announced, nothing there
  const NiftiLimits limits{uint64_t{1} << 30};
  ExpectRefused(file.Build(), "more than the limit", limits);
  ExpectRefused(Gzipped(file.Build()), "more than the limit", limits);
}

// 24 samples of a byte each, which become floats.
TEST(ReadNifti, CountsWhatScaledSamplesBecome) {
  NiftiBuilder file;
  file.datatype = 2;  // uint8
  file.Samples(Ramp<uint8_t>());
  EXPECT_TRUE(Read(file.Build(), {24}).ok());
  file.slope = 2;
  EXPECT_TRUE(Read(file.Build(), {96}).ok());
  ExpectRefused(file.Build(), "has 96 bytes, more than the limit of 95", {95});
}

TEST(ReadNifti, DoesNotTouchMemoryForSamplesThatAreNotThere) {
  NiftiBuilder file;
  file.dim = {3, 16384, 16384, 16, 1, 1, 1, 1};
  ExpectRefused(file.Build(), "truncated");
  ExpectRefused(Gzipped(file.Build()), "truncated");
}

std::string ThreeVolumes() {
  NiftiBuilder file;
  file.dim = {4, 2, 2, 1, 3, 1, 1, 1};
  return file.Samples(std::vector<int16_t>{0, 1, 2, 3, 10, 11, 12, 13, 20, 21, 22, 23}).Build();
}

TEST(ReadNifti, RefusesMoreThanOneVolume) {
  ExpectRefused(ThreeVolumes(), "3 volumes along its fourth axis");
  ExpectRefused(Gzipped(ThreeVolumes()), "3 volumes along its fourth axis");
}

TEST(ReadNiftiVolume, ReadsTheChosenOneOnly) {
  for (const std::string& file : {ThreeVolumes(), Gzipped(ThreeVolumes())}) {
    for (int64_t number = 0; number < 3; ++number) {
      absl::StatusOr<Volume> volume = ReadNiftiVolume(BufferOf(file), {number, 3});
      ASSERT_TRUE(volume.ok()) << volume.status();
      EXPECT_EQ(volume->geometry().shape(), (Shape{2, 2, 1}));
      EXPECT_EQ(volume->at(0, 0, 0), 10.0 * static_cast<double>(number));
      EXPECT_EQ(volume->at(1, 1, 0), 10.0 * static_cast<double>(number) + 3);
    }
  }
}

TEST(ReadNiftiVolume, SaysOutOfRangeForAnotherNumberOfVolumes) {
  for (const std::string& file : {ThreeVolumes(), Gzipped(ThreeVolumes())}) {
    EXPECT_EQ(ReadNiftiVolume(BufferOf(file), {0, 1}).status().code(), absl::StatusCode::kOutOfRange);
    EXPECT_EQ(ReadNiftiVolume(BufferOf(file), {3, 4}).status().code(), absl::StatusCode::kOutOfRange);
  }
}

TEST(ReadNiftiVolume, NeedsItsOwnSamplesOnly) {
  const std::string cut = ThreeVolumes().substr(0, 352 + 2 * 8);
  EXPECT_TRUE(ReadNiftiVolume(BufferOf(cut), {1, 3}).ok());
  EXPECT_TRUE(ReadNiftiVolume(BufferOf(Gzipped(cut)), {1, 3}).ok());
  for (const std::string& file : {cut, Gzipped(cut), Gzipped(cut.substr(0, 352)), cut.substr(0, 352)}) {
    EXPECT_EQ(ReadNiftiVolume(BufferOf(file), {2, 3}).status().code(), absl::StatusCode::kInvalidArgument);
  }
}

TEST(ReadNifti, RefusesWhatIsNoNifti) {
  ExpectRefused("", "not a NIfTI");
  ExpectRefused(std::string(1000, 'x'), "not a NIfTI");
  ExpectRefused(Gzipped(std::string(1000, 'x')), "not a NIfTI");
  ExpectRefused("\x1f\x8b", "gzip");
}

struct Sample {
  const char* name;
  SampleType type;
  Shape shape;
};

TEST(ReadNifti, ReadsTheSharedSamples) {
  const std::string folder = SGPSAM_SHARED_DIR "/samples/nifti/";
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << folder << " is not there";
  for (const Sample& sample : {Sample{"example_ct", SampleType::kInt32, {122, 101, 112}},
                               Sample{"example_ct_sm", SampleType::kInt16, {122, 101, 30}},
                               Sample{"example_mr_sm", SampleType::kInt16, {117, 91, 20}},
                               Sample{"example_seg", SampleType::kUint8, {122, 101, 30}}}) {
    absl::StatusOr<Volume> volume = ReadNifti(ReadTestBuffer(folder + sample.name + ".nii.gz"));
    ASSERT_TRUE(volume.ok()) << sample.name << volume.status();
    EXPECT_EQ(volume->sample_type(), sample.type) << sample.name;
    EXPECT_EQ(volume->geometry().shape(), sample.shape) << sample.name;
    EXPECT_NEAR(volume->geometry().spacing_mm()[2], 3, 1e-5) << sample.name;
  }
}

TEST(ReadNifti, RefusalsHaveTheirReasons) {
  EXPECT_EQ(ReasonOf(Read(std::string(1000, 'x')).status()), Reason::kWrongFormat);
  EXPECT_EQ(ReasonOf(Read(ThreeVolumes()).status()), Reason::kSeveralVolumes);
  const std::string file = ThreeVolumes();
  EXPECT_EQ(ReasonOf(Read(file.substr(0, 340)).status()), Reason::kWrongFormat);
  EXPECT_EQ(ReasonOf(Read("\x1f\x8b").status()), Reason::kDamagedFile);
}

}  // namespace
}  // namespace sgpsam
