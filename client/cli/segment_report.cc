#include "client/cli/segment_report.h"

#include <nlohmann/json.hpp>

#include "absl/algorithm/container.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "client/cli/own_words.h"

namespace sgpsam::cli {
namespace {

using Json = nlohmann::ordered_json;

std::string Milliseconds(absl::Duration duration) {
  return absl::StrFormat("%.1f ms", absl::ToDoubleMilliseconds(duration));
}

void AppendTarget(const client::TargetResult& target, const std::string& label, bool verbose,
                  std::string& text) {
  absl::StrAppendFormat(&text, "%s: %.3f ml, %d voxels\n", label, target.volume_ml, target.voxels);
  if (target.empty()) absl::StrAppend(&text, "  nothing was found at the prompts\n");
  if (target.touches_patch_border) {
    absl::StrAppend(&text,
                    "  reaches the border of what was looked at and may go on outside (see --max-patches)\n");
  }
  if (target.dropped_components > 0) {
    absl::StrAppendFormat(&text, "  without %d more %s that no prompt asks for\n", target.dropped_components,
                          target.dropped_components == 1 ? "part" : "parts");
  }
  if (target.confidence) absl::StrAppendFormat(&text, "  expected Dice %.2f\n", *target.confidence);
  if (!verbose) return;
  if (target.patches > 0) {
    absl::StrAppendFormat(&text, "  from %d %s, the mask from voxels of %g mm\n", target.patches,
                          target.patches == 1 ? "patch" : "patches", target.spacing_mm);
  }
  for (const client::GateScore& gate : target.gates) {
    absl::StrAppendFormat(&text, "  gate after block %d: %.3f, %s\n", gate.block, gate.score,
                          gate.open ? "open" : "closed");
  }
}

void AppendDetails(const client::SegmentResult& result, std::string& text) {
  absl::StrAppend(&text, "time:");
  for (const auto& [stage, duration] : result.stage_times) {
    absl::StrAppend(&text, " ", client::StageName(stage), " ", Milliseconds(duration), ",");
  }
  text.back() = '\n';
  absl::StrAppend(&text, "uploaded: ",
                  result.uploaded_bytes == 0 ? "nothing, the server had the volume"
                                             : absl::StrCat(result.uploaded_bytes, " bytes"),
                  "\n");
  absl::StrAppend(&text, "model: ", result.model.name, " ", result.model.version, " ",
                  absl::BytesToHexString(result.model.weights_sha256).substr(0, 12), "\n");
}

Json UsesJson(const std::vector<client::PromptUse>& uses) {
  Json list = Json::array();
  for (const client::PromptUse& use : uses) {
    list.push_back({{"kind", client::PromptKindName(use.kind)},
                    {"number", use.number},
                    {"clicks", use.clicks},
                    {"box_corners", use.box_corners},
                    {"mask_logits", use.mask_logits},
                    {"confined", use.confined},
                    {"enforced", use.enforced}});
  }
  return list;
}

Json TargetJson(const client::TargetResult& target, const std::string& label) {
  Json gates = Json::array();
  for (const client::GateScore& gate : target.gates) {
    gates.push_back({{"block", gate.block}, {"score", gate.score}, {"open", gate.open}});
  }
  return {{"label", label},
          {"voxels", target.voxels},
          {"volume_ml", target.volume_ml},
          {"empty", target.empty()},
          {"touches_patch_border", target.touches_patch_border},
          {"embedding_cached", target.embedding_cached},
          {"patches", target.patches},
          {"spacing_mm", target.spacing_mm},
          {"iou_prediction", target.iou_prediction},
          {"confidence", target.confidence ? Json(*target.confidence) : Json(nullptr)},
          {"dropped_components", target.dropped_components},
          {"enforced_prompts", target.enforced_prompts},
          {"prompts", UsesJson(target.prompt_uses)},
          {"logits_sha256", absl::BytesToHexString(target.previous.sha256)},
          {"gates", gates}};
}

// The server may answer fewer targets than were asked for only if it is broken; labels stay in range.
std::string LabelOf(const SegmentReport& report, size_t n) {
  return n < report.targets.size() ? report.targets[n].label : absl::StrCat("target ", n + 1);
}

}  // namespace

bool SegmentReport::empty() const {
  return absl::c_any_of(result.targets, [](const client::TargetResult& target) { return target.empty(); });
}

std::string ReportForPeople(const SegmentReport& report) {
  const client::SegmentResult& result = report.result;
  std::string text;
  for (size_t n = 0; n < result.targets.size(); ++n) {
    AppendTarget(result.targets[n], LabelOf(report, n), report.verbose, text);
  }
  if (report.verbose) AppendDetails(result, text);
  for (const std::string& warning : result.warnings) {
    absl::StrAppend(&text, "warning: ", InOwnWords(warning, report.targets), "\n");
  }
  absl::StrAppendFormat(&text, "wrote: %s, %d bytes, after %.1f s\n", report.out, report.out_bytes,
                        absl::ToDoubleSeconds(report.total));
  return text;
}

std::string ReportAsJson(const SegmentReport& report) {
  const client::SegmentResult& result = report.result;
  Json targets = Json::array();
  for (size_t n = 0; n < result.targets.size(); ++n) {
    targets.push_back(TargetJson(result.targets[n], LabelOf(report, n)));
  }
  Json warnings = Json::array();
  for (const std::string& warning : result.warnings) warnings.push_back(InOwnWords(warning, report.targets));
  Json passed_over = Json::object();  // files by kind
  for (const client::PassedOver& some : result.passed_over) passed_over[some.kind] = some.files;
  Json stages = Json::object();
  for (const auto& [stage, duration] : result.stage_times) {
    stages[client::StageName(stage)] = absl::ToDoubleSeconds(duration);
  }
  const Json object = {{"status", report.empty() ? "nothing_found" : "ok"},
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
                       {"passed_over", passed_over},
                       {"warnings", warnings}};
  return object.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace sgpsam::cli
