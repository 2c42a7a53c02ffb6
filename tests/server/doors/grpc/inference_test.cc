// InferenceOptions and boxes through the whole server: an engine that segments, a lesion larger than its
// patch, a small one, and what the result says of them.
#include <cmath>

#include "core/volume/mask.h"
#include "tests/server/test_server.h"
#include "tests/support/threshold_engine.h"

namespace sgpsam {
namespace {

using ::testing::AllOf;
using ::testing::Gt;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Lt;
using ::testing::SizeIs;

// 100, and 200 where `inside` is true; the first voxel lies at 0,0,0.
struct Scan {
  std::vector<uint32_t> shape;
  double spacing = 1;
  std::function<bool(double, double, double)> inside;  // of a voxel's place in mm

  std::string Payload() const {
    std::vector<int16_t> samples;
    for (uint32_t k = 0; k < shape[2]; ++k) {
      for (uint32_t j = 0; j < shape[1]; ++j) {
        for (uint32_t i = 0; i < shape[0]; ++i) {
          samples.push_back(inside(i * spacing, j * spacing, k * spacing) ? 200 : 100);
        }
      }
    }
    return std::string(reinterpret_cast<const char*>(samples.data()), samples.size() * sizeof(int16_t));
  }

  v1::SegmentHeader Header() const {
    v1::SegmentHeader header;
    AddRaw(header, shape, spacing, v1::SAMPLE_TYPE_INT16);
    header.mutable_volume()->set_size_bytes(2 * uint64_t{shape[0]} * shape[1] * shape[2]);
    header.mutable_output()->set_format(v1::MASK_FORMAT_RAW_BITS);
    return header;
  }

  double Dice(const std::string& bits) const {
    const auto mask = Mask::FromBits({shape[0], shape[1], shape[2]}, bits);
    EXPECT_TRUE(mask.ok()) << mask.status();
    if (!mask.ok()) return 0;
    double both = 0, truth = 0;
    for (uint32_t k = 0; k < shape[2]; ++k) {
      for (uint32_t j = 0; j < shape[1]; ++j) {
        for (uint32_t i = 0; i < shape[0]; ++i) {
          if (!inside(i * spacing, j * spacing, k * spacing)) continue;
          ++truth;
          both += mask->at(i, j, k) ? 1 : 0;
        }
      }
    }
    return 2 * both / (truth + static_cast<double>(mask->CountVoxels()));
  }
};

// An ellipsoid of 105 x 27 x 27 mm; a patch has 48 mm.
Scan LargeLesion() {
  return {{100, 60, 60}, 1.5, [](double x, double y, double z) {
            return std::hypot((x - 75) / 52.5, (y - 45) / 13.5, (z - 45) / 13.5) < 1;
          }};
}

// A ball of 8 mm.
Scan SmallLesion() {
  return {
      {90, 90, 90}, 0.6, [](double x, double y, double z) { return std::hypot(x - 27, y - 26, z - 28) < 4; }};
}

class InferenceTest : public ::testing::Test {
 protected:
  Exchange Ask(const Scan& scan, const v1::SegmentHeader& header) {
    Exchange call = Segment(server_.stub(), header, scan.Payload());
    EXPECT_TRUE(call.status.ok()) << call.status.error_message();
    EXPECT_THAT(call.outputs, SizeIs(Gt(0u)));
    if (!call.result) call.result.emplace().add_targets();
    call.outputs.resize(std::max<size_t>(1, call.outputs.size()));
    return call;
  }
  v1::SegmentHeader ClickedLarge() {
    v1::SegmentHeader header = LargeLesion().Header();
    AddVoxelPoint(*header.add_targets(), 46, 30, 30);
    return header;
  }
  v1::SegmentHeader ClickedSmall() {
    v1::SegmentHeader header = SmallLesion().Header();
    AddVoxelPoint(*header.add_targets(), 42, 44, 46);
    return header;
  }

  TestServer server_{std::make_unique<ThresholdEngine>()};
};

TEST_F(InferenceTest, FollowsALesionBeyondItsPatchUnlessToldNotTo) {
  const Exchange whole = Ask(LargeLesion(), ClickedLarge());
  EXPECT_GT(LargeLesion().Dice(whole.outputs[0]), 0.9);
  EXPECT_EQ(whole.result->targets(0).patches(), 5u);
  EXPECT_EQ(whole.result->targets(0).spacing_mm(), 1.5);
  EXPECT_FALSE(whole.result->targets(0).touches_patch_border());
  EXPECT_THAT(whole.result->warnings(), IsEmpty());

  v1::SegmentHeader header = ClickedLarge();
  header.mutable_inference()->set_max_patches(1);
  const Exchange cut = Ask(LargeLesion(), header);
  EXPECT_LT(LargeLesion().Dice(cut.outputs[0]), 0.8);
  EXPECT_EQ(cut.result->targets(0).patches(), 1u);
  EXPECT_TRUE(cut.result->targets(0).touches_patch_border());
  EXPECT_EQ(cut.result->targets(0).logits_sha256(), whole.result->targets(0).logits_sha256());
}

TEST_F(InferenceTest, WarnsOfALimitThatCutsALesionShort) {
  v1::SegmentHeader header = ClickedLarge();
  *header.add_targets() = header.targets(0);
  header.mutable_inference()->set_max_patches(2);
  const Exchange call = Ask(LargeLesion(), header);
  EXPECT_TRUE(call.result->targets(1).touches_patch_border());
  ASSERT_THAT(call.result->warnings(), SizeIs(2));
  EXPECT_THAT(call.result->warnings(1), HasSubstr("target 2: the lesion goes on beyond the 2 patches"));
}

TEST_F(InferenceTest, EncodesNothingForASecondClickOnAFollowedLesion) {
  const Exchange first = Ask(LargeLesion(), ClickedLarge());
  EXPECT_FALSE(first.result->targets(0).embedding_cached());
  v1::SegmentHeader header = ClickedLarge();
  AddVoxelPoint(*header.mutable_targets(0), 46, 30, 44).set_polarity(v1::POLARITY_NEGATIVE);
  header.mutable_targets(0)->mutable_prompts()->mutable_previous_logits()->set_sha256(
      first.result->targets(0).logits_sha256());
  const Exchange second = Ask(LargeLesion(), header);
  EXPECT_TRUE(second.result->targets(0).embedding_cached());
  EXPECT_EQ(second.result->targets(0).patches(), 5u);
  EXPECT_TRUE(server_.MetricsShow("sgpsam_cache_misses_total{cache=\"embedding\"} 5"));
  EXPECT_TRUE(server_.MetricsShow("sgpsam_cache_hits_total{cache=\"embedding\"} 5"));
}

TEST_F(InferenceTest, LooksCloserAtASmallLesionIfAskedTo) {
  const Exchange plain = Ask(SmallLesion(), ClickedSmall());
  EXPECT_EQ(plain.result->targets(0).patches(), 1u);
  v1::SegmentHeader header = ClickedSmall();
  header.mutable_inference()->set_auto_spacing(true);
  const Exchange closer = Ask(SmallLesion(), header);
  EXPECT_EQ(closer.result->targets(0).patches(), 2u);
  EXPECT_THAT(closer.result->targets(0).spacing_mm(), AllOf(Gt(0.59), Lt(1.2)));
  EXPECT_GT(SmallLesion().Dice(closer.outputs[0]), SmallLesion().Dice(plain.outputs[0]) + 0.05);
  EXPECT_EQ(closer.result->targets(0).logits_sha256(), plain.result->targets(0).logits_sha256());
}

// A model that has learned from finer patches does so unasked; a caller can decline.
TEST_F(InferenceTest, TakesTheModelsSpacingUnlessTheRequestSaysOtherwise) {
  TestServer server(
      std::make_unique<ThresholdEngine>(32, /*box_corner_embeddings=*/0, /*finest_spacing_mm=*/0.6));
  const auto patches = [&](const v1::SegmentHeader& header) {
    const Exchange call = Segment(server.stub(), header, SmallLesion().Payload());
    EXPECT_TRUE(call.result.has_value()) << call.status.error_message();
    return call.result ? call.result->targets(0).patches() : 0;
  };
  v1::SegmentHeader header = ClickedSmall();
  EXPECT_EQ(patches(header), 2u);
  header.mutable_inference()->set_auto_spacing(false);
  EXPECT_EQ(patches(header), 1u);
}

TEST_F(InferenceTest, TakesTheSpacingThatIsGiven) {
  v1::SegmentHeader header = ClickedSmall();
  header.mutable_inference()->set_spacing_mm(0.75);
  const Exchange fine = Ask(SmallLesion(), header);
  EXPECT_EQ(fine.result->targets(0).spacing_mm(), 0.75);
  EXPECT_EQ(fine.result->targets(0).patches(), 1u);
  const Exchange plain = Ask(SmallLesion(), ClickedSmall());
  EXPECT_NE(fine.result->targets(0).logits_sha256(), plain.result->targets(0).logits_sha256());
  EXPECT_GT(SmallLesion().Dice(fine.outputs[0]), SmallLesion().Dice(plain.outputs[0]) + 0.05);
}

TEST_F(InferenceTest, TakesABoxAsClickOrAsCornersAsTheModelDoes) {
  TestServer corners(std::make_unique<ThresholdEngine>(32, 2));
  v1::SegmentHeader header = LargeLesion().Header();
  v1::BoxPrompt& box = *header.add_targets()->mutable_prompts()->mutable_box();
  box.mutable_voxel_a()->set_i(15);
  box.mutable_voxel_b()->set_i(85);
  for (v1::VoxelPoint* corner : {box.mutable_voxel_a(), box.mutable_voxel_b()}) {
    corner->set_j(corner->i() < 50 ? 20 : 40);
    corner->set_k(30);
  }
  for (TestServer* server : {&server_, &corners}) {
    const Exchange call = Segment(server->stub(), header, LargeLesion().Payload());
    ASSERT_TRUE(call.status.ok()) << call.status.error_message();
    EXPECT_GT(LargeLesion().Dice(call.outputs[0]), 0.9);
  }
}

TEST_F(InferenceTest, RefusesAPointThatNoPatchSaw) {
  v1::SegmentHeader header = ClickedLarge();
  AddVoxelPoint(*header.mutable_targets(0), 75, 30, 30);
  EXPECT_TRUE(Segment(server_.stub(), header, LargeLesion().Payload()).status.ok());
  header.mutable_targets(0)->mutable_prompts()->mutable_points(1)->mutable_voxel()->set_j(59);
  EXPECT_THAT(Segment(server_.stub(), header, LargeLesion().Payload()).status,
              IsStatus(grpc::INVALID_ARGUMENT, "point 2: lies"));
}

TEST(Inference, ServesAModelOfPatchesOf64Voxels) {
  TestServer server(std::make_unique<ThresholdEngine>(64));
  grpc::ClientContext context;
  v1::DescribeModelResponse model;
  ASSERT_TRUE(server.stub().DescribeModel(&context, {}, &model).ok());
  EXPECT_EQ(model.patch_voxels(2), 64u);
  EXPECT_EQ(model.logits_side(), 32u);
  Scan scan = SmallLesion();
  scan.shape = {180, 180, 180};
  scan.inside = [](double x, double y, double z) { return std::hypot(x - 54, y - 54, z - 54) < 12; };
  v1::SegmentHeader header = scan.Header();
  header.mutable_output()->set_logits(true);
  AddVoxelPoint(*header.add_targets(), 90, 90, 90);
  const Exchange call = Segment(server.stub(), header, scan.Payload());
  ASSERT_TRUE(call.status.ok()) << call.status.error_message();
  EXPECT_GT(scan.Dice(call.outputs[0]), 0.9);
  EXPECT_EQ(call.outputs[1].size(), 32u * 32 * 32 * sizeof(float));
}

}  // namespace
}  // namespace sgpsam
