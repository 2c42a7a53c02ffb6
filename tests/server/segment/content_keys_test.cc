#include "server/segment/content_keys.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <set>
#include <vector>

#include "server/segment/outputs/output_format.h"

namespace sgpsam {
namespace {

RawDescription Raw() {
  RawDescription raw;
  raw.shape = {4, 5, 6};
  raw.spacing_mm = {1, 1, 2};
  return raw;
}

SegmentRequest Request() {
  SegmentRequest request;
  request.volume = {VolumeKind::kRaw, Raw(), "", ""};
  request.idempotency_key = "key";
  request.targets.resize(1);
  request.targets[0].prompts.points = {{VoxelIndex{1, 2, 3}, true}};
  return request;
}

Digest KeyOf(const SegmentRequest& request) {
  return ResultKey(request, Sha256::Of("volume"), Sha256::Of("weights"));
}

// Every change gives a key that none of the others has.
template <typename Value, typename Key>
void ExpectAllDifferent(const std::vector<std::function<void(Value&)>>& changes,
                        const std::function<Value()>& make, const Key& key) {
  std::set<Digest> keys = {key(make())};
  for (const auto& change : changes) {
    Value value = make();
    change(value);
    keys.insert(key(value));
  }
  EXPECT_EQ(keys.size(), changes.size() + 1);
}

TEST(VolumeKey, DependsOnHowTheBytesAreToBeRead) {
  const Digest payload = Sha256::Of("payload");
  ExpectAllDifferent<RawDescription>(
      {[](auto& r) {
         r.shape = {5, 4, 6};
       },
       [](auto& r) { r.sample_type = SampleType::kUint16; }, [](auto& r) { r.spacing_mm[2] = 1; },
       [](auto& r) {
         r.origin_lps = {0, 0, 1};
       },
       [](auto& r) { r.direction_lps = {1, 0, 0, 0, -1, 0, 0, 0, 1}; }},
      Raw, [&](const RawDescription& raw) {
        return VolumeKey({VolumeKind::kRaw, raw, "", ""}, payload);
      });
  EXPECT_NE(VolumeKey({VolumeKind::kNifti, {}, "", ""}, payload),
            VolumeKey({VolumeKind::kDicom, {}, "", ""}, payload));
  EXPECT_NE(VolumeKey({VolumeKind::kNifti, {}, "", ""}, payload),
            VolumeKey({VolumeKind::kNifti, {}, "", ""}, Sha256::Of("other")));
  EXPECT_NE(VolumeKey({VolumeKind::kDicom, {}, "", ""}, payload),
            VolumeKey({VolumeKind::kDicom, {}, "1.2.3", ""}, payload));
  EXPECT_NE(VolumeKey({VolumeKind::kNifti, {}, "", "CT"}, payload),
            VolumeKey({VolumeKind::kNifti, {}, "", "MR"}, payload));
  EXPECT_NE(VolumeKey({VolumeKind::kDicom, {}, "4", ""}, payload),
            VolumeKey({VolumeKind::kDicom, {}, "1.2.3", ""}, payload));
}

TEST(EmbeddingKey, DependsOnVolumePlaceNormalisationAndWeights) {
  const Digest volume = Sha256::Of("volume"), weights = Sha256::Of("weights");
  ExpectAllDifferent<Placement>(
      {[](auto& p) { p.begin[0] = 1; }, [](auto& p) { p.begin[2] = 1; }, [](auto& p) { p.patch = 64; },
       [](auto& p) { p.spacing_mm = 2; }, [](auto& p) { p.grid.flipped[1] = true; },
       [](auto& p) { p.grid.source_per_voxel[0] = 2; }},
      [] { return Placement(); }, [&](const Placement& p) { return EmbeddingKey(volume, p, {}, weights); });
  const Digest plain = EmbeddingKey(volume, {}, {}, weights);
  EXPECT_NE(EmbeddingKey(volume, {}, PatchScaling{IntensityClamp{0, 0}}, weights), plain);
  EXPECT_NE(EmbeddingKey(volume, {}, PatchScaling{{}, {{-1, 1}}}, weights), plain);
  EXPECT_NE(EmbeddingKey(volume, {}, PatchScaling{{}, {{-1, 1}}}, weights),
            EmbeddingKey(volume, {}, PatchScaling{{}, {{-1, 2}}}, weights));
  EXPECT_NE(EmbeddingKey(Sha256::Of("other"), {}, {}, weights), plain);
  EXPECT_NE(EmbeddingKey(volume, {}, {}, volume), plain);
  EXPECT_EQ(EmbeddingKey(volume, {}, {}, weights), plain);
}

TEST(ResultKey, DependsOnEverythingThatMakesAResult) {
  ExpectAllDifferent<SegmentRequest>(
      {[](auto& r) { r.idempotency_key = std::string("other"); },
       [](auto& r) {
         r.targets[0].prompts.points[0].position = WorldPoint{1, 2, 3};
       },
       [](auto& r) {
         r.targets[0].prompts.points[0].position = VoxelIndex{1, 2, 3 + 1e-12};
       },
       [](auto& r) {
         r.targets[0].prompts.points.push_back({VoxelIndex{0, 0, 0}, false});
       },
       [](auto& r) { r.targets[0].prompts.previous_logits = {1.0f}; },
       [](auto& r) {
         r.targets[0].mask = DeflatedMask{"mask", {4, 5, 6}};
       },
       [](auto& r) {
         r.targets[0].mask = DeflatedMask{"mask", {6, 5, 4}};
       },
       [](auto& r) {
         r.targets[0].mask = DeflatedMask{"mask", {4, 5, 6}, AxisOrder::kKFastest};
       },
       [](auto& r) {
         r.targets[0].prompts.previous_patch = PatchPosition{{1, 2, 3}, 1.5};
       },
       [](auto& r) {
         r.targets[0].prompts.previous_patch = PatchPosition{{1, 2, 3}, 0.6};
       },
       [](auto& r) { r.format = FindOutputFormat("DICOM_SEG"); },
       [](auto& r) { r.upright = true; },
       [](auto& r) { r.targets[0].segment.label = std::string("Node"); },
       [](auto& r) { r.targets[0].segment.type.value = std::string("1"); },
       [](auto& r) { r.targets[0].segment.rgb[0] = 1; },
       [](auto& r) { r.targets.push_back(r.targets[0]); },
       [](auto& r) {
         r.clamp = IntensityClamp{0, 1};
       },
       [](auto& r) { r.inference.max_patches = 1; },
       [](auto& r) { r.inference.spacing_mm = 0.75; },
       [](auto& r) { r.inference.auto_spacing = true; },
       [](auto& r) { r.inference.max_looks = 0; },
       [](auto& r) { r.inference.max_steps = 0; },
       [](auto& r) { r.targets[0].average_looks = false; },
       [](auto& r) {
         r.targets[0].prompts.boxes = {{VoxelIndex{0, 0, 0}, VoxelIndex{9, 9, 9}}};
       },
       [](auto& r) {
         r.targets[0].prompts.boxes = {{VoxelIndex{0, 0, 0}, VoxelIndex{9, 9, 9}, false}};
       },
       [](auto& r) {
         r.targets[0].prompts.lines = {{VoxelIndex{0, 0, 0}, VoxelIndex{9, 9, 9}}};
       },
       [](auto& r) {
         r.targets[0].scribbles = {{{"bits", {4, 5, 6}}, {0, 0, 0}, true}};
       },
       [](auto& r) {
         r.targets[0].scribbles = {{{"bits", {4, 5, 6}}, {0, 0, 0}, false}};
       },
       [](auto& r) {
         r.targets[0].scribbles = {{{"bits", {4, 5, 6}}, {0, 0, 1}, true}};
       },
       [](auto& r) { r.seg_series.instance_uid = std::string("1.2"); },
       [](auto& r) { r.seg_series.description = std::string("other"); },
       [](auto& r) { r.seg_series.number = 2; },
       [](auto& r) { r.seg_series.instance_number = 2; },
       [](auto& r) { r.seg_series.content_label = std::string("OTHER"); },
       [](auto& r) { r.seg_series.content_creator_name = std::string("Other"); }},
      Request, KeyOf);
  EXPECT_EQ(KeyOf(Request()), KeyOf(Request()));
}

TEST(DescribePrompts, SaysExactlyWhatWasAskedInOneLine) {
  Prompts prompts;
  prompts.points = {{WorldPoint{12.5, -30, 0.1}, true}, {VoxelIndex{3, 4, 5}, false}};
  prompts.boxes = {BoxPrompt{VoxelIndex{0, 0, 0}, VoxelIndex{9, 9, 9}}};
  prompts.previous_logits = {1};
  EXPECT_EQ(DescribePrompts(prompts), "+(12.5,-30,0.1)mm -(3,4,5)voxel box (0,0,0)-(9,9,9)voxel logits");
  prompts.boxes.push_back({WorldPoint{0, 0, 0}, WorldPoint{1, 1, 1}, /*positive=*/false});
  prompts.lines = {{VoxelIndex{1, 2, 3}, VoxelIndex{4, 5, 6}}};
  prompts.scribbles = {{{{0, 5, 1, 1}, {3, 4, 2, 2}}}, {{{0, 5, 1, 1}}, /*positive=*/false}};
  EXPECT_THAT(DescribePrompts(prompts),
              ::testing::EndsWith(
                  "voxel -box (0,0,0)-(1,1,1)mm line (1,2,3)-(4,5,6)voxel scribble of 6 -scribble of 5 "
                  "logits"));
  prompts.previous_patch = PatchPosition{{1.5, -2, 3}, 0.6};
  EXPECT_THAT(DescribePrompts(prompts), ::testing::EndsWith(" logits at (1.5,-2,3)mm of 0.6mm"));
}

}  // namespace
}  // namespace sgpsam
