// info: what a model file holds.
#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/base/digest.h"
#include "core/base/file_io.h"
#include "core/base/status_macros.h"
#include "core/model_file/check_tensors.h"
#include "core/model_file/model_file.h"
#include "core/model_file/tensor_table.h"
#include "nlohmann/json.hpp"
#include "tools/commands/commands.h"

namespace sgpsam::tools {
namespace {

struct Options {
  std::string model;
  bool json = false;
};

struct Summary {
  ModelConfig config;
  Digest digest;
  size_t tensors = 0;
  int64_t parameters = 0, module_parameters = 0;
  uint64_t bytes = 0;
};

absl::StatusOr<Summary> Summarise(const std::string& path) {
  ASSIGN_OR_RETURN(const TensorFile file, ReadModelFile(path));
  Summary summary;
  ASSIGN_OR_RETURN(summary.config, ReadModelConfig(file));
  ASSIGN_OR_RETURN(summary.digest, DigestOfFile(path));
  summary.tensors = file.tensors.size();
  for (const TensorSpec& spec : TensorTable(summary.config)) {
    summary.parameters += spec.elements();
    if (absl::StartsWith(spec.name, "sgpm.")) summary.module_parameters += spec.elements();
    summary.bytes += file.tensors.at(spec.name).bytes.size();
  }
  return summary;
}

void PrintJson(const Options& options, const Summary& summary) {
  const nlohmann::ordered_json object = {{"file", options.model},
                                         {"sha256", summary.digest.ToHex()},
                                         {"tensors", summary.tensors},
                                         {"parameters", summary.parameters},
                                         {"sgpm_parameters", summary.module_parameters},
                                         {"tensor_bytes", summary.bytes},
                                         {"config", nlohmann::ordered_json::parse(ToJson(summary.config))}};
  std::printf("%s\n", object.dump().c_str());
}

void Row(const char* title, const std::string& value) { std::printf("%-12s %s\n", title, value.c_str()); }

std::string Describe(const IntensityScaling& scaling) {
  std::vector<std::string> windows;
  for (const IntensityWindow& window : scaling.windows) {
    windows.push_back(absl::StrCat(window.low, " to ", window.high));
  }
  return absl::StrCat(scaling.modality.empty() ? "others" : scaling.modality, " ",
                      absl::StrJoin(windows, " and "),
                      scaling.by_deviation ? " standard deviations of the volume" : "");
}

std::string Describe(const std::vector<IntensityScaling>& scalings) {
  if (scalings.empty()) return "z-score of the patch's voxels above 0";
  return absl::StrJoin(scalings, "; ", [](std::string* out, const IntensityScaling& scaling) {
    absl::StrAppend(out, Describe(scaling));
  });
}

void PrintTable(const Options& options, const Summary& summary) {
  const ModelConfig& c = summary.config;
  Row("file", options.model);
  Row("sha256", summary.digest.ToHex());
  Row("model", absl::StrCat(c.name, " ", c.version));
  Row("tensors",
      absl::StrCat(summary.tensors, ", ", summary.parameters, " numbers, ", summary.bytes, " bytes"));
  Row("patch", absl::StrCat(c.patch, " voxels, tokens of ", c.token, ": grid ", c.grid()));
  Row("encoder",
      absl::StrCat(c.depth, " blocks of ", c.embed_dim, ", ", c.heads, " heads, MLP ", c.mlp_dim, ", window ",
                   c.window, ", global blocks ", absl::StrJoin(c.global_blocks, ",")));
  Row("decoder", absl::StrCat(c.decoder_depth, " layers of ", c.out_channels, ", ", c.decoder_heads,
                              " heads, MLP ", c.decoder_mlp_dim, ", ", c.mask_tokens(), " mask tokens"));
  Row("voxels", c.finest_spacing_mm > 0
                    ? absl::StrCat("of ", c.first_spacing_mm,
                                   " mm, what is small or large for those once more: ", c.finest_spacing_mm,
                                   " to ", c.coarsest_spacing_mm)
                    : absl::StrCat("of ", c.first_spacing_mm, " mm"));
  Row("grid", c.grid_origin == GridOrigin::kFocus ? "hangs on the click" : "hangs on the volume's corner");
  Row("intensities", Describe(c.intensities));
  if (c.refiner_channels > 0) Row("refiner", absl::StrCat(c.refiner_channels, " channels"));
  Row("prompts", c.point_embeddings == 4 ? "points, box corners, masks" : "points, masks");
  Row("modules", c.sgpm.blocks.empty()
                     ? std::string("none")
                     : absl::StrCat("after blocks ", absl::StrJoin(c.sgpm.blocks, ","), ", rank ",
                                    c.sgpm.rank, ", gate ", c.sgpm.gate_hidden, " wide, open above ",
                                    c.sgpm.threshold, c.sgpm.spatial_gate ? ", spatial gate" : "",
                                    c.sgpm.detail_channels > 0
                                        ? absl::StrCat(", detail ", c.sgpm.detail_channels, " wide, ")
                                        : std::string(", "),
                                    summary.module_parameters, " numbers"));
}

absl::Status Info(const Options& options) {
  ASSIGN_OR_RETURN(const Summary summary, Summarise(options.model));
  options.json ? PrintJson(options, summary) : PrintTable(options, summary);
  return absl::OkStatus();
}

}  // namespace

void AddInfo(CLI::App& app, Action& chosen) {
  CLI::App* command =
      app.add_subcommand("info", "Show what a model file holds, having checked that it is complete.");
  auto options = std::make_shared<Options>();
  command->add_option("model", options->model, "The safetensors file")->required();
  command->add_flag("--json", options->json, "Print one JSON object");
  command->callback([options, &chosen] { chosen = [options] { return Info(*options); }; });
}

}  // namespace sgpsam::tools
