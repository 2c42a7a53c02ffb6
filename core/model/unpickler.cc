#include "core/model/unpickler.h"

#include <cstring>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "core/base/status_macros.h"
#include "core/model/torch_objects.h"

namespace sgpsam {
namespace {

using Kind = PickleNode::Kind;

// A checkpoint of this model, with its optimizer's state, has 50,000 nodes.
constexpr size_t kMaxNodes = 500'000;
constexpr size_t kMaxItems = 5'000'000;  // of all containers together: a call may repeat what exists
constexpr size_t kMaxStack = 1'000'000;
constexpr size_t kMaxMemo = 1'000'000;
constexpr size_t kMaxNameLength =
    256;  // of a class: two texts of the pickle, put together any number of times

// The instructions, by the names of Python's pickle module.
enum Op : uint8_t {
  kMark = '(',
  kStop = '.',
  kPop = '0',
  kPopMark = '1',
  kDup = '2',
  kNone = 'N',
  kNewTrue = 0x88,
  kNewFalse = 0x89,
  kInt = 'I',
  kLong = 'L',
  kBinInt = 'J',
  kBinInt1 = 'K',
  kBinInt2 = 'M',
  kLong1 = 0x8a,
  kLong4 = 0x8b,
  kBinFloat = 'G',
  kBinString = 'T',
  kShortBinString = 'U',
  kBinBytes = 'B',
  kShortBinBytes = 'C',
  kBinBytes8 = 0x8e,
  kBinUnicode = 'X',
  kShortBinUnicode = 0x8c,
  kBinUnicode8 = 0x8d,
  kEmptyTuple = ')',
  kTuple = 't',
  kTuple1 = 0x85,
  kTuple2 = 0x86,
  kTuple3 = 0x87,
  kEmptyList = ']',
  kList = 'l',
  kAppend = 'a',
  kAppends = 'e',
  kEmptyDict = '}',
  kDict = 'd',
  kSetItem = 's',
  kSetItems = 'u',
  kEmptySet = 0x8f,
  kAddItems = 0x90,
  kFrozenSet = 0x91,
  kGlobal = 'c',
  kStackGlobal = 0x93,
  kReduce = 'R',
  kNewObj = 0x81,
  kNewObjEx = 0x92,
  kBuild = 'b',
  kBinPersId = 'Q',
  kBinPut = 'q',
  kLongBinPut = 'r',
  kMemoize = 0x94,
  kBinGet = 'h',
  kLongBinGet = 'j',
  kProto = 0x80,
  kFrame = 0x95,
};

class Machine {
 public:
  explicit Machine(absl::string_view bytes) : bytes_(bytes) {}

  absl::StatusOr<Pickle> Run() {
    while (true) {
      const size_t at = position_;
      uint8_t op = 0;
      absl::Status status = Take(1, &op);
      if (status.ok() && op == kStop) {
        status = Pop(&pickle_.root);
        if (status.ok()) return std::move(pickle_);
      }
      if (status.ok()) status = Step(op);
      if (!status.ok()) {
        return absl::InvalidArgumentError(absl::StrCat("pickle, byte ", at, ": ", status.message()));
      }
    }
  }

 private:
  static absl::Status Bad(absl::string_view reason) { return absl::InvalidArgumentError(reason); }

  // Operands.

  absl::Status Take(size_t size, void* into) {
    if (bytes_.size() - position_ < size) return Bad("it ends too early");
    std::memcpy(into, bytes_.data() + position_, size);
    position_ += size;
    return absl::OkStatus();
  }

  absl::StatusOr<uint64_t> Unsigned(size_t width) {
    uint8_t raw[8] = {};
    RETURN_IF_ERROR(Take(width, raw));
    uint64_t value = 0;
    for (size_t i = width; i-- > 0;) value = (value << 8) | raw[i];
    return value;
  }

  absl::StatusOr<absl::string_view> Bytes(size_t length_width) {
    ASSIGN_OR_RETURN(const uint64_t size, Unsigned(length_width));
    if (size > bytes_.size() - position_) return Bad("a text is longer than the file");
    const absl::string_view text = bytes_.substr(position_, size);
    position_ += size;
    return text;
  }

  absl::StatusOr<absl::string_view> Line() {
    const size_t end = bytes_.find('\n', position_);
    if (end == absl::string_view::npos) return Bad("it ends too early");
    const absl::string_view line = bytes_.substr(position_, end - position_);
    position_ = end + 1;
    return line;
  }

  // Stack.

  absl::Status Push(PickleId id) {
    if (stack_.size() == kMaxStack) return Bad("its stack grows beyond a million");
    stack_.push_back(id);
    return absl::OkStatus();
  }

  absl::Status Push(PickleNode node) {
    if (pickle_.nodes.size() == kMaxNodes) return Bad("it describes more than 500,000 things");
    RETURN_IF_ERROR(CountItems(node.items.size()));
    pickle_.nodes.push_back(std::move(node));
    return Push(static_cast<PickleId>(pickle_.nodes.size() - 1));
  }

  absl::Status CountItems(size_t added) {
    items_ += added;
    return items_ <= kMaxItems ? absl::OkStatus() : Bad("its containers hold more than five million things");
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
    return &pickle_.nodes[stack_.back()];
  }

  // Instructions.

  absl::Status Step(uint8_t op) {
    switch (op) {
      case kProto: return Protocol();
      case kFrame: return Unsigned(8).status();
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
    ASSIGN_OR_RETURN(const uint64_t version, Unsigned(1));
    if (version >= 2 && version <= 5) return absl::OkStatus();
    return Bad(absl::StrCat("protocol ", version, " is not supported"));
  }

  absl::Status PushNumber(uint8_t op) {
    if (op == kInt || op == kLong) return PushDecimal();
    if (op == kLong1 || op == kLong4) return PushLong(op == kLong1 ? 1 : 4);
    if (op == kBinFloat) return PushFloat();
    ASSIGN_OR_RETURN(const uint64_t value, Unsigned(op == kBinInt ? 4 : op == kBinInt2 ? 2 : 1));
    return PushInt(op == kBinInt ? static_cast<int32_t>(value) : static_cast<int64_t>(value));
  }

  // Text of protocol 0: "12", "12L", and "00" and "01" for the truth values.
  absl::Status PushDecimal() {
    ASSIGN_OR_RETURN(absl::string_view line, Line());
    if (line == "00" || line == "01") return PushInt(line == "01" ? 1 : 0, Kind::kBool);
    if (!line.empty() && line.back() == 'L') line.remove_suffix(1);
    int64_t value = 0;
    if (!absl::SimpleAtoi(line, &value)) return PushKind(Kind::kOther);
    return PushInt(value);
  }

  // Two's complement of any length; what exceeds 64 bits (a random state, say) is nobody's size.
  absl::Status PushLong(size_t length_width) {
    ASSIGN_OR_RETURN(const absl::string_view raw, Bytes(length_width));
    if (raw.size() > 8) return PushKind(Kind::kOther);
    const bool negative = !raw.empty() && (static_cast<uint8_t>(raw.back()) & 0x80) != 0;
    uint64_t value = negative ? ~uint64_t{0} : 0;
    for (size_t i = raw.size(); i-- > 0;) value = (value << 8) | static_cast<uint8_t>(raw[i]);
    return PushInt(static_cast<int64_t>(value));
  }

  absl::Status PushFloat() {
    uint64_t bits = 0;
    for (int i = 0; i < 8; ++i) {  // big endian, unlike everything else
      ASSIGN_OR_RETURN(const uint64_t byte, Unsigned(1));
      bits = (bits << 8) | byte;
    }
    PickleNode node;
    node.kind = Kind::kFloat;
    std::memcpy(&node.number, &bits, sizeof(bits));
    return Push(std::move(node));
  }

  absl::Status PushBytes(size_t length_width) {
    ASSIGN_OR_RETURN(const absl::string_view text, Bytes(length_width));
    return PushText(text);
  }

  absl::Status MoveStack(uint8_t op) {
    if (op == kPopMark) return PopToMark().status();
    if (op == kDup) {
      RETURN_IF_ERROR(Top().status());
      return Push(stack_.back());
    }
    if (op == kMark) {
      if (marks_.size() == kMaxStack) return Bad("its stack grows beyond a million");
      marks_.push_back(stack_.size());
      return absl::OkStatus();
    }
    PickleId dropped = 0;
    if (!marks_.empty() && marks_.back() == stack_.size()) return PopToMark().status();
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

  // What is put into an inert node is dropped with it.
  absl::Status AddToTop(const std::vector<PickleId>& items, Kind kind) {
    ASSIGN_OR_RETURN(PickleNode * node, Top());
    if (node->kind == Kind::kOther) return absl::OkStatus();
    if (node->kind != kind) return Bad("it adds to what is no container");
    RETURN_IF_ERROR(CountItems(items.size()));
    node->items.insert(node->items.end(), items.begin(), items.end());
    return absl::OkStatus();
  }

  absl::Status UseMemo(uint8_t op) {
    if (op == kBinGet || op == kLongBinGet) {
      ASSIGN_OR_RETURN(const uint64_t key, Unsigned(op == kBinGet ? 1 : 4));
      const auto found = memo_.find(key);
      return found == memo_.end() ? Bad("it recalls what it never stored") : Push(found->second);
    }
    uint64_t key = memo_.size();
    if (op != kMemoize) {
      ASSIGN_OR_RETURN(key, Unsigned(op == kBinPut ? 1 : 4));
    }
    RETURN_IF_ERROR(Top().status());
    memo_[key] = stack_.back();
    return memo_.size() <= kMaxMemo ? absl::OkStatus() : Bad("it stores more than a million things");
  }

  absl::Status PushGlobal(uint8_t op) {
    if (op == kGlobal) {
      ASSIGN_OR_RETURN(const absl::string_view module, Line());
      ASSIGN_OR_RETURN(const absl::string_view name, Line());
      return PushClass(module, name);
    }
    PickleId name = 0, module = 0;
    RETURN_IF_ERROR(Pop(&name));
    RETURN_IF_ERROR(Pop(&module));
    return PushClass(pickle_[module].text, pickle_[name].text);
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
    ASSIGN_OR_RETURN(PickleNode node, ReduceToNode(pickle_, pickle_[callable], pickle_[arguments]));
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
    ASSIGN_OR_RETURN(PickleNode node, StorageNode(pickle_, pickle_[id]));
    return Push(std::move(node));
  }

  const absl::string_view bytes_;
  size_t position_ = 0;
  Pickle pickle_;
  size_t items_ = 0;
  std::vector<PickleId> stack_;
  std::vector<size_t> marks_;  // stack sizes
  absl::flat_hash_map<uint64_t, PickleId> memo_;
};

}  // namespace

absl::StatusOr<Pickle> ReadPickle(absl::string_view bytes) { return Machine(bytes).Run(); }

}  // namespace sgpsam
