// All that a training can be told, with its defaults: what a state on disk is checked against. Plain values.
#ifndef SGPSAM_TOOLS_LEARN_TRAIN_TRAINING_OPTIONS_H_
#define SGPSAM_TOOLS_LEARN_TRAIN_TRAINING_OPTIONS_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "c10/core/Device.h"
#include "core/model/load_weights.h"
#include "tools/learn/train/adamw.h"
#include "tools/learn/train/augment.h"
#include "tools/learn/train/parameters.h"
#include "tools/learn/train/training_sample.h"
#include "tools/learn/train/training_step.h"

namespace sgpsam {

struct TrainingOptions {
  int64_t steps = 1000;
  int64_t warm_up = 50;  // steps over which the learning rate rises
  // Steps during which every gate is open and no budget counts: what comes after a gate must have learned
  // something before it can be judged whether it is worth opening. Scores learn from the start.
  int64_t gate_warm_up = 0;
  int batch = 4;  // patches that share one pass
  // Passes whose gradients are averaged into one step. On the processor two and more run in parallel,
  // each on one core, and are summed in their order, so that the number of cores changes no bit. A device is
  // better filled by a larger batch.
  int accumulate = 1;
  // Of the image encoder's matrix products, there and back; weights, sums and the decoder are float32 anyway.
  Precision precision = Precision::kFloat32;
  // Where passes run (torch_device.h chooses one and how it convolves). Parameters and optimiser stay on the
  // processor, so that a training goes on elsewhere.
  at::Device device = at::kCPU;
  double learning_rate = 8e-4;  // at its peak (reference: train.py)
  uint64_t seed = 1;
  TrainedParts parts;
  int64_t low_rank =
      0;  // of what adapts the image encoder instead of training it (Parameters::AddLowRank); 0: nothing
  StepOptions step;
  SampleOptions sample;
  AugmentOptions augment;
  AdamWOptions optimiser;
};

// INVALID_ARGUMENT naming the option that is out of range.
absl::Status ValidateTrainingOptions(const TrainingOptions& options);

// One line of JSON that names every number above, not the device: what a state on disk is checked against.
std::string DescribeTraining(const TrainingOptions& options);

}  // namespace sgpsam

#endif  // SGPSAM_TOOLS_LEARN_TRAIN_TRAINING_OPTIONS_H_
