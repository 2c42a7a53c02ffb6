#include "core/torch/torch_engine.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <c10/core/InferenceMode.h>

#include <bit>
#include <cstdint>
#include <map>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "core/base/file_io.h"
#include "core/base/for_each_processor.h"
#include "core/base/status_macros.h"
#include "core/model/load_weights.h"
#include "core/model/sgp_sam.h"
#include "core/model_file/check_tensors.h"
#include "core/model_file/model_file.h"
#include "core/torch/torch_device.h"
#include "core/torch/torch_graphed_function.h"
#include "core/torch/torch_guard.h"
#include "core/torch/torch_self_test.h"

namespace sgpsam {

// The contract's limit on the clicks of one target; more would only make the attention over them slow.

struct TorchEngine::State {
  ModelInfo info;
  SgpSam model;
  std::unique_ptr<GraphedFunction> encode, decode;
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
  info.coarsest_spacing_mm = config.coarsest_spacing_mm;
  info.predicts_iou = config.predicts_iou;
  info.calibration = config.calibration;
  info.grid_origin = config.grid_origin;
  info.intensities = config.intensities;
  info.box_corner_embeddings = config.point_embeddings - 2;
  return info;
}

// On a CUDA device, encoding takes no longer than a plain loop over the patch.
SGPSAM_FOR_EACH_PROCESSOR
bool AllFinite(absl::Span<const float> values) {
  constexpr uint32_t kExponent = 0x7f800000;  // all ones in infinities and NaN
  uint32_t wrong = 0;
  for (const float value : values) {
    wrong |= static_cast<uint32_t>((std::bit_cast<uint32_t>(value) & kExponent) == kExponent);
  }
  return wrong == 0;
}

// A view of foreign floats; the caller copies it before they go.
at::Tensor View(const std::vector<float>& values, at::IntArrayRef shape) {
  return at::from_blob(const_cast<float*>(values.data()), shape, at::kFloat);
}

// Row `b` of a float32 tensor on the processor.
std::vector<float> RowToVector(const at::Tensor& rows, size_t b) {
  const at::Tensor row = rows[static_cast<int64_t>(b)].contiguous();
  const float* first = row.const_data_ptr<float>();
  return std::vector<float>(first, first + row.numel());
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
  const size_t most = on_processor ? 1 : TorchEngine::kMaxBatch;
  std::vector<Indices> batches;
  for (const size_t index : valid) {
    if (batches.empty() || batches.back().size() == most) batches.emplace_back();
    batches.back().push_back(index);
  }
  return batches;
}

// {patches [B, channels, p, p, p]} -> {what Embedding holds [B, embedding_floats], gate scores [B, modules]}
GraphedFunction::Tensors RunEncoder(const SgpSam& model, const GraphedFunction::Tensors& inputs) {
  const Encoded encoded = Encode(model.image_encoder, inputs[0]);
  at::Tensor values = encoded.embedding.flatten(1);
  if (encoded.detail.defined()) values = at::cat({values, encoded.detail.flatten(1)}, 1);
  return {values, encoded.gate_scores};
}

// As Embedding holds them, [B, embedding_floats].
ImageFeatures ToFeatures(const at::Tensor& values, const PatchSizes& sizes) {
  const int64_t grid = sizes.embedding_side, side = sizes.logits_side, tokens = sizes.token_floats();
  ImageFeatures features = {
      values.narrow(1, 0, tokens).reshape({-1, sizes.embedding_channels, grid, grid, grid})};
  if (sizes.detail_channels > 0) {
    features.detail = values.narrow(1, tokens, sizes.embedding_floats() - tokens)
                          .reshape({-1, sizes.detail_channels, side, side, side});
  }
  return features;
}

// {embeddings [B, embedding_floats], coordinates [B, T, 3], labels [B, T]; previous logits [B, 4g, 4g, 4g] or
// nothing} -> {logits [B, 1, 4g, 4g, 4g], IoU [B, 1]}
GraphedFunction::Tensors RunDecoder(const SgpSam& model, const GraphedFunction::Tensors& inputs) {
  EncodedPrompts prompts = {{inputs[1], inputs[2]}, model.prompt_encoder.zero_mask, {}};
  if (inputs.size() > 3) {
    prompts.masks = EncodeMask(model.prompt_encoder, inputs[3]);
    prompts.logits = inputs[3];
  }
  const Decoded decoded = DecodeEncoded(model, ToFeatures(inputs[0], model.config.sizes()), prompts);
  return {decoded.low_res, decoded.iou};
}

std::vector<Embedding> EncodeBatch(GraphedFunction& encode, const PatchSizes& sizes,
                                   absl::Span<const Patch* const> patches, const Indices& batch) {
  const int64_t count = static_cast<int64_t>(batch.size()), side = sizes.patch;
  std::vector<at::Tensor> rows;
  const int64_t channels = sizes.patch_channels;
  for (const size_t n : batch) rows.push_back(View(patches[n]->values, {channels, side, side, side}));
  at::Tensor staged = encode.Stage(0, {count, channels, side, side, side});
  const GraphedFunction::Tensors encoded = encode({at::stack_out(staged, rows)});
  std::vector<Embedding> embeddings(batch.size());
  for (size_t b = 0; b < batch.size(); ++b) {
    embeddings[b] = {RowToVector(encoded[0], b), RowToVector(encoded[1], b)};
  }
  return embeddings;
}

// Inputs of equally many tokens, all with previous logits or all without.
std::vector<MaskLogits> DecodeBatch(GraphedFunction& decode, const PatchSizes& sizes,
                                    absl::Span<const DecodeInput* const> inputs, const Indices& batch) {
  const int64_t count = static_cast<int64_t>(batch.size()), side = sizes.logits_side;
  std::vector<at::Tensor> embeddings, coordinates, labels, logits;
  for (const size_t n : batch) {
    const DecodeInput& input = *inputs[n];
    const Points points = ToPoints(static_cast<int>(sizes.patch), input.clicks, input.box);
    embeddings.push_back(View(input.embedding->values, {sizes.embedding_floats()}));
    coordinates.push_back(points.coordinates);
    labels.push_back(points.labels);
    if (!input.mask_logits.empty()) logits.push_back(View(input.mask_logits, {side, side, side}));
  }
  const int64_t tokens = labels[0].size(0);
  GraphedFunction::Tensors staged = {decode.Stage(0, {count, sizes.embedding_floats()}),
                                     decode.Stage(1, {count, tokens, 3}),
                                     decode.Stage(2, {count, tokens}, at::kLong)};
  at::stack_out(staged[0], embeddings);
  at::stack_out(staged[1], coordinates);
  at::stack_out(staged[2], labels);
  if (!logits.empty()) {
    staged.push_back(decode.Stage(3, {count, side, side, side}));
    at::stack_out(staged[3], logits);
  }
  const GraphedFunction::Tensors decoded = decode(staged);
  std::vector<MaskLogits> masks(batch.size());
  for (size_t b = 0; b < batch.size(); ++b) {
    masks[b] = {RowToVector(decoded[0], b), RowToVector(decoded[1], b)[0]};
  }
  return masks;
}

// Runs one batch and hands its results, or its one error, to its inputs.
template <typename Result, typename Run>
void RunBatch(const Indices& batch, Run run, std::vector<absl::StatusOr<Result>>& results) {
  absl::StatusOr<std::vector<Result>> outputs = GuardTorch([&]() -> absl::StatusOr<std::vector<Result>> {
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

// `count` encodes at once, and as many decodes with and without a mask prompt.
absl::Status RunPaths(TorchEngine& engine, size_t count, size_t clicks) {
  const PatchSizes& sizes = engine.info().sizes;
  Patch patch;
  patch.values.assign(static_cast<size_t>(sizes.patch_floats()), 0.5f);
  auto embeddings = engine.Encode(std::vector<const Patch*>(count, &patch));
  RETURN_IF_ERROR(embeddings[0].status());
  DecodeInput input;
  input.embedding = std::make_shared<const Embedding>(*std::move(embeddings[0]));
  input.clicks.assign(clicks, {0, 0, 0, true});
  if (clicks == kMaxClicks && engine.info().box_corner_embeddings == 2) input.box.emplace();
  const std::vector<const DecodeInput*> inputs(count, &input);
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
  if (options.self_test != "off") {
    ASSIGN_OR_RETURN(TestedEngine tested, CreateTestedEngine(file, weights_digest, options));
    tested.engine->state_->info.self_test = std::move(tested.report);
    return std::move(tested.engine);
  }
  ASSIGN_OR_RETURN(const ModelConfig config, ReadModelConfig(file));
  auto state = std::make_unique<State>();
  RETURN_IF_ERROR(GuardTorch([&]() -> absl::Status {
    if (options.threads > 0) at::set_num_threads(options.threads);
    ASSIGN_OR_RETURN(const at::Device device, ChooseDevice(options.device));
    ASSIGN_OR_RETURN(const Precision precision, ChoosePrecision(options.precision, device));
    ChooseConvolutions(device, precision);
    ASSIGN_OR_RETURN(state->model, LoadSgpSam(file, config, device, precision, options.packed_weights));
    state->info = DescribeModel(config, weights_digest, device, precision);
    using Tensors = GraphedFunction::Tensors;
    const SgpSam* model = &state->model;
    state->encode = std::make_unique<GraphedFunction>(
        device, [model](const Tensors& inputs) { return RunEncoder(*model, inputs); }, options.cuda_graphs);
    state->decode = std::make_unique<GraphedFunction>(
        device, [model](const Tensors& inputs) { return RunDecoder(*model, inputs); }, options.cuda_graphs);
    return absl::OkStatus();
  }));
  std::unique_ptr<TorchEngine> engine(new TorchEngine(std::move(state)));
  if (options.warm_up) RETURN_IF_ERROR(engine->WarmUp());
  return engine;
}

absl::Status TorchEngine::PackWeights() {
  return GuardTorch([this] {
    const c10::InferenceMode inference_mode;
    sgpsam::PackWeights(state_->model.image_encoder);
    return absl::OkStatus();
  });
}

// Libraries choose and build their kernels on first use, and graphs are recorded. The largest first, because
// it takes the memory that all use; a device that has too little for it serves smaller batches.
absl::Status TorchEngine::WarmUp() {
  if (info().device == "cpu") return RunPaths(*this, 1, 1);
  absl::Status status = RunPaths(*this, kMaxBatch, kMaxClicks);
  for (size_t count = kMaxBatch; count > 0; --count) {
    if (!status.ok() && !absl::IsResourceExhausted(status)) break;
    status = RunPaths(*this, count, 1);
  }
  return status;
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
        batch, [&](const Indices& b) { return EncodeBatch(*state_->encode, info().sizes, patches, b); },
        results);
  }
  return results;
}

std::vector<absl::StatusOr<MaskLogits>> TorchEngine::Decode(absl::Span<const DecodeInput* const> inputs) {
  std::vector<absl::StatusOr<MaskLogits>> results(inputs.size());
  std::map<std::pair<size_t, bool>, Indices> alike;  // so that none of a batch needs padding
  for (size_t n = 0; n < inputs.size(); ++n) {
    if (absl::Status status = CheckDecodeInput(*inputs[n], info()); status.ok()) {
      alike[{PromptTokens(*inputs[n]), inputs[n]->mask_logits.empty()}].push_back(n);
    } else {
      results[n] = std::move(status);
    }
  }
  for (const auto& [kind, valid] : alike) {
    for (const Indices& batch : SplitIntoBatches(valid, state_->model.device().is_cpu())) {
      RunBatch(
          batch, [&](const Indices& b) { return DecodeBatch(*state_->decode, info().sizes, inputs, b); },
          results);
    }
  }
  return results;
}

}  // namespace sgpsam
