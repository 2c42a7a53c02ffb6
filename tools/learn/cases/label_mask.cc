#include "tools/learn/cases/label_mask.h"

#include <cmath>
#include <type_traits>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "core/base/status_macros.h"
#include "tools/learn/cases/dataset_json.h"

namespace sgpsam {
namespace {

enum Kind : uint8_t { kWrong, kOther, kChosen };

std::vector<Kind> KindsOf(const LabelValues& values) {
  std::vector<Kind> kinds(DatasetLabel::kMaxValue + 1, kWrong);
  kinds[0] = kOther;
  for (const int64_t value : values.all) kinds[static_cast<size_t>(value)] = kOther;
  for (const int64_t value : values.chosen) kinds[static_cast<size_t>(value)] = kChosen;
  return kinds;
}

template <typename T>
Kind KindOf(const std::vector<Kind>& kinds, T value) {
  if constexpr (std::is_floating_point_v<T>) {
    const bool whole =
        value >= 0 && value <= static_cast<T>(DatasetLabel::kMaxValue) && value == std::floor(value);
    return whole ? kinds[static_cast<size_t>(value)] : kWrong;  // NaN is not whole
  } else {
    const bool known =
        std::cmp_greater_equal(value, 0) && std::cmp_less_equal(value, DatasetLabel::kMaxValue);
    return known ? kinds[static_cast<size_t>(value)] : kWrong;
  }
}

absl::Status Refused(double value, int64_t i, int64_t j, int64_t k) {
  const char* why = "labels that dataset.json lists";
  if (!std::isfinite(value)) {
    why = "finite numbers";
  } else if (value != std::floor(value)) {
    why = "whole numbers";
  } else if (value < 0) {
    why = "0 or more";
  }
  return absl::InvalidArgumentError(
      absl::StrFormat("voxel %d %d %d is %.9g, but a label file's voxels must be %s", i, j, k, value, why));
}

template <typename T>
absl::Status FillMask(const T* samples, const std::vector<Kind>& kinds, Mask& mask) {
  const Shape& shape = mask.shape();
  std::vector<uint8_t> flags(static_cast<size_t>(shape.i));
  for (int64_t k = 0; k < shape.k; ++k) {
    for (int64_t j = 0; j < shape.j; ++j, samples += shape.i) {
      for (int64_t i = 0; i < shape.i; ++i) {
        const Kind kind = KindOf(kinds, samples[i]);
        if (kind == kWrong) return Refused(static_cast<double>(samples[i]), i, j, k);
        flags[static_cast<size_t>(i)] = kind == kChosen ? 1 : 0;
      }
      mask.SetRow(0, j, k, flags);
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Mask> MaskOfLabel(const Volume& labels, const LabelValues& values) {
  const std::vector<Kind> kinds = KindsOf(values);
  Mask mask(labels.geometry().shape());
  RETURN_IF_ERROR(VisitSamples(labels, [&](auto* samples) { return FillMask(samples, kinds, mask); }));
  return mask;
}

}  // namespace sgpsam
