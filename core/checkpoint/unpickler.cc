#include "core/checkpoint/unpickler.h"

#include <cstring>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "core/base/status_macros.h"
#include "core/checkpoint/pickle_input.h"
#include "core/checkpoint/pickle_ops.h"
#include "core/checkpoint/pickle_stack.h"
#include "core/checkpoint/torch_objects.h"

namespace sgpsam {
namespace {

using namespace pickle_op;  // NOLINT: the instructions alone

constexpr size_t kMaxMemo = 1'000'000;
// Of a class: two texts of the pickle, put together any number of times.
constexpr size_t kMaxNameLength = 256;

class Machine : private PickleStack {
 public:
  explicit Machine(absl::string_view bytes) : input_(bytes) {}

  absl::StatusOr<Pickle> Run() {
    while (true) {
      const size_t at = input_.position();
      uint8_t op = 0;
      absl::Status status = input_.Take(1, &op);
      if (status.ok() && op == kStop) {
        status = Pop(&pickle.root);
        pickle.size = input_.position();
        if (status.ok()) return std::move(pickle);
      }
      if (status.ok()) status = Step(op);
      if (!status.ok()) {
        return absl::InvalidArgumentError(absl::StrCat("pickle, byte ", at, ": ", status.message()));
      }
    }
  }

 private:
  absl::Status Step(uint8_t op) {
    switch (op) {
      case kProto: return Protocol();
      case kFrame: return input_.Unsigned(8).status();
      case kNone: return PushKind(Kind::kNone);
      case kNewTrue: return PushInt(1, Kind::kBool);
      case kNewFalse: return PushInt(0, Kind::kBool);
      case kInt:
      case kLong:
      case kBinInt:
      case kBinInt1:
      case kBinInt2:
      case kLong1:
      case kLong4:
      case kBinFloat: return PushNumber(op);
      case kShortBinString:
      case kShortBinBytes:
      case kShortBinUnicode: return PushBytes(1);
      case kBinString:
      case kBinBytes:
      case kBinUnicode: return PushBytes(4);
      case kBinBytes8:
      case kBinUnicode8: return PushBytes(8);
      case kMark:
      case kPop:
      case kPopMark:
      case kDup: return MoveStack(op);
      case kEmptyTuple:
      case kTuple:
      case kTuple1:
      case kTuple2:
      case kTuple3: return PushTuple(op);
      case kEmptyList: return PushKind(Kind::kList);
      case kEmptyDict: return PushKind(Kind::kDict);
      case kEmptySet: return PushKind(Kind::kOther);
      case kList: return PushMarked(Kind::kList);
      case kDict: return PushMarked(Kind::kDict);
      case kFrozenSet: return PushMarked(Kind::kOther);
      case kAppend: return AddItems(1, Kind::kList);
      case kSetItem: return AddItems(2, Kind::kDict);
      case kAppends: return AddMarked(Kind::kList);
      case kSetItems: return AddMarked(Kind::kDict);
      case kAddItems: return AddMarked(Kind::kOther);
      case kBinPut:
      case kLongBinPut:
      case kMemoize:
      case kBinGet:
      case kLongBinGet: return UseMemo(op);
      case kGlobal:
      case kStackGlobal: return PushGlobal(op);
      case kReduce:
      case kNewObj: return Reduce();
      case kNewObjEx:
      case kBuild: return Drop(op);
      case kBinPersId: return PushStorage();
      default: return Bad(absl::StrFormat("instruction 0x%02x, which checkpoints do not have", op));
    }
  }

  absl::Status Protocol() {
    ASSIGN_OR_RETURN(const uint64_t version, input_.Unsigned(1));
    if (version >= 2 && version <= 5) return absl::OkStatus();
    return Bad(absl::StrCat("protocol ", version, " is not supported"));
  }

  absl::Status PushNumber(uint8_t op) {
    if (op == kInt || op == kLong) return PushDecimal();
    if (op == kLong1 || op == kLong4) return PushLong(op == kLong1 ? 1 : 4);
    if (op == kBinFloat) return PushFloat();
    ASSIGN_OR_RETURN(const uint64_t value, input_.Unsigned(op == kBinInt ? 4 : op == kBinInt2 ? 2 : 1));
    return PushInt(op == kBinInt ? static_cast<int32_t>(value) : static_cast<int64_t>(value));
  }

  // Text of protocol 0: "12", "12L", and "00" and "01" for the truth values.
  absl::Status PushDecimal() {
    ASSIGN_OR_RETURN(absl::string_view line, input_.Line());
    if (line == "00" || line == "01") return PushInt(line == "01" ? 1 : 0, Kind::kBool);
    if (!line.empty() && line.back() == 'L') line.remove_suffix(1);
    int64_t value = 0;
    if (!absl::SimpleAtoi(line, &value)) return PushKind(Kind::kOther);
    return PushInt(value);
  }

  // Two's complement of any length; what exceeds 64 bits (a random state, say) is nobody's size.
  absl::Status PushLong(size_t length_width) {
    ASSIGN_OR_RETURN(const absl::string_view raw, input_.Bytes(length_width));
    if (raw.size() > 8) return PushKind(Kind::kOther);
    const bool negative = !raw.empty() && (static_cast<uint8_t>(raw.back()) & 0x80) != 0;
    uint64_t value = negative ? ~uint64_t{0} : 0;
    for (size_t i = raw.size(); i-- > 0;) value = (value << 8) | static_cast<uint8_t>(raw[i]);
    return PushInt(static_cast<int64_t>(value));
  }

  absl::Status PushFloat() {
    uint64_t bits = 0;
    for (int i = 0; i < 8; ++i) {  // big endian, unlike everything else
      ASSIGN_OR_RETURN(const uint64_t byte, input_.Unsigned(1));
      bits = (bits << 8) | byte;
    }
    PickleNode node;
    node.kind = Kind::kFloat;
    std::memcpy(&node.number, &bits, sizeof(bits));
    return Push(std::move(node));
  }

  absl::Status PushBytes(size_t length_width) {
    ASSIGN_OR_RETURN(const absl::string_view text, input_.Bytes(length_width));
    return PushText(text);
  }

  absl::Status MoveStack(uint8_t op) {
    if (op == kPopMark) return PopToMark().status();
    if (op == kMark) return Mark();
    if (op == kDup) {
      ASSIGN_OR_RETURN(const PickleId top, TopId());
      return Push(top);
    }
    PickleId dropped = 0;
    if (at_mark()) return PopToMark().status();
    return Pop(&dropped);
  }

  absl::Status PushTuple(uint8_t op) {
    if (op == kTuple) return PushMarked(Kind::kTuple);
    std::vector<PickleId> items(op == kEmptyTuple ? 0 : op - kTuple1 + size_t{1});
    for (size_t i = items.size(); i-- > 0;) RETURN_IF_ERROR(Pop(&items[i]));
    return PushKind(Kind::kTuple, std::move(items));
  }

  absl::Status PushMarked(Kind kind) {
    ASSIGN_OR_RETURN(std::vector<PickleId> items, PopToMark());
    if (kind == Kind::kDict && items.size() % 2 != 0) return Bad("a key has no value");
    if (kind == Kind::kOther) items.clear();
    return PushKind(kind, std::move(items));
  }

  absl::Status AddItems(size_t count, Kind kind) {
    std::vector<PickleId> items(count);
    for (size_t i = count; i-- > 0;) RETURN_IF_ERROR(Pop(&items[i]));
    return AddToTop(items, kind);
  }

  absl::Status AddMarked(Kind kind) {
    ASSIGN_OR_RETURN(const std::vector<PickleId> items, PopToMark());
    if (kind == Kind::kDict && items.size() % 2 != 0) return Bad("a key has no value");
    return AddToTop(items, kind);
  }

  absl::Status UseMemo(uint8_t op) {
    if (op == kBinGet || op == kLongBinGet) {
      ASSIGN_OR_RETURN(const uint64_t key, input_.Unsigned(op == kBinGet ? 1 : 4));
      const auto found = memo_.find(key);
      return found == memo_.end() ? Bad("it recalls what it never stored") : Push(found->second);
    }
    uint64_t key = memo_.size();
    if (op != kMemoize) {
      ASSIGN_OR_RETURN(key, input_.Unsigned(op == kBinPut ? 1 : 4));
    }
    ASSIGN_OR_RETURN(memo_[key], TopId());
    return memo_.size() <= kMaxMemo ? absl::OkStatus() : Bad("it stores more than a million things");
  }

  absl::Status PushGlobal(uint8_t op) {
    if (op == kGlobal) {
      ASSIGN_OR_RETURN(const absl::string_view module, input_.Line());
      ASSIGN_OR_RETURN(const absl::string_view name, input_.Line());
      return PushClass(module, name);
    }
    PickleId name = 0, module = 0;
    RETURN_IF_ERROR(Pop(&name));
    RETURN_IF_ERROR(Pop(&module));
    return PushClass(pickle[module].text, pickle[name].text);
  }

  absl::Status PushClass(absl::string_view module, absl::string_view name) {
    if (module.size() + name.size() > kMaxNameLength) return Bad("the name of a class is too long");
    return PushText(absl::StrCat(module, ".", name), Kind::kGlobal);
  }

  // f(*arguments) and Class.__new__(*arguments): described, not called.
  absl::Status Reduce() {
    PickleId arguments = 0, callable = 0;
    RETURN_IF_ERROR(Pop(&arguments));
    RETURN_IF_ERROR(Pop(&callable));
    ASSIGN_OR_RETURN(PickleNode node, ReduceToNode(pickle, pickle[callable], pickle[arguments]));
    return Push(std::move(node));
  }

  // An object's state (BUILD) is nobody's tensor; an object with keywords (NEWOBJ_EX) is inert.
  absl::Status Drop(uint8_t op) {
    PickleId dropped = 0;
    RETURN_IF_ERROR(Pop(&dropped));
    if (op == kBuild) return Top().status();
    RETURN_IF_ERROR(Pop(&dropped));
    RETURN_IF_ERROR(Pop(&dropped));
    return PushKind(Kind::kOther);
  }

  absl::Status PushStorage() {
    PickleId id = 0;
    RETURN_IF_ERROR(Pop(&id));
    ASSIGN_OR_RETURN(PickleNode node, StorageNode(pickle, pickle[id]));
    return Push(std::move(node));
  }

  PickleInput input_;
  absl::flat_hash_map<uint64_t, PickleId> memo_;
};

}  // namespace

absl::StatusOr<Pickle> ReadPickle(absl::string_view bytes) { return Machine(bytes).Run(); }

}  // namespace sgpsam
