#include "core/worker_link/tensor_slots.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>
#include <vector>

#include "core/worker_link/link_message.h"
#include "core/worker_link/shared_region.h"
#include "tests/support/fake_engine.h"

namespace sgpsam {
namespace {

std::vector<float> Ramp(int64_t count, float from) {
  std::vector<float> values(static_cast<size_t>(count));
  std::iota(values.begin(), values.end(), from);
  return values;
}

class TensorSlotsTest : public ::testing::Test {
 protected:
  const ModelInfo info_ = FakeEngine::TinyModel();
  SharedRegion region_ = *SharedRegion::Create(TensorSlots::RegionBytes(info_, 3));
  TensorSlots server_{region_.data(), info_, 3};
  TensorSlots worker_{region_.data(), info_, 3};
};

TEST_F(TensorSlotsTest, CarryEveryPartOfADecodeWithoutTouchingTheNeighbours) {
  auto embedding = std::make_shared<Embedding>();
  embedding->values = Ramp(info_.sizes.embedding_floats(), 10);
  DecodeInput full;
  full.embedding = embedding;
  for (int n = 0; n < 64; ++n) full.clicks.push_back({n + 0.25f, n + 0.5f, n + 0.75f, n % 3 == 0});
  full.mask_logits = Ramp(info_.sizes.logits_floats(), -5);
  full.box = BoxCorners{{1, 2, 3}, {4, 5, 6.5f}};
  DecodeInput plain;
  plain.embedding = embedding;
  plain.clicks = {{1, 2, 3, false}};
  ASSERT_TRUE(server_.PutInput(0, plain).ok());
  ASSERT_TRUE(server_.PutInput(1, full).ok());
  ASSERT_TRUE(server_.PutInput(2, plain).ok());

  const auto read = worker_.GetDecodeInput(1);
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(read->embedding->values, embedding->values);
  EXPECT_EQ(read->mask_logits, full.mask_logits);
  ASSERT_EQ(read->clicks.size(), 64u);
  EXPECT_EQ(read->clicks[63].i, 63.25f);
  EXPECT_EQ(read->clicks[63].j, 63.5f);
  EXPECT_EQ(read->clicks[63].k, 63.75f);
  EXPECT_TRUE(read->clicks[63].positive);
  EXPECT_FALSE(read->clicks[62].positive);
  ASSERT_TRUE(read->box.has_value());
  EXPECT_EQ(read->box->low, full.box->low);
  EXPECT_EQ(read->box->high, full.box->high);
  for (int neighbour : {0, 2}) {
    const auto other = worker_.GetDecodeInput(neighbour);
    ASSERT_TRUE(other.ok());
    EXPECT_TRUE(other->mask_logits.empty());
    EXPECT_FALSE(other->box.has_value());
    ASSERT_EQ(other->clicks.size(), 1u);
    EXPECT_EQ(other->clicks[0].k, 3);
  }
}

TEST_F(TensorSlotsTest, CarryPatchesAndResultsBack) {
  const Patch patch = {Ramp(info_.sizes.patch_floats(), 0)};
  ASSERT_TRUE(server_.PutInput(2, patch).ok());
  EXPECT_EQ(worker_.GetPatch(2).values, patch.values);

  Embedding embedding = {Ramp(info_.sizes.embedding_floats(), 7), Ramp(info_.gate_blocks.size(), 0)};
  worker_.PutResult(0, absl::StatusOr<Embedding>(embedding));
  worker_.PutResult(1, absl::StatusOr<Embedding>(absl::ResourceExhaustedError("no memory on the device")));
  EXPECT_EQ(server_.GetEmbedding(0)->values, embedding.values);
  EXPECT_EQ(server_.GetEmbedding(0)->gate_scores, embedding.gate_scores);
  EXPECT_EQ(server_.GetEmbedding(1).status(), absl::ResourceExhaustedError("no memory on the device"));

  worker_.PutResult(2, absl::StatusOr<MaskLogits>(MaskLogits{Ramp(info_.sizes.logits_floats(), 3), 0.5f}));
  EXPECT_EQ(server_.GetLogits(2)->values, Ramp(info_.sizes.logits_floats(), 3));
  EXPECT_EQ(server_.GetLogits(2)->iou_prediction, 0.5f);
}

TEST_F(TensorSlotsTest, TurnAResultOfTheWrongSizeIntoAnError) {
  worker_.PutResult(0, absl::StatusOr<MaskLogits>(MaskLogits{{1, 2, 3}, 0.5f}));
  EXPECT_TRUE(absl::IsInternal(server_.GetLogits(0).status()));
  worker_.PutResult(0, absl::StatusOr<Embedding>(Embedding{Ramp(info_.sizes.embedding_floats(), 0), {}}));
  EXPECT_TRUE(absl::IsInternal(server_.GetEmbedding(0).status()));  // gate scores are missing
}

TEST_F(TensorSlotsTest, BelieveNothingThatTheOtherProcessScribbled) {
  std::fill(region_.data(), region_.data() + region_.size(), '\xff');
  EXPECT_TRUE(absl::IsInternal(worker_.GetDecodeInput(1).status()));
  const absl::Status status = server_.GetEmbedding(1).status();
  EXPECT_TRUE(absl::IsInternal(status));
  EXPECT_LE(status.message().size(), 1024u);
}

TEST_F(TensorSlotsTest, CutAnErrorTextToItsRoom) {
  worker_.PutResult(0, absl::StatusOr<MaskLogits>(absl::InternalError(std::string(5000, 'x'))));
  EXPECT_EQ(server_.GetLogits(0).status().message().size(), 1024u);
}

TEST(SharedRegion, CannotBeResizedByEitherEnd) {
  const SharedRegion region = *SharedRegion::Create(8192);
  EXPECT_NE(ftruncate(region.fd(), 0), 0);
  EXPECT_NE(ftruncate(region.fd(), 16384), 0);
}

TEST(SharedRegion, RefusesMemoryOfAnotherSizeOrNone) {
  const SharedRegion region = *SharedRegion::Create(8192);
  EXPECT_TRUE(SharedRegion::Map(UniqueFd(dup(region.fd())), 8192).ok());
  EXPECT_TRUE(absl::IsInternal(SharedRegion::Map(UniqueFd(dup(region.fd())), 4096).status()));
  EXPECT_TRUE(absl::IsInternal(SharedRegion::Map(UniqueFd(), 8192).status()));
}

TEST(LinkMessage, CarriesAModelsDescription) {
  ModelInfo info = FakeEngine::FullSizeModel();
  info.box_corner_embeddings = 2;
  info.gate_threshold = 0.25f;
  info.finest_spacing_mm = 0.6;
  info.first_spacing_mm = 1.1;
  info.coarsest_spacing_mm = 3;
  info.predicts_iou = true;
  info.calibration = {{0.2, 0.1}, {0.9, 0.85}};
  info.grid_origin = GridOrigin::kFocus;
  info.intensities = {{"CT", false, {{-160, 240}, {-1000, 1000}}}, {"", true, {{-2.5, 2.5}, {-10, 10}}}};
  info.sizes.patch_channels = 2;
  info.sizes.detail_channels = 16;
  info.self_test = {SelfTestReport::Result::kFellBack, "bf16 with packed weights", 0.5, 0.68, 0.8, 0.35};
  const auto read = ParseHello(*MakeHello(info));
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->name, info.name);
  EXPECT_EQ(read->gate_blocks, info.gate_blocks);
  EXPECT_EQ(read->box_corner_embeddings, 2);
  EXPECT_EQ(read->gate_threshold, 0.25f);
  EXPECT_EQ(read->finest_spacing_mm, 0.6);
  EXPECT_EQ(read->first_spacing_mm, 1.1);
  EXPECT_EQ(read->coarsest_spacing_mm, 3);
  EXPECT_TRUE(read->predicts_iou);
  EXPECT_EQ(read->calibration, info.calibration);
  EXPECT_EQ(read->grid_origin, GridOrigin::kFocus);
  EXPECT_EQ(read->intensities, info.intensities);
  EXPECT_EQ(read->sizes.embedding_channels, 384);
  EXPECT_EQ(read->self_test.result, SelfTestReport::Result::kFellBack);
  EXPECT_EQ(read->self_test.rejected, "bf16 with packed weights");
  EXPECT_EQ(read->self_test.seconds, 0.5);
  EXPECT_EQ(read->self_test.embedding_error, 0.68);
  EXPECT_EQ(read->self_test.logits_error, 0.8);
  EXPECT_EQ(read->self_test.dice, 0.35);
  EXPECT_EQ(read->sizes.embedding_floats(), 384 * 512 + 16 * 32768);
  for (const int64_t channels : {int64_t{-1}, kMaxDetailChannels + 1}) {
    info.sizes.detail_channels = channels;
    EXPECT_FALSE(MakeHello(info).ok());
  }
  info.sizes.detail_channels = 16;
  ASSERT_TRUE(MakeHello(info).ok());
  for (const int64_t channels : {int64_t{0}, int64_t{1}, kMaxPatchChannels + 1}) {
    info.sizes.patch_channels = channels;  // there are two windows
    EXPECT_FALSE(MakeHello(info).ok());
  }
  info.sizes.patch_channels = 2;
  info.intensities[0].windows[1] = {1, 1};
  EXPECT_FALSE(MakeHello(info).ok());
}

TEST(LinkMessage, RefusesADescriptionThatDoesNotFit) {
  ModelInfo info = FakeEngine::TinyModel();
  info.name = std::string(300, 'n');
  EXPECT_TRUE(absl::IsInvalidArgument(MakeHello(info).status()));
  info = FakeEngine::TinyModel();
  info.sizes.patch = 513;
  EXPECT_TRUE(absl::IsInvalidArgument(MakeHello(info).status()));
  info = FakeEngine::TinyModel();
  info.gate_blocks.resize(65);
  EXPECT_TRUE(absl::IsInvalidArgument(MakeHello(info).status()));
}

TEST(LinkMessage, RefusesEveryTruncationOfADescription) {
  const LinkMessage whole = *MakeHello(FakeEngine::TinyModel());
  for (uint32_t size = 0; size < whole.body_bytes; ++size) {
    LinkMessage cut = whole;
    cut.body_bytes = size;
    EXPECT_TRUE(absl::IsInternal(ParseHello(cut).status())) << size;
  }
}

TEST(LinkMessage, RefusesSizesOutOfRange) {
  const LinkMessage good = *MakeHello(FakeEngine::TinyModel());
  // Any 8 bytes of the body in turn become a huge number; whatever is accepted is in range.
  for (uint32_t at = 0; at + 8 <= good.body_bytes; ++at) {
    LinkMessage bad = good;
    std::fill(bad.body + at, bad.body + at + 8, '\x7f');
    const auto info = ParseHello(bad);
    if (!info.ok()) continue;
    EXPECT_LE(info->sizes.patch, kMaxPatchSide);
    EXPECT_LE(info->sizes.embedding_channels, kMaxEmbeddingChannels);
    EXPECT_LE(info->gate_blocks.size(), kMaxGates);
    EXPECT_LE(info->self_test.result, SelfTestReport::Result::kFellBack);
  }
}

TEST(LinkMessage, NeverReadsAnErrorAsSuccess) {
  EXPECT_FALSE(ParseStartupError(MakeStartupError(absl::OkStatus())).ok());
  EXPECT_TRUE(absl::IsInternal(ParseStartupError(MakeCommand(MessageType::kStartupError, 0, 4711))));
}

}  // namespace
}  // namespace sgpsam
