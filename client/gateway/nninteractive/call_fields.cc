#include "client/gateway/nninteractive/call_fields.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "core/base/strict_json.h"

namespace sgpsam::gateway {
namespace {

using nlohmann::json;

absl::Status Wrong(const char* name, absl::string_view expected) {
  return absl::InvalidArgumentError(absl::StrCat(name, " must be ", expected));
}

// The field; null if it is missing.
const json& At(const json& fields, const char* name) {
  static const json* const null = new json;
  const auto found = fields.find(name);
  return found == fields.end() ? *null : *found;
}

absl::StatusOr<std::array<double, 3>> ThreeNumbers(const json& value, const char* name) {
  if (!value.is_array() || value.size() != 3) return Wrong(name, "three numbers");
  std::array<double, 3> numbers{};
  for (size_t n = 0; n < 3; ++n) {
    if (!value[n].is_number()) return Wrong(name, "three numbers");
    numbers[n] = value[n].get<double>();
  }
  return numbers;
}

bool IsWhole(double number) { return number >= 0 && number <= UINT32_MAX && number == std::floor(number); }

}  // namespace

absl::StatusOr<json> ParseFields(absl::string_view text) {
  if (text.empty()) return json::object();
  ASSIGN_OR_RETURN(json fields, ParseStrictJson(text, kMaxFieldsBytes));
  if (!fields.is_object()) return absl::InvalidArgumentError("the call's fields must be a JSON object");
  return fields;
}

absl::StatusOr<bool> BoolField(const json& fields, const char* name, std::optional<bool> otherwise) {
  const json& value = At(fields, name);
  if (value.is_boolean()) return value.get<bool>();
  if (value.is_null() && otherwise) return *otherwise;
  return Wrong(name, "true or false");
}

absl::StatusOr<std::array<double, 3>> NumbersField(const json& fields, const char* name) {
  return ThreeNumbers(At(fields, name), name);
}

absl::StatusOr<std::array<std::array<double, 2>, 3>> RangesField(const json& fields, const char* name) {
  const json& value = At(fields, name);
  const absl::string_view expected = "three pairs of numbers";
  if (!value.is_array() || value.size() != 3) return Wrong(name, expected);
  std::array<std::array<double, 2>, 3> ranges{};
  for (size_t axis = 0; axis < 3; ++axis) {
    if (!value[axis].is_array() || value[axis].size() != 2) return Wrong(name, expected);
    for (size_t end = 0; end < 2; ++end) {
      if (!value[axis][end].is_number()) return Wrong(name, expected);
      ranges[axis][end] = value[axis][end].get<double>();
    }
  }
  return ranges;
}

absl::StatusOr<Shape> ShapeField(const json& fields, const char* name) {
  const absl::string_view expected = "three positive whole numbers";
  const absl::StatusOr<std::array<double, 3>> numbers = NumbersField(fields, name);
  if (!numbers.ok()) return Wrong(name, expected);
  Shape shape{};
  for (size_t axis = 0; axis < 3; ++axis) {
    if (!IsWhole((*numbers)[axis]) || (*numbers)[axis] == 0) return Wrong(name, expected);
    shape[axis] = static_cast<uint32_t>((*numbers)[axis]);
  }
  return shape;
}

absl::StatusOr<std::optional<VoxelBox>> BoxField(const json& fields, const char* name) {
  if (At(fields, name).is_null()) return std::nullopt;
  ASSIGN_OR_RETURN(const auto ranges, RangesField(fields, name));
  VoxelBox box;
  for (size_t axis = 0; axis < 3; ++axis) {
    const auto [begin, end] = ranges[axis];
    if (!IsWhole(begin) || !IsWhole(end)) return Wrong(name, "three pairs of whole numbers from 0");
    box.begin[axis] = static_cast<uint32_t>(begin);
    box.end[axis] = static_cast<uint32_t>(end);
  }
  return box;
}

absl::StatusOr<std::array<double, 3>> SpacingField(const json& fields) {
  const json& properties = At(fields, "image_properties");
  if (!properties.is_null() && !properties.is_object()) return Wrong("image_properties", "an object");
  const json& spacing = properties.is_null() ? properties : At(properties, "spacing");
  if (spacing.is_null()) return std::array<double, 3>{1, 1, 1};
  return ThreeNumbers(spacing, "image_properties.spacing");
}

}  // namespace sgpsam::gateway
