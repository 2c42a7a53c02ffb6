#include "core/dicom/dataset/prescan.h"

#include <array>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "core/base/reason.h"
#include "core/base/status_macros.h"

namespace sgpsam {
namespace {

constexpr uint32_t kItem = DicomTag(0xFFFE, 0xE000);
constexpr uint32_t kItemEnd = DicomTag(0xFFFE, 0xE00D);
constexpr uint32_t kSequenceEnd = DicomTag(0xFFFE, 0xE0DD);
constexpr uint32_t kUndefinedLength = 0xFFFFFFFF;

absl::Status Malformed(uint32_t tag, absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrFormat(
      "element (%04x,%04x) %s: the file is damaged or truncated", tag >> 16, tag & 0xFFFF, what));
}

absl::Status TooManyElements() {  // a fragment of the pixels counts as one
  return InvalidArgument(Reason::kVolumeTooLarge,
                         absl::StrCat("the file has more than ", kMaxElements, " elements"));
}

// Value representations whose length has four bytes, after two reserved ones (PS3.5 7.1.2).
bool HasLongLength(absl::string_view vr) {
  for (absl::string_view known :
       {"OB", "OD", "OF", "OL", "OV", "OW", "SQ", "SV", "UC", "UN", "UR", "UT", "UV"}) {
    if (vr == known) return true;
  }
  return false;
}

bool IsUpper(char c) { return c >= 'A' && c <= 'Z'; }

struct Head {  // of one element
  uint32_t tag = 0;
  char vr[2] = {0, 0};
  uint32_t length = 0;
  absl::string_view Vr() const { return {vr, 2}; }
};

class Scanner {
 public:
  Scanner(absl::string_view bytes, const DatasetEncoding& encoding)
      : bytes_(bytes), encoding_(encoding), end_(bytes.size()) {}

  absl::Status Run();
  ScannedDataset TakeResult() { return std::move(result_); }

 private:
  // A sequence, or one item of it. An item's parent lies below it on the stack.
  struct Level {
    bool is_item = false;
    bool undefined = false;  // ends with a delimiter, not at `end`
    bool fragments = false;  // encapsulated pixels in an inner data set: items are opaque
    bool explicit_vr = true;
    size_t end = 0;  // of a level of undefined length: its parent's end
  };

  uint32_t U16(size_t at) const {
    const auto a = static_cast<uint8_t>(bytes_[at]), b = static_cast<uint8_t>(bytes_[at + 1]);
    return encoding_.big_endian ? (a << 8) | b : (b << 8) | a;
  }
  uint32_t U32(size_t at) const {
    return encoding_.big_endian ? (U16(at) << 16) | U16(at + 2) : (U16(at + 2) << 16) | U16(at);
  }
  bool AtTop() const { return depth_ == 0; }
  Level& Top() { return stack_[static_cast<size_t>(depth_ - 1)]; }
  size_t End() { return AtTop() ? end_ : Top().end; }
  bool ExplicitVr() { return AtTop() ? encoding_.explicit_vr : Top().explicit_vr; }

  absl::StatusOr<Head> ReadHead();
  absl::Status Step();
  void CloseElement();
  absl::Status EnterItem(const Head& head);
  absl::Status TakeElement(const Head& head, size_t start);
  absl::Status EnterSequence(const Head& head);
  absl::Status TakePixels(const Head& head);
  absl::Status Push(const Level& level, uint32_t tag);

  const absl::string_view bytes_;
  const DatasetEncoding encoding_;
  const size_t end_;
  size_t at_ = 0;
  uint32_t count_ = 0;
  int depth_ = 0;  // levels on the stack: two for each sequence
  std::array<Level, static_cast<size_t>(2 * kMaxNesting)> stack_;
  ScannedDataset result_;
};

absl::StatusOr<Head> Scanner::ReadHead() {
  if (End() - at_ < 8) {
    return absl::InvalidArgumentError(
        "an element is cut off in its header: the file is damaged or truncated");
  }
  Head head;
  head.tag = (U16(at_) << 16) | U16(at_ + 2);
  const bool delimiter = (head.tag >> 16) == 0xFFFE;
  if (delimiter || !ExplicitVr()) {
    head.length = U32(at_ + 4);
    at_ += 8;
    return head;
  }
  head.vr[0] = bytes_[at_ + 4];
  head.vr[1] = bytes_[at_ + 5];
  if (!IsUpper(head.vr[0]) || !IsUpper(head.vr[1])) return Malformed(head.tag, "has no value representation");
  if (!HasLongLength(head.Vr())) {
    head.length = U16(at_ + 6);
    at_ += 8;
    return head;
  }
  if (End() - at_ < 12) return Malformed(head.tag, "is cut off in its header");
  head.length = U32(at_ + 8);
  at_ += 12;
  return head;
}

absl::Status Scanner::Push(const Level& level, uint32_t tag) {
  if (depth_ == 2 * kMaxNesting) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "sequences are nested deeper than %d levels at (%04x,%04x)", kMaxNesting, tag >> 16, tag & 0xFFFF));
  }
  ++depth_;
  Top() = level;
  return absl::OkStatus();
}

absl::Status Scanner::EnterItem(const Head& head) {
  const Level sequence = Top();
  if (head.tag == kSequenceEnd && sequence.undefined) {
    --depth_;
    return absl::OkStatus();
  }
  if (head.tag != kItem) return Malformed(head.tag, "stands where a sequence item should");
  if (head.length == kUndefinedLength) {
    if (sequence.fragments) return Malformed(head.tag, "is a pixel fragment of undefined length");
    return Push(
        {.is_item = true, .undefined = true, .explicit_vr = sequence.explicit_vr, .end = sequence.end},
        head.tag);
  }
  if (head.length > sequence.end - at_) return Malformed(head.tag, "is an item longer than its sequence");
  if (sequence.fragments) {
    at_ += head.length;
    return absl::OkStatus();
  }
  return Push({.is_item = true, .explicit_vr = sequence.explicit_vr, .end = at_ + head.length}, head.tag);
}

absl::Status Scanner::EnterSequence(const Head& head) {
  const bool explicit_vr = ExplicitVr();
  const bool undefined = head.length == kUndefinedLength;
  Level level{
      .undefined = undefined, .explicit_vr = explicit_vr, .end = undefined ? End() : at_ + head.length};
  if (explicit_vr && head.Vr() == "UN") level.explicit_vr = false;  // PS3.5 6.2.2, note 2
  level.fragments = explicit_vr && (head.Vr() == "OB" || head.Vr() == "OW");
  return Push(level, head.tag);
}

absl::Status Scanner::TakePixels(const Head& head) {
  result_.has_pixels = true;
  result_.pixel_vr[0] = head.vr[0];
  result_.pixel_vr[1] = head.vr[1];
  if (head.length != kUndefinedLength) {
    if (head.length > end_ - at_) return Malformed(head.tag, "has fewer bytes than it announces");
    result_.pixels = {at_, head.length};
    return absl::OkStatus();
  }
  result_.encapsulated = true;
  bool offset_table = true;  // always the first item, often empty
  while (true) {
    if (end_ - at_ < 8) {
      // Some writers forget the last delimiter; nothing is missing if the fragments themselves end here.
      if (end_ == at_ && !result_.fragments.empty()) return absl::OkStatus();
      return Malformed(head.tag, "has no end");
    }
    const uint32_t tag = (U16(at_) << 16) | U16(at_ + 2);
    const uint32_t length = U32(at_ + 4);
    at_ += 8;
    if (tag == kSequenceEnd) return absl::OkStatus();
    if (tag != kItem) return Malformed(tag, "stands where a pixel fragment should");
    if (length > end_ - at_) return Malformed(head.tag, "has a fragment with fewer bytes than it announces");
    if (++count_ > kMaxElements) return TooManyElements();
    if (offset_table) {
      result_.offset_table = {at_, length};
    } else {
      result_.fragments.push_back({at_, length});
    }
    offset_table = false;
    at_ += length;
  }
}

absl::Status Scanner::TakeElement(const Head& head, size_t start) {
  if (head.tag == kItemEnd && !AtTop() && Top().undefined) {
    --depth_;
    return absl::OkStatus();
  }
  if ((head.tag >> 16) == 0xFFFE) return Malformed(head.tag, "stands outside a sequence");
  const bool is_sequence = head.length == kUndefinedLength || (ExplicitVr() && head.Vr() == "SQ");
  if (head.length != kUndefinedLength && head.length > End() - at_) {
    return Malformed(head.tag, "has fewer bytes than it announces");
  }
  if (AtTop()) {
    ScannedElement element{
        .tag = head.tag, .vr = {head.vr[0], head.vr[1]}, .value = {at_, 0}, .whole = {start, 0}};
    if (head.length != kUndefinedLength) element.value.length = head.length;
    result_.elements.push_back(element);
  }
  if (is_sequence) return EnterSequence(head);
  at_ += head.length;
  return absl::OkStatus();
}

absl::Status Scanner::Step() {
  const size_t start = at_;
  ASSIGN_OR_RETURN(const Head head, ReadHead());
  if (++count_ > kMaxElements) return TooManyElements();
  if (!AtTop() && !Top().is_item) return EnterItem(head);
  if (AtTop() && head.tag == kPixelDataTag) {
    result_.header_end = start;
    return TakePixels(head);
  }
  return TakeElement(head, start);
}

// Between two outermost elements: the one before has ended.
void Scanner::CloseElement() {
  if (result_.elements.empty()) return;
  ByteRange& whole = result_.elements.back().whole;
  whole.length = at_ - whole.offset;
}

absl::Status Scanner::Run() {
  while (!result_.has_pixels) {
    if (!AtTop() && !Top().undefined && at_ == Top().end) {
      --depth_;
      continue;
    }
    if (AtTop()) CloseElement();
    if (AtTop() && at_ == end_) {
      result_.header_end = end_;
      break;
    }
    RETURN_IF_ERROR(Step());
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<ScannedDataset> ScanDataset(absl::string_view bytes, const DatasetEncoding& encoding) {
  Scanner scanner(bytes, encoding);
  RETURN_IF_ERROR(scanner.Run());
  return scanner.TakeResult();
}

std::vector<ScannedElement> ScanUntilDamaged(absl::string_view bytes, const DatasetEncoding& encoding) {
  Scanner scanner(bytes, encoding);
  scanner.Run().IgnoreError();
  return scanner.TakeResult().elements;
}

}  // namespace sgpsam
