#include "client/cli/preview_command.h"

#include <array>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "client/cli/exit_code.h"
#include "client/cli/preview/panels.h"
#include "client/cli/preview/scene.h"
#include "client/cli/prompt_arguments.h"
#include "client/picture/encode_png.h"
#include "core/base/file_io.h"
#include "core/base/status_macros.h"

namespace sgpsam::cli {
namespace {

struct PreviewArguments {
  std::string source, series, segmentation, out;
  std::vector<PromptArgument> prompts;
  double fill = 0;
};

bool IsClick(const PromptFlag& flag) {
  return absl::EndsWith(flag.name, "point") || absl::EndsWith(flag.name, "voxel");
}

// INVALID_ARGUMENT is wrong usage.
absl::StatusOr<std::vector<client::Click>> ClicksOf(const PreviewArguments& arguments) {
  if (!absl::EndsWithIgnoreCase(arguments.out, ".png"))
    return absl::InvalidArgumentError("--out must end in .png: no other format is written");
  ASSIGN_OR_RETURN(const std::vector<client::Target> targets, MakeTargets(arguments.prompts));
  return targets.at(0).clicks;
}

absl::StatusOr<DrawnClick> Placed(const client::Click& click, const Geometry& geometry) {
  const std::array<double, 3>& at = click.position.at;
  const bool voxel = click.position.space == client::Position::Space::kVoxel;
  const WorldPoint point = voxel ? geometry.ToWorld({at[0], at[1], at[2]}) : WorldPoint{at[0], at[1], at[2]};
  if (geometry.Contains(geometry.ToVoxel(point))) return DrawnClick{point, click.positive};
  return absl::OutOfRangeError(
      absl::StrCat("the click at ", at[0], ",", at[1], ",", at[2], " lies outside the volume"));
}

absl::StatusOr<Scene> ReadScene(const PreviewArguments& arguments, const client::Volume& source,
                                const std::vector<client::Click>& clicks) {
  ASSIGN_OR_RETURN(Scene scene, LoadScene(source, arguments.segmentation));
  for (const client::Click& click : clicks) {
    ASSIGN_OR_RETURN(DrawnClick drawn, Placed(click, scene.volume.geometry()));
    scene.clicks.push_back(drawn);
  }
  return scene;
}

absl::Status WritePreview(const Scene& scene, const PreviewArguments& arguments) {
  ASSIGN_OR_RETURN(const std::string png, EncodePng(DrawPanels(scene, arguments.fill)));
  return WriteFileAtomically(arguments.out, png);
}

int RunPreview(const PreviewArguments& arguments) {
  const absl::StatusOr<std::vector<client::Click>> clicks = ClicksOf(arguments);
  if (!clicks.ok()) return Fail(clicks.status(), kExitUsage, /*json=*/false);
  const absl::StatusOr<client::Volume> source = client::Volume::FromPath(arguments.source, arguments.series);
  if (!source.ok()) return FailToReadVolume(source.status(), /*json=*/false);
  const absl::StatusOr<Scene> scene = ReadScene(arguments, *source, *clicks);
  if (!scene.ok()) return FailForInput(scene.status(), /*json=*/false);
  for (const std::string& warning : scene->warnings) std::fprintf(stderr, "warning: %s\n", warning.c_str());
  const absl::Status written = WritePreview(*scene, arguments);
  if (!written.ok()) return Fail(written, kExitFailed, /*json=*/false);
  for (const DrawnSegment& segment : scene->segments)
    std::printf("%s\n", DescribeSegment(segment, scene->volume.geometry()).c_str());
  std::printf("wrote: %s\n", arguments.out.c_str());
  return kExitOk;
}

}  // namespace

void AddPreviewCommand(CLI::App& app, int& exit_code) {
  CLI::App* command =
      app.add_subcommand("preview",
                         "Draw a segmentation over its source, three planes, as PNG: through the first "
                         "click inside, if one is given, else through the segments' middle");
  auto arguments = std::make_shared<PreviewArguments>();
  command->add_option("SOURCE", arguments->source, "The DICOM series: folder, archive or file; or NIfTI")
      ->required();
  command
      ->add_option("--series", arguments->series,
                   "Which series of SOURCE, by SeriesInstanceUID or SeriesNumber")
      ->type_name("UID|NUMBER");
  command->add_option("SEG", arguments->segmentation, "DICOM-SEG or NIfTI labels on the source's voxels")
      ->required();
  command->add_option("--out", arguments->out, "The PNG to write")->required();
  for (const PromptFlag& flag : kPromptFlags) {
    if (!IsClick(flag)) continue;
    command->add_option(flag.name, flag.help)->type_name(flag.value)->expected(1)->take_all();
  }
  command->add_option("--fill", arguments->fill, "How much colour lies inside the outlines, 0 (default) to 1")
      ->check(CLI::Range(0.0, 1.0))
      ->type_name("PART");
  command->footer(kExitCodesHelp);
  command->callback([command, arguments, &exit_code] {
    arguments->prompts = PromptsInOrder(*command);
    exit_code = RunPreview(*arguments);
  });
}

}  // namespace sgpsam::cli
