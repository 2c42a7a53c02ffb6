#include "tools/learn/train/training_state.h"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/base/status_macros.h"
#include "core/model_file/safetensors.h"
#include "nlohmann/json.hpp"

namespace sgpsam {
namespace {

constexpr char kRecipeKey[] = "sgpsam_training_recipe", kStepsKey[] = "sgpsam_training_steps";
constexpr char kMayChange[] = "steps";  // a training can be told to go on for longer
constexpr char kValue[] = "value/", kMean[] = "mean/", kVariance[] = "variance/";

absl::Status Damaged(const std::string& path, absl::string_view reason) {
  return absl::InvalidArgumentError(
      absl::StrCat(path, ": not a training's state: ", reason, "; delete it to begin anew"));
}

std::string Short(const nlohmann::json& value) {
  constexpr size_t kMost = 80;
  const std::string text = value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  return text.size() > kMost ? absl::StrCat(text.substr(0, kMost), "...") : text;
}

// "lr was 0.1 and is 0.2, seed was 1 and is 2"; empty where the recipes are the same but for kMayChange.
std::string Differences(const std::string& stored, const std::string& mine) {
  if (stored == mine) return "";
  const nlohmann::json before = nlohmann::json::parse(stored, nullptr, /*allow_exceptions=*/false),
                       now = nlohmann::json::parse(mine, nullptr, false);
  if (!before.is_object() || !now.is_object()) return absl::StrCat("it was ", stored, " and is ", mine);
  nlohmann::json keys = before;
  keys.update(now);
  std::vector<std::string> differences;
  for (const auto& [key, ignored] : keys.items()) {
    const nlohmann::json a = before.value(key, nlohmann::json()), b = now.value(key, nlohmann::json());
    if (key != kMayChange && a != b)
      differences.push_back(absl::StrCat(key, " was ", Short(a), " and is ", Short(b)));
  }
  return absl::StrJoin(differences, ", ");
}

struct Copy {
  at::Tensor from, to;
};

// Appends the copy of one stored tensor to where it belongs.
absl::Status Plan(const TensorFile& file, const std::string& name, const at::Tensor& to,
                  const std::string& path, std::vector<Copy>& copies) {
  const auto found = file.tensors.find(name);
  if (found == file.tensors.end()) return Damaged(path, absl::StrCat("it has no ", name));
  if (found->second.type != TensorType::kFloat32 || found->second.shape != to.sizes().vec()) {
    return Damaged(path, absl::StrCat(name, " is of another type or shape"));
  }
  copies.push_back({TensorsOf(file)(name), to});
  return absl::OkStatus();
}

}  // namespace

absl::Status SaveTrainingState(const Parameters& parameters, AdamW& optimiser, const std::string& recipe,
                               const std::string& path) {
  TensorFile file;
  for (const std::string& name : parameters.trained()) {
    const AdamW::Moments& moments = optimiser.moments().at(name);
    file.tensors[kValue + name] = ToNamedTensor(parameters.all().at(name));
    file.tensors[kMean + name] = ToNamedTensor(moments.mean);
    file.tensors[kVariance + name] = ToNamedTensor(moments.variance);
  }
  file.metadata[kRecipeKey] = recipe;
  file.metadata[kStepsKey] = absl::StrCat(optimiser.steps());
  return WriteSafetensorsFile(file, path);
}

absl::Status RestoreTrainingState(const std::string& path, const std::string& recipe, Parameters& parameters,
                                  AdamW& optimiser) {
  ASSIGN_OR_RETURN(const TensorFile file, ReadSafetensorsFile(path));
  const auto stored = file.metadata.find(kRecipeKey), stored_steps = file.metadata.find(kStepsKey);
  int64_t steps = 0;
  if (stored == file.metadata.end() || stored_steps == file.metadata.end() ||
      !absl::SimpleAtoi(stored_steps->second, &steps) || steps < 0) {
    return Damaged(path, "its metadata say nothing of one");
  }
  if (const std::string differences = Differences(stored->second, recipe); !differences.empty()) {
    return absl::FailedPreconditionError(
        absl::StrCat(path, " belongs to a training with other options: ", differences,
                     "; repeat its options, or delete it to begin anew"));
  }
  std::vector<Copy> copies;
  for (const std::string& name : parameters.trained()) {
    const AdamW::Moments& moments = optimiser.moments().at(name);
    RETURN_IF_ERROR(Plan(file, kValue + name, parameters.at(name).detach(), path, copies));
    RETURN_IF_ERROR(Plan(file, kMean + name, moments.mean, path, copies));
    RETURN_IF_ERROR(Plan(file, kVariance + name, moments.variance, path, copies));
  }
  if (file.tensors.size() != copies.size()) return Damaged(path, "it holds more than what is trained now");
  const c10::NoGradGuard no_grad;
  for (const Copy& copy : copies) copy.to.copy_(copy.from);
  optimiser.set_steps(steps);
  return absl::OkStatus();
}

absl::StatusOr<std::string> ReadTrainingRecipe(const std::string& path) {
  ASSIGN_OR_RETURN(const TensorFile file, ReadSafetensorsFile(path));
  const auto stored = file.metadata.find(kRecipeKey);
  if (stored == file.metadata.end()) return Damaged(path, "its metadata say nothing of one");
  return stored->second;
}

}  // namespace sgpsam
