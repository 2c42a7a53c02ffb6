#include "core/model_file/check_tensors.h"

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/model_file/tensor_table.h"

namespace sgpsam {
namespace {

// A wrong file may have thousands of wrong tensors; a message shows this
// many of each kind and counts the rest.
constexpr size_t kShownTensors = 20;
constexpr size_t kShownNameLength = 120;

std::string Describe(const std::string& name, const std::vector<int64_t>& shape) {
  return absl::StrCat(absl::CHexEscape(name.substr(0, kShownNameLength)), " [", absl::StrJoin(shape, ","),
                      "]");
}

void AppendList(const std::string& title, const std::vector<std::string>& items, std::string& message) {
  if (items.empty()) return;
  const auto end = items.begin() + static_cast<ptrdiff_t>(std::min(items.size(), kShownTensors));
  absl::StrAppend(&message, "; ", title, ": ", absl::StrJoin(items.begin(), end, ", "));
  if (items.size() > kShownTensors) absl::StrAppend(&message, " and ", items.size() - kShownTensors, " more");
}

bool IsFloatingPoint(TensorType type) {
  return type == TensorType::kFloat32 || type == TensorType::kFloat16 || type == TensorType::kBfloat16 ||
         type == TensorType::kFloat64;
}

struct Problems {
  std::vector<std::string> missing, unexpected, misshapen, not_floating;
  bool none() const {
    return missing.empty() && unexpected.empty() && misshapen.empty() && not_floating.empty();
  }
};

void CheckOne(const TensorSpec& spec, const TensorFile& file, Problems& problems) {
  const auto found = file.tensors.find(spec.name);
  if (found == file.tensors.end()) {
    problems.missing.push_back(Describe(spec.name, spec.shape));
  } else if (found->second.shape != spec.shape) {
    problems.misshapen.push_back(absl::StrCat(Describe(spec.name, found->second.shape), " instead of [",
                                              absl::StrJoin(spec.shape, ","), "]"));
  } else if (!IsFloatingPoint(found->second.type)) {
    problems.not_floating.push_back(absl::StrCat(spec.name, " is ", SafetensorsName(found->second.type)));
  }
}

}  // namespace

absl::StatusOr<ModelConfig> ReadModelConfig(const TensorFile& file) {
  const auto found = file.metadata.find(kModelConfigKey);
  if (found == file.metadata.end()) {
    return absl::InvalidArgumentError(absl::StrCat("the model file has no ", kModelConfigKey,
                                                   " metadata; make one with `sgpsam-model import`"));
  }
  return ModelConfigFromJson(found->second);
}

absl::Status CheckTensors(const TensorFile& file, const ModelConfig& config) {
  Problems problems;
  std::set<std::string> expected;
  for (const TensorSpec& spec : TensorTable(config)) {
    expected.insert(spec.name);
    CheckOne(spec, file, problems);
  }
  for (const auto& [name, tensor] : file.tensors) {
    if (expected.count(name) == 0) problems.unexpected.push_back(Describe(name, tensor.shape));
  }
  if (problems.none()) return absl::OkStatus();
  std::string message = "the file's tensors are not those of its configuration";
  AppendList("missing", problems.missing, message);
  AppendList("unexpected", problems.unexpected, message);
  AppendList("of another shape", problems.misshapen, message);
  AppendList("not floating-point", problems.not_floating, message);
  return absl::InvalidArgumentError(message);
}

}  // namespace sgpsam
