#include "client/cpp/messages.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <array>
#include <string>

namespace sgpsam::client {
namespace {

SegmentRequest RequestOf(Target target) {
  SegmentRequest request(Volume::FromNifti("bytes"));
  request.targets = {std::move(target)};
  return request;
}

TEST(Messages, CarryClicksInTheirOrderSpaceAndPolarity) {
  const auto header =
      MakeHeader(RequestOf({.clicks = {{Position::PatientMm(1, 2, 3)},
                                       {.position = Position::Voxel(4, 5, 6), .positive = false}}}));
  ASSERT_TRUE(header.ok());
  const auto& points = header->targets(0).prompts().points();
  ASSERT_EQ(points.size(), 2);
  EXPECT_EQ(points[0].patient().y(), 2);
  EXPECT_EQ(points[0].polarity(), v1::POLARITY_POSITIVE);
  EXPECT_EQ(points[1].voxel().k(), 6);
  EXPECT_EQ(points[1].polarity(), v1::POLARITY_NEGATIVE);
}

TEST(Messages, NameEveryStageByItsNumber) {
  EXPECT_STREQ(StageName(static_cast<Stage>(v1::STAGE_RECEIVE)), "receive");
  EXPECT_STREQ(StageName(static_cast<Stage>(v1::STAGE_PROMPT_MASK)), "prompt_mask");
  EXPECT_STREQ(StageName(static_cast<Stage>(v1::STAGE_SEND)), "send");
  EXPECT_STREQ(StageName(static_cast<Stage>(v1::STAGE_UNSPECIFIED)), "unknown");
  EXPECT_STREQ(StageName(static_cast<Stage>(v1::Stage_MAX + 1)), "unknown");
}

TEST(Messages, CarryLabelCodesAndColour) {
  const auto header = MakeHeader(RequestOf({.clicks = {},
                                            .label = "Node",
                                            .type = Code{"59441001", "SCT", "Lymph node"},
                                            .rgb = std::array<uint8_t, 3>{1, 2, 3}}));
  const v1::Target& target = header->targets(0);
  EXPECT_EQ(target.label(), "Node");
  EXPECT_FALSE(target.has_category());
  EXPECT_EQ(target.type().scheme(), "SCT");
  EXPECT_EQ(target.colour().blue(), 3u);
}

TEST(Messages, CarryBoxesAndLinesInEitherSpaceButNotInBoth) {
  const Position a = Position::Voxel(1, 2, 3), b = Position::Voxel(4, 5, 6),
                 mm = Position::PatientMm(4, 5, 6);
  const auto header =
      MakeHeader(RequestOf({.clicks = {}, .boxes = {{a, b}, {mm, mm, false}}, .lines = {{mm, mm}}}));
  ASSERT_TRUE(header.ok()) << header.status();
  const v1::Prompts& prompts = header->targets(0).prompts();
  EXPECT_EQ(prompts.box().voxel_b().i(), 4);  // the first one where every server reads it
  EXPECT_EQ(prompts.box().polarity(), v1::POLARITY_POSITIVE);
  ASSERT_EQ(prompts.boxes_size(), 1);
  EXPECT_EQ(prompts.boxes(0).patient_a().y(), 5);
  EXPECT_EQ(prompts.boxes(0).polarity(), v1::POLARITY_NEGATIVE);
  EXPECT_EQ(prompts.lines(0).patient_b().z(), 6);
  // A server that knows no negative box must not take one for a positive.
  const auto negative = MakeHeader(RequestOf({.clicks = {}, .boxes = {{a, b, false}, {a, b}}}));
  EXPECT_FALSE(negative->targets(0).prompts().has_box());
  EXPECT_EQ(negative->targets(0).prompts().boxes_size(), 2);
  for (const Target& mixed :
       {Target{.clicks = {}, .boxes = {{a, mm}}}, Target{.clicks = {}, .lines = {{a, mm}}}}) {
    EXPECT_EQ(MakeHeader(RequestOf(mixed)).status().code(), absl::StatusCode::kInvalidArgument);
  }
}

std::string Inflated(const std::string& deflated, size_t bytes) {
  std::string inflated(bytes, '\0');
  uLongf size = inflated.size();
  EXPECT_EQ(uncompress(reinterpret_cast<Bytef*>(inflated.data()), &size,
                       reinterpret_cast<const Bytef*>(deflated.data()), deflated.size()),
            Z_OK);
  inflated.resize(size);
  return inflated;
}

TEST(Messages, CarryOfAScribbleThePartThatHasMarks) {
  // Voxels 2,1,0 and 3,2,1 of 5 x 4 x 3, in both orders.
  for (const AxisOrder order : {AxisOrder::kIFastest, AxisOrder::kKFastest}) {
    std::string bits(8, '\0');
    for (const auto& [i, j, k] : {std::array<int, 3>{2, 1, 0}, {3, 2, 1}}) {
      const int n = order == AxisOrder::kIFastest ? (k * 4 + j) * 5 + i : (i * 4 + j) * 3 + k;
      bits[static_cast<size_t>(n / 8)] = static_cast<char>(bits[static_cast<size_t>(n / 8)] | 1 << n % 8);
    }
    const Scribble scribble{{.shape = {5, 4, 3}, .bits = bits, .order = order}, {10, 20, 30}, false};
    const auto header = MakeHeader(RequestOf({.clicks = {}, .scribbles = {scribble}}));
    ASSERT_TRUE(header.ok()) << header.status();
    const v1::ScribblePrompt& sent = header->targets(0).prompts().scribbles(0);
    EXPECT_THAT(sent.shape(), ::testing::ElementsAre(2, 2, 2));
    EXPECT_THAT(sent.first_voxel(), ::testing::ElementsAre(12, 21, 30));
    EXPECT_EQ(sent.axis_order(), v1::AXIS_ORDER_I_FASTEST);
    EXPECT_EQ(sent.polarity(), v1::POLARITY_NEGATIVE);
    EXPECT_EQ(Inflated(sent.zlib_bits(), 1), std::string(1, '\x81'));
  }
  const Scribble wrong{{.shape = {5, 4, 3}, .bits = "x"}};
  EXPECT_EQ(MakeHeader(RequestOf({.clicks = {}, .scribbles = {wrong}})).status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST(Messages, CarryWhatBecameOfThePrompts) {
  v1::SegmentResult message;
  v1::ResultTarget& target = *message.add_targets();
  EXPECT_FALSE(FromMessage(message).targets[0].confidence.has_value());
  target.set_confidence(0.75f);
  target.set_dropped_components(3);
  target.set_enforced_prompts(2);
  v1::PromptUse& use = *target.add_prompt_uses();
  use.set_kind(v1::PROMPT_KIND_SCRIBBLE);
  use.set_number(2);
  use.set_clicks(9);
  use.set_enforced(true);
  const TargetResult result = FromMessage(message).targets[0];
  EXPECT_EQ(result.confidence, 0.75f);
  EXPECT_EQ(result.dropped_components, 3u);
  EXPECT_EQ(result.enforced_prompts, 2u);
  ASSERT_EQ(result.prompt_uses.size(), 1u);
  EXPECT_STREQ(PromptKindName(result.prompt_uses[0].kind), "scribble");
  EXPECT_EQ(result.prompt_uses[0].clicks, 9u);
  EXPECT_TRUE(result.prompt_uses[0].enforced);
}

TEST(Messages, DeflateMaskPrompts) {
  const std::string bits(1000, '\x0f');
  const MaskPrompt mask{.shape = {20, 40, 10}, .bits = bits, .order = AxisOrder::kKFastest};
  const auto header = MakeHeader(RequestOf({.clicks = {}, .mask = mask}));
  const v1::MaskPrompt& sent = header->targets(0).prompts().mask();
  EXPECT_EQ(sent.axis_order(), v1::AXIS_ORDER_K_FASTEST);
  EXPECT_THAT(sent.shape(), ::testing::ElementsAre(20, 40, 10));
  const std::string& deflated = sent.zlib_bits();
  std::string inflated(bits.size(), '\0');
  uLongf size = inflated.size();
  ASSERT_EQ(uncompress(reinterpret_cast<Bytef*>(inflated.data()), &size,
                       reinterpret_cast<const Bytef*>(deflated.data()), deflated.size()),
            Z_OK);
  EXPECT_EQ(inflated, bits);
}

TEST(Messages, DescribeRawSamples) {
  RawGrid grid;
  grid.shape = {2, 3, 4};
  grid.sample_type = SampleType::kFloat32;
  grid.spacing_mm = {0.5, 0.6, 0.7};
  grid.origin_lps = {-1, -2, -3};
  grid.direction_lps = {0, 1, 0, 1, 0, 0, 0, 0, 1};
  const auto header = MakeHeader(SegmentRequest(Volume::FromSamples(grid, std::string(96, 'x'))));
  const v1::RawVolume& raw = header->volume().raw();
  EXPECT_EQ(raw.shape(2), 4u);
  EXPECT_EQ(raw.sample_type(), v1::SAMPLE_TYPE_FLOAT32);
  EXPECT_EQ(raw.spacing_mm(1), 0.6);
  EXPECT_EQ(raw.origin_lps(2), -3);
  EXPECT_EQ(raw.direction_lps(1), 1);
}

TEST(Messages, BringTheGridOfTheMasks) {
  v1::SegmentResult message;
  for (const uint32_t voxels : {20u, 18u, 16u}) message.add_volume_shape(voxels);
  for (int n = 0; n < 12; ++n) message.add_voxel_to_lps(n);
  message.add_voxel_to_lps(-1);  // of a server that breaks the contract
  const SegmentResult result = FromMessage(message);
  EXPECT_EQ(result.volume_shape, (std::array<uint32_t, 3>{20, 18, 16}));
  EXPECT_EQ(result.voxel_to_lps, (std::array<double, 12>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}));
}

TEST(Messages, SendLogitsInlineWhenNobodyCouldAnswerAQuestionForThem) {
  SegmentRequest request =
      RequestOf({.clicks = {}, .previous = PreviousLogits{std::string(32, 'L'), std::vector<float>(32768)}});
  EXPECT_TRUE(MakeHeader(request)->targets(0).prompts().previous_logits().has_sha256());
  request.upload_without_asking = true;
  EXPECT_TRUE(MakeHeader(request)->targets(0).prompts().previous_logits().has_samples());
}

TEST(Messages, CarryKeyPriorityFormatAndClamp) {
  SegmentRequest request = RequestOf({});
  request.idempotency_key = "key";
  request.priority = Priority::kStat;
  request.format = MaskFormat::kRawBits;
  request.probabilities = true;
  request.uncertainty = true;
  request.clamp = {-100, 300};
  const auto header = MakeHeader(request);
  EXPECT_EQ(header->idempotency_key(), "key");
  EXPECT_EQ(header->priority(), v1::PRIORITY_STAT);
  EXPECT_EQ(header->output().format(), v1::MASK_FORMAT_RAW_BITS);
  EXPECT_TRUE(header->output().probabilities());
  EXPECT_TRUE(header->output().uncertainty());
  EXPECT_TRUE(header->output().logits());
  EXPECT_EQ(header->preprocessing().clamp_max(), 300);
}

TEST(Messages, CarryTheSeriesOfADicomSeg) {
  SegmentRequest request = RequestOf({});
  EXPECT_FALSE(MakeHeader(request)->output().has_seg_series());
  request.seg_series = SegSeries{"1.2.3", "Review", 77, 3, "LABEL", "Reader^Anna"};
  const v1::SegSeries series = MakeHeader(request)->output().seg_series();
  EXPECT_EQ(series.series_uid(), "1.2.3");
  EXPECT_EQ(series.series_description(), "Review");
  EXPECT_EQ(series.series_number(), 77u);
  EXPECT_EQ(series.instance_number(), 3u);
  EXPECT_EQ(series.content_label(), "LABEL");
  EXPECT_EQ(series.creator(), "Reader^Anna");
}

TEST(Messages, CarryWhatIsToBeLookedAt) {
  SegmentRequest request = RequestOf({});
  EXPECT_EQ(MakeHeader(request)->inference().max_patches(), 0u);
  EXPECT_EQ(MakeHeader(request)->inference().spacing_case(), v1::InferenceOptions::SPACING_NOT_SET);
  request.max_patches = 3;
  request.spacing_mm = 0.5;
  EXPECT_EQ(MakeHeader(request)->inference().max_patches(), 3u);
  EXPECT_EQ(MakeHeader(request)->inference().spacing_mm(), 0.5);
  request.auto_spacing = true;
  EXPECT_EQ(MakeHeader(request).status().code(), absl::StatusCode::kInvalidArgument);
  request.spacing_mm.reset();
  EXPECT_TRUE(MakeHeader(request)->inference().auto_spacing());
}

TEST(Messages, CarryLogitsOfAnyModel) {
  SegmentRequest request =
      RequestOf({.clicks = {}, .previous = PreviousLogits{"", std::vector<float>(4096)}});
  EXPECT_EQ(MakeHeader(request)->targets(0).prompts().previous_logits().samples().size(), 16384u);
  request.targets[0].previous->samples.clear();
  EXPECT_EQ(MakeHeader(request).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(Messages, CarryWherePreviousLogitsLie) {
  v1::SegmentResult result;
  v1::PatchPosition& patch = *result.add_targets()->mutable_first_patch();
  patch.mutable_centre()->set_y(-2.5);
  patch.set_spacing_mm(0.6);
  result.mutable_targets(0)->set_logits_sha256(std::string(32, 'L'));
  result.add_targets();
  const SegmentResult read = FromMessage(result);
  EXPECT_FALSE(read.targets[1].previous.patch.has_value());
  const auto header = MakeHeader(RequestOf({.clicks = {}, .previous = read.targets[0].previous}));
  const v1::PatchPosition& sent = header->targets(0).prompts().previous_logits().patch();
  EXPECT_EQ(sent.centre().y(), -2.5);
  EXPECT_EQ(sent.spacing_mm(), 0.6);
}

TEST(Messages, BringWhatWasLookedAt) {
  v1::SegmentResult message;
  message.add_targets()->set_patches(4);
  message.mutable_targets(0)->set_spacing_mm(0.75);
  message.mutable_targets(0)->set_voxels(1);
  message.add_targets();
  const SegmentResult result = FromMessage(message);
  EXPECT_EQ(result.targets[0].patches, 4u);
  EXPECT_EQ(result.targets[0].spacing_mm, 0.75);
  EXPECT_FALSE(result.targets[0].empty());
  EXPECT_TRUE(result.targets[1].empty());
  v1::Progress progress;
  progress.set_patch(3);
  progress.set_patches(8);
  EXPECT_EQ(FromMessage(progress).patch, 3u);
  EXPECT_EQ(FromMessage(progress).patches, 8u);
  v1::DescribeModelResponse model;
  model.set_logits_side(16);
  EXPECT_EQ(FromMessage(model).logits_side, 16u);
}

TEST(Messages, RefuseAnEmptyVolume) {
  EXPECT_EQ(MakeHeader(SegmentRequest(Volume::FromDicom({}))).status().code(),
            absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace sgpsam::client
