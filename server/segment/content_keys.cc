#include "server/segment/content_keys.h"

#include <charconv>
#include <cstdint>
#include <type_traits>
#include <variant>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "server/segment/outputs/output_format.h"

namespace sgpsam {
namespace {

// Feeds values of fixed size and texts with their length, so that no two different lists of fields
// give the same bytes.
class KeyWriter {
 public:
  explicit KeyWriter(absl::string_view kind) { Text(kind); }

  template <typename T>
  KeyWriter& Value(T value) {
    static_assert(std::is_arithmetic_v<T> || std::is_enum_v<T>);
    sha_.Update(&value, sizeof(value));
    return *this;
  }
  KeyWriter& Text(absl::string_view text) {
    Value(uint64_t{text.size()});
    sha_.Update(text);
    return *this;
  }
  template <typename List>
  KeyWriter& Values(const List& list) {
    Value(uint64_t{list.size()});
    for (const auto value : list) Value(value);
    return *this;
  }
  KeyWriter& Key(const Digest& digest) {
    sha_.Update(digest.bytes.data(), digest.bytes.size());
    return *this;
  }
  KeyWriter& Clamp(const std::optional<IntensityClamp>& clamp) {
    Value(clamp.has_value());
    return clamp ? Value(clamp->min).Value(clamp->max) : *this;
  }
  template <typename T>
  KeyWriter& Option(const std::optional<T>& option) {
    return Value(option.has_value()).Value(option.value_or(T()));
  }
  Digest Finish() { return sha_.Finish(); }

 private:
  Sha256 sha_;
};

// The shortest decimal that reads back as the same number.
std::string Exact(double value) {
  char text[32];
  const auto end = std::to_chars(text, text + sizeof(text), value).ptr;
  return std::string(text, end);
}

std::string Coordinates(const PromptPosition& position) {
  if (const auto* world = std::get_if<WorldPoint>(&position)) {
    return absl::StrCat("(", Exact(world->x), ",", Exact(world->y), ",", Exact(world->z), ")");
  }
  const VoxelIndex& voxel = std::get<VoxelIndex>(position);
  return absl::StrCat("(", Exact(voxel.i), ",", Exact(voxel.j), ",", Exact(voxel.k), ")");
}

const char* Unit(const PromptPosition& position) {
  return std::holds_alternative<WorldPoint>(position) ? "mm" : "voxel";
}

void AddTarget(const TargetRequest& target, KeyWriter& key) {
  const Prompts& prompts = target.prompts;
  key.Text(DescribePrompts(prompts)).Values(prompts.previous_logits);
  key.Value(target.mask.has_value());
  if (target.mask) {
    const Shape& shape = target.mask->shape;
    key.Text(target.mask->zlib_bits).Value(shape.i).Value(shape.j).Value(shape.k).Value(target.mask->order);
  }
  key.Value(uint64_t{target.scribbles.size()});
  for (const DeflatedScribble& scribble : target.scribbles) {
    const Shape& shape = scribble.part.shape;
    key.Text(scribble.part.zlib_bits).Value(shape.i).Value(shape.j).Value(shape.k).Value(scribble.part.order);
    key.Value(scribble.first.i).Value(scribble.first.j).Value(scribble.first.k).Value(scribble.positive);
  }
  key.Option(target.average_looks);
  const SegmentDescription& segment = target.segment;
  key.Text(segment.label).Values(segment.rgb);
  for (const CodedConcept* code : {&segment.category, &segment.type}) {
    key.Text(code->value).Text(code->scheme).Text(code->meaning);
  }
}

}  // namespace

Digest VolumeKey(const VolumeDescription& description, const Digest& payload) {
  KeyWriter key("study 3");
  key.Value(description.kind).Key(payload).Text(description.series).Text(description.modality);
  if (description.kind == VolumeKind::kRaw) {
    const RawDescription& raw = description.raw;
    key.Values(raw.shape).Value(raw.sample_type).Values(raw.spacing_mm);
    key.Values(raw.origin_lps).Values(raw.direction_lps);
  }
  return key.Finish();
}

Digest EmbeddingKey(const Digest& volume, const Placement& placement, const PatchScaling& scaling,
                    const Digest& weights) {
  KeyWriter key("embedding 2");
  key.Key(volume).Key(weights).Clamp(scaling.clamp).Value(uint64_t{scaling.windows.size()});
  for (const IntensityWindow& window : scaling.windows) key.Value(window.low).Value(window.high);
  const CanonicalGrid& grid = placement.grid;
  key.Values(grid.source_axis)
      .Values(grid.flipped)
      .Values(grid.shape)
      .Values(grid.source_per_voxel)
      .Values(grid.first_source);
  key.Values(placement.begin).Value(placement.patch).Value(placement.spacing_mm);
  return key.Finish();
}

Digest LogitsKey(absl::Span<const float> logits) {
  return Sha256::Of(logits.data(), logits.size() * sizeof(float));
}

Digest ResultKey(const SegmentRequest& request, const Digest& volume, const Digest& weights) {
  KeyWriter key("result 5");
  key.Text(request.idempotency_key).Key(volume).Key(weights).Clamp(request.clamp);
  key.Text(FormatOf(request).name).Value(request.upright);
  const TargetOptions& inference = request.inference;
  key.Value(inference.max_patches)
      .Option(inference.spacing_mm)
      .Option(inference.auto_spacing)
      .Option(inference.max_looks)
      .Option(inference.max_steps);
  key.Value(uint64_t{request.targets.size()});
  for (const TargetRequest& target : request.targets) AddTarget(target, key);
  const SegSeries& series = request.seg_series;
  key.Text(series.instance_uid).Text(series.description).Value(series.number).Value(series.instance_number);
  key.Text(series.content_label).Text(series.content_creator_name);
  return key.Finish();
}

std::string DescribePrompts(const Prompts& prompts) {
  std::vector<std::string> parts;
  for (const PointPrompt& point : prompts.points) {
    parts.push_back(
        absl::StrCat(point.positive ? "+" : "-", Coordinates(point.position), Unit(point.position)));
  }
  const auto ends = [](const auto& prompt) {
    return absl::StrCat(Coordinates(prompt.a), "-", Coordinates(prompt.b), Unit(prompt.a));
  };
  for (const BoxPrompt& box : prompts.boxes)
    parts.push_back(absl::StrCat(box.positive ? "box " : "-box ", ends(box)));
  for (const LinePrompt& line : prompts.lines) parts.push_back(absl::StrCat("line ", ends(line)));
  for (const ScribblePrompt& scribble : prompts.scribbles) {
    parts.push_back(
        absl::StrCat(scribble.positive ? "scribble of " : "-scribble of ", CountVoxels(scribble.runs)));
  }
  if (prompts.mask) parts.push_back("mask");
  if (!prompts.previous_logits.empty()) parts.push_back("logits");
  if (prompts.previous_patch) {
    const PatchPosition& patch = *prompts.previous_patch;
    parts.push_back(absl::StrCat("at ", Coordinates(patch.centre), "mm of ", Exact(patch.spacing_mm), "mm"));
  }
  return absl::StrJoin(parts, " ");
}

}  // namespace sgpsam
