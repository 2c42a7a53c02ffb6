// What a command line's texts mean: positions and clicks. Pure functions.
#ifndef SGPSAM_TOOLS_COMMANDS_PARSE_H_
#define SGPSAM_TOOLS_COMMANDS_PARSE_H_

#include <array>
#include <cstdint>
#include <optional>

#include "CLI/CLI.hpp"
#include "absl/strings/string_view.h"
#include "core/engine/engine.h"

namespace sgpsam::tools {

// "70,58,61" or "-1.5,2,3e2": three finite numbers.
std::optional<std::array<double, 3>> ParseTriple(absl::string_view text);
// "-37,-43,12": three whole numbers of at most a million.
std::optional<std::array<int64_t, 3>> ParseWholeTriple(absl::string_view text);
// "70,58,61:+" or "70,58,61:-": a position in patch voxels, and whether it lies in the target.
std::optional<Click> ParseClick(absl::string_view text);

// The same as checks of an option, so that a typing error is wrong usage.
CLI::Validator IsTriple();
CLI::Validator IsWholeTriple();
CLI::Validator IsClick();

}  // namespace sgpsam::tools

#endif  // SGPSAM_TOOLS_COMMANDS_PARSE_H_
