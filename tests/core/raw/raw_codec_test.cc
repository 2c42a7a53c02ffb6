#include "core/raw/raw_codec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "core/base/reason.h"
#include "tests/support/test_files.h"

namespace sgpsam {
namespace {

using testing::HasSubstr;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

RawDescription Small() { return {{4, 3, 2}, SampleType::kInt16, {1, 2, 3}, {10, 20, 30}, {}}; }

void ExpectRefused(const RawDescription& description, const char* why) {
  const absl::Status status = RawGeometry(description).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(status.message(), HasSubstr(why));
  EXPECT_TRUE(ReasonOf(status) == Reason::kInvalidGeometry || ReasonOf(status) == Reason::kVolumeTooLarge)
      << status;
}

TEST(RawGeometry, PlacesVoxelsByColumnsOfTheDirection) {
  RawDescription description = Small();
  description.direction_lps = {0, 1, 0, 0, 0, 1, 1, 0, 0};  // i to z, j to x, k to y
  absl::StatusOr<Geometry> geometry = RawGeometry(description);
  ASSERT_TRUE(geometry.ok()) << geometry.status();
  const WorldPoint p = geometry->ToWorld({1, 1, 1});
  EXPECT_DOUBLE_EQ(p.x, 12);
  EXPECT_DOUBLE_EQ(p.y, 23);
  EXPECT_DOUBLE_EQ(p.z, 31);
}

TEST(RawGeometry, DefaultsToTheOriginAndTheIdentity) {
  RawDescription description = Small();
  description.origin_lps = {};
  absl::StatusOr<Geometry> geometry = RawGeometry(description);
  ASSERT_TRUE(geometry.ok()) << geometry.status();
  EXPECT_EQ(geometry->origin().x, 0);
  EXPECT_EQ(geometry->ToWorld({0, 0, 1}).z, 3);
}

TEST(RawGeometry, KeepsTheSpacingOfADirectionThatIsRounded) {
  RawDescription description = Small();
  description.direction_lps = {0.9995, 0, 0, 0, 1, 0, 0, 0, 1};
  EXPECT_DOUBLE_EQ(RawGeometry(description)->spacing_mm()[0], 1);
}

TEST(RawGeometry, RefusesListsOfAWrongLength) {
  RawDescription description = Small();
  description.shape = {4, 3};
  ExpectRefused(description, "shape must have 3");
  description = Small();
  description.spacing_mm = {1, 1, 1, 1};
  ExpectRefused(description, "spacing must have 3");
  description = Small();
  description.origin_lps = {1};
  ExpectRefused(description, "origin must have 3");
  description = Small();
  description.direction_lps = {1, 0, 0};
  ExpectRefused(description, "direction must have 9");
}

TEST(RawGeometry, RefusesShapesOutOfRange) {
  for (const uint32_t size : {0u, 16385u, 0xffffffffu}) {
    RawDescription description = Small();
    description.shape = {4, size, 2};
    ExpectRefused(description, "each axis");
    EXPECT_FALSE(RawPayloadBytes(description).ok());
  }
  RawDescription description = Small();
  description.shape = {16384, 16384, 16384};
  ExpectRefused(description, "at most");
  EXPECT_FALSE(RawPayloadBytes(description).ok());
}

TEST(RawGeometry, RefusesSpacingThatIsNoLength) {
  for (const double mm : {0.0, -1.0, kNan, HUGE_VAL, 1e-9, 1e9}) {
    RawDescription description = Small();
    description.spacing_mm[1] = mm;
    ExpectRefused(description, "spacing must be numbers");
  }
}

TEST(RawGeometry, RefusesDirectionsThatAreNoRightAngles) {
  RawDescription description = Small();
  description.direction_lps = {1, 0, 0, 0, 1, 0, 0, 0, 0};
  ExpectRefused(description, "unit vector");
  description.direction_lps = {1, 1, 0, 0, 0, 0, 0, 0, 1};
  ExpectRefused(description, "right angles");
  description.direction_lps = {1, 0, 0, 0, 1, 0, 0, 0, kNan};
  ExpectRefused(description, "unit vector");
  description.direction_lps = {2, 0, 0, 0, 2, 0, 0, 0, 2};
  ExpectRefused(description, "unit vector");
  description.direction_lps = {1, 0, 0, 0, 1, 0.01, 0, 0, 0.99995};
  ExpectRefused(description, "right angles");
}

TEST(RawGeometry, RefusesAnOriginThatIsNotFinite) {
  RawDescription description = Small();
  description.origin_lps = {0, kNan, 0};
  ExpectRefused(description, "origin");
}

TEST(RawPayloadBytes, CountsBeyondFourGigabytes) {
  RawDescription description = Small();
  description.shape = {16384, 16384, 32};
  description.sample_type = SampleType::kFloat64;
  EXPECT_EQ(RawPayloadBytes(description).value(), uint64_t{16384} * 16384 * 32 * 8);
}

TEST(ReadRaw, TakesExactlyTheAnnouncedSamples) {
  const RawDescription description = Small();
  std::string bytes(48, '\0');
  bytes[2 * (1 + 4 * (2 + 3 * 1))] = 7;
  absl::StatusOr<Volume> volume = ReadRaw(description, BufferOf(bytes));
  ASSERT_TRUE(volume.ok()) << volume.status();
  EXPECT_EQ(volume->at(1, 2, 1), 7);
  EXPECT_EQ(ReadRaw(description, BufferOf(bytes.substr(1))).status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(ReadRaw(description, BufferOf(bytes + "x")).status().code(), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace sgpsam
