// The bytes of a pickle, taken one operand after the other; no operand reaches beyond the end. Private to
// unpickler.cc.
#ifndef SGPSAM_CORE_CHECKPOINT_PICKLE_INPUT_H_
#define SGPSAM_CORE_CHECKPOINT_PICKLE_INPUT_H_

#include <cstdint>
#include <cstring>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/base/little_endian.h"
#include "core/base/status_macros.h"

namespace sgpsam {

class PickleInput {
 public:
  explicit PickleInput(absl::string_view bytes) : bytes_(bytes) {}

  size_t position() const { return position_; }

  absl::Status Take(size_t size, void* into) {
    if (bytes_.size() - position_ < size) return absl::InvalidArgumentError("it ends too early");
    std::memcpy(into, bytes_.data() + position_, size);
    position_ += size;
    return absl::OkStatus();
  }

  // Little endian, of at most 8 bytes.
  absl::StatusOr<uint64_t> Unsigned(size_t width) {
    uint8_t raw[8] = {};
    RETURN_IF_ERROR(Take(width, raw));
    return FromLittleEndian(raw, width);
  }

  // As many bytes as a length of that width says.
  absl::StatusOr<absl::string_view> Bytes(size_t length_width) {
    ASSIGN_OR_RETURN(const uint64_t size, Unsigned(length_width));
    if (size > bytes_.size() - position_) return absl::InvalidArgumentError("a text is longer than the file");
    const absl::string_view text = bytes_.substr(position_, size);
    position_ += size;
    return text;
  }

  // Up to the end of the line, which is taken, too.
  absl::StatusOr<absl::string_view> Line() {
    const size_t end = bytes_.find('\n', position_);
    if (end == absl::string_view::npos) return absl::InvalidArgumentError("it ends too early");
    const absl::string_view line = bytes_.substr(position_, end - position_);
    position_ = end + 1;
    return line;
  }

 private:
  const absl::string_view bytes_;
  size_t position_ = 0;
};

}  // namespace sgpsam

#endif  // SGPSAM_CORE_CHECKPOINT_PICKLE_INPUT_H_
