#include "core/dicom/series/series_geometry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "core/dicom/series/geometry_text.h"

namespace sgpsam {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr int kRows = 40, kColumns = 48;

std::vector<SlicePlane> Stack(int slices, WorldPoint step, WorldPoint row = {1, 0, 0},
                              WorldPoint column = {0, 1, 0}) {
  std::vector<SlicePlane> planes(static_cast<size_t>(slices));
  for (int k = 0; k < slices; ++k) {
    SlicePlane& plane = planes[static_cast<size_t>(k)];
    plane.file_number = k + 1;
    plane.position = {10 + k * step.x, 20 + k * step.y, 30 + k * step.z};
    plane.row = row;
    plane.column = column;
    plane.column_step = 0.9;
    plane.row_step = 0.8;
  }
  return planes;
}

absl::StatusOr<SeriesGeometry> Place(const std::vector<SlicePlane>& planes) {
  return PlaceSlices(planes, kRows, kColumns);
}

double Cosine(const WorldPoint& a, const WorldPoint& b) {
  const auto dot = [](const WorldPoint& p, const WorldPoint& q) { return p.x * q.x + p.y * q.y + p.z * q.z; };
  return dot(a, b) / std::sqrt(dot(a, a) * dot(b, b));
}

void ExpectRightAngles(const Geometry& geometry) {
  for (int a = 0; a < 3; ++a) {
    EXPECT_NEAR(Cosine(geometry.steps()[a], geometry.steps()[(a + 1) % 3]), 0, 1e-12);
  }
}

TEST(PlaceSlices, SaysNothingOfAnEvenStack) {
  const absl::StatusOr<SeriesGeometry> place = Place(Stack(9, {0, 0, 2.5}));
  ASSERT_TRUE(place.ok()) << place.status();
  EXPECT_THAT(place->warnings, IsEmpty());
  EXPECT_EQ(place->geometry.ToWorld({0, 0, 8}).z, 50);
}

TEST(PlaceSlices, AcceptsRoundedPositionsAndSaysByHowMuchTheyAreOff) {
  // Slices of 0.625 mm, written with one decimal: up to 0.05 mm, 0.08 of a voxel, off.
  std::vector<SlicePlane> planes = Stack(16, {0, 0, 0.625});
  for (SlicePlane& plane : planes) plane.position.z = std::round(plane.position.z * 10) / 10;
  const absl::StatusOr<SeriesGeometry> place = Place(planes);
  ASSERT_TRUE(place.ok()) << place.status();
  EXPECT_NEAR(place->geometry.spacing_mm()[2], 0.625, 0.003);
  EXPECT_THAT(place->warnings, ElementsAre(HasSubstr("off an even grid by up to 0.04")));
  for (size_t k = 0; k < planes.size(); ++k) {
    EXPECT_NEAR(place->geometry.ToWorld({0, 0, static_cast<double>(k)}).z, planes[k].position.z, 0.0625);
  }
}

TEST(PlaceSlices, RefusesATenthOfAVoxel) {
  for (const double off : {0.01, 0.08, 0.12, 0.4}) {  // of a slice of 2 mm, in the middle of many
    std::vector<SlicePlane> along = Stack(41, {0, 0, 2}), across = Stack(41, {0, 0, 2});
    along[20].position.z += off * 2;
    across[20].position.y += off * 0.8;
    EXPECT_EQ(Place(along).ok(), off < 0.1) << off << Place(along).status();
    EXPECT_EQ(Place(across).ok(), off < 0.1) << off << Place(across).status();
  }
  std::vector<SlicePlane> planes = Stack(41, {0, 0, 2});
  planes[20].position.z += 0.3;
  EXPECT_THAT(std::string(Place(planes).status().message()), HasSubstr("not evenly spaced: between file 20"));
  planes = Stack(41, {0, 0, 2});
  planes[20].position.x += 0.3;
  EXPECT_THAT(std::string(Place(planes).status().message()), HasSubstr("not in line: file 21 is shifted"));
}

TEST(PlaceSlices, JudgesOrientationAndPixelSpacingByTheFurthestPixel) {
  std::vector<SlicePlane> turned = Stack(8, {0, 0, 2.5});
  turned[3].row = {std::cos(1e-3), std::sin(1e-3), 0};
  turned[3].column = {-std::sin(1e-3), std::cos(1e-3), 0};
  EXPECT_THAT(Place(turned)->warnings, ElementsAre(HasSubstr("off an even grid")));
  // The same angle is half a voxel in a slice of 512 columns.
  EXPECT_THAT(std::string(PlaceSlices(turned, 512, 512).status().message()),
              HasSubstr("ImageOrientationPatient or PixelSpacing differs from slice to slice: of file 4"));
  std::vector<SlicePlane> stretched = Stack(8, {0, 0, 2.5});
  for (size_t k = 0; k < 8; k += 2) stretched[k].row_step = 0.80019;
  EXPECT_THAT(Place(stretched)->warnings, IsEmpty());
  for (size_t k = 0; k < 8; k += 2) stretched[k].row_step = 0.81;
  EXPECT_FALSE(Place(stretched).ok());
}

TEST(PlaceSlices, MakesARightAngledGridOfRoundedDirections) {
  // An oblique stack whose directions have three decimals, as long as a scan of a head; its line is the
  // truth's.
  const WorldPoint row{0.966, 0.068, -0.249}, column{-0.017, 0.981, 0.192};
  std::vector<SlicePlane> planes = Stack(200, {0.25738, -0.18126, 0.94915}, row, column);
  const absl::StatusOr<SeriesGeometry> place = Place(planes);
  ASSERT_TRUE(place.ok()) << place.status();
  ExpectRightAngles(place->geometry);
  EXPECT_THAT(place->warnings, Contains(HasSubstr("ImageOrientationPatient is rounded")));
  for (const std::string& warning : place->warnings) EXPECT_THAT(warning, ::testing::Not(HasSubstr("leans")));
}

TEST(PlaceSlices, LeavesATiltedStackTiltedAndSaysWhoCannotReadIt) {
  const absl::StatusOr<SeriesGeometry> place = Place(Stack(8, {0, 1, 4}));
  ASSERT_TRUE(place.ok()) << place.status();
  EXPECT_EQ(place->geometry.steps()[2].y, 1);
  EXPECT_THAT(place->warnings,
              ElementsAre(::testing::AllOf(HasSubstr("leans by 14.04 degrees"), HasSubstr("SimpleITK"),
                                           HasSubstr("dcmqi"), HasSubstr("upright"))));
}

SeriesInfo InfoOf(const std::vector<SlicePlane>& planes, const std::vector<std::string>& positions,
                  const std::string& orientation) {
  SeriesInfo info;
  info.image_orientation_patient = orientation;
  info.pixel_spacing = "0.80\\0.90";
  for (size_t k = 0; k < planes.size(); ++k) info.instances.push_back({"1.2", "3.4", positions[k]});
  return info;
}

TEST(SayGeometry, LeavesTheSourcesTextsWhereTheySayTheSame) {
  const std::vector<SlicePlane> planes = Stack(3, {0, 0, 2});
  const std::vector<std::string> positions = {"10.0\\20\\30", "1.0e1\\20\\32.0", "10\\20\\34.0004"};
  SeriesInfo info = InfoOf(planes, positions, "1.0\\0\\0\\0\\1.000000\\0");
  SayGeometry(Place(planes)->geometry, info);
  EXPECT_EQ(info.image_orientation_patient, "1.0\\0\\0\\0\\1.000000\\0");
  EXPECT_EQ(info.pixel_spacing, "0.80\\0.90");
  for (size_t k = 0; k < 3; ++k) EXPECT_EQ(info.instances[k].image_position_patient, positions[k]);
}

TEST(SayGeometry, WritesTheGridWhereTheyDoNot) {
  std::vector<SlicePlane> planes = Stack(3, {0, 0, 2}, {0.9996, 0.001, 0}, {0, 1, 0});
  planes[1].position.z += 0.06;
  SeriesInfo info =
      InfoOf(planes, {"10\\20\\30", "10\\20\\32.06", "10\\20\\34"}, "0.9996\\0.001\\0\\0\\1\\0");
  SayGeometry(Place(planes)->geometry, info);
  EXPECT_THAT(info.image_orientation_patient, ::testing::StartsWith("0.999999"));
  EXPECT_EQ(info.instances[1].image_position_patient, "10\\20\\32.02");
}

}  // namespace
}  // namespace sgpsam
