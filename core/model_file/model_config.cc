#include "core/model_file/model_config.h"

#include <charconv>
#include <cmath>
#include <limits>
#include <set>

#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "core/base/strict_json.h"
#include "nlohmann/json.hpp"

namespace sgpsam {
namespace {

using nlohmann::json;

// A size of the model: its JSON name, its member, and the range in which the arithmetic of this
// project neither overflows nor asks for absurd memory.
template <typename Config>
struct IntField {
  const char* name;
  int Config::*member;
  int min, max;
};

constexpr IntField<ModelConfig> kFields[] = {
    {"patch", &ModelConfig::patch, 8, 512},
    {"token", &ModelConfig::token, 1, 64},
    {"embed_dim", &ModelConfig::embed_dim, 1, 4096},
    {"depth", &ModelConfig::depth, 1, 64},
    {"heads", &ModelConfig::heads, 1, 64},
    {"mlp_dim", &ModelConfig::mlp_dim, 1, 16384},
    {"window", &ModelConfig::window, 1, 64},
    {"out_channels", &ModelConfig::out_channels, 24, 4096},
    {"decoder_depth", &ModelConfig::decoder_depth, 1, 16},
    {"decoder_heads", &ModelConfig::decoder_heads, 1, 64},
    {"decoder_mlp_dim", &ModelConfig::decoder_mlp_dim, 1, 16384},
    {"attention_downsample", &ModelConfig::attention_downsample, 1, 16},
    {"multimask_outputs", &ModelConfig::multimask_outputs, 1, 16},
    {"iou_hidden", &ModelConfig::iou_hidden, 1, 4096},
    {"mask_prompt_channels", &ModelConfig::mask_prompt_channels, 4, 256},
    {"point_embeddings", &ModelConfig::point_embeddings, 2, 4},
};
constexpr IntField<SgpmConfig> kSgpmFields[] = {
    {"rank", &SgpmConfig::rank, 1, 4096},
    {"gate_hidden", &SgpmConfig::gate_hidden, 1, 4096},
};
constexpr IntField<ModelConfig> kRefinerField = {"refiner_channels", &ModelConfig::refiner_channels, 0, 64};
constexpr IntField<SgpmConfig> kDetailField = {"detail_channels", &SgpmConfig::detail_channels, 0, 64};
constexpr float kMostInputLimit = 1e6f;
constexpr double kLeastSpacingMm = 0.25, kMostSpacingMm = 3;  // what a request can name
constexpr size_t kMaxScalings = 16, kMaxWindows = 8;
constexpr size_t kMaxModalityLength = 16;  // of a value of representation CS
constexpr char kOriginVolume[] = "volume", kOriginFocus[] = "focus";
constexpr int kMaxGrid = 16;  // attention tables grow with its sixth power
constexpr size_t kMaxNameLength = 128;
constexpr size_t kMaxJsonBytes = 64 << 10;

absl::Status Invalid(absl::string_view field, absl::string_view reason) {
  return absl::InvalidArgumentError(absl::StrCat("model configuration, field \"", field, "\": ", reason));
}

template <typename Config>
absl::Status CheckRange(const Config& config, const IntField<Config>& field) {
  const int value = config.*field.member;
  if (value >= field.min && value <= field.max) return absl::OkStatus();
  return Invalid(field.name, absl::StrCat(value, " is not in ", field.min, "..", field.max));
}

absl::Status CheckMultiple(absl::string_view field, int value, int of, absl::string_view of_name) {
  if (value % of == 0) return absl::OkStatus();
  return Invalid(field, absl::StrCat(value, " is no multiple of ", of_name, " (", of, ")"));
}

// Blocks are numbered in the encoder and listed ascending, each once.
absl::Status CheckBlocks(absl::string_view field, const std::vector<int>& blocks, int depth) {
  int previous = -1;
  for (const int block : blocks) {
    if (block <= previous || block >= depth) {
      return Invalid(field, absl::StrCat("must be ascending numbers of blocks, 0..", depth - 1));
    }
    previous = block;
  }
  return absl::OkStatus();
}

absl::Status CheckText(absl::string_view field, const std::string& text) {
  if (text.empty() || text.size() > kMaxNameLength) {
    return Invalid(field, absl::StrCat("must have 1..", kMaxNameLength, " characters"));
  }
  for (const char c : text) {
    if (c < ' ' || c > '~') return Invalid(field, "must be printable ASCII");
  }
  return absl::OkStatus();
}

absl::Status CheckConsistency(const ModelConfig& c) {
  RETURN_IF_ERROR(CheckMultiple("patch", c.patch, c.token, "token"));
  RETURN_IF_ERROR(CheckMultiple("token", c.token, 4, "the cells of the mask's logits in a token"));
  RETURN_IF_ERROR(CheckMultiple("embed_dim", c.embed_dim, c.heads, "heads"));
  RETURN_IF_ERROR(CheckMultiple("out_channels", c.out_channels, 24,
                                "3 coordinates and the 8-fold narrowing of the mask decoder"));
  RETURN_IF_ERROR(CheckMultiple("out_channels", c.out_channels, c.attention_downsample * c.decoder_heads,
                                "attention_downsample * decoder_heads"));
  RETURN_IF_ERROR(CheckMultiple("mask_prompt_channels", c.mask_prompt_channels, 4, "its own narrowing"));
  if (c.grid() > kMaxGrid) return Invalid("patch", absl::StrCat("more than ", kMaxGrid, " tokens on a side"));
  if (c.window < c.grid()) {
    return Invalid("window", absl::StrCat(c.window, " is smaller than the token grid (", c.grid(),
                                          "); only a single padded window is supported"));
  }
  if (c.point_embeddings == 3) return Invalid("point_embeddings", "must be 2, or 4 with box corners");
  return absl::OkStatus();
}

json SgpmToJson(const SgpmConfig& sgpm) {
  json object = {{"blocks", sgpm.blocks}, {"threshold", sgpm.threshold}, {"spatial_gate", sgpm.spatial_gate}};
  for (const auto& field : kSgpmFields) object[field.name] = sgpm.*field.member;
  // Named where it is there only: files from before the branch existed say the same without it.
  if (sgpm.detail_channels > 0) object["detail_channels"] = sgpm.detail_channels;
  return object;
}

// One without a modality, so that nothing is left without a scaling; each with equally many windows, of which
// low is below high.
absl::Status CheckIntensities(const std::vector<IntensityScaling>& scalings) {
  if (scalings.empty()) return absl::OkStatus();
  if (scalings.size() > kMaxScalings) return Invalid("intensities", absl::StrCat("more than ", kMaxScalings));
  const size_t channels = scalings.front().windows.size();
  if (channels < 1 || channels > kMaxWindows) {
    return Invalid("intensities", absl::StrCat("each must have 1..", kMaxWindows, " windows"));
  }
  std::set<std::string> modalities;
  for (const IntensityScaling& scaling : scalings) {
    if (scaling.windows.size() != channels)
      return Invalid("intensities", "all must have equally many windows");
    if (!scaling.modality.empty()) RETURN_IF_ERROR(CheckText("intensities", scaling.modality));
    if (scaling.modality.size() > kMaxModalityLength || !modalities.insert(scaling.modality).second) {
      return Invalid("intensities", "a modality is too long or given twice");
    }
    for (const IntensityWindow& window : scaling.windows) {
      if (!std::isfinite(window.low) || !std::isfinite(window.high) || !(window.low < window.high)) {
        return Invalid("intensities", "a window's low end must be below its high end, both finite");
      }
    }
  }
  if (modalities.count("") == 0) return Invalid("intensities", "one must be without a modality");
  return absl::OkStatus();
}

json IntensitiesToJson(const std::vector<IntensityScaling>& scalings) {
  json list = json::array();
  for (const IntensityScaling& scaling : scalings) {
    json windows = json::array();
    for (const IntensityWindow& window : scaling.windows) windows.push_back({window.low, window.high});
    list.push_back(
        {{"modality", scaling.modality}, {"by_deviation", scaling.by_deviation}, {"windows", windows}});
  }
  return list;
}

json CalibrationToJson(const std::vector<CalibrationPoint>& points) {
  json list = json::array();
  for (const CalibrationPoint& point : points) list.push_back({point.expected, point.dice});
  return list;
}

// Takes named fields out of a JSON object; what is left in the end is unknown.
class FieldReader {
 public:
  FieldReader(const json& object, std::string prefix) : object_(object), prefix_(std::move(prefix)) {}

  absl::StatusOr<const json*> Take(const char* name) {
    const auto found = object_.find(name);
    if (found == object_.end()) return Invalid(prefix_ + name, "is missing");
    taken_.insert(name);
    return &*found;
  }

  absl::Status TakeInt(const char* name, int* value) {
    ASSIGN_OR_RETURN(const json* field, Take(name));
    return ToInt(*field, prefix_ + name, value);
  }

  bool Has(const char* name) const { return object_.contains(name); }

  absl::Status TakeFloat(const char* name, float* value) {
    ASSIGN_OR_RETURN(const json* field, Take(name));
    if (!field->is_number()) return Invalid(prefix_ + name, "must be a number");
    *value = field->get<float>();
    return absl::OkStatus();
  }

  // Files of earlier versions kept spacings in float32 (0.6000000238418579): they read as the decimal that
  // was meant.
  absl::Status TakeSpacing(const char* name, double* value) {
    ASSIGN_OR_RETURN(const json* field, Take(name));
    if (!field->is_number()) return Invalid(prefix_ + name, "must be a number");
    *value = field->get<double>();
    if (!(std::abs(*value) <= std::numeric_limits<float>::max()))
      return absl::OkStatus();  // out of range anyhow
    const float narrow = static_cast<float>(*value);
    if (static_cast<double>(narrow) != *value) return absl::OkStatus();
    char text[32];
    const char* end = std::to_chars(text, text + sizeof(text), narrow).ptr;
    std::from_chars(text, end, *value);
    return absl::OkStatus();
  }

  absl::Status TakeBool(const char* name, bool* value) {
    ASSIGN_OR_RETURN(const json* field, Take(name));
    if (!field->is_boolean()) return Invalid(prefix_ + name, "must be true or false");
    *value = field->get<bool>();
    return absl::OkStatus();
  }

  absl::Status TakeText(const char* name, std::string* value) {
    ASSIGN_OR_RETURN(const json* field, Take(name));
    if (!field->is_string()) return Invalid(prefix_ + name, "must be a string");
    *value = field->get<std::string>();
    return absl::OkStatus();
  }

  absl::Status TakeInts(const char* name, std::vector<int>* values) {
    ASSIGN_OR_RETURN(const json* field, Take(name));
    if (!field->is_array()) return Invalid(prefix_ + name, "must be a list of integers");
    values->clear();
    for (const json& element : *field) {
      RETURN_IF_ERROR(ToInt(element, prefix_ + name, &values->emplace_back()));
    }
    return absl::OkStatus();
  }

  absl::Status NothingLeft() const {
    for (const auto& item : object_.items()) {
      if (taken_.count(item.key()) == 0) {
        return absl::InvalidArgumentError(absl::StrCat("model configuration: unknown field \"", prefix_,
                                                       item.key().substr(0, kMaxNameLength), "\""));
      }
    }
    return absl::OkStatus();
  }

 private:
  static absl::Status ToInt(const json& field, const std::string& name, int* value) {
    if (!field.is_number_integer()) return Invalid(name, "must be an integer");
    constexpr int64_t kLimit = 1 << 30;
    const bool huge = field.is_number_unsigned() && field.get<uint64_t>() > static_cast<uint64_t>(kLimit);
    if (huge || field.get<int64_t>() < -kLimit) return Invalid(name, "is out of range");
    *value = static_cast<int>(field.get<int64_t>());
    return absl::OkStatus();
  }

  const json& object_;
  const std::string prefix_;
  std::set<std::string> taken_;
};

absl::StatusOr<SgpmConfig> SgpmFromJson(const json& object) {
  if (!object.is_object()) return Invalid("sgpm", "must be an object");
  SgpmConfig sgpm;
  FieldReader reader(object, "sgpm.");
  RETURN_IF_ERROR(reader.TakeInts("blocks", &sgpm.blocks));
  for (const auto& field : kSgpmFields) RETURN_IF_ERROR(reader.TakeInt(field.name, &(sgpm.*field.member)));
  RETURN_IF_ERROR(reader.TakeFloat("threshold", &sgpm.threshold));
  RETURN_IF_ERROR(reader.TakeBool("spatial_gate", &sgpm.spatial_gate));
  if (reader.Has("detail_channels")) {
    RETURN_IF_ERROR(reader.TakeInt("detail_channels", &sgpm.detail_channels));
  }
  RETURN_IF_ERROR(reader.NothingLeft());
  return sgpm;
}

absl::StatusOr<IntensityWindow> WindowFromJson(const json& pair) {
  if (!pair.is_array() || pair.size() != 2 || !pair[0].is_number() || !pair[1].is_number()) {
    return Invalid("intensities.windows", "must be pairs of numbers");
  }
  return IntensityWindow{pair[0].get<double>(), pair[1].get<double>()};
}

absl::StatusOr<std::vector<IntensityScaling>> IntensitiesFromJson(const json& list) {
  if (!list.is_array()) return Invalid("intensities", "must be a list");
  std::vector<IntensityScaling> scalings;
  for (const json& object : list) {
    if (!object.is_object()) return Invalid("intensities", "must be a list of objects");
    IntensityScaling& scaling = scalings.emplace_back();
    FieldReader reader(object, "intensities.");
    RETURN_IF_ERROR(reader.TakeText("modality", &scaling.modality));
    RETURN_IF_ERROR(reader.TakeBool("by_deviation", &scaling.by_deviation));
    ASSIGN_OR_RETURN(const json* windows, reader.Take("windows"));
    if (!windows->is_array()) return Invalid("intensities.windows", "must be a list");
    for (const json& pair : *windows) {
      ASSIGN_OR_RETURN(const IntensityWindow window, WindowFromJson(pair));
      scaling.windows.push_back(window);
    }
    RETURN_IF_ERROR(reader.NothingLeft());
  }
  return scalings;
}

absl::StatusOr<std::vector<CalibrationPoint>> CalibrationFromJson(const json& list) {
  if (!list.is_array()) return Invalid("calibration", "must be a list");
  std::vector<CalibrationPoint> points;
  for (const json& pair : list) {
    if (!pair.is_array() || pair.size() != 2 || !pair[0].is_number() || !pair[1].is_number()) {
      return Invalid("calibration", "must be pairs of numbers");
    }
    points.push_back({pair[0].get<double>(), pair[1].get<double>()});
  }
  return points;
}

absl::StatusOr<json> ParseObject(absl::string_view text) {
  absl::StatusOr<json> parsed = ParseStrictJson(text, kMaxJsonBytes);
  if (parsed.ok() && parsed->is_object()) return parsed;
  return absl::InvalidArgumentError(
      absl::StrCat("model configuration: ", parsed.ok() ? "not a JSON object" : parsed.status().message()));
}

}  // namespace

PatchSizes ModelConfig::sizes() const {
  PatchSizes sizes;
  sizes.patch = patch;
  sizes.embedding_channels = out_channels;
  sizes.embedding_side = grid();
  sizes.logits_side = grid() * 4;
  sizes.detail_channels = sgpm.blocks.empty() ? 0 : sgpm.detail_channels;
  sizes.patch_channels = patch_channels();
  return sizes;
}

ModelConfig ModelConfig::Tiny() {
  ModelConfig config;
  config.name = "sgpsam-tiny";
  config.embed_dim = 16;
  config.depth = 4;
  config.heads = 4;
  config.mlp_dim = 32;
  config.global_blocks = {1, 3};
  config.out_channels = 24;
  config.decoder_heads = 4;
  config.decoder_mlp_dim = 32;
  config.iou_hidden = 16;
  config.mask_prompt_channels = 8;
  config.sgpm.blocks = {1, 3};
  config.sgpm.rank = 8;
  config.sgpm.gate_hidden = 4;
  return config;
}

ModelConfig ModelConfig::Demo() {
  ModelConfig config;
  config.name = "sgpsam-demo";
  config.patch = 48;
  config.token = 8;
  config.input_limit = 2.5f;
  config.embed_dim = 256;
  config.depth = 4;
  config.heads = 8;
  config.mlp_dim = 768;
  config.window = 6;
  config.global_blocks = {0, 1, 2, 3};
  config.out_channels = 144;
  config.decoder_heads = 6;
  config.decoder_mlp_dim = 576;
  config.iou_hidden = 64;
  config.sgpm.blocks = {1, 3};
  config.sgpm.rank = 96;
  config.sgpm.gate_hidden = 24;
  return config;
}

absl::Status ValidateModelConfig(const ModelConfig& config) {
  RETURN_IF_ERROR(CheckText("name", config.name));
  RETURN_IF_ERROR(CheckText("version", config.version));
  for (const auto& field : kFields) RETURN_IF_ERROR(CheckRange(config, field));
  for (const auto& field : kSgpmFields) RETURN_IF_ERROR(CheckRange(config.sgpm, field));
  RETURN_IF_ERROR(CheckRange(config.sgpm, kDetailField));
  RETURN_IF_ERROR(CheckRange(config, kRefinerField));
  RETURN_IF_ERROR(CheckIntensities(config.intensities));
  RETURN_IF_ERROR(CheckBlocks("global_blocks", config.global_blocks, config.depth));
  RETURN_IF_ERROR(CheckBlocks("sgpm.blocks", config.sgpm.blocks, config.depth));
  if (!(config.input_limit >= 0 && config.input_limit <= kMostInputLimit)) {
    return Invalid("input_limit", absl::StrCat("is not in 0..", kMostInputLimit));
  }
  if (!(config.coarsest_spacing_mm >= kUsualSpacingMm && config.coarsest_spacing_mm <= kMostSpacingMm)) {
    return Invalid("coarsest_spacing_mm", absl::StrCat("is not in ", kUsualSpacingMm, "..", kMostSpacingMm));
  }
  if (!(config.first_spacing_mm >= kLeastSpacingMm &&
        config.first_spacing_mm <= config.coarsest_spacing_mm)) {
    return Invalid("first_spacing_mm",
                   absl::StrCat("is not in ", kLeastSpacingMm, "..", config.coarsest_spacing_mm));
  }
  if (!(config.finest_spacing_mm == 0 ||
        (config.finest_spacing_mm >= kLeastSpacingMm && config.finest_spacing_mm <= kUsualSpacingMm))) {
    return Invalid("finest_spacing_mm",
                   absl::StrCat("is neither 0 nor in ", kLeastSpacingMm, "..", kUsualSpacingMm));
  }
  if (!config.calibration.empty() && !IsCalibration(config.calibration)) {
    return Invalid("calibration",
                   absl::StrCat("must be 2 to ", kMaxCalibrationPoints,
                                " pairs of numbers in 0..1, the first ascending, the second not falling"));
  }
  if (!std::isfinite(config.sgpm.threshold)) return Invalid("sgpm.threshold", "must be finite");
  return CheckConsistency(config);
}

std::string ToJson(const ModelConfig& config) {
  json object = {{"name", config.name},
                 {"version", config.version},
                 {"global_blocks", config.global_blocks},
                 {"sgpm", SgpmToJson(config.sgpm)}};
  for (const auto& field : kFields) object[field.name] = config.*field.member;
  if (config.input_limit > 0) object["input_limit"] = config.input_limit;  // as detail_channels
  if (config.first_spacing_mm != kUsualSpacingMm) object["first_spacing_mm"] = config.first_spacing_mm;
  if (config.finest_spacing_mm > 0) object["finest_spacing_mm"] = config.finest_spacing_mm;
  if (config.coarsest_spacing_mm != kUsualSpacingMm) {
    object["coarsest_spacing_mm"] = config.coarsest_spacing_mm;
  }
  if (config.predicts_iou) object["predicts_iou"] = true;
  if (!config.calibration.empty()) object["calibration"] = CalibrationToJson(config.calibration);
  if (config.grid_origin == GridOrigin::kFocus) object["grid_origin"] = kOriginFocus;
  if (!config.intensities.empty()) object["intensities"] = IntensitiesToJson(config.intensities);
  if (config.refiner_channels > 0) object[kRefinerField.name] = config.refiner_channels;
  return object.dump();
}

absl::StatusOr<ModelConfig> ModelConfigFromJson(absl::string_view text) {
  ASSIGN_OR_RETURN(const json object, ParseObject(text));
  ModelConfig config;
  FieldReader reader(object, "");
  RETURN_IF_ERROR(reader.TakeText("name", &config.name));
  RETURN_IF_ERROR(reader.TakeText("version", &config.version));
  for (const auto& field : kFields) RETURN_IF_ERROR(reader.TakeInt(field.name, &(config.*field.member)));
  RETURN_IF_ERROR(reader.TakeInts("global_blocks", &config.global_blocks));
  if (reader.Has("input_limit")) RETURN_IF_ERROR(reader.TakeFloat("input_limit", &config.input_limit));
  if (reader.Has("first_spacing_mm")) {
    RETURN_IF_ERROR(reader.TakeSpacing("first_spacing_mm", &config.first_spacing_mm));
  }
  if (reader.Has("finest_spacing_mm")) {
    RETURN_IF_ERROR(reader.TakeSpacing("finest_spacing_mm", &config.finest_spacing_mm));
  }
  if (reader.Has("coarsest_spacing_mm")) {
    RETURN_IF_ERROR(reader.TakeSpacing("coarsest_spacing_mm", &config.coarsest_spacing_mm));
  }
  if (reader.Has("predicts_iou")) RETURN_IF_ERROR(reader.TakeBool("predicts_iou", &config.predicts_iou));
  if (reader.Has("calibration")) {
    ASSIGN_OR_RETURN(const json* calibration, reader.Take("calibration"));
    ASSIGN_OR_RETURN(config.calibration, CalibrationFromJson(*calibration));
  }
  if (reader.Has("grid_origin")) {
    std::string origin;
    RETURN_IF_ERROR(reader.TakeText("grid_origin", &origin));
    if (origin != kOriginVolume && origin != kOriginFocus) {
      return Invalid("grid_origin", absl::StrCat("must be ", kOriginVolume, " or ", kOriginFocus));
    }
    if (origin == kOriginFocus) config.grid_origin = GridOrigin::kFocus;
  }
  if (reader.Has("intensities")) {
    ASSIGN_OR_RETURN(const json* intensities, reader.Take("intensities"));
    ASSIGN_OR_RETURN(config.intensities, IntensitiesFromJson(*intensities));
  }
  if (reader.Has(kRefinerField.name)) {
    RETURN_IF_ERROR(reader.TakeInt(kRefinerField.name, &config.refiner_channels));
  }
  ASSIGN_OR_RETURN(const json* sgpm, reader.Take("sgpm"));
  ASSIGN_OR_RETURN(config.sgpm, SgpmFromJson(*sgpm));
  RETURN_IF_ERROR(reader.NothingLeft());
  RETURN_IF_ERROR(ValidateModelConfig(config));
  return config;
}

}  // namespace sgpsam
