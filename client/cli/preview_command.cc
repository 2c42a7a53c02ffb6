#include "client/cli/preview_command.h"

#include <cstdio>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "client/cli/exit_code.h"
#include "client/cli/preview/panels.h"
#include "client/cli/preview/scene.h"
#include "core/base/file_io.h"
#include "core/base/status_macros.h"
#include "core/picture/encode_png.h"

namespace sgpsam::cli {
namespace {

struct PreviewArguments {
  std::string source, segmentation, out;
};

absl::Status WritePreview(const PreviewArguments& arguments) {
  ASSIGN_OR_RETURN(const Scene scene, LoadScene(arguments.source, arguments.segmentation));
  for (const std::string& warning : scene.warnings) std::fprintf(stderr, "warning: %s\n", warning.c_str());
  ASSIGN_OR_RETURN(const std::string png, EncodePng(DrawPanels(scene)));
  return WriteFileAtomically(arguments.out, png);
}

}  // namespace

void AddPreviewCommand(CLI::App& app, int& exit_code) {
  CLI::App* command =
      app.add_subcommand("preview", "Draw a segmentation over its source, three planes, as PNG");
  auto arguments = std::make_shared<PreviewArguments>();
  command->add_option("SOURCE", arguments->source, "Folder or file of the DICOM series, or NIfTI")
      ->required();
  command->add_option("SEG", arguments->segmentation, "DICOM-SEG of that series, or NIfTI labels")
      ->required();
  command->add_option("--out", arguments->out, "The PNG to write")->required();
  command->footer(kExitCodesHelp);
  command->callback([arguments, &exit_code] {
    const absl::Status status = WritePreview(*arguments);
    exit_code = status.ok() ? kExitOk : Fail(status, /*json=*/false);
    if (status.ok()) std::printf("wrote: %s\n", arguments->out.c_str());
  });
}

}  // namespace sgpsam::cli
