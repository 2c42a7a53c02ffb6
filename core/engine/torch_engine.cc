#include "core/engine/torch_engine.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <c10/core/InferenceMode.h>

#include <cmath>
#include <cstring>
#include <map>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "core/base/file_io.h"
#include "core/base/status_macros.h"
#include "core/engine/torch_device.h"
#include "core/engine/torch_guard.h"
#include "core/model/check_tensors.h"
#include "core/model/load_weights.h"
#include "core/model/model_file.h"
#include "core/model/sgp_sam.h"

namespace sgpsam {

// The contract's limit on the clicks of one target; more would only make the attention over them slow.
constexpr size_t kMaxClicks = 64;
// A batch of patches holds 12 MB of attention logits each in flight on the device.
constexpr size_t kMaxDeviceBatch = 32;

struct TorchEngine::State {
  ModelInfo info;
  SgpSam model;
};

namespace {

using Indices = std::vector<size_t>;

ModelInfo DescribeModel(const ModelConfig& config, const Digest& digest, at::Device device,
                        Precision precision) {
  ModelInfo info;
  info.name = config.name;
  info.version = config.version;
  info.weights_digest = digest;
  info.sizes = config.sizes();
  info.precision = precision == Precision::kBfloat16 ? "bf16" : "fp32";
  info.device = device.str();
  info.gate_blocks = config.sgpm.blocks;
  info.gate_threshold = config.sgpm.threshold;
  info.first_spacing_mm = config.first_spacing_mm;
  info.finest_spacing_mm = config.finest_spacing_mm;
  info.box_corner_embeddings = config.point_embeddings - 2;
  return info;
}

bool AllFinite(absl::Span<const float> values) {
  float sum = 0;  // anything not finite stays so when multiplied by zero and added
  for (const float value : values) sum += value * 0;
  return sum == 0;
}

// A view of foreign floats; the caller copies it before they go.
at::Tensor View(const std::vector<float>& values, at::IntArrayRef shape) {
  return at::from_blob(const_cast<float*>(values.data()), shape, at::kFloat);
}

std::vector<float> ToVector(const at::Tensor& tensor) {
  const at::Tensor here = tensor.to(at::kCPU, at::kFloat).contiguous();
  const float* first = here.const_data_ptr<float>();
  return std::vector<float>(first, first + here.numel());
}

absl::Status CheckPatch(const Patch& patch, const PatchSizes& sizes) {
  if (patch.values.size() != static_cast<size_t>(sizes.patch_floats())) {
    return absl::InvalidArgumentError(
        absl::StrCat("a patch has ", patch.values.size(), " values instead of ", sizes.patch_floats()));
  }
  if (!AllFinite(patch.values)) return absl::InvalidArgumentError("a patch has values that are not finite");
  return absl::OkStatus();
}

absl::Status CheckClicks(const DecodeInput& input, const PatchSizes& sizes) {
  if ((input.clicks.empty() && !input.box) || input.clicks.size() > kMaxClicks) {
    return absl::InvalidArgumentError(absl::StrCat("a decode needs 1 to ", kMaxClicks, " clicks, or a box"));
  }
  const float last = static_cast<float>(sizes.patch - 1);
  for (const Click& click : input.clicks) {
    for (const float index : {click.i, click.j, click.k}) {
      if (!(index >= 0 && index <= last)) return absl::InvalidArgumentError("a click lies outside the patch");
    }
  }
  return absl::OkStatus();
}

absl::Status CheckBox(const std::optional<BoxCorners>& box, const ModelInfo& info) {
  if (!box) return absl::OkStatus();
  if (info.box_corner_embeddings != 2) {
    return absl::InvalidArgumentError(
        "this model has no embeddings for a box's corners; give clicks instead");
  }
  const float last = static_cast<float>(info.sizes.patch - 1);
  for (size_t axis = 0; axis < 3; ++axis) {
    const float low = box->low[axis], high = box->high[axis];
    if (!(low >= 0 && low <= high && high <= last)) {
      return absl::InvalidArgumentError("a box lies outside the patch, or its corners are not in order");
    }
  }
  return absl::OkStatus();
}

absl::Status CheckDecodeInput(const DecodeInput& input, const ModelInfo& info) {
  const PatchSizes& sizes = info.sizes;
  RETURN_IF_ERROR(CheckClicks(input, sizes));
  RETURN_IF_ERROR(CheckBox(input.box, info));
  if (input.embedding == nullptr ||
      input.embedding->values.size() != static_cast<size_t>(sizes.embedding_floats())) {
    return absl::InvalidArgumentError("the embedding is not one of this model");
  }
  const size_t logits = input.mask_logits.size();
  if (logits != 0 && logits != static_cast<size_t>(sizes.logits_floats())) {
    return absl::InvalidArgumentError(
        absl::StrCat("previous logits have ", logits, " values instead of ", sizes.logits_floats()));
  }
  if (!AllFinite(input.embedding->values) || !AllFinite(input.mask_logits)) {
    return absl::InvalidArgumentError("the embedding or the previous logits have values that are not finite");
  }
  return absl::OkStatus();
}

// Clicks, and the corners of a box or else one token more (prompt_encoder.h).
size_t PromptTokens(const DecodeInput& input) { return input.clicks.size() + (input.box ? 2 : 1); }

// Splits what is valid into batches. On a processor each input is a batch of its own: results are then the
// same bits whatever the companions, and a second patch costs what the first did.
std::vector<Indices> SplitIntoBatches(const Indices& valid, bool on_processor) {
  const size_t most = on_processor ? 1 : kMaxDeviceBatch;
  std::vector<Indices> batches;
  for (const size_t index : valid) {
    if (batches.empty() || batches.back().size() == most) batches.emplace_back();
    batches.back().push_back(index);
  }
  return batches;
}

// As Embedding wants them: the tokens of patch `b`, then its detail map.
std::vector<float> ToVector(const Encoded& encoded, int64_t b) {
  std::vector<float> values = ToVector(encoded.embedding[b]);
  if (!encoded.detail.defined()) return values;
  const std::vector<float> detail = ToVector(encoded.detail[b]);
  values.insert(values.end(), detail.begin(), detail.end());
  return values;
}

// And back, as one batch.
ImageFeatures ToFeatures(absl::Span<const DecodeInput* const> inputs, const Indices& batch,
                         const ModelConfig& config, at::Device device) {
  const PatchSizes sizes = config.sizes();
  const int64_t grid = sizes.embedding_side, side = sizes.logits_side, tokens = sizes.token_floats();
  std::vector<at::Tensor> rows;
  for (const size_t n : batch) rows.push_back(View(inputs[n]->embedding->values, {sizes.embedding_floats()}));
  const at::Tensor all = at::stack(rows).to(device);
  ImageFeatures features = {
      all.narrow(1, 0, tokens).reshape({-1, sizes.embedding_channels, grid, grid, grid})};
  if (sizes.detail_channels > 0) {
    features.detail = all.narrow(1, tokens, sizes.embedding_floats() - tokens)
                          .reshape({-1, sizes.detail_channels, side, side, side});
  }
  return features;
}

absl::StatusOr<std::vector<Embedding>> EncodeBatch(const SgpSam& model,
                                                   absl::Span<const Patch* const> patches,
                                                   const Indices& batch) {
  const int64_t side = model.config.patch;
  std::vector<at::Tensor> inputs;
  for (const size_t n : batch) inputs.push_back(View(patches[n]->values, {1, side, side, side}));
  const Encoded encoded = Encode(model.image_encoder, at::stack(inputs).to(model.device()));
  std::vector<Embedding> embeddings(batch.size());
  for (size_t b = 0; b < batch.size(); ++b) {
    embeddings[b].values = ToVector(encoded, static_cast<int64_t>(b));
    embeddings[b].gate_scores = ToVector(encoded.gate_scores[static_cast<int64_t>(b)]);
  }
  return embeddings;
}

absl::StatusOr<std::vector<MaskLogits>> DecodeBatch(const SgpSam& model,
                                                    absl::Span<const DecodeInput* const> inputs,
                                                    const Indices& batch) {
  const int64_t side = model.config.sizes().logits_side;
  std::vector<Prompt> prompts(batch.size());
  for (size_t b = 0; b < batch.size(); ++b) {
    const DecodeInput& input = *inputs[batch[b]];
    prompts[b].clicks = input.clicks;
    prompts[b].box = input.box;
    if (input.mask_logits.empty()) continue;
    prompts[b].mask = MaskPrompt::kLogits;
    prompts[b].logits = View(input.mask_logits, {side, side, side}).to(model.device());
  }
  const Decoded decoded =
      DecodePrompts(model, ToFeatures(inputs, batch, model.config, model.device()), prompts);
  std::vector<MaskLogits> logits(batch.size());
  for (size_t b = 0; b < batch.size(); ++b) {
    logits[b].values = ToVector(decoded.low_res[static_cast<int64_t>(b)]);
    logits[b].iou_prediction = decoded.iou[static_cast<int64_t>(b)][0].item<float>();
  }
  return logits;
}

// Runs one batch and hands its results, or its one error, to its inputs.
template <typename Result, typename Run>
void RunBatch(const Indices& batch, Run run, std::vector<absl::StatusOr<Result>>& results) {
  absl::StatusOr<std::vector<Result>> outputs = GuardTorch([&] {
    const c10::InferenceMode inference_mode;
    return run(batch);
  });
  for (size_t b = 0; b < batch.size(); ++b) {
    if (outputs.ok()) {
      results[batch[b]] = std::move((*outputs)[b]);
    } else {
      results[batch[b]] = outputs.status();
    }
  }
}

// One encode and one decode with and without a mask prompt: the libraries choose and build their kernels on
// first use.
absl::Status WarmUp(TorchEngine& engine) {
  const PatchSizes& sizes = engine.info().sizes;
  Patch patch;
  patch.values.assign(static_cast<size_t>(sizes.patch_floats()), 0.5f);
  const Patch* const patches[] = {&patch};
  auto embeddings = engine.Encode(patches);
  RETURN_IF_ERROR(embeddings[0].status());
  DecodeInput input;
  input.embedding = std::make_shared<const Embedding>(*std::move(embeddings[0]));
  input.clicks = {{0, 0, 0, true}};
  const DecodeInput* const inputs[] = {&input};
  auto logits = engine.Decode(inputs);
  RETURN_IF_ERROR(logits[0].status());
  input.mask_logits = std::move(logits[0]->values);
  return engine.Decode(inputs)[0].status();
}

}  // namespace

absl::StatusOr<std::unique_ptr<TorchEngine>> TorchEngine::Create(const std::string& model_path,
                                                                 const TorchEngineOptions& options) {
  ASSIGN_OR_RETURN(const Digest digest, DigestOfFile(model_path));
  ASSIGN_OR_RETURN(const TensorFile file, ReadModelFile(model_path));
  return Create(file, digest, options);
}

absl::StatusOr<std::unique_ptr<TorchEngine>> TorchEngine::Create(const TensorFile& file,
                                                                 const Digest& weights_digest,
                                                                 const TorchEngineOptions& options) {
  ASSIGN_OR_RETURN(const ModelConfig config, ReadModelConfig(file));
  auto state = std::make_unique<State>();
  RETURN_IF_ERROR(GuardTorch([&]() -> absl::Status {
    if (options.threads > 0) at::set_num_threads(options.threads);
    ASSIGN_OR_RETURN(const at::Device device, ChooseDevice(options.device));
    ASSIGN_OR_RETURN(const Precision precision, ChoosePrecision(options.precision, device));
    ASSIGN_OR_RETURN(state->model, LoadSgpSam(file, config, device, precision));
    state->info = DescribeModel(config, weights_digest, device, precision);
    return absl::OkStatus();
  }));
  std::unique_ptr<TorchEngine> engine(new TorchEngine(std::move(state)));
  if (options.warm_up) RETURN_IF_ERROR(WarmUp(*engine));
  return engine;
}

TorchEngine::TorchEngine(std::unique_ptr<State> state) : state_(std::move(state)) {}
TorchEngine::~TorchEngine() = default;

const ModelInfo& TorchEngine::info() const { return state_->info; }
const ModelConfig& TorchEngine::config() const { return state_->model.config; }

std::vector<absl::StatusOr<Embedding>> TorchEngine::Encode(absl::Span<const Patch* const> patches) {
  std::vector<absl::StatusOr<Embedding>> results(patches.size());
  Indices valid;
  for (size_t n = 0; n < patches.size(); ++n) {
    if (absl::Status status = CheckPatch(*patches[n], info().sizes); status.ok()) {
      valid.push_back(n);
    } else {
      results[n] = std::move(status);
    }
  }
  for (const Indices& batch : SplitIntoBatches(valid, state_->model.device().is_cpu())) {
    RunBatch(
        batch, [&](const Indices& b) { return EncodeBatch(state_->model, patches, b); }, results);
  }
  return results;
}

std::vector<absl::StatusOr<MaskLogits>> TorchEngine::Decode(absl::Span<const DecodeInput* const> inputs) {
  std::vector<absl::StatusOr<MaskLogits>> results(inputs.size());
  std::map<size_t, Indices> by_tokens;  // a batch has equally many, so that none needs padding
  for (size_t n = 0; n < inputs.size(); ++n) {
    if (absl::Status status = CheckDecodeInput(*inputs[n], info()); status.ok()) {
      by_tokens[PromptTokens(*inputs[n])].push_back(n);
    } else {
      results[n] = std::move(status);
    }
  }
  for (const auto& [tokens, valid] : by_tokens) {
    for (const Indices& batch : SplitIntoBatches(valid, state_->model.device().is_cpu())) {
      RunBatch(
          batch, [&](const Indices& b) { return DecodeBatch(state_->model, inputs, b); }, results);
    }
  }
  return results;
}

}  // namespace sgpsam
