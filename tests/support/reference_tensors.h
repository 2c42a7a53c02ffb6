// Golden values: the tensors of a safetensors file, every one as doubles. Trusts its input, for the
// files are the project's own; the product's reader is core/model_file/safetensors.h.
#ifndef SGPSAM_TESTS_SUPPORT_REFERENCE_TENSORS_H_
#define SGPSAM_TESTS_SUPPORT_REFERENCE_TENSORS_H_

#include <cstdint>
#include <cstring>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/support/test_files.h"

namespace sgpsam {

template <typename T>
std::vector<double> AsDoubles(const char* bytes, size_t size) {
  std::vector<double> values(size / sizeof(T));
  for (size_t n = 0; n < values.size(); ++n) {
    T value;
    std::memcpy(&value, bytes + n * sizeof(T), sizeof(T));
    values[n] = static_cast<double>(value);
  }
  return values;
}

inline std::map<std::string, std::vector<double>> ReadReferenceTensors(const std::filesystem::path& path) {
  std::map<std::string, std::vector<double>> tensors;
  const std::string file = ReadTestFile(path);
  uint64_t header_bytes = 0;
  if (file.size() < sizeof(header_bytes)) return tensors;
  std::memcpy(&header_bytes, file.data(), sizeof(header_bytes));
  const char* data = file.data() + sizeof(header_bytes) + header_bytes;
  const nlohmann::json header = nlohmann::json::parse(file.substr(8, header_bytes));
  for (const auto& [name, entry] : header.items()) {
    if (name == "__metadata__") continue;
    const std::string type = entry["dtype"];
    const size_t begin = entry["data_offsets"][0], end = entry["data_offsets"][1];
    if (type == "F32") tensors[name] = AsDoubles<float>(data + begin, end - begin);
    if (type == "F64") tensors[name] = AsDoubles<double>(data + begin, end - begin);
    if (type == "I64") tensors[name] = AsDoubles<int64_t>(data + begin, end - begin);
    if (type == "U8") tensors[name] = AsDoubles<uint8_t>(data + begin, end - begin);
  }
  return tensors;
}

}  // namespace sgpsam

#endif  // SGPSAM_TESTS_SUPPORT_REFERENCE_TENSORS_H_
