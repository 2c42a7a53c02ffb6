// The prompts of a command line, in the order in which they were typed -> targets.
// `--label` names the prompts after it, up to the next --label; prompts in front of the first one
// belong to it too. Without any there is one target. `--category`, `--type` and `--colour` belong to the same
// target as the prompts next to them.
#ifndef SGPSAM_CLIENT_CLI_PROMPT_ARGUMENTS_H_
#define SGPSAM_CLIENT_CLI_PROMPT_ARGUMENTS_H_

#include <CLI/CLI.hpp>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "sgpsam/client.h"

namespace sgpsam::cli {

struct PromptArgument {
  std::string flag;   // "--point", …: see kPromptFlags
  std::string value;  // as typed
};

struct PromptFlag {
  const char* name;
  const char* value;
  const char* help;
};
inline constexpr PromptFlag kPromptFlags[] = {
    {"--point", "X,Y,Z", "A click inside, in patient coordinates (LPS, mm)"},
    {"--voxel", "I,J,K", "A click inside, in voxels (column, row, slice, from 0)"},
    {"--negative-point", "X,Y,Z", "A click outside, in patient coordinates"},
    {"--negative-voxel", "I,J,K", "A click outside, in voxels"},
    {"--box", "X,Y,Z,X,Y,Z[:-]",
     "A box around it by two opposite corners, in patient coordinates; with :- one that has nothing of it. "
     "Several may be given"},
    {"--voxel-box", "I,J,K,I,J,K[:-]", "The same in voxels"},
    {"--line", "X,Y,Z,X,Y,Z", "A diameter by its two ends, in patient coordinates"},
    {"--voxel-line", "I,J,K,I,J,K", "The same in voxels"},
    {"--scribble", "FILE[:+|:-]",
     "Voxels drawn by hand, inside or (:-) outside: DICOM-SEG or NIfTI on the volume's grid"},
    {"--mask", "FILE", "A mask to correct: DICOM-SEG or NIfTI on the volume's grid"},
    {"--mask-segment", "NUMBER", "Of --mask, take this segment or label value; default: all together"},
    {"--label", "TEXT", "Names the prompts that follow; several labels make several segments"},
    {"--category", "VALUE,SCHEME,MEANING", "The segment's category, for the DICOM-SEG"},
    {"--type", "VALUE,SCHEME,MEANING", "The segment's type, e.g. 59441001,SCT,Lymph node"},
    {"--colour", "R,G,B", "The segment's colour, each 0 to 255"},
};

// What was typed of kPromptFlags, in the order in which it was typed,
// which CLI11 keeps as well as the values.
std::vector<PromptArgument> PromptsInOrder(const CLI::App& command);

// INVALID_ARGUMENT names the flag whose value is not understood. Masks and scribbles are still in their files
// (MaskChoices, ScribbleChoices).
absl::StatusOr<std::vector<client::Target>> MakeTargets(const std::vector<PromptArgument>& arguments);

// A target's --mask.
struct MaskChoice {
  std::string file;            // empty: there is none
  std::optional<int> segment;  // its number, or the label's value; none: all together
};

// Of each target, as many as MakeTargets makes; `arguments` have passed it.
std::vector<MaskChoice> MaskChoices(const std::vector<PromptArgument>& arguments);

// One of a target's --scribble.
struct ScribbleChoice {
  std::string file;
  bool positive = true;
};

// Of each target, as many as MakeTargets makes, in the order in which they were typed.
std::vector<std::vector<ScribbleChoice>> ScribbleChoices(const std::vector<PromptArgument>& arguments);

// "1,2.5,-3" -> {1, 2.5, -3}. INVALID_ARGUMENT unless exactly `count` finite numbers.
absl::StatusOr<std::vector<double>> ParseNumbers(absl::string_view flag, absl::string_view text,
                                                 size_t count);

}  // namespace sgpsam::cli

#endif  // SGPSAM_CLIENT_CLI_PROMPT_ARGUMENTS_H_
