// Files for tests, read whole. Aborts the test with a message where a file of the repository is absent.
#ifndef SGPSAM_TESTS_SUPPORT_TEST_FILES_H_
#define SGPSAM_TESTS_SUPPORT_TEST_FILES_H_

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "absl/strings/string_view.h"
#include "core/base/byte_buffer.h"

namespace sgpsam {

inline std::string ReadTestFile(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file.good()) << "cannot read " << path;
  return std::string(std::istreambuf_iterator<char>(file), {});
}

inline ByteBuffer BufferOf(absl::string_view bytes) {
  absl::StatusOr<ByteBuffer> buffer = ByteBuffer::CopyOf(bytes);
  EXPECT_TRUE(buffer.ok()) << buffer.status();
  return buffer.ok() ? *std::move(buffer) : ByteBuffer();
}

inline ByteBuffer ReadTestBuffer(const std::filesystem::path& path) { return BufferOf(ReadTestFile(path)); }

}  // namespace sgpsam

#endif  // SGPSAM_TESTS_SUPPORT_TEST_FILES_H_
