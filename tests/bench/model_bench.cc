// model_bench: how long a model takes, next to the model as the reference writes it and next to bare matrix
// products.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "core/base/status_macros.h"
#include "core/model_file/model_file.h"
#include "core/model_file/seeded_weights.h"
#include "core/torch/openmp_policy.h"
#include "nlohmann/json.hpp"
#include "tests/bench/model_kernels.h"
#include "tools/commands/model_choice.h"

namespace sgpsam {
namespace {

constexpr int kDecodesPerRound = 4;  // an encode takes as long as fifty of them
constexpr int kGatesPerRound = 4;    // a hundredth of an encode
constexpr int kPaddedRounds = 3;     // one padded encode takes as long as ten of ours

struct Options {
  std::string model;
  uint64_t seed = 1;
  tools::ModelChoice choice;
  TorchEngineOptions engine;
  int repeat = 9;
  std::vector<int> batches;
  bool json = false;
};

// Times in ms of one kernel.
class Stopwatch {
 public:
  template <typename Kernel>
  absl::Status Time(const Kernel& kernel) {
    const auto start = std::chrono::steady_clock::now();
    RETURN_IF_ERROR(kernel());
    const std::chrono::duration<double, std::milli> passed = std::chrono::steady_clock::now() - start;
    times_.push_back(passed.count());
    return absl::OkStatus();
  }

  double Median() const {
    std::vector<double> sorted = times_;
    std::sort(sorted.begin(), sorted.end());
    const size_t middle = sorted.size() / 2;
    return sorted.size() % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  }

 private:
  std::vector<double> times_;
};

// `count` encodes or decodes at once.
struct BatchTimes {
  int count = 0;
  Stopwatch encode, decode;
};

struct Times {
  Stopwatch encode, gemm, decode, plain_decode, padded, without_modules, closed, open, gates;
  Stopwatch unpacked_encode, launched_encode, launched_decode;
  std::vector<BatchTimes> batches;
};

absl::Status MeasureGraphs(ModelKernels& kernels, Times& times) {
  using Kernels = ModelKernels::Kernels;
  RETURN_IF_ERROR(times.launched_encode.Time([&] { return kernels.Encode(1, Kernels::kLaunched); }));
  return times.launched_decode.Time([&] { return kernels.Decode(1, Kernels::kLaunched); });
}

absl::Status MeasureBatches(ModelKernels& kernels, Times& times) {
  for (BatchTimes& batch : times.batches) {
    RETURN_IF_ERROR(batch.encode.Time([&] { return kernels.Encode(batch.count); }));
    RETURN_IF_ERROR(batch.decode.Time([&] { return kernels.Decode(batch.count); }));
  }
  return absl::OkStatus();
}

absl::Status MeasureModules(ModelKernels& kernels, Times& times) {
  using Modules = ModelKernels::Modules;
  RETURN_IF_ERROR(times.without_modules.Time([&] { return kernels.EncodeWith(Modules::kNone); }));
  RETURN_IF_ERROR(times.closed.Time([&] { return kernels.EncodeWith(Modules::kClosed); }));
  RETURN_IF_ERROR(times.open.Time([&] { return kernels.EncodeWith(Modules::kOpen); }));
  for (int n = 0; n < kGatesPerRound; ++n) {
    RETURN_IF_ERROR(times.gates.Time([&] { return kernels.Gates(); }));
  }
  return absl::OkStatus();
}

// All kernels take turns, so that a machine that slows down slows all of them down. The padded encoder
// joins in the first rounds only.
absl::Status Measure(ModelKernels& kernels, int rounds, Times& times) {
  const auto gemms = [&] { return kernels.Gemms(); };
  const auto plain_decode = [&] { return kernels.PlainDecode(); };
  RETURN_IF_ERROR(gemms());
  RETURN_IF_ERROR(plain_decode());
  for (int round = 0; round < rounds; ++round) {
    RETURN_IF_ERROR(times.gemm.Time(gemms));
    RETURN_IF_ERROR(times.encode.Time([&] { return kernels.Encode(); }));
    if (kernels.has_packed_weights()) {
      RETURN_IF_ERROR(times.unpacked_encode.Time([&] { return kernels.UnpackedEncode(); }));
    }
    if (round < kPaddedRounds) RETURN_IF_ERROR(times.padded.Time([&] { return kernels.PaddedEncode(); }));
    if (kernels.has_modules()) RETURN_IF_ERROR(MeasureModules(kernels, times));
    if (kernels.has_graphs()) RETURN_IF_ERROR(MeasureGraphs(kernels, times));
    RETURN_IF_ERROR(MeasureBatches(kernels, times));
    for (int n = 0; n < kDecodesPerRound; ++n) {
      RETURN_IF_ERROR(times.decode.Time([&] { return kernels.Decode(); }));
      RETURN_IF_ERROR(times.plain_decode.Time(plain_decode));
    }
  }
  return absl::OkStatus();
}

std::string CpuName() {
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);) {
    const std::vector<absl::string_view> field = absl::StrSplit(line, absl::MaxSplits(':', 1));
    if (field.size() == 2 && absl::StripAsciiWhitespace(field[0]) == "model name") {
      return std::string(absl::StripAsciiWhitespace(field[1]));
    }
  }
  return "unknown";
}

void AddModules(const Times& times, nlohmann::ordered_json& report) {
  const double plain = times.without_modules.Median(), closed = times.closed.Median(),
               open = times.open.Median(), gates = times.gates.Median(), gemm = times.gemm.Median();
  report.update({{"encode_without_modules_ms", plain},
                 {"encode_closed_ms", closed},
                 {"encode_open_ms", open},
                 {"gates_ms", gates},
                 {"gates_over_encode", gates / plain},
                 {"closed_over_gemm", closed / gemm},
                 {"open_over_gemm", open / gemm}});
}

void AddGraphs(const Times& times, nlohmann::ordered_json& report) {
  const double encode = times.launched_encode.Median(), decode = times.launched_decode.Median();
  report.update({{"launched_encode_ms", encode},
                 {"launched_decode_ms", decode},
                 {"launched_over_encode", encode / times.encode.Median()},
                 {"launched_over_decode", decode / times.decode.Median()}});
}

void AddBatches(const Times& times, nlohmann::ordered_json& report) {
  for (const BatchTimes& batch : times.batches) {
    const double count = batch.count;
    report["batches"].push_back({{"count", batch.count},
                                 {"encode_ms_each", batch.encode.Median() / count},
                                 {"decode_ms_each", batch.decode.Median() / count}});
  }
}

nlohmann::ordered_json Report(const ModelKernels& kernels, const Times& times) {
  const double encode = times.encode.Median(), gemm = times.gemm.Median(), padded = times.padded.Median();
  const double decode = times.decode.Median(), plain = times.plain_decode.Median();
  nlohmann::ordered_json report = {{"encode_ms", encode},
                                   {"decode_ms", decode},
                                   {"padded_encode_ms", padded},
                                   {"plain_decode_ms", plain},
                                   {"gemm_ms", gemm},
                                   {"encode_gflops", kernels.encode_gflop() / encode * 1e3},
                                   {"padded_over_encode", padded / encode},
                                   {"encode_over_gemm", encode / gemm},
                                   {"decode_over_plain", decode / plain},
                                   {"precision", kernels.info().precision},
                                   {"device", kernels.info().device},
                                   {"threads", kernels.threads()},
                                   {"cpu", CpuName()}};
  if (kernels.has_packed_weights()) {
    const double unpacked = times.unpacked_encode.Median();
    report.update({{"unpacked_encode_ms", unpacked}, {"unpacked_over_encode", unpacked / encode}});
  }
  if (kernels.has_modules()) AddModules(times, report);
  if (kernels.has_graphs()) AddGraphs(times, report);
  AddBatches(times, report);
  return report;
}

void PrintTable(const nlohmann::ordered_json& report, int repeat) {
  const auto number = [&](const char* key) { return report.at(key).get<double>(); };
  const auto text = [&](const char* key) { return report.at(key).get<std::string>(); };
  std::printf("%s, %s on %s, %d threads, medians of %d rounds\n\n", text("cpu").c_str(),
              text("precision").c_str(), text("device").c_str(), report.at("threads").get<int>(), repeat);
  const auto row = [](const char* title, double ms, const std::string& note) {
    std::printf("%-34s %9.2f ms  %s\n", title, ms, note.c_str());
  };
  row("encode one patch", number("encode_ms"), absl::StrFormat("%.0f GFLOP/s", number("encode_gflops")));
  row("  padded as the reference (fp32)", number("padded_encode_ms"),
      absl::StrFormat("%.2f x encode", number("padded_over_encode")));
  row("  its bare matrix products (fp32)", number("gemm_ms"),
      absl::StrFormat("encode is %.2f x this", number("encode_over_gemm")));
  if (report.contains("gates_ms")) {
    row("  without modules (fp32)", number("encode_without_modules_ms"), "");
    row("  all modules closed (fp32)", number("encode_closed_ms"),
        absl::StrFormat("%.2f x the bare products", number("closed_over_gemm")));
    row("  all modules open (fp32)", number("encode_open_ms"),
        absl::StrFormat("%.2f x the bare products", number("open_over_gemm")));
    row("  the gates alone (fp32)", number("gates_ms"),
        absl::StrFormat("%.2f %% of an encode", 100 * number("gates_over_encode")));
  }
  const auto without = [&](const char* what, const char* key, const char* ratio) {
    if (report.contains(key)) row(what, number(key), absl::StrFormat("%.2f x with", number(ratio)));
  };
  without("  without packed weights", "unpacked_encode_ms", "unpacked_over_encode");
  without("  without CUDA graphs", "launched_encode_ms", "launched_over_encode");
  row("decode a third click", number("decode_ms"), "");
  without("  without CUDA graphs", "launched_decode_ms", "launched_over_decode");
  row("  plain as the reference (fp32)", number("plain_decode_ms"),
      absl::StrFormat("decode is %.2f x this", number("decode_over_plain")));
  for (const auto& batch : report.value("batches", nlohmann::ordered_json::array())) {
    const std::string together = absl::StrFormat(" of %d together", batch.at("count").get<int>());
    row(("encode each" + together).c_str(), batch.at("encode_ms_each").get<double>(), "");
    row(("decode each" + together).c_str(), batch.at("decode_ms_each").get<double>(), "");
  }
}

absl::StatusOr<std::unique_ptr<ModelKernels>> MakeKernels(const Options& options) {
  if (options.model.empty()) {
    return ModelKernels::Create(SeededModel(options.choice.Get(), options.seed), options.engine);
  }
  ASSIGN_OR_RETURN(const TensorFile file, ReadModelFile(options.model));
  return ModelKernels::Create(file, options.engine);
}

absl::Status Bench(const Options& options) {
  ASSIGN_OR_RETURN(const std::unique_ptr<ModelKernels> kernels, MakeKernels(options));
  Times times;
  for (const int count : options.batches) times.batches.push_back({count, {}, {}});
  RETURN_IF_ERROR(Measure(*kernels, options.repeat, times));
  const nlohmann::ordered_json report = Report(*kernels, times);
  if (options.json) {
    std::printf("%s\n", report.dump().c_str());
  } else {
    PrintTable(report, options.repeat);
  }
  return absl::OkStatus();
}

void AddOptions(CLI::App& app, Options& options) {
  options.engine.device = "cpu";
  options.engine.precision = "fp32";  // what the references compute in
  CLI::Option* model = app.add_option("--model", options.model, "Model file; without it, seeded weights");
  app.add_option("--seed", options.seed, "Of the seeded weights")->excludes(model)->capture_default_str();
  options.choice.AddOptions(app, model);
  app.add_option("--precision", options.engine.precision, "auto, fp32 or bf16; the references stay fp32")
      ->check(CLI::IsMember({"auto", "fp32", "bf16"}))
      ->capture_default_str();
  app.add_option("--device", options.engine.device,
                 "auto, cpu or cuda:N; the references stay on the processor")
      ->capture_default_str();
  app.add_option("--threads", options.engine.threads, "Processor cores; 0: all")
      ->check(CLI::Range(0, 1024))
      ->capture_default_str();
  app.add_option("--repeat", options.repeat, "Rounds in which the kernels take turns")
      ->check(CLI::Range(1, 10'000))
      ->capture_default_str();
  app.add_option("--batch", options.batches, "Also this many at once; several numbers, several rows")
      ->check(CLI::Range(1, static_cast<int>(TorchEngine::kMaxBatch)));
  app.add_flag("--json", options.json, "Print one JSON object; encode_gflops is in GFLOP/s");
}

int Run(int argc, char** argv) {
  CLI::App app("Times a model beside the reference's way of computing it and bare matrix products.",
               "model_bench");
  Options options;
  AddOptions(app, options);
  CLI11_PARSE(app, argc, argv);
  const absl::Status status = Bench(options);
  if (!status.ok()) std::fprintf(stderr, "model_bench: %s\n", std::string(status.message()).c_str());
  return status.ok() ? 0 : 1;
}

}  // namespace
}  // namespace sgpsam

int main(int argc, char** argv) {
  sgpsam::SpinBriefly(argv);
  return sgpsam::Run(argc, argv);
}
