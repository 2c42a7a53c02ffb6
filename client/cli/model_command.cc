#include "client/cli/model_command.h"

#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "client/cli/connection_arguments.h"
#include "client/cli/exit_code.h"
#include "client/cli/own_words.h"
#include "sgpsam/client.h"

namespace sgpsam::cli {
namespace {

constexpr absl::Duration kPatience = absl::Seconds(20);

struct ModelArguments {
  ConnectionArguments connection;
  bool json = false;
};

std::string AsJson(const client::ModelDescription& model) {
  const nlohmann::ordered_json object = {
      {"status", "ok"},
      {"name", model.model.name},
      {"version", model.model.version},
      {"weights_sha256", absl::BytesToHexString(model.model.weights_sha256)},
      {"patch_voxels", model.patch_voxels},
      {"patch_spacing_mm", model.patch_spacing_mm},
      {"finest_spacing_mm", model.finest_spacing_mm},
      {"precision", model.precision},
      {"gate_blocks", model.gate_blocks},
      {"box_corner_embeddings", model.box_corner_embeddings},
      {"devices", model.devices},
      {"server_version", model.server_version},
      {"max_volume_bytes", model.max_volume_bytes},
      {"max_targets", model.max_targets},
      {"logits_side", model.logits_side}};
  return object.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

std::string ForPeople(const client::ModelDescription& model) {
  const std::string gates = model.gate_blocks.empty()
                                ? "none (plain SAM-Med3D)"
                                : absl::StrCat("after blocks ", absl::StrJoin(model.gate_blocks, ", "));
  return absl::StrFormat(
      "model: %s %s\nweights: %s\npatch: %s voxels of %g mm\nprecision: %s\ngates: %s\ndevices: %s\n"
      "server: %s, volumes up to %d bytes, %d targets a request\n",
      model.model.name, model.model.version, absl::BytesToHexString(model.model.weights_sha256),
      absl::StrJoin(model.patch_voxels, " x "), model.patch_spacing_mm, model.precision, gates,
      absl::StrJoin(model.devices, ", "), model.server_version, model.max_volume_bytes, model.max_targets);
}

int RunModel(const ModelArguments& arguments) {
  const absl::StatusOr<client::Client> client = Connect(arguments.connection);
  if (!client.ok()) return Fail(client.status(), kExitUsage, arguments.json);
  const absl::StatusOr<client::ModelDescription> model = client->DescribeModel(absl::Now() + kPatience);
  if (!model.ok()) return Fail(InOwnWords(model.status(), {}), arguments.json);
  std::fputs((arguments.json ? AsJson(*model) : ForPeople(*model)).c_str(), stdout);
  return kExitOk;
}

}  // namespace

void AddModelCommand(CLI::App& app, int& exit_code) {
  CLI::App* command = app.add_subcommand("model", "Say what a server serves");
  auto arguments = std::make_shared<ModelArguments>();
  AddConnectionOptions(*command, arguments->connection);
  command->add_flag("--json", arguments->json, "Print one JSON object instead of lines, errors too");
  command->footer(kExitCodesHelp);
  command->callback([arguments, &exit_code] { exit_code = RunModel(*arguments); });
}

}  // namespace sgpsam::cli
