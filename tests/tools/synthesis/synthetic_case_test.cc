#include "tools/synthesis/synthetic_case.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <numeric>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "core/dicom/ct/ct_series_writer.h"
#include "core/dicom/series/series_reader.h"
#include "tests/support/dicom_builder.h"

namespace sgpsam::synthesis {
namespace {

// Small enough to be made by the dozen.
CaseOptions Small(uint32_t index) {
  CaseOptions options;
  options.seed = CaseSeed(Split::kTrain, 1, index);
  options.shape = {112, 112, 56};
  options.spacing_mm = {{1.5, 1.5, 2.5}};
  return options;
}

SyntheticCase Make(const CaseOptions& options) {
  absl::StatusOr<SyntheticCase> made = SynthesizeCase(options);
  EXPECT_TRUE(made.ok()) << made.status();
  return made.ok() ? *std::move(made) : SyntheticCase();
}

absl::string_view Bytes(const Volume& volume) { return volume.samples().view(); }
const uint8_t* Labels(const Volume& volume) { return volume.samples().data(); }
size_t Voxels(const Volume& volume) { return static_cast<size_t>(volume.geometry().shape().voxels()); }

TEST(SynthesizeCase, IsTheSameForTheSameOptionsInAnyThread) {
  const SyntheticCase first = Make(Small(3));
  SyntheticCase second;
  std::thread([&second] { second = Make(Small(3)); }).join();
  EXPECT_EQ(Bytes(first.image), Bytes(second.image));
  EXPECT_EQ(Bytes(first.lesions), Bytes(second.lesions));
  EXPECT_EQ(Bytes(first.structures), Bytes(second.structures));
  EXPECT_NE(Bytes(first.image), Bytes(Make(Small(4)).image));
}

TEST(SynthesizeCase, SplitsShowDifferentBodies) {
  std::set<std::string> images, structures;
  for (const Split split : {Split::kTrain, Split::kValidation, Split::kTest, Split::kPretrain}) {
    CaseOptions options = Small(0);
    options.seed = CaseSeed(split, 1, 0);
    const SyntheticCase made = Make(options);
    images.emplace(Bytes(made.image));
    structures.emplace(Bytes(made.structures));
  }
  EXPECT_EQ(images.size(), 4u);
  EXPECT_EQ(structures.size(), 4u);
}

TEST(SynthesizeCase, HasTheShapeAndSpacingThatAreAskedOrDrawn) {
  CaseOptions options = Small(1);
  const SyntheticCase made = Make(options);
  for (const Volume* volume : {&made.image, &made.lesions, &made.structures, &made.shapes}) {
    EXPECT_EQ(volume->geometry().shape(), options.shape);
    EXPECT_EQ(volume->geometry().spacing_mm(), *options.spacing_mm);
  }
  EXPECT_EQ(made.image.sample_type(), SampleType::kInt16);
  EXPECT_EQ(made.lesions.sample_type(), SampleType::kUint8);
  options.spacing_mm = {{0.703125, 0.7, 1.0 / 3}};
  EXPECT_EQ(Make(options).image.geometry().spacing_mm(), *options.spacing_mm) << "not rounded";
  options.spacing_mm.reset();
  options.shape = {64, 64, 16};
  std::set<double> slices;
  for (uint32_t index = 0; index < 12; ++index) {
    options.seed = CaseSeed(Split::kTrain, 1, index);
    options.content = Content::kHealthy;
    const std::array<double, 3> spacing = Make(options).image.geometry().spacing_mm();
    EXPECT_TRUE(spacing[0] >= 0.7 && spacing[0] <= 0.9 && spacing[0] == spacing[1]);
    EXPECT_TRUE(spacing[2] >= 1 && spacing[2] <= 5);
    slices.insert(spacing[2]);
  }
  EXPECT_GE(slices.size(), 4u);
}

// Labels, list and volumes agree, and no lesion touches another.
TEST(SynthesizeCase, TellsTheTruthAboutItsLesions) {
  std::map<Structure, int> organs;
  std::array<int, 3> bins{};
  for (uint32_t index = 0; index < 20; ++index) {
    const SyntheticCase made = Make(Small(index));
    const Geometry& geometry = made.lesions.geometry();
    const Shape& shape = geometry.shape();
    ASSERT_GE(made.lesion_list.size(), 1u);
    ASSERT_LE(made.lesion_list.size(), 6u);
    std::map<int, uint64_t> voxels;
    std::map<int, uint64_t> inside;
    for (size_t n = 0; n < Voxels(made.lesions); ++n) {
      const int label = Labels(made.lesions)[n];
      if (label == 0) continue;
      ++voxels[label];
      ASSERT_LE(label, static_cast<int>(made.lesion_list.size()));
      const auto organ = static_cast<uint8_t>(made.lesion_list[label - 1].organ);
      inside[label] += Labels(made.structures)[n] == organ ? 1 : 0;
      for (const int64_t step : {int64_t{1}, shape.i, shape.i * shape.j}) {
        const int next = Labels(made.lesions)[n + step];  // lesions keep away from the faces
        EXPECT_TRUE(next == 0 || next == label) << "lesions " << label << " and " << next << " touch";
      }
    }
    double last = 1e9;
    for (const Lesion& lesion : made.lesion_list) {
      EXPECT_EQ(lesion.voxels, voxels[lesion.label]);
      const VoxelIndex c = geometry.ToVoxel(lesion.centre);
      EXPECT_NEAR(c.i, std::round(c.i), 1e-6);
      EXPECT_EQ(made.lesions.at(std::lround(c.i), std::lround(c.j), std::lround(c.k)), lesion.label);
      const double ml = static_cast<double>(lesion.voxels) * geometry.voxel_ml();
      EXPECT_NEAR(std::pow(lesion.diameter_mm, 3) * M_PI / 6000, ml, 1e-9);
      EXPECT_TRUE(lesion.diameter_mm > 3.1 && lesion.diameter_mm < 72) << lesion.diameter_mm;
      EXPECT_LE(lesion.diameter_mm, last);
      last = lesion.diameter_mm;
      EXPECT_GT(static_cast<double>(inside[lesion.label]), 0.6 * static_cast<double>(lesion.voxels));
      const double contrast = std::abs(lesion.contrast_hu);
      EXPECT_TRUE(contrast >= 15 && contrast <= (lesion.organ == Structure::kFat ? 220 : 70)) << contrast;
      ++organs[lesion.organ];
      ++bins[lesion.diameter_mm < 5 ? 0 : lesion.diameter_mm < 10 ? 1 : 2];
    }
  }
  for (const int count : bins) EXPECT_GE(count, 6) << "a size that is rare";
  EXPECT_GT(organs[Structure::kLiver],
            organs[Structure::kSpleen] + organs[Structure::kMuscle] + organs[Structure::kFat]);
  EXPECT_GE(organs.size(), 3u);
}

double Mean(const std::vector<int16_t>& hu) {
  return std::accumulate(hu.begin(), hu.end(), 0.0) / static_cast<double>(hu.size());
}

// The organ's usual HU, whatever its edges and vessels are like.
double Median(std::vector<int16_t> hu) {
  std::nth_element(hu.begin(), hu.begin() + hu.size() / 2, hu.end());
  return hu[hu.size() / 2];
}

// 4 by 4 by 6 cm or so: wherever they lie, something can grow there.
TEST(SynthesizeCase, FindsRoomForALesionInSmallViews) {
  for (uint32_t index = 0; index < 60; ++index) {
    CaseOptions options = Small(index);
    options.shape = {40, 40, 24};
    options.spacing_mm = {{1, 1, 2.5}};
    EXPECT_GE(Make(options).lesion_list.size(), 1u) << index;
  }
}

// One large noiseless lesion of each kind: what lies in it against the rest of its organ.
TEST(SynthesizeCase, LesionsHaveTheContrastAndSizeThatAreAsked) {
  for (const Structure organ : {Structure::kLiver, Structure::kSpleen, Structure::kMuscle}) {
    for (const double contrast : {-45.0, 35.0}) {
      for (uint32_t index = 0; index < 3; ++index) {
        CaseOptions options = Small(index);
        options.noise_hu = 0;
        options.lesions = {.count = 1, .diameter_mm = 18, .contrast_hu = contrast, .organ = organ};
        const SyntheticCase made = Make(options);
        ASSERT_EQ(made.lesion_list.size(), 1u);
        EXPECT_EQ(made.lesion_list[0].organ, organ);
        EXPECT_NEAR(made.lesion_list[0].diameter_mm, 18, 1.2);
        std::array<std::vector<int16_t>, 2> found;  // outside and inside the lesion
        const auto* hu = reinterpret_cast<const int16_t*>(made.image.samples().data());
        for (size_t n = 0; n < Voxels(made.image); ++n) {
          if (Labels(made.structures)[n] != static_cast<uint8_t>(organ)) continue;
          found[Labels(made.lesions)[n] != 0 ? 1 : 0].push_back(hu[n]);
        }
        const double measured = Mean(found[1]) - Median(found[0]);
        EXPECT_NEAR(measured, contrast, 14) << StructureName(organ) << ", case " << index;
      }
    }
  }
}

TEST(SynthesizeCase, HasTheNoiseThatIsAskedInTheLiver) {
  CaseOptions options = Small(2);
  options.content = Content::kHealthy;
  options.noise_hu = 0;
  const SyntheticCase quiet = Make(options);
  options.noise_hu = 14;
  const SyntheticCase noisy = Make(options);
  EXPECT_EQ(Bytes(quiet.structures), Bytes(noisy.structures));
  const auto* a = reinterpret_cast<const int16_t*>(quiet.image.samples().data());
  const auto* b = reinterpret_cast<const int16_t*>(noisy.image.samples().data());
  double squares = 0, count = 0;
  for (size_t n = 0; n < Voxels(quiet.image); ++n) {
    if (Labels(quiet.structures)[n] != static_cast<uint8_t>(Structure::kLiver)) continue;
    squares += (b[n] - a[n]) * (b[n] - a[n]);
    ++count;
  }
  ASSERT_GT(count, 1000);
  EXPECT_NEAR(std::sqrt(squares / count), 14, 1.8) << "a little less near the skin";
}

TEST(SynthesizeCase, ShowsOrgansWithTheirOwnHu) {
  CaseOptions options;
  options.seed = CaseSeed(Split::kTrain, 1, 0);
  options.shape = {128, 128, 64};
  options.spacing_mm = {{2.8, 2.8, 5}};
  options.content = Content::kHealthy;
  std::map<int, std::set<int>> hu_of;
  for (uint32_t index = 0; index < 4; ++index) {
    options.seed = CaseSeed(Split::kTrain, 1, index);
    const SyntheticCase made = Make(options);
    EXPECT_TRUE(made.lesion_list.empty());
    EXPECT_EQ(std::count(Bytes(made.lesions).begin(), Bytes(made.lesions).end(), '\0'),
              options.shape.voxels());
    std::array<double, kStructures> sum{}, count{};
    for (size_t n = 0; n < Voxels(made.image); ++n) {
      sum[Labels(made.structures)[n]] += reinterpret_cast<const int16_t*>(made.image.samples().data())[n];
      ++count[Labels(made.structures)[n]];
    }
    for (const Structure s :
         {Structure::kLiver, Structure::kSpleen, Structure::kRightKidney, Structure::kLeftKidney,
          Structure::kStomach, Structure::kBowel, Structure::kLiverVessel, Structure::kAorta,
          Structure::kVenaCava, Structure::kLung, Structure::kSpine, Structure::kRib, Structure::kMuscle,
          Structure::kFat}) {
      EXPECT_GT(count[static_cast<size_t>(s)], 50) << StructureName(s);
    }
    const auto mean = [&](Structure s) {
      return sum[static_cast<size_t>(s)] / count[static_cast<size_t>(s)];
    };
    EXPECT_LT(mean(Structure::kOutside), -900);
    EXPECT_LT(mean(Structure::kLung), -700);
    EXPECT_NEAR(mean(Structure::kFat), -100, 25);
    EXPECT_NEAR(mean(Structure::kMuscle), 45, 25) << "thin sheets are part fat";
    EXPECT_GT(mean(Structure::kRib), 200);
    EXPECT_GT(mean(Structure::kLiver), mean(Structure::kFat) + 90);
    hu_of[static_cast<int>(Structure::kLiver)].insert(static_cast<int>(mean(Structure::kLiver)));
  }
  EXPECT_GE(hu_of[static_cast<int>(Structure::kLiver)].size(), 3u) << "every case has the same liver";
}

TEST(SynthesizeCase, PretrainingHasShapesOfManySizesAndNoLesion) {
  std::array<int, 3> bins{};
  for (uint32_t index = 0; index < 12; ++index) {
    CaseOptions options = Small(index);
    options.content = Content::kShapes;
    const SyntheticCase made = Make(options);
    EXPECT_TRUE(made.lesion_list.empty());
    const Shape& shape = made.shapes.geometry().shape();
    std::map<int, uint64_t> voxels;
    for (size_t n = 0; n < Voxels(made.shapes); ++n) {
      const int label = Labels(made.shapes)[n];
      if (label == 0) continue;
      ++voxels[label];
      for (const int64_t step : {int64_t{1}, shape.i}) {
        if (static_cast<int64_t>(n) + step >= shape.voxels()) continue;
        const int next = Labels(made.shapes)[n + step];
        const bool wraps = (static_cast<int64_t>(n) + 1) % shape.i == 0 || step != 1;
        EXPECT_TRUE(next == 0 || next == label || (wraps && step == 1)) << "two shapes touch";
      }
    }
    ASSERT_FALSE(voxels.empty());
    EXPECT_EQ(voxels.rbegin()->first, static_cast<int>(voxels.size())) << "labels are 1 to n";
    for (const auto& [label, count] : voxels) {
      const double diameter =
          std::cbrt(6 / M_PI * 1000 * made.shapes.geometry().voxel_ml() * static_cast<double>(count));
      EXPECT_LT(diameter, 100);
      ++bins[diameter < 12 ? 0 : diameter < 25 ? 1 : 2];
    }
  }
  for (const int count : bins) EXPECT_GE(count, 5);
}

TEST(SynthesizeCase, SurvivesDicom) {
  const SyntheticCase made = Make(Small(5));
  const std::vector<std::string> files = WriteCtSeries(made.image, {.seed = 5}).value();
  const absl::StatusOr<DicomSeries> read = ReadSeries(testing::ToBuffers(files), {}, {});
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_TRUE(read->warnings.empty()) << read->warnings[0];
  EXPECT_EQ(Bytes(read->volume), Bytes(made.image));
  const WorldPoint a = read->volume.geometry().ToWorld({50, 60, 20}),
                   b = made.image.geometry().ToWorld({50, 60, 20});
  EXPECT_NEAR(a.x, b.x, 1e-6);
  EXPECT_NEAR(a.y, b.y, 1e-6);
  EXPECT_NEAR(a.z, b.z, 1e-6);
}

TEST(SynthesizeCase, RefusesWhatCannotBeMade) {
  const auto code = [](const CaseOptions& options) { return SynthesizeCase(options).status().code(); };
  constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;
  for (const Shape& shape : {Shape{0, 64, 64}, Shape{64, 7, 64}, Shape{64, 64, 1025}, Shape{1024, 1024, 1024},
                             Shape{-1, -1, 64}}) {
    CaseOptions options = Small(0);
    options.shape = shape;
    EXPECT_EQ(code(options), kInvalid);
  }
  for (const double spacing : {0.0, -1.0, 0.1, 9.0, std::nan("")}) {
    CaseOptions options = Small(0);
    options.spacing_mm = {{1, spacing, 1}};
    EXPECT_EQ(code(options), kInvalid);
  }
  CaseOptions options = Small(0);
  options.noise_hu = -1;
  EXPECT_EQ(code(options), kInvalid);
  options = Small(0);
  options.lesions.count = 0;
  EXPECT_EQ(code(options), kInvalid);
  options = Small(0);
  options.lesions.diameter_mm = std::nan("");
  EXPECT_EQ(code(options), kInvalid);
  options = Small(0);
  options.lesions.organ = Structure::kLung;
  EXPECT_EQ(code(options), kInvalid);
  options = Small(0);
  options.shape = {8, 8, 8};
  options.lesions.diameter_mm = 60;
  const absl::Status status = SynthesizeCase(options).status();
  EXPECT_EQ(status.code(), kInvalid);
  EXPECT_NE(status.message().find("no room"), absl::string_view::npos) << status;
}

}  // namespace
}  // namespace sgpsam::synthesis
