// The JSON header of a safetensors file <-> entries. Private to safetensors.cc.
// Format: github.com/huggingface/safetensors, README, "Format".
#ifndef SGPSAM_CORE_MODEL_FILE_SAFETENSORS_HEADER_H_
#define SGPSAM_CORE_MODEL_FILE_SAFETENSORS_HEADER_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/model_file/named_tensors.h"

namespace sgpsam {

struct SafetensorsEntry {
  std::string name;
  TensorType type = TensorType::kFloat32;
  std::vector<int64_t> shape;
  uint64_t begin = 0, end = 0;  // in the data after the header
};

struct SafetensorsHeader {
  std::vector<SafetensorsEntry> entries;  // by position in the data
  std::map<std::string, std::string> metadata;
};

// INVALID_ARGUMENT naming the tensor, unless the entries' sizes follow from type and shape and the
// entries lie one after the other from 0 to `data_bytes`, without gap or overlap.
absl::StatusOr<SafetensorsHeader> ParseSafetensorsHeader(absl::string_view json, uint64_t data_bytes);

// The header of these tensors in the map's order, padded so that the data begin on 8 bytes.
std::string FormatSafetensorsHeader(const TensorFile& file);

}  // namespace sgpsam

#endif  // SGPSAM_CORE_MODEL_FILE_SAFETENSORS_HEADER_H_
