#include "client/cli/segment_command.h"

#include <cstdint>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "client/cli/connection_arguments.h"
#include "client/cli/exit_code.h"
#include "client/cli/logits_file.h"
#include "client/cli/mask_prompt.h"
#include "client/cli/own_words.h"
#include "client/cli/progress_line.h"
#include "client/cli/prompt_arguments.h"
#include "client/cli/seg_series_arguments.h"
#include "client/cli/segment_report.h"
#include "core/base/file_io.h"
#include "core/base/status_macros.h"
#include "sgpsam/client.h"

namespace sgpsam::cli {
namespace {

constexpr char kAuto[] = "auto";

struct SegmentArguments {
  std::vector<std::string> inputs;
  std::string series, upright;
  ConnectionArguments connection;
  std::string out, idempotency_key, deadline, priority, clamp, previous_logits, save_logits, spacing;
  std::vector<PromptArgument> prompts;
  client::SegSeries seg_series_values;
  std::optional<client::SegSeries> seg_series;
  uint32_t max_patches = 0;
  std::optional<uint32_t> max_looks, max_steps;
  std::string modality;
  bool json = false, verbose = false;
};

absl::StatusOr<client::MaskFormat> FormatOf(const std::string& out, size_t targets) {
  if (absl::EndsWithIgnoreCase(out, ".dcm")) return client::MaskFormat::kDicomSeg;
  if (absl::EndsWithIgnoreCase(out, ".nii.gz")) return client::MaskFormat::kNifti;
  if (!absl::EndsWithIgnoreCase(out, ".bits")) {
    return absl::InvalidArgumentError("--out must end in .dcm (DICOM-SEG), .nii.gz or .bits");
  }
  if (targets > 1)
    return absl::InvalidArgumentError("a .bits file holds one target; use .nii.gz or .dcm for several");
  return client::MaskFormat::kRawBits;
}

absl::StatusOr<absl::Time> DeadlineOf(const std::string& text) {
  if (text.empty()) return absl::InfiniteFuture();
  double seconds = 0;
  absl::Duration duration;
  if (absl::SimpleAtod(text, &seconds)) {
    duration = absl::Seconds(seconds);
  } else if (!absl::ParseDuration(text, &duration)) {
    return absl::InvalidArgumentError(
        absl::StrCat("--deadline: '", text, "' is not a time such as 30 or 2m"));
  }
  if (duration <= absl::ZeroDuration()) return absl::InvalidArgumentError("--deadline must be positive");
  return absl::Now() + duration;
}

client::Priority PriorityOf(const std::string& text) {
  if (text == "stat") return client::Priority::kStat;
  return text == "batch" ? client::Priority::kBatch : client::Priority::kRoutine;
}

absl::StatusOr<client::Volume> ReadInputs(const SegmentArguments& arguments) {
  const std::vector<std::string>& inputs = arguments.inputs;
  return inputs.size() == 1 ? client::Volume::FromPath(inputs[0], arguments.series)
                            : client::Volume::FromFiles(inputs, arguments.series);
}

// What the command line alone decides; INVALID_ARGUMENT is wrong usage.
struct Plan {
  std::vector<client::Target> targets;
  client::MaskFormat format;
  absl::Time deadline;
  std::optional<std::pair<double, double>> clamp;
  std::optional<double> spacing_mm;  // none: auto, if --spacing was given
};

absl::StatusOr<Plan> MakePlan(const SegmentArguments& arguments) {
  Plan plan;
  ASSIGN_OR_RETURN(plan.targets, MakeTargets(arguments.prompts));
  ASSIGN_OR_RETURN(plan.format, FormatOf(arguments.out, plan.targets.size()));
  if (arguments.seg_series && plan.format != client::MaskFormat::kDicomSeg) {
    return absl::InvalidArgumentError("series, label and creator are a DICOM-SEG's: --out must end in .dcm");
  }
  if (!arguments.upright.empty()) {
    if (plan.format != client::MaskFormat::kNifti ||
        !absl::EndsWithIgnoreCase(arguments.upright, ".nii.gz")) {
      return absl::InvalidArgumentError(
          "--upright takes a name ending in .nii.gz and goes with --out NAME.nii.gz");
    }
  }
  ASSIGN_OR_RETURN(plan.deadline, DeadlineOf(arguments.deadline));
  if (!arguments.clamp.empty()) {
    ASSIGN_OR_RETURN(const std::vector<double> range, ParseNumbers("--clamp", arguments.clamp, 2));
    if (!(range[0] < range[1]))
      return absl::InvalidArgumentError("--clamp must be MIN,MAX with MIN below MAX");
    plan.clamp = {range[0], range[1]};
  }
  if (!arguments.spacing.empty() && arguments.spacing != kAuto) {
    ASSIGN_OR_RETURN(const std::vector<double> spacing, ParseNumbers("--spacing", arguments.spacing, 1));
    plan.spacing_mm = spacing[0];
  }
  return plan;
}

absl::Status AddPreviousLogits(const std::string& path, client::SegmentRequest& request) {
  if (path.empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(std::vector<client::PreviousLogits> all, ReadLogitsFile(path, request.volume.sha256()));
  if (all.size() != request.targets.size()) {
    return absl::FailedPreconditionError(absl::StrCat(path, " holds ", all.size(), " targets, but ",
                                                      request.targets.size(), " were asked for"));
  }
  for (size_t n = 0; n < all.size(); ++n) request.targets[n].previous = std::move(all[n]);
  return absl::OkStatus();
}

absl::Status AddMasks(const SegmentArguments& arguments, client::SegmentRequest& request,
                      std::vector<std::string>& warnings) {
  const std::vector<MaskChoice> choices = MaskChoices(arguments.prompts);
  for (size_t n = 0; n < choices.size(); ++n) {
    if (choices[n].file.empty()) continue;
    ASSIGN_OR_RETURN(request.targets[n].mask, ReadMaskPrompt(request.volume, choices[n], warnings));
  }
  return absl::OkStatus();
}

absl::Status AddScribbles(const SegmentArguments& arguments, client::SegmentRequest& request,
                          std::vector<std::string>& warnings) {
  const std::vector<std::vector<ScribbleChoice>> choices = ScribbleChoices(arguments.prompts);
  for (size_t n = 0; n < choices.size(); ++n) {
    for (const ScribbleChoice& choice : choices[n]) {
      client::Scribble& scribble = request.targets[n].scribbles.emplace_back();
      ASSIGN_OR_RETURN(scribble.part, ReadMaskPrompt(request.volume, {choice.file, std::nullopt}, warnings));
      scribble.positive = choice.positive;
    }
  }
  return absl::OkStatus();
}

// What was assumed on the way is added to `warnings`.
absl::StatusOr<client::SegmentRequest> MakeRequest(const SegmentArguments& arguments, const Plan& plan,
                                                   client::Volume volume,
                                                   std::vector<std::string>& warnings) {
  client::SegmentRequest request(std::move(volume));
  request.targets = plan.targets;
  request.format = plan.format;
  request.seg_series = arguments.seg_series;
  request.upright = !arguments.upright.empty();
  request.deadline = plan.deadline;
  request.clamp = plan.clamp;
  request.max_patches = arguments.max_patches;
  request.max_looks = arguments.max_looks;
  request.max_steps = arguments.max_steps;
  request.modality = arguments.modality;
  request.spacing_mm = plan.spacing_mm;
  request.auto_spacing = arguments.spacing == kAuto;
  request.logits = !arguments.save_logits.empty();
  request.idempotency_key = arguments.idempotency_key;
  request.priority = PriorityOf(arguments.priority);
  RETURN_IF_ERROR(AddMasks(arguments, request, warnings));
  RETURN_IF_ERROR(AddScribbles(arguments, request, warnings));
  RETURN_IF_ERROR(AddPreviousLogits(arguments.previous_logits, request));
  return request;
}

absl::StatusOr<client::SegmentResult> Call(const client::Client& client,
                                           const client::SegmentRequest& request) {
  ProgressLine line;
  return client.Segment(request, [&line](const client::Progress& progress) { line.Show(progress); });
}

// The mask last: whoever waits for it finds the rest there. The logits' digest opens them to whoever has it.
absl::Status WriteOutputs(const SegmentArguments& arguments, const client::SegmentResult& result,
                          const std::string& mask) {
  if (!arguments.save_logits.empty()) {
    RETURN_IF_ERROR(WriteFileAtomically(arguments.save_logits, LogitsToJson(result), Readers::kOwner));
  }
  if (!arguments.upright.empty()) {
    RETURN_IF_ERROR(WriteFileAtomically(arguments.upright, result.upright_image));
  }
  return WriteFileAtomically(arguments.out, mask);
}

// What could not be written is told before anything is read, sent or computed.
absl::Status CheckPlaces(const SegmentArguments& arguments) {
  RETURN_IF_ERROR(CheckPlace(arguments.out));
  if (!arguments.upright.empty()) RETURN_IF_ERROR(CheckPlace(arguments.upright));
  return arguments.save_logits.empty() ? absl::OkStatus() : CheckPlace(arguments.save_logits);
}

int RunSegment(const SegmentArguments& arguments) {
  const absl::Time start = absl::Now();
  const absl::StatusOr<Plan> plan = MakePlan(arguments);
  if (!plan.ok()) return Fail(plan.status(), kExitUsage, arguments.json);
  const absl::StatusOr<client::Client> client = Connect(arguments.connection);
  if (!client.ok()) return Fail(client.status(), kExitUsage, arguments.json);
  const absl::Status places = CheckPlaces(arguments);
  if (!places.ok()) return Fail(places, kExitFailed, arguments.json);
  absl::StatusOr<client::Volume> volume = ReadInputs(arguments);
  if (!volume.ok()) return FailToReadVolume(volume.status(), arguments.json);
  std::vector<std::string> warnings;
  const absl::StatusOr<client::SegmentRequest> request =
      MakeRequest(arguments, *plan, *std::move(volume), warnings);
  if (!request.ok()) return FailForInput(request.status(), arguments.json);
  absl::StatusOr<client::SegmentResult> result = Call(*client, *request);
  if (!result.ok()) return Fail(InOwnWords(result.status(), request->targets), arguments.json);
  result->warnings.insert(result->warnings.begin(), warnings.begin(), warnings.end());

  const bool bits = plan->format == client::MaskFormat::kRawBits;
  if (bits && result->targets.empty()) {
    return Fail(absl::InternalError("the server answered without a target"), arguments.json);
  }
  const std::string& mask = bits ? result->targets[0].mask_bits : result->file;
  const absl::Status written = WriteOutputs(arguments, *result, mask);
  if (!written.ok()) return Fail(written, kExitFailed, arguments.json);
  const SegmentReport report{*result,     request->targets,    arguments.out,
                             mask.size(), absl::Now() - start, arguments.verbose};
  std::fputs((arguments.json ? ReportAsJson(report) : ReportForPeople(report)).c_str(), stdout);
  return report.empty() ? kExitNothingFound : kExitOk;
}

void AddOptions(CLI::App& command, SegmentArguments& arguments) {
  command
      .add_option("INPUT", arguments.inputs,
                  "A DICOM series: its folder (with subfolders), .zip, .tar, .tar.gz or files; or one .nii "
                  "or .nii.gz")
      ->required();
  command
      .add_option(
          "--series", arguments.series,
          "Which series of INPUT, by its SeriesInstanceUID or SeriesNumber; without it several are listed")
      ->type_name("UID|NUMBER");
  AddConnectionOptions(command, arguments.connection);
  command.add_option("--out", arguments.out, "Where the mask goes: .dcm (DICOM-SEG), .nii.gz or .bits")
      ->required();
  command
      .add_option("--upright", arguments.upright,
                  "Of a stack that leans (gantry tilt): lay the mask on a grid at right angles, and write "
                  "the image on it here, .nii.gz")
      ->type_name("IMAGE");
  for (const PromptFlag& flag : kPromptFlags) {
    command.add_option(flag.name, flag.help)->type_name(flag.value)->expected(1)->take_all();
  }
  command.add_option("--previous-logits", arguments.previous_logits,
                     "Go on from what --save-logits wrote for the same volume and targets: one more click is "
                     "enough, a negative one too");
  command.add_option("--save-logits", arguments.save_logits, "Keep what --previous-logits needs, as JSON");
  command.add_option("--idempotency-key", arguments.idempotency_key,
                     "Same key, volume, prompts and model: the same UIDs in the DICOM-SEG");
  AddSegSeriesOptions(command, arguments.seg_series_values);
  command.add_option("--deadline", arguments.deadline, "Give up after this long: seconds, or 500ms, 2m");
  command.add_option("--priority", arguments.priority, "stat, routine (default) or batch")
      ->check(CLI::IsMember({"stat", "routine", "batch"}));
  command.add_option("--clamp", arguments.clamp, "Clamp intensities before the model sees them")
      ->type_name("MIN,MAX");
  command
      .add_option("--max-patches", arguments.max_patches,
                  "The most patches that a target may take, 1 to 27, default 8: around the prompts, at other "
                  "spacings (--spacing auto), and along a mask that reaches over its patch's border. 1: the "
                  "first patch alone")
      ->check(CLI::Range(1, 27))
      ->type_name("N");
  command
      .add_option("--max-looks", arguments.max_looks, "Of them at most so many at other spacings, 0 to 26")
      ->check(CLI::Range(0, 26))
      ->type_name("N");
  command
      .add_option("--max-steps", arguments.max_steps,
                  "Of them at most so many along a mask that reaches over its patch's border, 0 to 26")
      ->check(CLI::Range(0, 26))
      ->type_name("N");
  command
      .add_option(
          "--modality", arguments.modality,
          "What made a NIfTI volume, as DICOM's Modality has it: CT, MR, PT; a DICOM series says it itself")
      ->type_name("NAME");
  command
      .add_option("--spacing", arguments.spacing,
                  "Edge of the model's voxels in mm, 0.25 to 3, or auto: the model's own, and a mask that is "
                  "small or large for it is looked at again; unless given, auto if the model has learned "
                  "from finer ones than 1.5")
      ->type_name("MM|auto");
  command.add_flag("-v,--verbose", arguments.verbose, "Tell of patches, gates, times and the model, too");
  command.add_flag("--json", arguments.json, "Print one JSON object instead of lines, errors too");
}

}  // namespace

void AddSegmentCommand(CLI::App& app, int& exit_code) {
  CLI::App* command =
      app.add_subcommand("segment", "Segment lesions by clicks, boxes, diameters, scribbles and masks");
  auto arguments = std::make_shared<SegmentArguments>();
  AddOptions(*command, *arguments);
  command->footer(kExitCodesHelp);
  command->callback([command, arguments, &exit_code] {
    arguments->prompts = PromptsInOrder(*command);
    arguments->seg_series = GivenSegSeries(*command, arguments->seg_series_values);
    exit_code = RunSegment(*arguments);
  });
}

}  // namespace sgpsam::cli
