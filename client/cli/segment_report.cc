#include "client/cli/segment_report.h"

#include <nlohmann/json.hpp>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace sgpsam::cli {
namespace {

using Json = nlohmann::ordered_json;

std::string Milliseconds(absl::Duration duration) {
  return absl::StrFormat("%.1f ms", absl::ToDoubleMilliseconds(duration));
}

void AppendTarget(const client::TargetResult& target, const std::string& label, std::string& text) {
  absl::StrAppendFormat(&text, "%s: %d voxels, %.3f ml\n", label, target.voxels, target.volume_ml);
  if (target.voxels == 0) absl::StrAppend(&text, "  nothing was found at the prompts\n");
  if (target.patches > 0) {
    absl::StrAppendFormat(&text, "  from %d %s of %g mm voxels\n", target.patches,
                          target.patches == 1 ? "patch" : "patches", target.spacing_mm);
  }
  if (target.touches_patch_border) {
    absl::StrAppend(&text, "  reaches the border of what the model saw; it may go on outside\n");
  }
  for (const client::GateScore& gate : target.gates) {
    absl::StrAppendFormat(&text, "  gate after block %d: %.3f, %s\n", gate.block, gate.score,
                          gate.open ? "open" : "closed");
  }
}

Json TargetJson(const client::TargetResult& target, const std::string& label) {
  Json gates = Json::array();
  for (const client::GateScore& gate : target.gates) {
    gates.push_back({{"block", gate.block}, {"score", gate.score}, {"open", gate.open}});
  }
  return {{"label", label},
          {"voxels", target.voxels},
          {"volume_ml", target.volume_ml},
          {"touches_patch_border", target.touches_patch_border},
          {"embedding_cached", target.embedding_cached},
          {"patches", target.patches},
          {"spacing_mm", target.spacing_mm},
          {"iou_prediction", target.iou_prediction},
          {"logits_sha256", absl::BytesToHexString(target.previous.sha256)},
          {"gates", gates}};
}

// The server may answer fewer targets than were asked for only if it is broken; labels stay in range.
std::string LabelOf(const SegmentReport& report, size_t n) {
  return n < report.targets.size() ? report.targets[n].label : absl::StrCat("target ", n + 1);
}

}  // namespace

std::string ReportForPeople(const SegmentReport& report) {
  const client::SegmentResult& result = report.result;
  std::string text;
  for (size_t n = 0; n < result.targets.size(); ++n)
    AppendTarget(result.targets[n], LabelOf(report, n), text);
  absl::StrAppend(&text, "time:");
  for (const auto& [stage, duration] : result.stage_times) {
    absl::StrAppend(&text, " ", client::StageName(stage), " ", Milliseconds(duration), ",");
  }
  absl::StrAppend(&text, " in all ", Milliseconds(report.total), "\n");
  absl::StrAppend(&text, "uploaded: ",
                  result.uploaded_bytes == 0 ? "nothing, the server had the volume"
                                             : absl::StrCat(result.uploaded_bytes, " bytes"),
                  "\n");
  absl::StrAppend(&text, "model: ", result.model.name, " ", result.model.version, " ",
                  absl::BytesToHexString(result.model.weights_sha256).substr(0, 12), "\n");
  for (const std::string& warning : result.warnings) absl::StrAppend(&text, "warning: ", warning, "\n");
  absl::StrAppend(&text, "wrote: ", report.out, ", ", report.out_bytes, " bytes\n");
  return text;
}

std::string ReportAsJson(const SegmentReport& report) {
  const client::SegmentResult& result = report.result;
  Json targets = Json::array();
  for (size_t n = 0; n < result.targets.size(); ++n) {
    targets.push_back(TargetJson(result.targets[n], LabelOf(report, n)));
  }
  Json stages = Json::object();
  for (const auto& [stage, duration] : result.stage_times) {
    stages[client::StageName(stage)] = absl::ToDoubleSeconds(duration);
  }
  const Json object = {{"status", "ok"},
                       {"out", report.out},
                       {"out_bytes", report.out_bytes},
                       {"targets", targets},
                       {"stage_seconds", stages},
                       {"total_seconds", absl::ToDoubleSeconds(report.total)},
                       {"uploaded_bytes", result.uploaded_bytes},
                       {"volume_sha256", absl::BytesToHexString(result.volume_sha256)},
                       {"model",
                        {{"name", result.model.name},
                         {"version", result.model.version},
                         {"weights_sha256", absl::BytesToHexString(result.model.weights_sha256)}}},
                       {"request_id", result.request_id},
                       {"warnings", result.warnings}};
  return object.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace sgpsam::cli
