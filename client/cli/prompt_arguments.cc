#include "client/cli/prompt_arguments.h"

#include <array>
#include <cmath>
#include <cstdint>
#include <map>
#include <string>

#include "absl/algorithm/container.h"
#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "absl/types/span.h"
#include "core/base/status_macros.h"

namespace sgpsam::cli {
namespace {

using client::Position;

Position MakePosition(bool voxel, const std::vector<double>& numbers, size_t first) {
  const auto make = voxel ? &Position::Voxel : &Position::PatientMm;
  return make(numbers[first], numbers[first + 1], numbers[first + 2]);
}

// Takes ":+" or ":-" from the end of `value`; true, inside, where there is neither.
bool TakeSign(absl::string_view& value) {
  if (absl::ConsumeSuffix(&value, ":-")) return false;
  absl::ConsumeSuffix(&value, ":+");
  return true;
}

absl::Status AddPrompt(const PromptArgument& argument, client::Target& target) {
  const bool voxel = absl::StrContains(argument.flag, "voxel");
  const bool box = absl::EndsWith(argument.flag, "box"), line = absl::EndsWith(argument.flag, "line");
  absl::string_view value = argument.value;
  const bool positive = box ? TakeSign(value) : !absl::StartsWith(argument.flag, "--negative");
  ASSIGN_OR_RETURN(const std::vector<double> numbers,
                   ParseNumbers(argument.flag, value, box || line ? 6 : 3));
  const Position a = MakePosition(voxel, numbers, 0);
  if (box) {
    target.boxes.push_back({a, MakePosition(voxel, numbers, 3), positive});
  } else if (line) {
    target.lines.push_back({a, MakePosition(voxel, numbers, 3)});
  } else {
    target.clicks.push_back({a, positive});
  }
  return absl::OkStatus();
}

// The meaning comes last and may have commas in it.
absl::StatusOr<client::Code> ParseCode(const PromptArgument& argument) {
  const std::vector<std::string> parts = absl::StrSplit(argument.value, absl::MaxSplits(',', 2));
  if (parts.size() == 3 && !parts[0].empty() && !parts[1].empty() && !parts[2].empty()) {
    return client::Code{parts[0], parts[1], parts[2]};
  }
  return absl::InvalidArgumentError(
      absl::StrCat(argument.flag, ": expected VALUE,SCHEME,MEANING, such as 59441001,SCT,Lymph node"));
}

absl::StatusOr<std::array<uint8_t, 3>> ParseColour(const PromptArgument& argument) {
  ASSIGN_OR_RETURN(const std::vector<double> numbers, ParseNumbers(argument.flag, argument.value, 3));
  std::array<uint8_t, 3> rgb{};
  for (size_t n = 0; n < rgb.size(); ++n) {
    if (numbers[n] < 0 || numbers[n] > 255 || numbers[n] != std::floor(numbers[n])) {
      return absl::InvalidArgumentError(
          absl::StrCat(argument.flag, ": each value is a whole number, 0 to 255"));
    }
    rgb[n] = static_cast<uint8_t>(numbers[n]);
  }
  return rgb;
}

bool IsMask(const PromptArgument& argument) { return argument.flag == "--mask"; }
bool IsMaskSegment(const PromptArgument& argument) { return argument.flag == "--mask-segment"; }
bool IsScribble(const PromptArgument& argument) { return argument.flag == "--scribble"; }

absl::Status CheckMask(absl::Span<const PromptArgument> group) {
  if (absl::c_count_if(group, IsMask) > 1 || absl::c_count_if(group, IsMaskSegment) > 1) {
    return absl::InvalidArgumentError("a target can have one mask only, and one segment of it");
  }
  const auto segment = absl::c_find_if(group, IsMaskSegment);
  if (segment == group.end()) return absl::OkStatus();
  if (absl::c_none_of(group, IsMask))
    return absl::InvalidArgumentError("--mask-segment needs a --mask in the same target");
  int number = 0;
  if (absl::SimpleAtoi(segment->value, &number) && number > 0) return absl::OkStatus();
  return absl::InvalidArgumentError("--mask-segment is a whole number, 1 or more");
}

absl::Status AddArgument(const PromptArgument& argument, client::Target& target) {
  if (argument.flag == "--category") {
    ASSIGN_OR_RETURN(target.category, ParseCode(argument));
  } else if (argument.flag == "--type") {
    ASSIGN_OR_RETURN(target.type, ParseCode(argument));
  } else if (argument.flag == "--colour") {
    ASSIGN_OR_RETURN(target.rgb, ParseColour(argument));
  } else if (argument.flag == "--label") {
    target.label = argument.value;
  } else if (!IsMask(argument) && !IsMaskSegment(argument) && !IsScribble(argument)) {
    return AddPrompt(argument, target);
  }
  return absl::OkStatus();
}

// The arguments of each target: a label begins the next one, but for the first label.
std::vector<absl::Span<const PromptArgument>> ByTarget(const std::vector<PromptArgument>& arguments) {
  const absl::Span<const PromptArgument> all(arguments);
  std::vector<absl::Span<const PromptArgument>> groups;
  size_t begin = 0;
  bool labelled = false;
  for (size_t n = 0; n < all.size(); ++n) {
    if (all[n].flag != "--label") continue;
    if (labelled) {
      groups.push_back(all.subspan(begin, n - begin));
      begin = n;
    }
    labelled = true;
  }
  groups.push_back(all.subspan(begin));
  return groups;
}

}  // namespace

absl::StatusOr<std::vector<double>> ParseNumbers(absl::string_view flag, absl::string_view text,
                                                 size_t count) {
  std::vector<double> numbers;
  for (const absl::string_view part : absl::StrSplit(text, ',')) {
    double number = 0;
    if (!absl::SimpleAtod(part, &number) || !std::isfinite(number)) {
      return absl::InvalidArgumentError(absl::StrCat(flag, ": '", part, "' is not a number"));
    }
    numbers.push_back(number);
  }
  if (numbers.size() != count) {
    return absl::InvalidArgumentError(
        absl::StrCat(flag, ": expected ", count, " numbers separated by commas, got ", numbers.size()));
  }
  return numbers;
}

std::vector<PromptArgument> PromptsInOrder(const CLI::App& command) {
  std::vector<PromptArgument> prompts;
  std::map<const CLI::Option*, size_t> seen;
  for (const CLI::Option* option : command.parse_order()) {
    for (const PromptFlag& flag : kPromptFlags) {
      if (option->check_name(flag.name)) prompts.push_back({flag.name, option->results().at(seen[option]++)});
    }
  }
  return prompts;
}

absl::StatusOr<std::vector<client::Target>> MakeTargets(const std::vector<PromptArgument>& arguments) {
  std::vector<client::Target> targets;
  for (const absl::Span<const PromptArgument> group : ByTarget(arguments)) {
    client::Target& target = targets.emplace_back();
    for (const PromptArgument& argument : group) RETURN_IF_ERROR(AddArgument(argument, target));
    RETURN_IF_ERROR(CheckMask(group));
  }
  return targets;
}

std::vector<MaskChoice> MaskChoices(const std::vector<PromptArgument>& arguments) {
  std::vector<MaskChoice> choices;
  for (const absl::Span<const PromptArgument> group : ByTarget(arguments)) {
    MaskChoice& choice = choices.emplace_back();
    for (const PromptArgument& argument : group) {
      int number = 0;
      if (IsMask(argument)) choice.file = argument.value;
      if (IsMaskSegment(argument) && absl::SimpleAtoi(argument.value, &number)) choice.segment = number;
    }
  }
  return choices;
}

std::vector<std::vector<ScribbleChoice>> ScribbleChoices(const std::vector<PromptArgument>& arguments) {
  std::vector<std::vector<ScribbleChoice>> choices;
  for (const absl::Span<const PromptArgument> group : ByTarget(arguments)) {
    std::vector<ScribbleChoice>& mine = choices.emplace_back();
    for (const PromptArgument& argument : group) {
      if (!IsScribble(argument)) continue;
      absl::string_view file = argument.value;
      const bool positive = TakeSign(file);
      mine.push_back({std::string(file), positive});
    }
  }
  return choices;
}

}  // namespace sgpsam::cli
