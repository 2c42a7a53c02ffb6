// What the reference implementation computes on seeded weights (tests/golden/README.md), against what we
// compute.
#include <ATen/ATen.h>

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "core/model_file/safetensors.h"
#include "gtest/gtest.h"
#include "tests/core/model/model_fixture.h"

namespace sgpsam {
namespace {

using TensorsByName = std::map<std::string, at::Tensor>;

constexpr double kTolerance = 1e-4;     // absolute, float32 against the reference's float64
constexpr int64_t kMaxWrongVoxels = 4;  // of 128^3
constexpr double kLeastDiceBf16 = 0.995;

at::Tensor MaskBits(const at::Tensor& low_res) {
  const at::Tensor fine = at::upsample_trilinear3d(low_res, {128, 128, 128}, /*align_corners=*/false);
  const at::Tensor inside = at::sigmoid(fine).gt(0.5).view({-1, 8}).to(at::kInt);
  const at::Tensor place = at::bitwise_left_shift(at::ones({8}, at::kInt), at::arange(8, at::kInt));
  return (inside * place).sum(1).to(at::kByte);  // [128^3 / 8], least significant first
}

at::Tensor Unpack(const at::Tensor& bits) {
  const at::Tensor shifts = at::arange(8, at::kInt);
  return at::bitwise_right_shift(bits.to(at::kInt).unsqueeze(1), shifts).bitwise_and(1).to(at::kBool);
}

// Clicks accumulate; the first pass gets a mask of zeros, each further one the logits before it.
void RunClicks(const SgpSam& model, const at::Tensor& embedding, TensorsByName& out) {
  Prompt prompt;
  for (size_t n = 1; n <= 3; ++n) {
    prompt.clicks = GoldenClicks(n);
    const std::string name = absl::StrCat("click", n);
    out[name + ".sparse"] =
        EncodePoints(model.prompt_encoder, ToPoints(model.config.patch, prompt.clicks)).unsqueeze(0);
    const at::Tensor dense = prompt.mask == MaskPrompt::kLogits
                                 ? EncodeMask(model.prompt_encoder, prompt.logits.unsqueeze(0)).squeeze(0)
                                 : model.prompt_encoder.zero_mask;
    out[name + ".dense"] = dense.t().reshape({1, 384, 8, 8, 8});
    const Decoded decoded = DecodePrompts(model, {embedding}, {prompt});
    out[name + ".low_res"] = decoded.low_res;
    out[name + ".iou"] = decoded.iou;
    out[name + ".mask_bits"] = MaskBits(decoded.low_res);
    if (n == 1) {
      const Decoded multi = DecodePrompts(model, {embedding}, {prompt}, MaskOutput::kMulti);
      out["click1.multimask_low_res"] = multi.low_res;
      out["click1.multimask_iou"] = multi.iou;
    }
    prompt.mask = MaskPrompt::kLogits;
    prompt.logits = decoded.low_res[0][0];
  }
}

// Everything that the golden files have.
TensorsByName RunGolden(const SgpSam& model) {
  const c10::InferenceMode inference_mode;
  TensorsByName out;
  const Encoded encoded =
      Encode(model.image_encoder, MakePatch(1), [&](absl::string_view stage, const at::Tensor& x) {
        out[std::string(stage)] = x.to(at::kFloat).reshape({1, 8, 8, 8, -1}).clone();
      });
  out["embedding"] = encoded.embedding;
  out["dense_pe"] = model.prompt_encoder.dense_pe.t().reshape({1, 384, 8, 8, 8});
  RunClicks(model, encoded.embedding, out);
  Prompt no_mask{GoldenClicks(1), MaskPrompt::kNone, {}};
  out["nomask.dense"] = model.prompt_encoder.no_mask.t().reshape({1, 384, 8, 8, 8});
  out["nomask.low_res"] = DecodePrompts(model, {encoded.embedding, encoded.detail}, {no_mask}).low_res;
  return out;
}

const TensorsByName& Computed() {
  static const TensorsByName& tensors = *new TensorsByName(RunGolden(GoldenModel()));
  return tensors;
}

at::Tensor ToTensor(const NamedTensor& stored) {
  const auto type = stored.type == TensorType::kUint8 ? at::kByte : at::kFloat;
  return at::from_blob(const_cast<uint8_t*>(stored.bytes.data()), stored.shape, type).clone();
}

void ExpectAgrees(const std::string& name, const at::Tensor& computed, const at::Tensor& golden) {
  ASSERT_EQ(computed.numel(), golden.numel()) << name;
  if (absl::EndsWith(name, "mask_bits")) {
    EXPECT_LE(Unpack(computed).ne(Unpack(golden)).sum().item<int64_t>(), kMaxWrongVoxels) << name;
  } else {
    EXPECT_LE(MaxDifference(computed.flatten(), golden.flatten()), kTolerance) << name;
  }
}

// A golden tensor, or every Nth value of one under the name "NAME#N".
void ExpectFileAgrees(const std::string& path) {
  const absl::StatusOr<TensorFile> golden = ReadSafetensorsFile(path);
  ASSERT_TRUE(golden.ok()) << golden.status();
  EXPECT_GE(golden->tensors.size(), 24u);
  for (const auto& [stored_name, tensor] : golden->tensors) {
    const std::vector<std::string> parts = absl::StrSplit(stored_name, '#');
    const auto computed = Computed().find(parts[0]);
    ASSERT_NE(computed, Computed().end()) << parts[0];
    const int64_t stride = parts.size() == 1 ? 1 : std::stoll(parts[1]);
    ExpectAgrees(stored_name, computed->second.flatten().slice(0, 0, std::nullopt, stride), ToTensor(tensor));
  }
}

TEST(GoldenModel, EqualsTheReference) {
  ExpectFileAgrees(absl::StrCat(SGPSAM_SOURCE_DIR, "/tests/golden/seed1_small.safetensors"));
}

TEST(GoldenModel, EqualsTheReferenceOnEveryValue) {
  const std::string path = absl::StrCat(SGPSAM_SHARED_DIR, "/golden/seed1.safetensors");
  if (!std::filesystem::exists(path)) GTEST_SKIP() << "the full golden file is not here";
  ExpectFileAgrees(path);
}

double Dice(const at::Tensor& bits, const at::Tensor& golden_bits) {
  const at::Tensor a = Unpack(bits), b = Unpack(golden_bits);
  return 2.0 * a.logical_and(b).sum().item<double>() / (a.sum() + b.sum()).item<double>();
}

TEST(GoldenModel, KeepsItsMasksInBfloat16) {
  const TensorsByName bf16 = RunGolden(MustLoad(GoldenWeights(), PlainConfig(), Precision::kBfloat16));
  for (const char* click : {"click1", "click2", "click3"}) {
    const std::string name = absl::StrCat(click, ".mask_bits");
    EXPECT_GE(Dice(bf16.at(name), Computed().at(name)), kLeastDiceBf16) << name;
  }
}

}  // namespace
}  // namespace sgpsam
