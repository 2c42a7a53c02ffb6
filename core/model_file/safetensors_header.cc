#include "core/model_file/safetensors_header.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <set>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "nlohmann/json.hpp"

namespace sgpsam {
namespace {

constexpr size_t kMaxTensors = 100'000;
constexpr size_t kMaxNameLength = 1024;
constexpr size_t kMaxDimensions = 16;
constexpr char kMetadataKey[] = "__metadata__";

constexpr TensorType kTypes[] = {TensorType::kFloat16, TensorType::kBfloat16, TensorType::kFloat32,
                                 TensorType::kFloat64, TensorType::kInt64,    TensorType::kInt32,
                                 TensorType::kUint8};

std::optional<TensorType> TypeOf(absl::string_view name) {
  for (const TensorType type : kTypes) {
    if (name == SafetensorsName(type)) return type;
  }
  return std::nullopt;
}

std::string Quoted(absl::string_view name) {
  return absl::StrCat("\"", absl::CHexEscape(name.substr(0, kMaxNameLength)), "\"");
}

// Reads the header event by event: nothing is built that the format does not have, so neither depth nor
// repetition costs memory. The format is an object of objects whose members are texts or lists of numbers.
class HeaderEvents : public nlohmann::json_sax<nlohmann::json> {
 public:
  SafetensorsHeader header;
  std::string problem;

  bool start_object(size_t) override {
    if (depth_ == 0) return Enter();
    if (depth_ != 1 || in_list_) return Fail("an object where none belongs");
    if (name_ == kMetadataKey) return Enter();
    if (header.entries.size() == kMaxTensors) return Fail("too many tensors");
    SafetensorsEntry entry;
    entry.name = name_;
    header.entries.push_back(std::move(entry));
    return Enter();
  }

  bool end_object() override {
    if (--depth_ != 1 || name_ == kMetadataKey) return true;
    for (const char* required : {"dtype", "shape", "data_offsets"}) {
      if (members_.count(required) == 0) return Fail(absl::StrCat("no ", required));
    }
    SafetensorsEntry& entry = header.entries.back();
    if (offsets_.size() != 2) return Fail("data_offsets must be two numbers");
    entry.begin = offsets_[0];
    entry.end = offsets_[1];
    return true;
  }

  bool key(string_t& text) override {
    if (text.size() > kMaxNameLength) return Fail("a name of more than 1024 bytes");
    if (depth_ == 1) {
      name_ = text;
      members_.clear();
      offsets_.clear();
      return names_.insert(text).second || Fail("occurs twice");
    }
    member_ = text;
    return members_.insert(text).second || Fail(absl::StrCat(Quoted(text), " occurs twice"));
  }

  bool string(string_t& text) override {
    if (depth_ != 2 || in_list_) return Unexpected();
    if (name_ == kMetadataKey) {
      header.metadata[member_] = text;
      return true;
    }
    if (member_ != "dtype") return Unexpected();
    const std::optional<TensorType> type = TypeOf(text);
    if (!type) return Fail(absl::StrCat("unsupported dtype ", Quoted(text.substr(0, 16))));
    header.entries.back().type = *type;
    return true;
  }

  bool start_array(size_t) override {
    const bool list = member_ == "shape" || member_ == "data_offsets";
    if (depth_ != 2 || in_list_ || name_ == kMetadataKey || !list) return Unexpected();
    in_list_ = true;
    return true;
  }

  bool end_array() override {
    in_list_ = false;
    return true;
  }

  bool number_unsigned(uint64_t value) override {
    if (!in_list_) return Unexpected();
    if (value > static_cast<uint64_t>(std::numeric_limits<int64_t>::max()))
      return Fail("a number beyond 2^63");
    if (member_ == "shape") {
      std::vector<int64_t>& shape = header.entries.back().shape;
      shape.push_back(static_cast<int64_t>(value));
      return shape.size() <= kMaxDimensions || Fail("more than 16 dimensions");
    }
    offsets_.push_back(value);
    return offsets_.size() <= 2 || Fail("data_offsets must be two numbers");
  }

  bool null() override { return Unexpected(); }
  bool boolean(bool) override { return Unexpected(); }
  bool number_integer(int64_t) override { return Fail("a negative number"); }
  bool number_float(double, const string_t&) override { return Unexpected(); }
  bool binary(binary_t&) override { return Unexpected(); }
  bool parse_error(size_t position, const std::string&, const nlohmann::json::exception&) override {
    problem = absl::StrCat("not JSON at byte ", position);
    return false;
  }

 private:
  bool Enter() {
    ++depth_;
    return true;
  }
  bool Fail(absl::string_view reason) {
    problem = name_.empty() ? std::string(reason) : absl::StrCat(Quoted(name_), ": ", reason);
    return false;
  }
  bool Unexpected() { return Fail(absl::StrCat("unexpected value", member_.empty() ? "" : " of ", member_)); }

  int depth_ = 0;
  bool in_list_ = false;
  std::string name_, member_;
  std::set<std::string> names_, members_;
  std::vector<uint64_t> offsets_;
};

absl::Status Invalid(absl::string_view reason) {
  return absl::InvalidArgumentError(absl::StrCat("safetensors header: ", reason));
}

// Bytes of a tensor, or nothing if they do not fit 63 bits.
std::optional<uint64_t> ByteSize(const SafetensorsEntry& entry) {
  uint64_t bytes = BytesPerElement(entry.type);
  for (const int64_t size : entry.shape) {
    if (__builtin_mul_overflow(bytes, static_cast<uint64_t>(size), &bytes)) return std::nullopt;
  }
  return bytes;
}

absl::Status CheckLayout(const std::vector<SafetensorsEntry>& entries, uint64_t data_bytes) {
  uint64_t expected = 0;
  for (const SafetensorsEntry& entry : entries) {
    const std::optional<uint64_t> bytes = ByteSize(entry);
    if (!bytes) return Invalid(absl::StrCat(Quoted(entry.name), ": the shape's product overflows"));
    if (entry.end < entry.begin || entry.end - entry.begin != *bytes) {
      return Invalid(absl::StrCat(Quoted(entry.name), ": offsets ", entry.begin, "..", entry.end,
                                  " do not hold the ", *bytes, " bytes of its type and shape"));
    }
    if (entry.begin != expected) {
      const char* what = entry.begin < expected ? "overlaps the tensor before it" : "leaves a gap before it";
      return Invalid(
          absl::StrCat(Quoted(entry.name), " ", what, ": begins at ", entry.begin, " instead of ", expected));
    }
    expected = entry.end;
  }
  if (expected == data_bytes) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      "the tensors take ", expected, " bytes, but ", data_bytes,
      " follow the header: ", expected > data_bytes ? "the file is truncated" : "something was appended"));
}

}  // namespace

absl::StatusOr<SafetensorsHeader> ParseSafetensorsHeader(absl::string_view json, uint64_t data_bytes) {
  HeaderEvents events;
  if (!nlohmann::json::sax_parse(json.begin(), json.end(), &events)) return Invalid(events.problem);
  std::vector<SafetensorsEntry>& entries = events.header.entries;
  std::sort(entries.begin(), entries.end(), [](const SafetensorsEntry& a, const SafetensorsEntry& b) {
    return std::pair(a.begin, a.end) < std::pair(b.begin, b.end);
  });
  RETURN_IF_ERROR(CheckLayout(entries, data_bytes));
  return std::move(events.header);
}

std::string FormatSafetensorsHeader(const TensorFile& file) {
  nlohmann::ordered_json header = nlohmann::ordered_json::object();
  if (!file.metadata.empty()) header[kMetadataKey] = file.metadata;
  uint64_t offset = 0;
  for (const auto& [name, tensor] : file.tensors) {
    const uint64_t end = offset + tensor.bytes.size();
    header[name] = {
        {"dtype", SafetensorsName(tensor.type)}, {"shape", tensor.shape}, {"data_offsets", {offset, end}}};
    offset = end;
  }
  std::string text = header.dump();
  text.resize((text.size() + 7) / 8 * 8, ' ');
  return text;
}

}  // namespace sgpsam
