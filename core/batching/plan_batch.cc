#include "core/batching/plan_batch.h"

#include <algorithm>

namespace sgpsam {

BatchPlan PlanBatch(absl::Span<const WaitingTask> queue, absl::Time now, int max_batch) {
  BatchPlan plan;
  std::vector<size_t> runnable;
  for (size_t i = 0; i < queue.size(); ++i) {
    const bool dead = queue[i].cancelled || now >= queue[i].deadline;
    (dead ? plan.drop : runnable).push_back(i);
  }
  std::stable_sort(runnable.begin(), runnable.end(),
                   [&](size_t a, size_t b) { return queue[a].priority < queue[b].priority; });
  if (runnable.empty()) return plan;
  if (queue[runnable.front()].alone) {
    plan.take = {runnable.front()};
    return plan;
  }
  for (size_t i : runnable) {
    if (plan.take.size() >= static_cast<size_t>(std::max(1, max_batch))) break;
    if (!queue[i].alone) plan.take.push_back(i);
  }
  return plan;
}

size_t TasksAhead(absl::Span<const WaitingTask> queue, size_t index) {
  size_t ahead = 0;
  for (size_t i = 0; i < queue.size(); ++i) {
    if (i == index || queue[i].cancelled) continue;
    const bool before = queue[i].priority < queue[index].priority ||
                        (queue[i].priority == queue[index].priority && i < index);
    if (before) ++ahead;
  }
  return ahead;
}

NextStage ChooseStage(size_t waiting_encodes, size_t waiting_decodes, int decodes_in_a_row,
                      int max_decodes_in_a_row) {
  if (waiting_decodes == 0) return waiting_encodes == 0 ? NextStage::kNone : NextStage::kEncode;
  const bool encodes_starve = waiting_encodes > 0 && decodes_in_a_row >= max_decodes_in_a_row;
  return encodes_starve ? NextStage::kEncode : NextStage::kDecode;
}

}  // namespace sgpsam
