#include "tests/bench/model_kernels.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <c10/core/InferenceMode.h>

#include <optional>
#include <utility>
#include <vector>

#include "core/base/status_macros.h"
#include "core/model/load_weights.h"
#include "core/model/packed_weight.h"
#include "core/model_file/check_tensors.h"
#include "core/model_file/seeded_weights.h"
#include "core/torch/torch_guard.h"
#include "tests/oracle/bare_gemms.h"
#include "tests/oracle/padded_encoder.h"
#include "tests/oracle/plain_decoder.h"

namespace sgpsam {
namespace {

constexpr float kBelowAllScores = -1, kAboveAllScores = 2;  // scores are means of sigmoids

// A click in the middle of the patch and two next to it.
std::vector<Click> SomeClicks(int64_t side) {
  const int64_t half = side / 2, eighth = side / 8;
  const float middle = static_cast<float>(half), step = static_cast<float>(eighth);
  return {{middle, middle, middle, true},
          {middle + step, middle, middle, false},
          {middle, middle - step, middle, true}};
}

at::Tensor View(const std::vector<float>& values, at::IntArrayRef shape) {
  return at::from_blob(const_cast<float*>(values.data()), shape, at::kFloat);  // read only
}

// The same values in every channel.
std::vector<float> PatchValues(const ModelConfig& config) {
  const std::vector<float> one = SeededPatch(1, config.patch);
  std::vector<float> all;
  for (int channel = 0; channel < config.patch_channels(); ++channel) {
    all.insert(all.end(), one.begin(), one.end());
  }
  return all;
}

}  // namespace

struct ModelKernels::State {
  State(const TensorFile& model, const ModelConfig& config)
      : shapes(EncodeGemmShapes(config)),
        padded_encoder(model, config),
        plain_decoder(model, config),
        gemms(shapes),
        encoder(AssembleSgpSam(TensorsOf(model), config, at::kCPU, Precision::kFloat32).image_encoder),
        patch{PatchValues(config)} {
    input.clicks = SomeClicks(config.patch);
  }
  at::Tensor PatchTensor() const {
    const int64_t side = encoder.config.patch;
    return View(patch.values, {1, encoder.config.patch_channels(), side, side, side});
  }

  std::unique_ptr<TorchEngine> engine;
  std::unique_ptr<TorchEngine> launching;  // the same without graphs; null where there are none
  const std::vector<GemmShape> shapes;
  const PaddedEncoder padded_encoder;
  const PlainDecoder plain_decoder;
  BareGemms gemms;
  ImageEncoder encoder;                  // float32
  std::optional<ImageEncoder> unpacked;  // as the engine's, but for its weights; none if it packs none
  const Patch patch;
  DecodeInput input;
};

ModelKernels::ModelKernels(std::unique_ptr<State> state) : state_(std::move(state)) {}
ModelKernels::~ModelKernels() = default;

absl::StatusOr<std::unique_ptr<ModelKernels>> ModelKernels::Create(const TensorFile& model,
                                                                   const TorchEngineOptions& options) {
  ASSIGN_OR_RETURN(const ModelConfig config, ReadModelConfig(model));
  RETURN_IF_ERROR(CheckTensors(model, config));
  ASSIGN_OR_RETURN(std::unique_ptr<TorchEngine> engine, TorchEngine::Create(model, Digest(), options));
  std::unique_ptr<State> state;
  RETURN_IF_ERROR(GuardTorch([&] {
    state = std::make_unique<State>(model, config);
    PackWeights(state->encoder);
    if (engine->info().device != "cpu") return absl::OkStatus();
    const Precision precision =
        engine->info().precision == "bf16" ? Precision::kBfloat16 : Precision::kFloat32;
    ImageEncoder unpacked = AssembleSgpSam(TensorsOf(model), config, at::kCPU, precision).image_encoder;
    const at::Tensor& weight = unpacked.patch_embed.weight;
    if (IsPacked(PackWeight(weight, weight.size(0)))) state->unpacked = std::move(unpacked);
    return absl::OkStatus();
  }));
  state->engine = std::move(engine);
  if (state->engine->info().device != "cpu") {
    TorchEngineOptions launching = options;
    launching.cuda_graphs = false;
    ASSIGN_OR_RETURN(state->launching, TorchEngine::Create(model, Digest(), launching));
  }
  auto embeddings = state->engine->Encode({&state->patch});
  RETURN_IF_ERROR(embeddings.front().status());
  state->input.embedding = std::make_shared<const Embedding>(*std::move(embeddings.front()));
  auto masks = state->engine->Decode({&state->input});
  RETURN_IF_ERROR(masks.front().status());
  state->input.mask_logits = std::move(masks.front()->values);
  return std::unique_ptr<ModelKernels>(new ModelKernels(std::move(state)));
}

absl::Status ModelKernels::Encode(int count, Kernels kernels) {
  TorchEngine& engine = kernels == Kernels::kUsual ? *state_->engine : *state_->launching;
  const std::vector<const Patch*> patches(static_cast<size_t>(count), &state_->patch);
  return engine.Encode(patches).front().status();
}

absl::Status ModelKernels::Decode(int count, Kernels kernels) {
  TorchEngine& engine = kernels == Kernels::kUsual ? *state_->engine : *state_->launching;
  const std::vector<const DecodeInput*> inputs(static_cast<size_t>(count), &state_->input);
  return engine.Decode(inputs).front().status();
}

absl::Status ModelKernels::PaddedEncode() {
  return GuardTorch([this] {
    const c10::InferenceMode inference_mode;
    state_->padded_encoder.Encode(state_->PatchTensor());
    return absl::OkStatus();
  });
}

absl::Status ModelKernels::PlainDecode() {
  return GuardTorch([this] {
    const c10::InferenceMode inference_mode;
    const PatchSizes& sizes = info().sizes;
    const int64_t grid = sizes.embedding_side, side = sizes.logits_side;
    const DecodeInput& input = state_->input;
    state_->plain_decoder.Decode(
        View(input.embedding->values, {1, sizes.embedding_channels, grid, grid, grid}), input.clicks,
        View(input.mask_logits, {1, 1, side, side, side}), MaskOutput::kSingle);
    return absl::OkStatus();
  });
}

absl::Status ModelKernels::UnpackedEncode() {
  return GuardTorch([this] {
    const c10::InferenceMode inference_mode;
    sgpsam::Encode(*state_->unpacked, state_->PatchTensor());
    return absl::OkStatus();
  });
}

absl::Status ModelKernels::EncodeWith(Modules modules) {
  return GuardTorch([&] {
    const c10::InferenceMode inference_mode;
    ImageEncoder encoder = state_->encoder;  // shares its tensors
    for (EncoderBlock& block : encoder.blocks) {
      if (modules == Modules::kNone) block.sgpm.reset();
      if (block.sgpm) block.sgpm->threshold = modules == Modules::kOpen ? kBelowAllScores : kAboveAllScores;
    }
    sgpsam::Encode(encoder, state_->PatchTensor());
    return absl::OkStatus();
  });
}

absl::Status ModelKernels::Gates() {
  return GuardTorch([this] {
    const c10::InferenceMode inference_mode;
    const at::Tensor tokens = state_->encoder.pos_embed.unsqueeze(0);  // as many, and as wide
    for (const EncoderBlock& block : state_->encoder.blocks) {
      if (block.sgpm) ComputeGate(*block.sgpm, block.sgpm->norm(tokens)).score.item<float>();
    }
    return absl::OkStatus();
  });
}

absl::Status ModelKernels::Gemms() {
  return GuardTorch([this] {
    state_->gemms.Run();
    return absl::OkStatus();
  });
}

bool ModelKernels::has_graphs() const { return state_->launching != nullptr; }
bool ModelKernels::has_packed_weights() const { return state_->unpacked.has_value(); }
bool ModelKernels::has_modules() const { return !info().gate_blocks.empty(); }
const ModelInfo& ModelKernels::info() const { return state_->engine->info(); }
double ModelKernels::encode_gflop() const { return TotalGflop(state_->shapes); }
int ModelKernels::threads() const { return at::get_num_threads(); }

}  // namespace sgpsam
