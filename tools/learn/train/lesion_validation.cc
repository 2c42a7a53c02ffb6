#include "tools/learn/train/lesion_validation.h"

#include <algorithm>
#include <memory>
#include <numeric>
#include <utility>

#include "core/base/random.h"
#include "core/base/status_macros.h"
#include "tools/learn/evaluation/evaluate_case.h"

namespace sgpsam {
namespace {

constexpr size_t kLeastVoxels = 8;

template <typename T>
void Shuffle(std::vector<T>& values, Random& random) {
  for (size_t n = values.size(); n > 1; --n) std::swap(values[n - 1], values[random.Below(n)]);
}

// In an order drawn at random.
std::vector<int64_t> TargetsOf(const ClickableCase& from, Random& random) {
  std::vector<int64_t> targets;
  for (int64_t target = 1; target <= from.source().target_count; ++target) {
    if (from.voxels(target).size() >= kLeastVoxels) targets.push_back(target);
  }
  Shuffle(targets, random);
  return targets;
}

}  // namespace

LesionValidation::LesionValidation(std::vector<ValidationSet> sets, int64_t lesions, uint64_t seed) {
  std::erase_if(sets, [](const ValidationSet& set) { return set.cases->source().size() == 0; });
  const auto count = static_cast<int64_t>(sets.size());
  for (const ValidationSet& set : sets) {
    Sample sample = Draw(set, (lesions + count - 1) / count, seed);
    if (!sample.lesions.empty()) samples_.push_back(std::move(sample));
  }
}

LesionValidation::Sample LesionValidation::Draw(const ValidationSet& set, int64_t lesions, uint64_t seed) {
  Random random(seed);
  std::vector<int64_t> cases(static_cast<size_t>(set.cases->source().size()));
  std::iota(cases.begin(), cases.end(), int64_t{0});
  Shuffle(cases, random);
  Sample sample{set, {}};
  std::vector<Lesion> further;
  for (const int64_t index : cases) {
    if (static_cast<int64_t>(sample.lesions.size()) >= lesions) break;
    const auto read = set.cases->Get(index);
    if (!read.ok()) continue;
    const std::vector<int64_t> targets = TargetsOf(**read, random);
    for (size_t n = 0; n < targets.size(); ++n)
      (n == 0 ? sample.lesions : further).push_back({index, targets[n]});
  }
  for (const Lesion& lesion : further) {
    if (static_cast<int64_t>(sample.lesions.size()) >= lesions) break;
    sample.lesions.push_back(lesion);
  }
  std::sort(sample.lesions.begin(), sample.lesions.end(), [](const Lesion& a, const Lesion& b) {
    return std::pair(a.index, a.target) < std::pair(b.index, b.target);
  });
  return sample;
}

absl::StatusOr<std::vector<LesionDice>> LesionValidation::Measure(Engine& engine) const {
  std::vector<LesionDice> all;
  for (const Sample& sample : samples_) {
    LesionDice mean{sample.set.name, std::vector<double>(kScoredClicks.size(), 0)};
    for (const Lesion& lesion : sample.lesions) {
      ASSIGN_OR_RETURN(const std::shared_ptr<const ClickableCase> read, sample.set.cases->Get(lesion.index));
      EngineSegmenter segmenter(engine, read->source(), {});
      ASSIGN_OR_RETURN(const ScoredCase scored,
                       EvaluateCase(read->source(), segmenter, {.targets = {lesion.target}}));
      for (size_t n = 0; n < kScoredClicks.size(); ++n) {
        mean.dice[n] += scored.lesions.at(0).dice[n].value_or(0) / static_cast<double>(sample.lesions.size());
      }
    }
    all.push_back(std::move(mean));
  }
  return all;
}

double LesionValidation::Score(const std::vector<LesionDice>& dice) {
  double sum = 0;
  for (const LesionDice& set : dice) sum += (set.dice.front() + set.dice.back()) / 2;
  return dice.empty() ? 0 : sum / static_cast<double>(dice.size());
}

}  // namespace sgpsam
