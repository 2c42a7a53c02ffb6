// The nodes and the stack of a pickle's machine, bounded whatever the pickle says. Private to unpickler.cc.
#ifndef SGPSAM_CORE_CHECKPOINT_PICKLE_STACK_H_
#define SGPSAM_CORE_CHECKPOINT_PICKLE_STACK_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/base/status_macros.h"
#include "core/checkpoint/unpickler.h"

namespace sgpsam {

class PickleStack {
 public:
  using Kind = PickleNode::Kind;

  // A checkpoint of this model, with its optimizer's state, has 50,000 nodes.
  static constexpr size_t kMaxNodes = 500'000;
  static constexpr size_t kMaxItems = 5'000'000;  // of all containers together: a call may repeat what exists
  static constexpr size_t kMaxStack = 1'000'000;

  static absl::Status Bad(absl::string_view reason) { return absl::InvalidArgumentError(reason); }

  Pickle pickle;

  absl::Status Push(PickleId id) {
    if (stack_.size() == kMaxStack) return Bad("its stack grows beyond a million");
    stack_.push_back(id);
    return absl::OkStatus();
  }

  absl::Status Push(PickleNode node) {
    if (pickle.nodes.size() == kMaxNodes) return Bad("it describes more than 500,000 things");
    RETURN_IF_ERROR(CountItems(node.items.size()));
    pickle.nodes.push_back(std::move(node));
    return Push(static_cast<PickleId>(pickle.nodes.size() - 1));
  }

  absl::Status PushKind(Kind kind, std::vector<PickleId> items = {}) {
    PickleNode node;
    node.kind = kind;
    node.items = std::move(items);
    return Push(std::move(node));
  }

  absl::Status PushInt(int64_t value, Kind kind = Kind::kInt) {
    PickleNode node;
    node.kind = kind;
    node.integer = value;
    return Push(std::move(node));
  }

  absl::Status PushText(absl::string_view text, Kind kind = Kind::kText) {
    PickleNode node;
    node.kind = kind;
    node.text = std::string(text);
    return Push(std::move(node));
  }

  // Nothing below the last mark can be taken without taking the mark.
  absl::Status Pop(PickleId* id) {
    if (stack_.size() <= (marks_.empty() ? 0 : marks_.back())) return Bad("its stack is empty");
    *id = stack_.back();
    stack_.pop_back();
    return absl::OkStatus();
  }

  absl::StatusOr<std::vector<PickleId>> PopToMark() {
    if (marks_.empty()) return Bad("it has no mark");
    const auto begin = stack_.begin() + static_cast<ptrdiff_t>(marks_.back());
    std::vector<PickleId> items(begin, stack_.end());
    stack_.erase(begin, stack_.end());
    marks_.pop_back();
    return items;
  }

  absl::StatusOr<PickleNode*> Top() {
    if (stack_.size() <= (marks_.empty() ? 0 : marks_.back())) return Bad("its stack is empty");
    return &pickle.nodes[stack_.back()];
  }

  absl::StatusOr<PickleId> TopId() {
    RETURN_IF_ERROR(Top().status());
    return stack_.back();
  }

  absl::Status Mark() {
    if (marks_.size() == kMaxStack) return Bad("its stack grows beyond a million");
    marks_.push_back(stack_.size());
    return absl::OkStatus();
  }
  bool at_mark() const { return !marks_.empty() && marks_.back() == stack_.size(); }

  // What is put into an inert node is dropped with it.
  absl::Status AddToTop(const std::vector<PickleId>& items, Kind kind) {
    ASSIGN_OR_RETURN(PickleNode * node, Top());
    if (node->kind == Kind::kOther) return absl::OkStatus();
    if (node->kind != kind) return Bad("it adds to what is no container");
    RETURN_IF_ERROR(CountItems(items.size()));
    node->items.insert(node->items.end(), items.begin(), items.end());
    return absl::OkStatus();
  }

 private:
  absl::Status CountItems(size_t added) {
    items_ += added;
    return items_ <= kMaxItems ? absl::OkStatus() : Bad("its containers hold more than five million things");
  }

  size_t items_ = 0;
  std::vector<PickleId> stack_;
  std::vector<size_t> marks_;  // stack sizes
};

}  // namespace sgpsam

#endif  // SGPSAM_CORE_CHECKPOINT_PICKLE_STACK_H_
