#include "core/raw/nifti_header.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "tests/support/nifti_builder.h"

namespace sgpsam {
namespace {

using testing::HasSubstr;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

struct Form {
  int version;
  bool swapped;
};

// Both versions in both byte orders.
class NiftiHeaderTest : public testing::TestWithParam<Form> {
 protected:
  NiftiBuilder file_{GetParam().version, GetParam().swapped};

  absl::StatusOr<NiftiHeader> Parse() const { return ParseNiftiHeader(file_.Build()); }

  void ExpectRefused(const char* why) const {
    const absl::Status status = Parse().status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(status.message(), HasSubstr(why));
  }

  void ExpectPoint(const WorldPoint& p, double x, double y, double z) const {
    EXPECT_NEAR(p.x, x, 1e-5);
    EXPECT_NEAR(p.y, y, 1e-5);
    EXPECT_NEAR(p.z, z, 1e-5);
  }
};

TEST_P(NiftiHeaderTest, TakesPixdimAloneAsAxialAxes) {
  absl::StatusOr<NiftiHeader> header = Parse();
  ASSERT_TRUE(header.ok()) << header.status();
  EXPECT_EQ(header->swapped, GetParam().swapped);
  EXPECT_EQ(header->type, NiftiType::kInt16);
  EXPECT_EQ(header->sample_offset, GetParam().version == 2 ? 544u : 352u);
  EXPECT_EQ(header->geometry.shape(), (Shape{4, 3, 2}));
  ExpectPoint(header->geometry.origin(), 0, 0, 0);
  ExpectPoint(header->geometry.ToWorld({1, 1, 1}), 2, 3, 4);
}

TEST_P(NiftiHeaderTest, PrefersSformOverQform) {
  file_.sform_code = 1;
  file_.qform_code = 1;
  file_.qoffset = {50, 60, 70};
  file_.srow = {0, 3, 0, 10, -2, 0, 0, 20, 0, 0, 4, 30};
  absl::StatusOr<NiftiHeader> header = Parse();
  ASSERT_TRUE(header.ok()) << header.status();
  ExpectPoint(header->geometry.origin(), -10, -20, 30);
  ExpectPoint(header->geometry.ToWorld({1, 0, 0}), -10, -18, 30);
  ExpectPoint(header->geometry.ToWorld({0, 1, 0}), -13, -20, 30);
}

TEST_P(NiftiHeaderTest, TurnsAQuaternionIntoAxes) {
  file_.qform_code = 1;
  file_.pixdim = {-1, 2, 3, 4};  // left-handed: the third axis is reversed
  file_.qoffset = {10, 20, 30};
  file_.quaternion = {0, 0, std::sqrt(0.5)};  // 90 degrees about S: R to A, A to L
  absl::StatusOr<NiftiHeader> header = Parse();
  ASSERT_TRUE(header.ok()) << header.status();
  ExpectPoint(header->geometry.origin(), -10, -20, 30);
  ExpectPoint(header->geometry.ToWorld({1, 0, 0}), -10, -22, 30);
  ExpectPoint(header->geometry.ToWorld({0, 1, 0}), -7, -20, 30);
  ExpectPoint(header->geometry.ToWorld({0, 0, 1}), -10, -20, 26);
}

TEST_P(NiftiHeaderTest, TakesAHalfTurnWhoseRealPartIsRoundedBelowZero) {
  file_.qform_code = 1;
  file_.quaternion = {0, 1.0000001, 0};
  absl::StatusOr<NiftiHeader> header = Parse();
  ASSERT_TRUE(header.ok()) << header.status();
  ExpectPoint(header->geometry.ToWorld({1, 0, 0}), 2, 0, 0);
  ExpectPoint(header->geometry.ToWorld({0, 0, 1}), 0, 0, -4);
}

TEST_P(NiftiHeaderTest, KeepsATiltedSform) {
  file_.sform_code = 2;
  file_.srow = {1, 0, 0, 0, 0, 1, 0.5, 0, 0, 0, 2, 0};
  absl::StatusOr<NiftiHeader> header = Parse();
  ASSERT_TRUE(header.ok()) << header.status();
  ExpectPoint(header->geometry.ToWorld({0, 0, 1}), 0, -0.5, 2);
}

TEST_P(NiftiHeaderTest, TurnsMetresAndMicrometresIntoMillimetres) {
  file_.units = 1;
  ExpectPoint(Parse()->geometry.ToWorld({1, 0, 0}), 2000, 0, 0);
  file_.units = 3 | 8;  // with a unit of time
  ExpectPoint(Parse()->geometry.ToWorld({1, 0, 0}), 0.002, 0, 0);
}

TEST_P(NiftiHeaderTest, ReadsTheSlope) {
  file_.slope = 2.5;
  file_.intercept = -1024;
  EXPECT_EQ(Parse()->slope, 2.5);
  EXPECT_EQ(Parse()->intercept, -1024);
  for (const double unscaled : {0.0, kNan}) {
    file_.slope = unscaled;
    EXPECT_EQ(Parse()->slope, 1);
    EXPECT_EQ(Parse()->intercept, 0);
  }
  file_.slope = 1;
  file_.intercept = kNan;
  ExpectRefused("scl_inter");
}

TEST_P(NiftiHeaderTest, AcceptsTrailingAxesOfOneOnly) {
  file_.dim = {7, 4, 3, 2, 1, 1, 1, 1};
  EXPECT_TRUE(Parse().ok());
  file_.dim = {5, 4, 3, 2, 1, 3, 1, 1};
  ExpectRefused("more than 4 axes");
}

TEST_P(NiftiHeaderTest, CountsTheVolumesAlongTheFourthAxis) {
  EXPECT_EQ(Parse()->volumes, 1);
  file_.dim = {3, 4, 3, 2, 7, 1, 1, 1};  // an axis that is not there
  EXPECT_EQ(Parse()->volumes, 1);
  file_.dim = {4, 4, 3, 2, 7, 1, 1, 1};
  EXPECT_EQ(Parse()->volumes, 7);
  for (const int64_t wrong : {0, -7, 32768}) {
    file_.dim[4] = wrong;
    ExpectRefused("fourth axis");
  }
}

TEST_P(NiftiHeaderTest, RefusesShapesThatCannotBe) {
  file_.dim = {2, 4, 3, 1, 1, 1, 1, 1};
  ExpectRefused("3 axes");
  for (const int64_t axes : {0, -1, 8, 32767}) {
    file_.dim = {axes, 4, 3, 1, 1, 1, 1, 1};
    ExpectRefused("axes");
  }
  for (const int64_t size : {int64_t{0}, int64_t{-4}, int64_t{32767}}) {
    file_.dim = {3, 4, size, 2, 1, 1, 1, 1};
    ExpectRefused("each axis");
  }
  file_.dim = {3, 16384, 16384, 16384, 1, 1, 1, 1};
  ExpectRefused("at most");
}

TEST_P(NiftiHeaderTest, NamesTheDatatypesItRefuses) {
  file_.datatype = 128;
  ExpectRefused("RGB");
  file_.datatype = 2304;
  ExpectRefused("RGB");
  file_.datatype = 32;
  ExpectRefused("complex");
  file_.datatype = 1536;
  ExpectRefused("datatype 1536");
  file_.datatype = 0;
  ExpectRefused("datatype 0");
}

TEST_P(NiftiHeaderTest, RefusesOffsetsIntoTheHeaderOrFarAway) {
  for (const double offset : {0.0, 348.0, 351.0, 1e9, 1e18}) {
    file_.offset = offset;
    ExpectRefused("vox_offset");
  }
}

TEST_P(NiftiHeaderTest, RefusesAnAffineThatIsNoGeometry) {
  file_.sform_code = 1;
  ExpectRefused("spacing");  // all zero
  file_.srow = {1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 0, 0};
  ExpectRefused("singular");
  file_.srow = {1, 0, 0, 0, 0, 1, 0, 0, 0, 0, kNan, 0};
  ExpectRefused("spacing");
  file_.srow = {1, 0, 0, 0, 0, 1, 0, HUGE_VAL, 0, 0, 1, 0};
  ExpectRefused("origin");
  file_.sform_code = 0;
  file_.qform_code = 1;
  file_.quaternion = {kNan, 0, 0};
  ExpectRefused("spacing");
}

TEST_P(NiftiHeaderTest, RefusesAPairAndAnAlienMagic) {
  file_.magic = GetParam().version == 2 ? std::string("ni2\0\r\n\x1a\n", 8) : std::string("ni1\0", 4);
  ExpectRefused(".hdr/.img");
  file_.magic = "abcd";
  ExpectRefused("magic");
}

TEST_P(NiftiHeaderTest, RefusesAHeaderCutAnywhere) {
  const std::string whole = file_.Build();
  const size_t header = GetParam().version == 2 ? 540 : 348;
  for (size_t size = 0; size < header; ++size) {
    EXPECT_EQ(ParseNiftiHeader(whole.substr(0, size)).status().code(), absl::StatusCode::kInvalidArgument)
        << size;
  }
}

INSTANTIATE_TEST_SUITE_P(Forms, NiftiHeaderTest,
                         testing::Values(Form{1, false}, Form{1, true}, Form{2, false}, Form{2, true}),
                         [](const auto& info) {
                           return std::string("Version") + (info.param.version == 2 ? "2" : "1") +
                                  (info.param.swapped ? "Swapped" : "Native");
                         });

TEST(NiftiHeader, OffsetOfVersion1MustBeWholeAndFinite) {
  NiftiBuilder file;
  for (const double offset : {352.5, kNan, HUGE_VAL}) {
    file.offset = offset;
    std::string bytes = file.Build();
    const auto narrow = static_cast<float>(offset);  // NaN and infinity go in unchanged
    std::memcpy(bytes.data() + 108, &narrow, sizeof(narrow));
    EXPECT_EQ(ParseNiftiHeader(bytes).status().code(), absl::StatusCode::kInvalidArgument) << offset;
  }
}

TEST(NiftiHeader, OffsetOfVersion2MustNotBeNegative) {
  NiftiBuilder file(2);
  std::string bytes = file.Build();
  const int64_t offset = INT64_MIN;
  std::memcpy(bytes.data() + 168, &offset, sizeof(offset));
  EXPECT_EQ(ParseNiftiHeader(bytes).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(NiftiHeader, SurvivesArbitraryHeaders) {
  uint32_t state = 1;
  for (int round = 0; round < 20'000; ++round) {
    std::string bytes = NiftiBuilder(1 + round % 2, round % 3 == 0).Build();
    for (int change = 0; change < 4; ++change) {
      state = state * 1664525u + 1013904223u;
      bytes[4 + (state >> 8) % 500 % (bytes.size() - 4)] = static_cast<char>(state >> 24);
    }
    ParseNiftiHeader(bytes).status().IgnoreError();
  }
}

}  // namespace
}  // namespace sgpsam
