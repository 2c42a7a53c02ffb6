#include "tools/commands/train_options.h"

#include <algorithm>
#include <filesystem>

#include "tools/commands/commands.h"

namespace sgpsam::tools {
namespace {

constexpr double kMapWeight = 0.3;  // what the demo model was trained with

void AddSchedule(CLI::App& command, TrainOptions& options) {
  TrainingOptions& t = options.training;
  command.add_option("--steps", t.steps, "Steps in all")->capture_default_str();
  command.add_option("--batch", t.batch, "Patches that share a pass")->capture_default_str();
  command.add_option("--accumulate", t.accumulate, "Passes in a step; they share the cores")
      ->capture_default_str();
  command.add_option("--precision", options.precision, "float32, or bf16 for the image encoder's products")
      ->check(CLI::IsMember({"float32", "bf16"}))
      ->capture_default_str();
  command.add_option("--lr", t.learning_rate, "Learning rate at its peak; cosine after the warm-up")
      ->capture_default_str();
  command.add_option("--warm-up", t.warm_up, "Steps over which it rises")->capture_default_str();
  command.add_option("--weight-decay", t.optimiser.weight_decay, "AdamW's")->capture_default_str();
  command.add_option("--seed", t.seed, "Order, clicks, augmentation; weights without --model")
      ->capture_default_str();
}

void AddLoss(CLI::App& command, TrainOptions& options) {
  StepOptions& step = options.training.step;
  command.add_option("--clicks", step.clicks, "Clicks on every sample")->capture_default_str();
  command
      .add_option("--refine", step.refine, "How likely a click after the first is left out, the mask kept")
      ->capture_default_str();
  command.add_option("--loss", options.loss, "zoom (Dice + voxel-balanced focal) or dice-ce")
      ->check(CLI::IsMember({"zoom", "dice-ce"}))
      ->capture_default_str();
  command.add_option("--dice-weight", step.loss.dice_weight, "Of the Dice term")->capture_default_str();
  command.add_option("--focal-weight", options.focal_weight,
                     "Of the other term; unless given, 0.1 of the focal one and 1 of cross entropy");
  command.add_option("--gamma", step.loss.gamma, "Of the focal term")->capture_default_str();
  command
      .add_option("--kinds-weight", step.kinds_weight,
                  "Pretraining: of telling made-up structures apart everywhere in the patch")
      ->capture_default_str();
  command.add_option(
      "--map-weight", options.map_weight,
      "Of finding all targets of a patch, clicked or not, in the modules' detail map; unless given, 0.3 "
      "of a model that makes one");
  command
      .add_option("--centre-clicks", step.centre_clicks,
                  "How likely a click is in the middle of the largest error, not anywhere in the errors")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
  command.add_option("--idle-clicks", step.idle_clicks, "How likely a click asks for what is there already")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
  command.add_option("--obey-weight", step.obey_weight, "Of clicks that the mask does not follow")
      ->check(CLI::Range(0.0, 1000.0))
      ->capture_default_str();
  command
      .add_option("--drop-weight", step.drop_weight, "Of the Dice that is lost from one click to the next")
      ->check(CLI::Range(0.0, 1000.0))
      ->capture_default_str();
  command.add_option("--iou-weight", step.iou_weight, "Of predicting each mask's IoU")->capture_default_str();
  command.add_option("--gate", options.gate, "self, always (open) or never (no modules)")
      ->check(CLI::IsMember({"self", "always", "never"}))
      ->capture_default_str();
  CLI::Option* added = command
                           .add_option("--add-modules", options.modules.blocks,
                                       "Put fresh modules after these encoder blocks first")
                           ->delimiter(',');
  command
      .add_option("--detail-channels", options.modules.detail_channels,
                  "Of a branch in the fresh modules that reads the patch itself; 0: none")
      ->needs(added)
      ->capture_default_str();
  command
      .add_flag("--spatial-gate", options.modules.spatial_gate,
                "Let the fresh modules weight each token, too")
      ->needs(added);
  command.add_option(
      "--gate-warm-up", options.gate_warm_up,
      "Steps during which all gates are open; unless given, a third of --steps for fresh modules, else 0");
  command.add_option("--gate-budget", step.budget, "How often gates may be open at no cost, 0 to 1")
      ->capture_default_str();
  command.add_option("--gate-weight", step.budget_weight, "What more costs")->capture_default_str();
}

void AddSampling(CLI::App& command, TrainOptions& options) {
  TrainingOptions& t = options.training;
  command
      .add_option(
          "--spacing", options.spacing,
          "Finest and coarsest voxels of the patches, mm; unless given, from the finest that the model knows "
          "to 1.5")
      ->expected(2);
  command
      .add_option("--first-spacing", options.first_spacing_mm,
                  "Voxels of the patch that the model will look at first, mm; unless given, as it does")
      ->check(CLI::Range(0.25, kUsualSpacingMm));
  command.add_option("--jitter", t.sample.jitter, "Voxels by which a patch's centre leaves the click")
      ->capture_default_str();
  command
      .add_option("--min-voxels", t.sample.min_voxels,
                  "Of the patch that a target must fill: fewer teach nothing")
      ->capture_default_str();
  command.add_option("--targets", t.sample.targets, "Asked for in each patch, which is encoded once")
      ->capture_default_str();
  command
      .add_option("--fill", options.fill,
                  "Instead of any spacing: least and largest share of the patch's side that a target's "
                  "diameter takes")
      ->expected(2)
      ->check(CLI::Range(0.01, 10.0));
  command
      .add_option("--prior", t.sample.prior,
                  "How likely something is known beforehand, as by another look or from a neighbouring patch")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
  command
      .add_option("--unknown-modality", t.sample.unknown_modality,
                  "How likely a case is scaled as if its modality were not known")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
  command
      .add_option("--other-tones", t.sample.other_tones,
                  "How likely an image's tissue gets any tone, and its contrasts any strength and sign; of "
                  "models that "
                  "scale by windows")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
  command.add_flag("--exchange", t.augment.exchange, "Let the patch's axes change places");
  command.add_option("--turn", t.augment.turn, "How likely it is turned and stretched")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
  command.add_option("--gamma-jitter", t.augment.gamma, "Random gamma, of models that scale by windows")
      ->check(CLI::Range(0.0, 2.0))
      ->capture_default_str();
  command.add_option("--blur", t.augment.blur, "How likely it is blurred")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
  command
      .add_option("--thick-slices", t.augment.thick_slices,
                  "How likely 2 to 4 neighbours along an axis become one")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
  command.add_option("--gain", t.augment.gain, "Random contrast")->capture_default_str();
  command.add_option("--offset", t.augment.offset, "Random brightness")->capture_default_str();
  command.add_option("--noise", t.augment.noise, "Random noise")->capture_default_str();
}

}  // namespace

void TrainOptions::AddTo(CLI::App& command) {
  CLI::Option* file =
      command.add_option("--model", model, "The model to start from; without it a fresh one of --config");
  fresh.AddOptions(command, file);
  command
      .add_option("--out", out,
                  "The model to write, in its best state; next to it .last, if another one was the last, "
                  ".csv, and .state, "
                  "from which a run that was ended, or is to have more --steps, goes on")
      ->required();
  command.add_option("--name", name,
                     "What the model is called; unless given, as the file without its ending");
  command.add_option("--version", version, "Of the model")->capture_default_str();
  command.add_option("--store", store, "Precision of that model's tensors: fp32, fp16 or bf16")
      ->check(CLI::IsMember(StoredTypes()))
      ->capture_default_str();
  command.add_option("--train", parts, "image_encoder, sgpm, prompt_encoder, mask_decoder")
      ->check(CLI::IsMember({"image_encoder", "sgpm", "prompt_encoder", "mask_decoder"}))
      ->delimiter(',')
      ->capture_default_str();
  command
      .add_option(
          "--lora", training.low_rank,
          "Rank of a low-rank adaptation of the image encoder, instead of training it; merged into its "
          "weights when the model is written; 0: none")
      ->capture_default_str();
  cases.AddOptions(command);
  AddSchedule(command, *this);
  AddLoss(command, *this);
  AddSampling(command, *this);
  command.add_option("--save-every", save_every, "Steps between states")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  command.add_option("--validate-every", validate_every, "Steps between validations")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  command.add_option("--validation-samples", validation_samples, "In each; 0: none")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  command
      .add_option(
          "--validate-lesions", validate_lesions,
          "Whole lesions in each validation, over all sets, with five clicks each on the served path: the "
          "state that does best on them is the model; 0: the last state is")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  command.add_option("--memory", memory_gib, "GiB for cases kept in memory")
      ->check(CLI::Range(0.1, 1024.0))
      ->capture_default_str();
  command.add_option("--device", device, "auto, cpu or cuda:N; on a GPU no two runs are quite the same")
      ->capture_default_str();
  command.add_option("--threads", threads, "0: all cores")->capture_default_str();
}

TrainingOptions TrainOptions::Complete(const ModelConfig& model_config, bool fresh_gates) const {
  TrainingOptions completed = training;
  completed.step.loss.kind = loss == "zoom" ? LossKind::kZoom : LossKind::kDiceCrossEntropy;
  completed.step.loss.other_weight = focal_weight.value_or(loss == "zoom" ? kFocalWeight : 1.0);
  completed.gate_warm_up = gate_warm_up.value_or(fresh_gates ? completed.steps / 3 : 0);
  completed.step.map_weight = map_weight.value_or(model_config.sgpm.detail_channels > 0 ? kMapWeight : 0);
  completed.precision = precision == "bf16" ? Precision::kBfloat16 : Precision::kFloat32;
  const auto trains = [&](const char* part) {
    return std::find(parts.begin(), parts.end(), part) != parts.end();
  };
  completed.parts = {trains("image_encoder"), trains("sgpm"), trains("prompt_encoder"),
                     trains("mask_decoder")};
  if (!fill.empty()) {
    completed.sample.least_fill = std::min(fill.front(), fill.back());
    completed.sample.most_fill = std::max(fill.front(), fill.back());
  }
  const double finest = model_config.finest_spacing_mm;
  completed.sample.min_spacing_mm = !spacing.empty() ? spacing.front()
                                    : finest > 0     ? finest
                                                     : kUsualSpacingMm;
  completed.sample.max_spacing_mm = spacing.empty() ? model_config.coarsest_spacing_mm : spacing.back();
  return completed;
}

std::string TrainOptions::ModelName() const {
  return name.empty() ? std::filesystem::path(out).stem().string() : name;
}

}  // namespace sgpsam::tools
