// Fields of nnInteractive's calls: JSON of a body or of the field X-Meta -> plain values. Pure functions.
// INVALID_ARGUMENT names the field that is missing or of another kind.
#ifndef SGPSAM_CLIENT_GATEWAY_NNINTERACTIVE_CALL_FIELDS_H_
#define SGPSAM_CLIENT_GATEWAY_NNINTERACTIVE_CALL_FIELDS_H_

#include <array>
#include <optional>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "client/gateway/nninteractive/voxel_box.h"
#include "nlohmann/json_fwd.hpp"

namespace sgpsam::gateway {

inline constexpr size_t kMaxFieldsBytes = 65536;  // the longest that clients send has some 200

// An object; an empty text is one without fields.
absl::StatusOr<nlohmann::json> ParseFields(absl::string_view text);

// Without a default the field is required.
absl::StatusOr<bool> BoolField(const nlohmann::json& fields, const char* name,
                               std::optional<bool> otherwise = std::nullopt);
// Three numbers.
absl::StatusOr<std::array<double, 3>> NumbersField(const nlohmann::json& fields, const char* name);
// Three pairs of numbers.
absl::StatusOr<std::array<std::array<double, 2>, 3>> RangesField(const nlohmann::json& fields,
                                                                 const char* name);
// Three positive whole numbers.
absl::StatusOr<Shape> ShapeField(const nlohmann::json& fields, const char* name);
// Three pairs of whole numbers from 0; nothing if it is null or missing.
absl::StatusOr<std::optional<VoxelBox>> BoxField(const nlohmann::json& fields, const char* name);
// image_properties.spacing, in mm along x, y, z; 1 mm if it is null or missing.
absl::StatusOr<std::array<double, 3>> SpacingField(const nlohmann::json& fields);

}  // namespace sgpsam::gateway

#endif  // SGPSAM_CLIENT_GATEWAY_NNINTERACTIVE_CALL_FIELDS_H_
