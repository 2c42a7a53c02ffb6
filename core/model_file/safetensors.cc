#include "core/model_file/safetensors.h"

#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/file_io.h"
#include "core/base/little_endian.h"
#include "core/base/status_macros.h"
#include "core/model_file/safetensors_header.h"

namespace sgpsam {
namespace {

constexpr uint64_t kLengthBytes = 8;
constexpr uint64_t kMaxHeaderBytes = 16 << 20;  // a model of a thousand tensors needs 100 KiB

// `read(offset, into, size)` gives bytes of the container, whose size is known.
template <typename Read>
absl::StatusOr<TensorFile> ReadContainer(uint64_t size, const Read& read) {
  uint8_t length[kLengthBytes];
  if (size < kLengthBytes) return absl::InvalidArgumentError("no safetensors file: shorter than 8 bytes");
  RETURN_IF_ERROR(read(0, length, kLengthBytes));
  const uint64_t header_bytes = FromLittleEndian(length, kLengthBytes);
  if (header_bytes > kMaxHeaderBytes || header_bytes > size - kLengthBytes) {
    return absl::InvalidArgumentError(absl::StrCat(
        "no safetensors file, or a truncated one: it announces a header of ", header_bytes, " bytes"));
  }
  std::string json(header_bytes, '\0');
  RETURN_IF_ERROR(read(kLengthBytes, json.data(), json.size()));
  const uint64_t data = kLengthBytes + header_bytes;
  ASSIGN_OR_RETURN(SafetensorsHeader header, ParseSafetensorsHeader(json, size - data));
  TensorFile file;
  file.metadata = std::move(header.metadata);
  for (SafetensorsEntry& entry : header.entries) {
    NamedTensor& tensor = file.tensors[entry.name];
    tensor.type = entry.type;
    tensor.shape = std::move(entry.shape);
    tensor.bytes.resize(entry.end - entry.begin);
    RETURN_IF_ERROR(read(data + entry.begin, tensor.bytes.data(), tensor.bytes.size()));
  }
  return file;
}

// A tensor whose bytes do not follow from its type and shape would make a file that no reader accepts.
absl::Status CheckTensor(const std::string& name, const NamedTensor& tensor) {
  uint64_t bytes = BytesPerElement(tensor.type);
  for (const int64_t size : tensor.shape) bytes *= static_cast<uint64_t>(size);
  if (bytes == tensor.bytes.size()) return absl::OkStatus();
  return absl::InternalError(
      absl::StrCat("tensor ", name, " has ", tensor.bytes.size(), " bytes instead of ", bytes));
}

absl::Status WriteTensors(const TensorFile& file, AtomicFile& out) {
  const std::string header = FormatSafetensorsHeader(file);
  RETURN_IF_ERROR(out.Append(LittleEndian(header.size(), kLengthBytes)));
  RETURN_IF_ERROR(out.Append(header));
  for (const auto& [name, tensor] : file.tensors) {
    RETURN_IF_ERROR(CheckTensor(name, tensor));
    RETURN_IF_ERROR(out.Append(tensor.bytes.data(), tensor.bytes.size()));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<TensorFile> ReadSafetensors(absl::string_view bytes) {
  return ReadContainer(bytes.size(), [bytes](uint64_t offset, void* into, size_t size) {
    if (size > 0) std::memcpy(into, bytes.data() + offset, size);
    return absl::OkStatus();
  });
}

absl::StatusOr<TensorFile> ReadSafetensorsFile(const std::string& path) {
  ASSIGN_OR_RETURN(const InputFile input, InputFile::Open(path));
  absl::StatusOr<TensorFile> file = ReadContainer(
      input.size(),
      [&input](uint64_t offset, void* into, size_t size) { return input.Read(offset, into, size); });
  if (!file.ok()) return WithPath(file.status(), path);
  return file;
}

absl::Status WriteSafetensorsFile(const TensorFile& file, const std::string& path) {
  ASSIGN_OR_RETURN(AtomicFile out, AtomicFile::Create(path));
  RETURN_IF_ERROR(WriteTensors(file, out));
  return out.Commit();
}

}  // namespace sgpsam
